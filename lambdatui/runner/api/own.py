"""The requests of the runner's own command line under ``/_lambdatui/``: triggers, and the runner's status.

``POST triggers/add`` takes a trigger's document and answers its ``id``, ``triggers/remove`` takes an ``id``,
``triggers/list`` answers all by id, and ``fire`` queues an ``event`` for a ``function``. ``status`` answers how many
functions there are, how many asynchronous events wait, and which functions are busy. ``runtimes/RUNTIME`` answers what
runs that runtime here, ``code/functions/NAME/VERSION`` and ``code/layers/NAME/VERSION`` the ZIP. ``folders`` answers
the folders that are used in place, by function. ``develop`` takes a ``function`` and answers as ``api.development``
says.
"""

import json
from urllib.parse import unquote

from lambdatui.runner.api.code import code_archive
from lambdatui.runner.api.development import develop
from lambdatui.runner.errors import ApiError, invalid, serialization
from lambdatui.runner.http.server import Request
from lambdatui.runner.runtimes.registry import program_row
from lambdatui.runner.service import Runner
from lambdatui.runner.untrusted import parsed_json

PREFIX = "/_lambdatui/"


async def answer(runner: Runner, request: Request, action: str, request_id: str) -> None:
    """Answer one request, which has ``request_id``; ``action`` is its path after the prefix. Raises ApiError."""
    headers = {"x-amzn-RequestId": request_id}
    if action == "status":
        busy = {name: count for name, count in runner.fleet.running.items() if count}
        functions = len(runner.functions.by_name)
        request.json(200, {"functions": functions, "waiting": runner.queue.waiting, "busy": busy}, headers)
        return
    if action.startswith("code/"):
        archive = await runner.in_thread(code_archive, runner, unquote(action.partition("/")[2]))
        request.respond(200, archive, {}, "application/zip")
        return
    if action.startswith("runtimes/"):
        request.json(200, await runner.in_thread(program_row, action.partition("/")[2]), headers)
        return
    if action == "folders":
        latest = {name: function.latest for name, function in runner.functions.by_name.items()}
        folders = {name: document["_path"] for name, document in latest.items() if document.get("_watched")}
        request.json(200, {"folders": folders}, headers)
        return
    if action == "develop":
        await develop(runner, request)
        return
    triggers = runner.triggers
    if triggers is None:
        raise ApiError(404, "UnknownOperationException", "triggers are served by `lambdatui runner serve` only")
    try:
        document = parsed_json(request.body or b"{}")
    except ValueError as error:
        raise serialization(f"Could not parse request body into json: {error}") from error
    if action == "triggers/list":
        request.json(200, {"triggers": triggers.by_id}, headers)
    elif action == "triggers/remove":
        triggers.remove(str(document.get("id", "")))
        request.json(200, {"removed": True}, headers)
    elif action == "triggers/add":
        request.json(200, {"id": triggers.add(document)}, headers)
    elif action == "fire":
        event_id = await runner.invoke_later(str(document["function"]), json.dumps(document["event"]).encode())
        request.json(200, {"request_id": event_id}, headers)
    else:
        raise invalid(f"there is no {action}")
