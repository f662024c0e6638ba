"""``lambdatui runner invoke``: answers on stdout, what came of each invocation on stderr."""

import base64
from collections.abc import Sequence
from pathlib import Path

import click

from collectors.model.errors import ExitCode
from collectors.untrusted import parsed_json
from lambdatui.cli.runner.debugging import NODE_PORT, PYTHON_PORT, with_debugger
from lambdatui.cli.runner.log_option import function_path, log_line, with_log
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.serving.client import Api, Reply
from lambdatui.runner.serving.local import with_api
from lambdatui.text.plain import escaped_json, plain
from lambdatui.text.safe_output import is_raw


@click.command(epilog="Example: lambdatui runner invoke orders --payload '{\"id\": 1}' --log")
@click.argument("name")
@click.option("--payload", multiple=True, default=["{}"], metavar="JSON|@FILE", help="Repeatable: the rest run warm.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["RequestResponse", "Event", "DryRun"]),
    default="RequestResponse",
    show_default=True,
    help="Wait for the answer; queue an event; or only try whether it could be invoked.",
)
@click.option("--log", "show_log", is_flag=True, help="Show the function's log on stderr.")
@click.option("--debug", is_flag=True, help="Wait for a debugger, without limits of time and memory.")
@click.option(
    "--debug-port",
    type=click.IntRange(0, 65_535),
    help=f"Where it waits; 0: any that is free (default: {PYTHON_PORT} for Python, {NODE_PORT} for Node.js).",
)
@with_log
def invoke(
    log_path: Path,
    name: str,
    payload: Sequence[str],
    kind: str,
    show_log: bool,
    debug: bool,
    debug_port: int | None,
) -> None:
    """Invoke NAME (or NAME:QUALIFIER); each answer is a line on stdout.

    Exit code 1 when an invocation ended in a function error, or was refused.

    With --debug the function runs in a process of this command, also where `runner serve` runs, and loads its code when
    a debugger has attached: debugpy's for Python (pip install debugpy), Node.js has its own. While it waits, other
    users of this machine can attach too.
    """
    if debug_port is not None and not debug:
        raise click.UsageError("--debug-port needs --debug")
    if debug and kind != "RequestResponse":
        raise click.UsageError(f"--debug waits for the answer: it cannot be used with --type {kind}")
    payloads = [Path(given[1:]).read_bytes() if given.startswith("@") else given.encode() for given in payload]
    headers = {"X-Amz-Invocation-Type": kind, **({"X-Amz-Log-Type": "Tail"} if kind == "RequestResponse" else {})}

    def run(api: Api) -> bool:
        failed = False
        for body in payloads:
            reply = api.ask("POST", function_path(name, "/invocations"), body, headers)
            if reply.status >= 300:
                said = reply.document
                raise RunnerError(str(said.get("message") or said.get("Message")))
            failed = _told(reply, kind, show_log and api.serving, waits=not api.serving) or failed
        return failed

    def shown(_: str, time_ms: int, message: str) -> None:
        click.echo(log_line(time_ms, message), err=True)

    if debug:
        failed = with_debugger(log_path, name, debug_port, run)
    else:
        failed = with_api(log_path, run, shown if show_log else None)
    if failed:
        click.get_current_context().exit(ExitCode.FAILED)


def _shown(answer: str) -> str:
    """The answer as it is printed; JSON keeps its meaning for whoever reads it from a pipe."""
    try:
        parsed_json(answer)
    except ValueError:
        return answer
    return answer if is_raw() else escaped_json(answer)


def _told(reply: Reply, kind: str, show_tail: bool, *, waits: bool) -> bool:
    """Writes to stderr what one invocation came to; returns whether it failed."""
    if kind == "Event":
        note = "; it runs when `lambdatui runner serve` does" if waits else ""
        click.echo(f"accepted: request {reply.headers.get('x-amzn-requestid')}{note}", err=True)
        return False
    if kind == "DryRun":
        click.echo("it could be invoked", err=True)
        return False
    answer = reply.body.decode("utf-8", "replace")
    click.echo(_shown(answer))
    tail = base64.b64decode(reply.headers.get("x-amz-log-result", "")).decode("utf-8", "replace")
    if show_tail:
        click.echo(plain(tail.rstrip(), newlines=True), err=True)
    report = next((line for line in reversed(tail.splitlines()) if "REPORT" in line or "platform.report" in line), "")
    failed = "x-amz-function-error" in reply.headers
    error = ""
    if failed:
        found = parsed_json(reply.body) if reply.body.startswith(b"{") else {}
        error = str(found.get("errorType", "Unhandled"))
    figures = " ".join(report.split()).removeprefix("REPORT RequestId: ")
    click.echo(plain(f"{error or 'ok'}: request {figures}"), err=True)
    return failed
