"""``lambdatui runner``: deploy functions on this machine, serve, invoke, and trigger them, read their log."""

import asyncio
import base64
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec
from urllib.parse import quote

import click

from collectors.model.errors import ExitCode, LambdatuiError
from collectors.model.units import (
    INCLUDED_EPHEMERAL_MB,
    LEAST_MEMORY_MB,
    LONGEST_INVOCATION_S,
    MOST_EPHEMERAL_MB,
    MOST_MEMORY_MB,
)
from collectors.untrusted import parsed_json
from lambdatui.cli.runner.trigger import trigger_options, wanted_trigger
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.local import with_api
from lambdatui.runner.log.writer import Log, clock_ms
from lambdatui.runner.runtimes.runtimes import this_runtime
from lambdatui.runner.serve import Settings, serve
from lambdatui.runner.serving import Api, Reply, told_in
from lambdatui.settings import paths
from lambdatui.text import formatting
from lambdatui.text.safe_output import is_raw, log_text
from lambdatui.text.table import text_table

P = ParamSpec("P")
_FUNCTIONS = "/2015-03-31/functions"
_ROLE = "arn:aws:iam::000000000000:role/local"


class LogUnusable(LambdatuiError):
    """The runner's log is locked or damaged."""

    exit_code = ExitCode.STORE


@click.group(name="runner")
def command() -> None:
    """Run functions here as Lambda would: Python, Node, and provided.al2023.

    Linux only, without Docker. A function gets its own variables and no credentials of yours, but it is not locked
    in: it runs as you, and can read and write what you can. `serve` answers the Lambda API, for boto3 and the aws
    command line with --endpoint-url; without it, each command runs what it needs itself.
    """


def _with_log(run: Callable[Concatenate[Path, P], None]) -> Callable[P, None]:
    """Give ``run`` the log's path from --runner-db, and say its errors in one line."""

    @wraps(run)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        path = kwargs.pop("runner_db") or paths.runner_log_file()
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
    except OSError as error:
        raise LambdatuiError(str(error)) from error
    except sqlite3.Error as error:
        raise LogUnusable(f"the runner's log cannot be used: {error}") from error


def _variables(_: click.Context, __: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    if any(not name or not equals for name, equals, _ in pairs):
        # The value is not repeated: it may be a secret.
        raise click.BadParameter("give each as KEY=VALUE")
    return {name: value for name, _, value in pairs}


def _at(name: str, more: str = "") -> str:
    return f"{_FUNCTIONS}/{quote(name, safe='')}{more}"


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
@click.option("--endpoint-url", metavar="URL", help="Where queues, topics and streams are (default: as boto3 does).")
@_with_log
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
    endpoint_url: str | None,
) -> None:
    """Serve the Lambda API until interrupted; the address is one line on stdout.

    Your own programs need no token on this machine. Other users of it do: it is in a file that only you can read.
    Requests must ask for localhost, 127.0.0.1 or [::1], or for a name given by --allow-host.
    """
    if no_token and token:
        raise click.UsageError("--token and --no-token contradict each other")
    settings = Settings(
        *(host, port, token, time_scale, concurrency, max_environments or 0, idle_s, endpoint_url),
        hosts=tuple(allow_host),
        open_to_users=no_token,
    )

    def ready(runner: Any, url: str) -> None:
        click.echo(url)
        sys.stdout.flush()
        names = ", ".join(sorted(runner.deployed.functions)) or "none yet"
        most = formatting.counted(runner.fleet.limits.machine, "environment")
        click.echo(f"serving {log_path}: {names}; at most {most} on this machine", err=True)
        if not no_token:
            click.echo(f"for other users of this machine: the token in {told_in(log_path)}", err=True)

    asyncio.run(serve(log_path, settings, ready))


@command.command()
@click.argument("path", type=click.Path(exists=True, resolve_path=True))
@click.option("--name", required=True, help="The function's name.")
@click.option("--handler", default="bootstrap", help="module.function inside PATH.")
@click.option("--runtime", default=this_runtime, help="python3.x, nodejs20.x and so on, provided.al2023.")
@click.option(
    "--memory-mb", type=click.IntRange(LEAST_MEMORY_MB, MOST_MEMORY_MB), default=LEAST_MEMORY_MB, show_default=True
)
@click.option("--timeout-s", type=click.IntRange(1, LONGEST_INVOCATION_S), default=3, show_default=True)
@click.option(
    "--ephemeral-mb",
    type=click.IntRange(INCLUDED_EPHEMERAL_MB, MOST_EPHEMERAL_MB),
    default=INCLUDED_EPHEMERAL_MB,
    show_default=True,
)
@click.option("--env", multiple=True, callback=_variables, metavar="KEY=VALUE", help="Repeatable; kept 0600.")
@click.option("--layer", "layers", multiple=True, type=click.Path(exists=True, file_okay=False, resolve_path=True))
@click.option("--reserved", type=click.IntRange(0), help="Reserved concurrency; 0 stops the function.")
@click.option("--provisioned", type=click.IntRange(1), help="Publish a version with this many environments ready.")
@click.option("--dlq", metavar="TARGET", help="file:///FOLDER, a queue's URL, or an ARN of SQS or SNS.")
@click.option("--destination", "destinations", multiple=True, metavar="success|failure=TARGET")
@click.option("--retries", type=click.IntRange(0, 2), help="Of an asynchronous event (default 2).")
@click.option("--json-log", is_flag=True, help="The platform's lines in JSON.")
@_with_log
def deploy(log_path: Path, /, path: str, name: str, **options: Any) -> None:
    """Deploy the folder or ZIP at PATH as a function, in place of an older one of that name.

    A folder is used where it is: an edited file counts from the next invoke on.
    """
    configuration = _configuration(options)
    code = (
        {"S3Bucket": "hot-reload", "S3Key": path}
        if Path(path).is_dir()
        else {"ZipFile": base64.b64encode(Path(path).read_bytes()).decode()}
    )

    def run(api: Api) -> None:
        if api.ask("GET", _at(name)).status == 404:
            api.do("POST", _FUNCTIONS, {"FunctionName": name, "Role": _ROLE, "Code": code, **configuration})
        else:
            api.do("PUT", _at(name, "/configuration"), configuration)
            api.do("PUT", _at(name, "/code"), code)
        _more(api, name, options)

    with_api(log_path, run)
    memory = formatting.megabytes(options["memory_mb"])
    click.echo(f"deployed {name}: {options['runtime']}, {memory}, {options['timeout_s']} s", err=True)


def _configuration(options: dict[str, Any]) -> dict[str, Any]:
    configuration: dict[str, Any] = {
        "Handler": options["handler"],
        "Runtime": options["runtime"],
        "MemorySize": options["memory_mb"],
        "Timeout": options["timeout_s"],
        "EphemeralStorage": {"Size": options["ephemeral_mb"]},
        "Environment": {"Variables": options["env"]},
        "Layers": list(options["layers"]),
        "DeadLetterConfig": {"TargetArn": options["dlq"] or ""},
        "LoggingConfig": {"LogFormat": "JSON" if options["json_log"] else "Text"},
    }
    return configuration


def _more(api: Api, name: str, options: dict[str, Any]) -> None:
    concurrency = f"/2017-10-31/functions/{name}/concurrency"
    if options["reserved"] is not None:
        api.do("PUT", concurrency, {"ReservedConcurrentExecutions": options["reserved"]})
    else:
        api.do("DELETE", concurrency)
    settings: dict[str, Any] = {}
    for each in options["destinations"]:
        which, equals, target = each.partition("=")
        if which not in ("success", "failure") or not equals:
            raise click.UsageError(f"--destination {each}: give success=TARGET or failure=TARGET")
        settings.setdefault("DestinationConfig", {})[f"On{which.capitalize()}"] = {"Destination": target}
    if options["retries"] is not None:
        settings["MaximumRetryAttempts"] = options["retries"]
    if settings:
        api.do("PUT", f"/2019-09-25/functions/{name}/event-invoke-config", settings)
    if options["provisioned"] is not None:
        version = api.do("POST", _at(name, "/versions"), {})["Version"]
        where = f"/2019-09-30/functions/{name}/provisioned-concurrency?Qualifier={version}"
        api.do("PUT", where, {"ProvisionedConcurrentExecutions": options["provisioned"]})
        click.echo(
            f"version {version} has {formatting.counted(options['provisioned'], 'environment')} ready while"
            " `runner serve` runs",
            err=True,
        )


@command.command()
@click.argument("name")
@click.option("--payload", multiple=True, default=["{}"], metavar="JSON|@FILE", help="Repeatable: the rest run warm.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["RequestResponse", "Event", "DryRun"]),
    default="RequestResponse",
    show_default=True,
)
@click.option("--log", "show_log", is_flag=True, help="Show the function's log on stderr.")
@_with_log
def invoke(log_path: Path, name: str, payload: Sequence[str], kind: str, show_log: bool) -> None:
    """Invoke NAME (or NAME:QUALIFIER); each answer is a line on stdout.

    Exit code 1 when an invocation ended in a function error, or was refused.
    """
    payloads = [Path(given[1:]).read_bytes() if given.startswith("@") else given.encode() for given in payload]
    headers = {"X-Amz-Invocation-Type": kind, **({"X-Amz-Log-Type": "Tail"} if kind == "RequestResponse" else {})}

    def run(api: Api) -> bool:
        failed = False
        for body in payloads:
            reply = api.ask("POST", _at(name, "/invocations"), body, headers)
            if reply.status >= 300:
                said = reply.document
                raise RunnerError(str(said.get("message") or said.get("Message")))
            failed = _told(reply, kind, show_log and api.serving, waits=not api.serving) or failed
        return failed

    def shown(_: str, time_ms: int, message: str) -> None:
        click.echo(_line(time_ms, message), err=True)

    if with_api(log_path, run, shown if show_log else None):
        click.get_current_context().exit(ExitCode.FAILED)


def _shown(answer: str) -> str:
    """JSON keeps its meaning for whoever reads it from a pipe."""
    try:
        parsed_json(answer)
    except ValueError:
        return answer
    return answer if is_raw() else formatting.escaped_json(answer)


def _told(reply: Reply, kind: str, show_tail: bool, *, waits: bool) -> bool:
    """Say what one invocation came to; whether it failed."""
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
        click.echo(formatting.plain(tail.rstrip(), newlines=True), err=True)
    report = next((line for line in reversed(tail.splitlines()) if "REPORT" in line or "platform.report" in line), "")
    failed = "x-amz-function-error" in reply.headers
    error = ""
    if failed:
        found = parsed_json(reply.body) if reply.body.startswith(b"{") else {}
        error = str(found.get("errorType", "Unhandled"))
    figures = " ".join(report.split()).removeprefix("REPORT RequestId: ")
    click.echo(formatting.plain(f"{error or 'ok'}: request {figures}"), err=True)
    return failed


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Rows as JSON.")
@_with_log
def list_(log_path: Path, as_json: bool) -> None:
    """The deployed functions. Their variables are not shown."""
    from lambdatui.runner.deployed import Deployed

    functions = Deployed(log_path).functions
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
        click.echo(json.dumps({"as_of": formatting.iso(clock_ms()), "rows": rows}))
        return
    if not rows:
        click.echo("nothing is deployed: lambdatui runner deploy PATH --name NAME --handler MODULE.FUNCTION", err=True)
        return
    cells = [[formatting.UNKNOWN if value is None else str(value) for value in row.values()] for row in rows]
    figures = [at for at, value in enumerate(rows[0].values()) if isinstance(value, int)]
    click.echo(text_table([[name.upper() for name in rows[0]], *cells], right=figures), nl=False)


@command.command()
@click.argument("name")
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="The newest events only.")
@click.option("--follow", is_flag=True, help="Go on with what is written, until interrupted.")
@_with_log
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
                click.echo(_line(time_ms, message))
            if not follow:
                return
            time.sleep(0.25)
            events = log.tail(f"/aws/lambda/{name}", 10_000, after)


@command.command()
@click.argument("name")
@_with_log
def remove(log_path: Path, name: str) -> None:
    """Forget the deployment of NAME and its variables. Its folder and its log stay."""
    with_api(log_path, lambda api: api.do("DELETE", _at(name)))
    click.echo(f"removed {name}", err=True)


@command.command(epilog="Example: lambdatui runner trigger nightly --schedule 'cron(0 3 * * ? *)'")
@click.argument("name", required=False)
@trigger_options
@click.option("--list", "list_them", is_flag=True, help="The triggers there are.")
@click.option("--remove", "trigger_id", metavar="ID", help="Remove one.")
@_with_log
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
                click.echo(formatting.plain(f"{one_id}  {document['function']}  {document['kind']}  {rest}"))
            for mapping in api.do("GET", "/2015-03-31/event-source-mappings/")["EventSourceMappings"]:
                click.echo(
                    formatting.plain(f"{mapping['UUID']}  {mapping['FunctionArn']}  {mapping['EventSourceArn']}")
                )
        elif trigger_id is not None:
            if "-" in trigger_id:
                api.do("DELETE", f"/2015-03-31/event-source-mappings/{quote(trigger_id, safe='')}")
            else:
                api.do("POST", "/_lambdatui/triggers/remove", {"id": trigger_id})
            click.echo(f"removed {trigger_id}", err=True)
        else:
            if name is None:
                raise click.UsageError("give the function's NAME, or --list")
            path, document = wanted_trigger(name, options)
            done = api.do("POST", path, document)
            click.echo(str(done.get("id") or done.get("UUID") or done.get("request_id")))

    with_api(log_path, run)


def _line(time_ms: int, message: str) -> str:
    return f"{formatting.instant(time_ms, millis=True)}Z {log_text(message.rstrip())}"
