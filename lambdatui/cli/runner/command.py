"""``lambdatui runner``: deploy functions on this machine, serve, invoke, and trigger them, read their log."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from lambdatui.cli.output.terminal_table import echo_table
from lambdatui.cli.runner.aws_options import with_aws
from lambdatui.cli.runner.deploy import deploy
from lambdatui.cli.runner.dev import dev
from lambdatui.cli.runner.invoke import invoke
from lambdatui.cli.runner.log_option import function_path, log_line, with_log
from lambdatui.cli.runner.replay import replay
from lambdatui.cli.runner.runtimes import runtimes
from lambdatui.cli.runner.trigger import trigger_options, trigger_request
from lambdatui.runner.clock import now_ms
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.log.writer import Log
from lambdatui.runner.serving.client import Api
from lambdatui.runner.serving.local import with_api
from lambdatui.runner.serving.lock import address_file
from lambdatui.runner.serving.server import Settings, serve
from lambdatui.text import figures
from lambdatui.text.plain import plain

_TRANSITION_S = 0.3  # AWS takes some seconds


@click.group(name="runner")
def command() -> None:
    """Run functions here as Lambda would: Python, Node, and provided.al2 and al2023.

    Linux only, without Docker. A function gets its own variables and no credentials of yours, but it is not locked
    in: it runs as you, and can read and write what you can. `serve` answers the Lambda API, for boto3 and the aws
    command line with --endpoint-url; without it, each command runs what it needs itself.
    """


command.add_command(deploy)
command.add_command(dev)
command.add_command(invoke)
command.add_command(runtimes)
command.add_command(replay)


@command.command(name="serve", epilog="Example: lambdatui runner serve --port 9001 --time-scale 60")
@click.option("--host", default="127.0.0.1", show_default=True, help="Another address than loopback needs --token.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, show_default=True, help="0: any that is free.")
@click.option("--token", help="What all callers must give: as a bearer token, or as AWS_ACCESS_KEY_ID.")
@click.option("--no-token", is_flag=True, help="Let every user of this machine run code as you.")
@click.option(
    "--allow-host", multiple=True, metavar="NAME", help="A name that requests may ask for, beside loopback's."
)
@click.option("--time-scale", type=click.FloatRange(0.001, 1e6), default=1.0, help="60: retries wait 60 times less.")
@click.option("--concurrency", type=click.IntRange(101), default=1_000, show_default=True, help="The account's limit.")
@click.option("--max-environments", type=click.IntRange(1), help="Processes at most (default: what the memory holds).")
@click.option("--idle-s", type=click.FloatRange(0.1), default=300.0, show_default=True, help="How long one stays warm.")
@with_aws
@with_log
def serve_(
    log_path: Path,
    host: str,
    port: int,
    token: str | None,
    no_token: bool,
    allow_host: Sequence[str],
    time_scale: float,
    concurrency: int,
    max_environments: int | None,
    idle_s: float,
    aws: Any,
) -> None:
    """Serve the Lambda API until interrupted; the address is one line on stdout.

    Your own programs need no token on this machine. Other users of it do: it is in a file that only you can read.
    Requests must ask for localhost, 127.0.0.1 or [::1], or for a name given by --allow-host.
    """
    if no_token and token:
        raise click.UsageError("--token and --no-token contradict each other")
    settings = Settings(
        *(host, port, token, time_scale, concurrency, max_environments or 0, idle_s, aws),
        hosts=tuple(allow_host),
        open_to_users=no_token,
        transition_s=_TRANSITION_S,
    )

    def ready(runner: Any, url: str) -> None:
        click.echo(url)
        sys.stdout.flush()
        names = ", ".join(sorted(runner.functions.by_name)) or "none yet"
        most = figures.counted(runner.fleet.limits.machine, "environment")
        click.echo(f"serving {log_path}: {names}; at most {most} on this machine", err=True)
        if not runner.host.has_namespaces():
            click.echo(
                f"functions run in this machine's folders, not at /var/task: {runner.host.no_namespaces}", err=True
            )
        if not no_token:
            click.echo(f"for other users of this machine: the token in {address_file(log_path)}", err=True)

    asyncio.run(serve(log_path, settings, ready))


@command.command(name="list", epilog="Example: lambdatui runner list --json")
@click.option("--json", "as_json", is_flag=True, help="Rows as JSON.")
@with_log
def list_(log_path: Path, as_json: bool) -> None:
    """The deployed functions. Their variables are not shown."""
    from lambdatui.runner.deployments.deployed_functions import DeployedFunctions

    functions = DeployedFunctions(log_path).by_name
    rows = [
        {
            "function": name,
            "runtime": function.latest["Runtime"],
            "memory_mb": function.latest["MemorySize"],
            "timeout_s": function.latest["Timeout"],
            "handler": function.latest.get("Handler"),
            "reserved": function.reserved,
            "path": function.latest["_path"],
        }
        for name, function in sorted(functions.items())
    ]
    if as_json:
        click.echo(json.dumps({"as_of": figures.iso(now_ms()), "rows": rows}))
        return
    if not rows:
        click.echo("nothing is deployed: lambdatui runner deploy PATH --name NAME --handler MODULE.FUNCTION", err=True)
        return
    cells = [[figures.UNKNOWN if value is None else str(value) for value in row.values()] for row in rows]
    numeric = [at for at, value in enumerate(rows[0].values()) if isinstance(value, int)]
    echo_table([[name.upper() for name in rows[0]], *cells], right=numeric)


@command.command(epilog="Example: lambdatui runner logs orders --limit 20 --follow")
@click.argument("name")
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="The newest events only.")
@click.option("--follow", is_flag=True, help="Go on with what is written, until interrupted.")
@with_log
def logs(log_path: Path, name: str, limit: int, follow: bool) -> None:
    """NAME's newest log events, oldest first. They outlive `remove`."""
    import time

    if not log_path.exists():
        raise RunnerError(f"no runner's log at {log_path}: deploy and invoke a function first")
    with Log(log_path) as log:
        events = log.tail(f"/aws/lambda/{name}", limit)
        if not events and not follow:
            raise RunnerError(f"no log of {name!r} in {log_path}")
        after = 0
        while True:
            for event_id, time_ms, message in events:
                after = event_id
                click.echo(log_line(time_ms, message))
            if not follow:
                return
            time.sleep(0.25)
            events = log.tail(f"/aws/lambda/{name}", 10_000, after)


@command.command(epilog="Example: lambdatui runner remove orders")
@click.argument("name")
@with_log
def remove(log_path: Path, name: str) -> None:
    """Forget the deployment of NAME and its variables. Its folder and its log stay."""
    with_api(log_path, lambda api: api.do("DELETE", function_path(name)))
    click.echo(f"removed {name}", err=True)


@command.command(epilog="Example: lambdatui runner trigger nightly --schedule 'cron(0 3 * * ? *)'")
@click.argument("name", required=False)
@trigger_options
@click.option("--list", "list_them", is_flag=True, help="The triggers there are.")
@click.option("--remove", "trigger_id", metavar="ID", help="Remove one.")
@with_log
def trigger(log_path: Path, /, name: str | None, list_them: bool, trigger_id: str | None, **options: Any) -> None:
    """Let something call NAME: a schedule, a folder, a queue, a stream, HTTP; or send it one event now.

    What is kept works while `lambdatui runner serve` runs, and goes on when it is started again.
    """

    def run(api: Api) -> None:
        if not api.serving:
            raise RunnerError("triggers need a running runner: start `lambdatui runner serve` first")
        if list_them:
            for one_id, document in api.do("POST", "/_lambdatui/triggers/list")["triggers"].items():
                rest = ", ".join(f"{key} {value}" for key, value in document.items() if key not in ("kind", "function"))
                click.echo(plain(f"{one_id}  {document['function']}  {document['kind']}  {rest}"))
            for mapping in api.do("GET", "/2015-03-31/event-source-mappings/")["EventSourceMappings"]:
                click.echo(plain(f"{mapping['UUID']}  {mapping['FunctionArn']}  {mapping['EventSourceArn']}"))
        elif trigger_id is not None:
            if "-" in trigger_id:
                api.do("DELETE", f"/2015-03-31/event-source-mappings/{quote(trigger_id, safe='')}")
            else:
                api.do("POST", "/_lambdatui/triggers/remove", {"id": trigger_id})
            click.echo(f"removed {trigger_id}", err=True)
        else:
            if name is None:
                raise click.UsageError("give the function's NAME, or --list")
            path, document = trigger_request(name, options)
            done = api.do("POST", path, document)
            click.echo(str(done.get("id") or done.get("UUID") or done.get("request_id")))

    with_api(log_path, run)
