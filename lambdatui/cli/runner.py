"""``lambdatui runner``: deploy Python functions on this machine, invoke them, read their log."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

import click

from lambdatui import text
from lambdatui.runner.environment import Environment, Invocation
from lambdatui.runner.functions import Deployment, Deployments, RunnerError, this_runtime
from lambdatui.runner.log import Log, default_path
from lambdatui.runner.process import now_ms

P = ParamSpec("P")


class LogUnusable(click.ClickException):
    """The runner's log is locked or damaged."""

    exit_code = 5


@click.group(name="runner")
def command() -> None:
    """Run Python functions here as Lambda would.

    Linux only, without Docker. A function gets its own variables and no credentials of yours, but it is not locked
    in: it runs as you, and can read and write what you can.
    """


def _with_log(run: Callable[Concatenate[Path, P], None]) -> Callable[P, None]:
    """Give ``run`` the log's path from --runner-db, and say its errors in one line."""

    @wraps(run)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        path = kwargs.pop("runner_db") or default_path()
        with _errors():
            run(Path(str(path)), *args, **kwargs)

    option = click.option(
        "--runner-db", type=click.Path(dir_okay=False), help="The runner's log (default: in the XDG data folder)."
    )
    return option(wrapped)


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except (RunnerError, OSError) as error:
        raise click.ClickException(str(error)) from error
    except sqlite3.Error as error:
        raise LogUnusable(f"the runner's log cannot be used: {error}") from error


def _variables(_: click.Context, __: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    if any(not name or not equals for name, equals, _ in pairs):
        # The value is not repeated: it may be a secret.
        raise click.BadParameter("give each as KEY=VALUE")
    return {name: value for name, _, value in pairs}


@command.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, resolve_path=True))
@click.option("--name", required=True, help="The function's name.")
@click.option("--handler", required=True, help="module.function inside PATH.")
@click.option("--runtime", default=this_runtime, help="python3.x, which must be on PATH (default: this Python).")
@click.option("--memory-mb", type=click.IntRange(128, 10_240), default=128, show_default=True)
@click.option("--timeout-s", type=click.IntRange(1, 900), default=3, show_default=True)
@click.option("--env", multiple=True, callback=_variables, metavar="KEY=VALUE", help="Repeatable; kept 0600.")
@_with_log
def deploy(
    log_path: Path,
    path: str,
    name: str,
    handler: str,
    runtime: str,
    memory_mb: int,
    timeout_s: int,
    env: dict[str, str],
) -> None:
    """Deploy the folder PATH as a function, in place of an older one of that name.

    The folder is used where it is: an edited file counts from the next invoke on.
    """
    deployment = Deployment(name, path, handler, runtime, memory_mb, timeout_s, env)
    with Log(log_path) as log:
        Deployments(log_path).put(deployment)
        log.deployed(deployment, now_ms())
    click.echo(f"deployed {name}: {runtime}, {memory_mb} MB, {timeout_s} s", err=True)


@command.command()
@click.argument("name")
@click.option("--payload", multiple=True, default=["{}"], metavar="JSON|@FILE", help="Repeatable: the rest run warm.")
@click.option("--log", "show_log", is_flag=True, help="Show the function's log on stderr as it is written.")
@_with_log
def invoke(log_path: Path, name: str, payload: Sequence[str], show_log: bool) -> None:
    """Invoke NAME in a new environment; each answer is a line on stdout.

    Exit code 1 when an invocation ended in a function error.
    """
    payloads = [Path(given[1:]).read_bytes() if given.startswith("@") else given.encode() for given in payload]
    deployment = Deployments(log_path).get(name)

    async def run() -> list[Invocation]:
        async with Environment(deployment, log, _show if show_log else None) as environment:
            return [_told(await environment.invoke(body)) for body in payloads]

    with Log(log_path) as log:
        done = asyncio.run(run())
    if any(invocation.error_type for invocation in done):
        click.get_current_context().exit(1)


def _told(invocation: Invocation) -> Invocation:
    answer = invocation.payload.decode("utf-8", "replace")
    click.echo(text.plain(answer, newlines=True) if sys.stdout.isatty() else answer)
    init = f", init {invocation.init_us / 1000:.2f} ms" if invocation.init_us is not None else ""
    click.echo(
        f"{invocation.error_type or 'ok'}: {invocation.duration_us / 1000:.2f} ms{init}, "
        f"billed {invocation.billed_ms} ms, {invocation.max_memory_mb} MB, request {invocation.request_id}",
        err=True,
    )
    return invocation


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Rows as JSON.")
@_with_log
def list_(log_path: Path, as_json: bool) -> None:
    """The deployed functions. Their variables are not shown."""
    rows = [
        {
            "function": one.name,
            "runtime": one.runtime,
            "memory_mb": one.memory_mb,
            "timeout_s": one.timeout_s,
            "handler": one.handler,
            "path": one.path,
        }
        for one in Deployments(log_path).all()
    ]
    if as_json:
        click.echo(json.dumps({"as_of": text.iso(now_ms()), "rows": rows}))
        return
    if not rows:
        click.echo("nothing is deployed: lambdatui runner deploy PATH --name NAME --handler MODULE.FUNCTION", err=True)
        return
    table = [[column.upper() for column in rows[0]], *([str(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        click.echo(text.plain("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()))


@command.command()
@click.argument("name")
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="The newest events only.")
@_with_log
def logs(log_path: Path, name: str, limit: int) -> None:
    """NAME's newest log events, oldest first. They outlive `remove`."""
    if not log_path.exists():
        raise RunnerError(f"no runner's log at {log_path}: deploy and invoke a function first")
    with Log(log_path) as log:
        events = log.tail(f"/aws/lambda/{name}", limit)
    if not events:
        raise RunnerError(f"no log of {name!r} in {log_path}")
    for time_ms, message in events:
        click.echo(_line(time_ms, message))


@command.command()
@click.argument("name")
@_with_log
def remove(log_path: Path, name: str) -> None:
    """Forget the deployment of NAME and its variables. Its folder and its log stay."""
    Deployments(log_path).remove(name)
    with Log(log_path) as log:
        log.removed(name, now_ms())
    click.echo(f"removed {name}", err=True)


def _show(time_ms: int, message: str) -> None:
    click.echo(_line(time_ms, message), err=True)


def _line(time_ms: int, message: str) -> str:
    return f"{text.instant(time_ms, millis=True)}Z {text.plain(message.rstrip(), newlines=True)}"
