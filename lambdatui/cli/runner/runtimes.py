"""``lambdatui runner runtimes``: what runs each of Lambda's runtimes here, and the SDKs that functions find."""

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import click

from lambdatui.cli.output.terminal_table import echo_table
from lambdatui.runner.clock import now_ms
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.runtimes.node_packages import npm_install
from lambdatui.runner.runtimes.registry import program_row
from lambdatui.runner.runtimes.sdk import installed_folder, least_minor, node_sdk, python_sdk
from lambdatui.text import figures

_RUNTIMES = (
    *(f"python3.{minor}" for minor in range(8, 15)),
    *("nodejs16.x", "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x", "provided.al2", "provided.al2023"),
)
# The clients that functions use most; others are named, such as @aws-sdk/client-glue.
_NODE_PACKAGES = tuple(
    f"@aws-sdk/{name}"
    for name in (
        *("client-cloudwatch", "client-cloudwatch-logs", "client-dynamodb", "client-eventbridge", "client-kinesis"),
        *("client-lambda", "client-s3", "client-secrets-manager", "client-sfn", "client-sns", "client-sqs"),
        *("client-ssm", "client-sts", "lib-dynamodb", "lib-storage", "s3-request-presigner", "util-dynamodb"),
    )
)
_LONGEST_S = 900


@click.command(epilog="Example: lambdatui runner runtimes --install nodejs")
@click.option(
    "--install",
    "wanted",
    multiple=True,
    metavar="WHAT",
    help="nodejs (the usual @aws-sdk packages), one such as @aws-sdk/client-glue, or python3.9 (boto3). Repeatable.",
)
@click.option("--offline", is_flag=True, help="Install what npm has in its cache, without the network.")
@click.option("--json", "as_json", is_flag=True, help="Rows as JSON.")
def runtimes(wanted: Sequence[str], offline: bool, as_json: bool) -> None:
    """What runs each of Lambda's runtimes here, and which AWS SDK its functions can import.

    boto3 for Python is this program's own. @aws-sdk for Node.js, and boto3 for Pythons that are too old for that, are
    installed by --install into the data folder, with npm and pip, and never while a function runs.
    """
    for name in wanted:
        _install(name, offline)
    rows = [_row(runtime) for runtime in _RUNTIMES]
    if as_json:
        click.echo(json.dumps({"as_of": figures.iso(now_ms()), "rows": rows}))
        return
    cells = [[str(row[name] or figures.UNKNOWN) for name in ("runtime", "version", "program", "sdk")] for row in rows]
    echo_table([["RUNTIME", "VERSION", "PROGRAM", "SDK"], *cells])
    for row in rows:
        if text := row["error"] or row["note"]:
            click.echo(text, err=True)


def _row(runtime: str) -> dict[str, str | None]:
    row = program_row(runtime)
    sdk: str | None = None
    if runtime.startswith("python") and row["version"]:
        version = python_sdk(int(row["version"].split(".")[1]))
        sdk = f"boto3 {version}" if version else None
    elif runtime.startswith("nodejs") and row["version"]:
        count = len(node_sdk())
        sdk = figures.counted(count, "package") + " of @aws-sdk" if count else None
    return {**row, "sdk": sdk}


def _install(name: str, offline: bool) -> None:
    """Install an SDK. Raises RunnerError, and UsageError for what is none."""
    if name == "nodejs":
        _install_node(_NODE_PACKAGES, offline)
    elif name.startswith(("@aws-sdk/", "@smithy/")):
        _install_node([name], offline)
    elif name.startswith("python3.") and name[8:].isdigit():
        _install_python(name, offline)
    else:
        raise click.UsageError(f"--install {name}: give nodejs, a package such as @aws-sdk/client-s3, or python3.9")


def _install_node(packages: Sequence[str], offline: bool) -> None:
    try:
        failure = npm_install(packages, offline=offline, timeout_s=_LONGEST_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        failure = f"npm failed: {error}"
    if failure is not None:
        raise RunnerError(failure)
    folder = installed_folder("nodejs")
    click.echo(f"installed {', '.join(packages)} in {folder}", err=True)


def _install_python(name: str, offline: bool) -> None:
    if offline:
        raise click.UsageError(f"--offline is for @aws-sdk: pip needs an index for {name}")
    minor = int(name[8:])
    if minor >= least_minor():
        click.echo(f"{name} has boto3 {python_sdk(minor)} already: this program's own", err=True)
        return
    folder = installed_folder(name)
    draft = folder.with_name(f".{name}.{uuid.uuid4().hex}")
    row = program_row(name)
    own = row["program"] if row["note"] is None and row["error"] is None else None
    choice = ["--python-version", name[6:], "--only-binary=:all:"] if own is None else []
    pip = [own or sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    try:
        _run([*pip, *choice, "--target", str(draft), "boto3"])
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    click.echo(f"installed boto3 {python_sdk(minor)} for {name} in {folder}", err=True)


def _run(command: Sequence[str]) -> None:
    """Run a package manager. Raises RunnerError with the end of what it says."""
    program = Path(command[0]).name
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunnerError(f"{program} failed: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise RunnerError(f"{program} failed: {' / '.join(said[-3:]) or done.returncode}")
