"""``lambdatui runner invoke --debug``: an environment that waits for a debugger, and how to attach one."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from lambdatui.cli.runner.log_option import log_line
from lambdatui.runner.environments.lambda_paths import TASK
from lambdatui.runner.functions import LATEST, Deployment, RunnerError
from lambdatui.runner.runtimes.registry import runtime_of
from lambdatui.runner.service import Runner
from lambdatui.runner.serving.client import Api
from lambdatui.runner.serving.local import with_own_api

PYTHON_PORT, NODE_PORT = 5678, 9229
"""Where debugpy and Node.js listen unless they are told another port."""
_LISTENING = "Debugger listening on "
T = TypeVar("T")


def with_debugger(log_path: Path, name: str, port: int | None, run: Callable[[Api], T]) -> T:
    """Call ``run`` with the API of a runner in this process, in which the function ``name`` waits for a debugger.

    ``port`` 0 is any that is free, None the usual one. The function's log goes to stderr as it comes, and with it how
    to attach. Raises RunnerError where the port is taken.
    """
    debugged: list[Deployment] = []
    code_folder = ""

    def prepare(runner: Runner) -> None:
        nonlocal code_folder
        function = runner.functions.resolve(name).function
        node = str(function.latest["Runtime"]).startswith("nodejs")
        free_port = _free_port((NODE_PORT if node else PYTHON_PORT) if port is None else port)
        runner.functions.debug(function.name, free_port)
        debugged.append(runner.functions.deployment(function.name, LATEST))
        code_folder = TASK if runner.host.has_namespaces() else debugged[0].path
        runtime_of(debugged[0].runtime).debug_command(debugged[0])  # raises before anything is invoked

    def on_line(_: str, time_ms: int, message: str) -> None:
        click.echo(log_line(time_ms, message), err=True)
        if message.startswith(_LISTENING):
            click.echo(_how_to_attach(debugged[0], code_folder), err=True)

    return with_own_api(log_path, run, on_line, prepare, timeout_s=None)


def _free_port(port: int) -> int:
    """``port``, or for 0 one that is free. Raises RunnerError where another program listens there."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            raise RunnerError(f"port {port} cannot be used ({error.strerror}): give another --debug-port") from error
        return int(trial.getsockname()[1])


def _how_to_attach(deployment: Deployment, code_folder: str) -> str:
    """What to do in a debugger, for the person at the terminal."""
    port = deployment.debug_port
    lines = [f"{deployment.name} waits for a debugger on 127.0.0.1:{port}; ctrl-c ends it."]
    if deployment.runtime.startswith("nodejs"):
        lines.append(f"Attach with chrome://inspect, `node inspect 127.0.0.1:{port}`, or VS Code:")
    else:
        lines.append("Attach with VS Code, or any other client of debugpy:")
    lines.append(f"  {json.dumps(launch_configuration(deployment, code_folder))}")
    lines.append('(one of the "configurations" in .vscode/launch.json)')
    return "\n".join(lines)


def launch_configuration(deployment: Deployment, code_folder: str) -> dict[str, Any]:
    """What attaches VS Code to the deployment's ``debug_port``: one of the configurations of its launch.json.

    ``code_folder`` is where the function's process finds its code.
    """
    # A folder that is used in place has the names that the editor knows; a ZIP's files are elsewhere.
    local = deployment.path if deployment.watched else "${workspaceFolder}"
    configuration: dict[str, Any] = {"name": f"Lambda {deployment.name}", "request": "attach"}
    if deployment.runtime.startswith("nodejs"):
        return configuration | {
            "type": "node",
            "address": "127.0.0.1",
            "port": deployment.debug_port,
            "continueOnAttach": True,
            "localRoot": local,
            "remoteRoot": code_folder,
        }
    return configuration | {
        "type": "debugpy",
        "connect": {"host": "127.0.0.1", "port": deployment.debug_port},
        "pathMappings": [{"localRoot": local, "remoteRoot": code_folder}],
    }
