"""The requests of the runner's own command line under ``/_lambdatui/``: triggers, and the runner's status.

``POST triggers/add`` takes a trigger's document and answers its ``id``, ``triggers/remove`` takes an ``id``,
``triggers/list`` answers all by id, and ``fire`` queues an ``event`` for a ``function``. ``status`` answers how many
functions there are, how many asynchronous events wait, and which functions are busy. ``folders`` answers the folders
that are used in place, by function. ``develop`` takes a ``function`` and answers as ``api.development`` says.
"""

import json

from lambdatui.runner.api.development import develop
from lambdatui.runner.errors import ApiError, invalid, serialization
from lambdatui.runner.http.server import Request
from lambdatui.runner.service import Runner
from lambdatui.runner.untrusted import parsed_json

PREFIX = "/_lambdatui/"


async def answer(runner: Runner, request: Request, action: str) -> None:
    """Answer one request; ``action`` is its path after the prefix. Raises ApiError."""
    if action == "status":
        busy = {name: count for name, count in runner.fleet.running.items() if count}
        functions = len(runner.functions.by_name)
        request.json(200, {"functions": functions, "waiting": runner.queue.waiting, "busy": busy})
        return
    if action == "folders":
        latest = {name: function.latest for name, function in runner.functions.by_name.items()}
        folders = {name: document["_path"] for name, document in latest.items() if document.get("_watched")}
        request.json(200, {"folders": folders})
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
        request.json(200, {"triggers": triggers.by_id})
    elif action == "triggers/remove":
        triggers.remove(str(document.get("id", "")))
        request.json(200, {"removed": True})
    elif action == "triggers/add":
        request.json(200, {"id": triggers.add(document)})
    elif action == "fire":
        request_id = await runner.invoke_later(str(document["function"]), json.dumps(document["event"]).encode())
        request.json(200, {"request_id": request_id})
    else:
        raise invalid(f"there is no {action}")
