"""``lambdatui runner dev``: a folder as a function, deployed again with each change, and its log as it comes."""

import asyncio
import re
import sys
import threading
from pathlib import Path
from typing import Any

import click

from collectors.model.units import LEAST_MEMORY_MB, MOST_MEMORY_MB
from lambdatui.cli.runner.aws_options import with_aws
from lambdatui.cli.runner.deploy import ROLE, variables
from lambdatui.cli.runner.log_option import FUNCTIONS, function_path, log_line, with_log
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.runtimes.node import node_runtime
from lambdatui.runner.runtimes.python import this_runtime
from lambdatui.runner.serving.client import Api
from lambdatui.runner.serving.lock import serving_address
from lambdatui.runner.serving.server import Settings, serve
from lambdatui.text.plain import plain

# What AWS's console and SAM's templates call a handler's file and function.
_MODULES, _FUNCTIONS = ("lambda_function", "app", "main", "handler", "index"), ("lambda_handler", "handler")
_NODE_ENDINGS = (".mjs", ".js", ".cjs")
_MOST_FILES_TOLD = 3


@click.command(name="dev", epilog="Example: lambdatui runner dev ./src --handler app.handler")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, resolve_path=True))
@click.option("--name", help="The function's name (default: that which has FOLDER, else FOLDER's own).")
@click.option("--handler", help="module.function inside FOLDER (default: as deployed, else the usual names).")
@click.option("--runtime", help="As for `deploy` (default: as deployed, else by the handler's file).")
@click.option(
    "--memory-mb",
    type=click.IntRange(LEAST_MEMORY_MB, MOST_MEMORY_MB),
    help="Memory, MB (default: as deployed, else 128).",
)
@click.option("--timeout-s", type=click.IntRange(1, 900), help="Timeout, s (default: as deployed, else 3).")
@click.option(
    "--env", multiple=True, callback=variables, metavar="KEY=VALUE", help="Repeatable; in place of the former."
)
@click.option("--port", type=click.IntRange(0, 65_535), default=0, show_default=True, help="0: any that is free.")
@click.option("--time-scale", type=click.FloatRange(0.001, 1e6), default=1.0, help="60: retries wait 60 times less.")
@with_aws
@with_log
def dev(log_path: Path, /, folder: str, port: int, time_scale: float, aws: Any, **options: Any) -> None:
    """Serve FOLDER as a function, and deploy it again whenever a file in it is saved.

    The address is the first line on stdout; the lines of the function's log follow as they come. On stderr: what was
    deployed, and where the code does not start the file, the line and the error; older code answers until it does.
    What `deploy` set (layers, concurrency, destinations) stays. Uses the runner that serves already, if one does.
    """
    if (address := serving_address(log_path)) is not None:
        api = Api(address["url"], address.get("token"), serving=True, timeout_s=None)
        _follow(api, address["url"], Path(folder), options)
        return
    asyncio.run(_serve(log_path, Settings(port=port, time_scale=time_scale, aws=aws), folder, options))


async def _serve(log_path: Path, settings: Settings, folder: str, options: dict[str, Any]) -> None:
    """Serve until interrupted, with a thread that deploys and follows. Raises what stops the thread."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    problems: list[Exception] = []

    def follow(url: str) -> None:
        address = serving_address(log_path) or {}
        try:
            _follow(Api(url, address.get("token"), serving=True, timeout_s=None), url, Path(folder), options)
        except Exception as error:
            problems.append(error)
        loop.call_soon_threadsafe(ended.set)

    def ready(_: object, url: str) -> None:
        threading.Thread(target=follow, args=(url,), daemon=True).start()

    await serve(log_path, settings, ready, ended)
    if problems and not isinstance(problems[0], OSError):  # its connection ends when serving does
        raise problems[0]


def _follow(api: Api, url: str, folder: Path, options: dict[str, Any]) -> None:
    """Deploy the folder, then tell of it until the connection ends."""
    name = _deploy(api, folder, options)
    click.echo(url)
    sys.stdout.flush()
    for event in api.events("/_lambdatui/develop", {"function": name}):
        if event["event"] == "line":
            click.echo(log_line(event["time_ms"], event["message"]))
            sys.stdout.flush()
        elif event["event"] == "deployed":
            again = f"deployed {name}" if event["first"] and not event["files"] else f"deployed {name} again"
            click.echo(plain(f"{again}{_told(event['files'])}"), err=True)
        else:
            goes_on = "the code before goes on" if event["earlier"] else "no code has started yet"
            click.echo(plain(f"{_problem(event, folder)}: {goes_on}"), err=True)


def _told(files: list[str]) -> str:
    if not files:
        return ""
    more = f" and {len(files) - _MOST_FILES_TOLD} more" if len(files) > _MOST_FILES_TOLD else ""
    return f": {', '.join(files[:_MOST_FILES_TOLD])}{more}"


def _problem(event: dict[str, Any], folder: Path) -> str:
    """File, line, type and message of the error with which the code did not start."""
    error = event["error"] if isinstance(event["error"], dict) else {}
    message = " ".join(str(error.get("errorMessage", "")).split())
    trace = error.get("stackTrace") or error.get("trace") or []
    text = "\n".join(map(str, trace)) if isinstance(trace, list) else str(trace)
    root = re.escape(str(event["folder"]).rstrip("/"))
    places = re.findall(rf'(?:file://)?{root}/([^\s"\':]+)(?:["\'],? line |:)(\d+)', text, re.IGNORECASE)
    place = f"{event['place']}: " if event.get("place") else ""
    if places:
        # Python's innermost frame is the last of its trace, that of Node.js the first.
        file, line = places[-1] if "stackTrace" in error else places[0]
        place = f"{folder / file}:{line}: "
    return f"{place}{error.get('errorType', 'Error')}: {message}"


# --- the deployment


def _deploy(api: Api, folder: Path, options: dict[str, Any]) -> str:
    """Deploy the folder with what was given and what is deployed already; returns the function's name."""
    name = options["name"] or _name_of(api, folder)
    reply = api.ask("GET", function_path(name))
    settings: dict[str, Any] = {
        "Handler": options["handler"],
        "Runtime": options["runtime"],
        "MemorySize": options["memory_mb"],
        "Timeout": options["timeout_s"],
        "Environment": {"Variables": options["env"]} if options["env"] else None,
    }
    configuration = {key: value for key, value in settings.items() if value is not None}
    code = {"S3Bucket": "hot-reload", "S3Key": str(folder)}
    if reply.status == 404:
        api.do("POST", FUNCTIONS, {"FunctionName": name, "Role": ROLE, "Code": code, **_guessed(folder, configuration)})
    else:
        if configuration:
            api.do("PUT", function_path(name, "/configuration"), configuration)
        api.do("PUT", function_path(name, "/code"), code)
    return name


def _name_of(api: Api, folder: Path) -> str:
    """The function that is deployed from the folder already, else the folder's name as a function may have it."""
    for name, path in api.do("POST", "/_lambdatui/folders")["folders"].items():
        if path == str(folder):
            return str(name)
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", folder.name).strip("-")[:64]
    if not name:
        raise RunnerError(f"{folder} has no name that a function may have: give --name")
    return name


def _guessed(folder: Path, configuration: dict[str, Any]) -> dict[str, Any]:
    """The settings of a new function: those given, and handler and runtime by the files that there are."""
    handler = configuration.get("Handler") or _handler_of(folder)
    module = folder / handler.rpartition(".")[0]
    runtime = this_runtime()
    if handler == "bootstrap":
        runtime = "provided.al2023"
    elif any(module.with_name(module.name + ending).exists() for ending in _NODE_ENDINGS):
        runtime = node_runtime() or "nodejs22.x"
    return {"Runtime": runtime, **configuration, "Handler": handler}


def _handler_of(folder: Path) -> str:
    if (folder / "bootstrap").is_file():
        return "bootstrap"
    for module in _MODULES:
        for ending in (".py", *_NODE_ENDINGS):
            file = folder / f"{module}{ending}"
            if file.is_file():
                text = file.read_text(encoding="utf-8", errors="replace")
                for function in _FUNCTIONS:
                    if re.search(rf"\b{function}\b", text):
                        return f"{module}.{function}"
    raise RunnerError(f"no handler was found in {folder}: give --handler MODULE.FUNCTION")
