"""``lambdatui runner deploy``: a folder or a ZIP as a function of the local runner."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from collectors.model.units import (
    INCLUDED_EPHEMERAL_MB,
    LEAST_MEMORY_MB,
    LONGEST_INVOCATION_S,
    MOST_EPHEMERAL_MB,
    MOST_MEMORY_MB,
)
from lambdatui.cli.runner.log_option import FUNCTIONS, function_path, with_log
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.runtimes.python import this_runtime
from lambdatui.runner.runtimes.registry import help_text
from lambdatui.runner.serving.client import Api
from lambdatui.runner.serving.local import with_api
from lambdatui.text import figures

ROLE = "arn:aws:iam::000000000000:role/local"


def variables(_: click.Context, __: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    """The variables of ``--env KEY=VALUE``. Raises BadParameter."""
    pairs = [value.partition("=") for value in values]
    if any(not name or not equals for name, equals, _ in pairs):
        # The value is not repeated: it may be a secret.
        raise click.BadParameter("give each as KEY=VALUE")
    return {name: value for name, _, value in pairs}


@click.command(epilog="Example: lambdatui runner deploy ./src --name orders --handler app.handler --memory-mb 256")
@click.argument("path", type=click.Path(exists=True, resolve_path=True))
@click.option("--name", required=True, help="The function's name.")
@click.option("--handler", default="bootstrap", help="module.function inside PATH.")
@click.option("--runtime", default=this_runtime, help=help_text())
@click.option(
    "--memory-mb",
    type=click.IntRange(LEAST_MEMORY_MB, MOST_MEMORY_MB),
    default=LEAST_MEMORY_MB,
    show_default=True,
    help="Memory, MB.",
)
@click.option(
    "--timeout-s", type=click.IntRange(1, LONGEST_INVOCATION_S), default=3, show_default=True, help="Timeout, s."
)
@click.option(
    "--ephemeral-mb",
    type=click.IntRange(INCLUDED_EPHEMERAL_MB, MOST_EPHEMERAL_MB),
    default=INCLUDED_EPHEMERAL_MB,
    show_default=True,
    help="Ephemeral storage, MB.",
)
@click.option("--env", multiple=True, callback=variables, metavar="KEY=VALUE", help="Repeatable; kept 0600.")
@click.option(
    "--layer",
    "layers",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    help="A folder that is laid under /opt (repeatable).",
)
@click.option("--reserved", type=click.IntRange(0), help="Reserved concurrency; 0 stops the function.")
@click.option("--provisioned", type=click.IntRange(1), help="Publish a version with this many environments ready.")
@click.option("--dlq", metavar="TARGET", help="file:///FOLDER, a queue's URL, or an ARN of SQS or SNS.")
@click.option(
    "--destination",
    "destinations",
    multiple=True,
    metavar="success|failure=TARGET",
    help="Where the result of an asynchronous event goes; TARGET as for --dlq.",
)
@click.option("--retries", type=click.IntRange(0, 2), help="Of an asynchronous event (default 2).")
@click.option("--json-log", is_flag=True, help="The platform's lines in JSON.")
@with_log
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
        program = api.do("GET", f"/_lambdatui/runtimes/{quote(options['runtime'], safe='')}")
        if program.get("error"):
            raise RunnerError(program["error"])
        if program.get("note") and api.serving:  # a runner in this process tells it itself
            click.echo(program["note"], err=True)
        if api.ask("GET", function_path(name)).status == 404:
            api.do("POST", FUNCTIONS, {"FunctionName": name, "Role": ROLE, "Code": code, **configuration})
        else:
            api.do("PUT", function_path(name, "/configuration"), configuration)
            api.do("PUT", function_path(name, "/code"), code)
        _more(api, name, options)

    with_api(log_path, run)
    memory = figures.megabytes(options["memory_mb"])
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
        version = api.do("POST", function_path(name, "/versions"), {})["Version"]
        where = f"/2019-09-30/functions/{name}/provisioned-concurrency?Qualifier={version}"
        api.do("PUT", where, {"ProvisionedConcurrentExecutions": options["provisioned"]})
        click.echo(
            f"version {version} has {figures.counted(options['provisioned'], 'environment')} ready while"
            " `runner serve` runs",
            err=True,
        )
