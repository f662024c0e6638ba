"""``POST /_lambdatui/develop``: a function whose folder is edited is deployed again with each change.

The answer goes on until the caller hangs up: JSON objects, one a line. ``{"event": "deployed", "files": [...],
"first": true|false}``; where the code does not start ``{"event": "failed", "files": [...], "error": {...}, "folder":
"/var/task", "earlier": true|false}``, in which ``folder`` is what the process calls its code's, and ``earlier`` says
that older code goes on (and ``place`` is ``FILE:LINE`` of an error of syntax that has no other); and ``{"event":
"line", "time_ms", "message"}`` for each event of the function's log.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from lambdatui.runner.deployments.folder_changes import FolderChanges
from lambdatui.runner.environments.lambda_paths import TASK
from lambdatui.runner.errors import invalid, serialization
from lambdatui.runner.functions import LATEST, Deployment, RunnerError
from lambdatui.runner.http.server import Request
from lambdatui.runner.runtimes.registry import runtime_of
from lambdatui.runner.service import Runner
from lambdatui.runner.untrusted import parsed_json

_LINES_EVERY_S = 0.05
_MOST_LINES = 10_000


async def develop(runner: Runner, request: Request) -> None:
    """Answer the request until its caller hangs up. Raises ApiError."""
    try:
        name = str(parsed_json(request.body)["function"])
    except (ValueError, KeyError, TypeError) as error:
        raise serialization("give the function as an object's member") from error
    deployment = runner.functions.deployment(runner.functions.resolve(name).function.name, LATEST)
    if not deployment.watched:
        raise invalid(f"{name} is no folder that is used in place: deploy its folder first")
    if deployment.path in runner.folder_watch.elsewhere:
        raise invalid(f"{deployment.path} is watched already, by another `runner dev`")
    runner.folder_watch.elsewhere.add(deployment.path)
    events = FolderChanges(Path(deployment.path))
    request.start(200, {"Content-Type": "application/x-ndjson"})
    try:
        await _Development(runner, request, deployment).run(events)
    finally:
        events.close()
        runner.folder_watch.elsewhere.discard(deployment.path)
        if deployment.name in runner.functions.by_name:
            runner.fleet.code_changed(deployment)


class _Development:
    """One caller's view of one function."""

    def __init__(self, runner: Runner, request: Request, deployment: Deployment) -> None:
        self._runner = runner
        self._request = request
        self._deployment = deployment
        self._works = False  # some code has started
        [(self._line_id,)] = runner.log.read("SELECT coalesce(max(id), 0) FROM log_events")

    async def run(self, events: FolderChanges) -> None:
        await self._deploy([], events)
        changes = asyncio.ensure_future(events.changed())
        try:
            while not self._request.gone and self._deployment.name in self._runner.functions.by_name:
                await asyncio.wait({changes}, timeout=_LINES_EVERY_S)
                if changes.done():
                    files = changes.result()
                    changes = asyncio.ensure_future(events.changed())
                    await self._deploy(files, events)
                await self._pass_lines_on()
        finally:
            changes.cancel()
            await asyncio.gather(changes, return_exceptions=True)
        if not self._request.gone:
            self._request.end()

    async def _deploy(self, files: list[str], events: FolderChanges) -> None:
        """Start the code as it is now, and say how that went."""
        functions = self._runner.functions
        deployment = functions.deployment(self._deployment.name, LATEST)
        for other in functions.by_name:
            if other != deployment.name and functions.deployment(other, LATEST).path == deployment.path:
                self._runner.fleet.code_changed(functions.deployment(other, LATEST))
        await self._runner.in_thread(_forget_compiled, self._runner.host.folder, Path(deployment.path), files)
        error: Any = None
        try:
            failure = await self._runner.fleet.try_code(deployment)
            if failure is not None:
                error = _document(failure.answer.body)
        except RunnerError as fault:
            error = {"errorType": "Runtime.InvalidEntrypoint", "errorMessage": str(fault)}
        await self._runner.log.commit()
        await self._pass_lines_on()
        if error is None:
            self._send({"event": "deployed", "files": files, "first": not self._works})
            self._works = True
        else:
            folder = TASK if self._runner.host.has_namespaces() else deployment.path
            event = {"event": "failed", "files": files, "error": error, "folder": folder, "earlier": self._works}
            if "SyntaxError" in str(error):
                event["place"] = await self._runner.in_thread(_place, deployment, files or events.files)
            self._send(event)

    async def _pass_lines_on(self) -> None:
        tail = self._runner.log.tail
        lines = await self._runner.in_thread(tail, self._deployment.log_group, _MOST_LINES, int(str(self._line_id)))
        for line_id, time_ms, message in lines:
            self._line_id = line_id
            self._send({"event": "line", "time_ms": time_ms, "message": message})

    def _send(self, event: dict[str, Any]) -> None:
        self._request.write(json.dumps(event).encode() + b"\n")


def _place(deployment: Deployment, files: list[str]) -> str:
    paths = [Path(deployment.path, file) for file in files]
    return runtime_of(deployment.runtime).place_of_syntax_error(deployment.runtime, paths)


def _forget_compiled(host_folder: Path, folder: Path, files: list[str]) -> None:
    """Remove the compiled code of changed Python files.

    Python takes it for that of the file where the file's size and the second of its change are the same.
    """
    for file in map(Path, files):
        if file.suffix == ".py":
            compiled = f"__pycache__/{file.stem}.*.pyc"
            beside = (folder / file.parent).glob(compiled)
            for path in (*beside, *host_folder.glob(f"compiled-*{TASK}/{file.parent}/{compiled}")):
                path.unlink(missing_ok=True)


def _document(body: bytes) -> Any:
    try:
        return parsed_json(body)
    except ValueError:
        return {"errorMessage": body.decode("utf-8", "replace")}
