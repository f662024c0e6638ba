"""What calls functions by itself: schedules, folders, queues, streams; and what keeps them.

Triggers stand in ``triggers.json`` beside the functions, by id: ``{"function", "kind", ...}``. Kinds: ``schedule``
(``expression``), ``folder`` (``path``, ``prefix``, ``suffix``, ``events``, ``bucket``), and the gateways' ``http-api``,
``rest-api``, ``alb`` (``port``). Queues and streams are event source mappings of the Lambda API.
"""

import asyncio
import json
import sys
import time
import uuid
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lambdatui.runner.api import names
from lambdatui.runner.api.errors import ApiError, invalid
from lambdatui.runner.functions import ACCOUNT, REGION
from lambdatui.runner.triggers import schedule
from lambdatui.runner.triggers.folder import FolderEvents

if TYPE_CHECKING:
    from lambdatui.runner.service import Runner

GATEWAYS = ("http-api", "rest-api", "alb")
_FOLDER_EVERY_S = 0.2


class Triggers:
    """All triggers of a running runner, each a task."""

    def __init__(self, runner: "Runner") -> None:
        self._runner = runner
        self._documents: dict[str, dict[str, Any]] = runner.deployed.read("triggers.json")
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self) -> None:
        for trigger_id in self._documents:
            self._start(trigger_id)
        for mapping_id in self._runner.mappings:
            self.mapping_changed(mapping_id)

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def mapping_changed(self, mapping_id: str) -> None:
        """Poll, poll otherwise, or poll no more what a mapping names."""
        self._stop(mapping_id)
        mapping = self._runner.mappings.get(mapping_id)
        if mapping is None or mapping["State"] != "Enabled":
            return
        from lambdatui.runner.triggers.queue import QueueSource
        from lambdatui.runner.triggers.stream import StreamSource

        kind = StreamSource if ":dynamodb:" in mapping["EventSourceArn"] else QueueSource
        self._run(mapping_id, kind(self._runner, mapping).poll())

    async def asked(self, what: str, document: dict[str, Any]) -> dict[str, Any]:
        """A request of the runner's command line: ``triggers/add``, ``list``, ``remove``, or ``fire``."""
        if what == "triggers/list":
            return {"triggers": self._documents}
        if what == "triggers/remove":
            return {"removed": self.remove(str(document.get("id", "")))}
        if what == "triggers/add":
            return {"id": self.add(document)}
        if what == "fire":
            meant = names.meant(self._runner.deployed, str(document["function"]))
            request_id = await self._runner.queue.accept(meant.arn, json.dumps(document["event"]).encode())
            return {"request_id": request_id}
        raise invalid(f"there is no {what}")

    def add(self, document: dict[str, Any]) -> str:
        """Keep a new trigger and start it; its id. ApiError when it cannot be."""
        names.meant(self._runner.deployed, str(document.get("function", "")))
        kind = document.get("kind")
        if kind == "schedule":
            try:
                schedule.parse(str(document.get("expression", "")))
            except schedule.ScheduleError as error:
                raise invalid(str(error)) from error
        elif kind in GATEWAYS:
            document.setdefault("port", self._runner.free_port())
        elif kind != "folder":
            raise invalid(f"there is no trigger of kind {kind!r}")
        trigger_id = uuid.uuid4().hex[:8]
        self._documents[trigger_id] = document
        self._runner.deployed.write("triggers.json", self._documents)
        self._start(trigger_id)
        return trigger_id

    def remove(self, trigger_id: str) -> bool:
        found = self._documents.pop(trigger_id, None)
        if found is None:
            raise ApiError(404, "ResourceNotFoundException", f"there is no trigger {trigger_id!r}")
        self._stop(trigger_id)
        if self._runner.gateways is not None:
            self._runner.gateways.close_port(trigger_id)
        self._runner.deployed.write("triggers.json", self._documents)
        return True

    def _start(self, trigger_id: str) -> None:
        document = self._documents[trigger_id]
        kind = document["kind"]
        if kind == "schedule":
            self._run(trigger_id, self._scheduled(trigger_id, document))
        elif kind == "folder":
            self._run(trigger_id, self._folder(document))
        elif self._runner.gateways is not None:
            self._runner.gateways.open_port(trigger_id, kind, document["function"], document["port"])

    def _run(self, trigger_id: str, work: Coroutine[Any, Any, None]) -> None:
        async def running() -> None:
            try:
                await work
            except asyncio.CancelledError:
                raise
            except Exception as error:
                sys.stderr.write(f"lambdatui runner: trigger {trigger_id} has ended: {error!r}\n")

        self._tasks[trigger_id] = asyncio.get_running_loop().create_task(running())

    def _stop(self, trigger_id: str) -> None:
        if (task := self._tasks.pop(trigger_id, None)) is not None:
            task.cancel()

    async def _send(self, function: str, event: object) -> None:
        """As AWS's own services do: asynchronously."""
        try:
            meant = names.meant(self._runner.deployed, function)
        except ApiError as error:
            sys.stderr.write(f"lambdatui runner: a trigger of {function}: {error}\n")
            return
        await self._runner.queue.accept(meant.arn, json.dumps(event).encode())

    async def _scheduled(self, trigger_id: str, document: dict[str, Any]) -> None:
        when = schedule.parse(document["expression"])
        scale = self._runner.time_scale
        moment = datetime.now(UTC)
        while True:
            due = when.after(moment)
            if due is None:
                return
            if isinstance(when, schedule.Rate):
                await asyncio.sleep((due - moment).total_seconds() / scale)
            else:
                # A cron time is a time of the clock: scaled time is no clock, so it waits for the real one.
                while (left_s := (due - datetime.now(UTC)).total_seconds()) > 0:
                    await asyncio.sleep(min(left_s, 60))
            moment = due
            await self._send(document["function"], scheduled_event(trigger_id, datetime.now(UTC)))

    async def _folder(self, document: dict[str, Any]) -> None:
        folder = FolderEvents(
            document["path"],
            document.get("prefix", ""),
            document.get("suffix", ""),
            frozenset(document.get("events") or ("created", "removed")),
            document.get("bucket", ""),
        )
        await asyncio.to_thread(folder.look)
        while True:
            await asyncio.sleep(_FOLDER_EVERY_S)
            for event in await asyncio.to_thread(folder.look):
                await self._send(document["function"], event)


def scheduled_event(rule: str, at: datetime) -> dict[str, Any]:
    """EventBridge's scheduled event."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}"],
        "detail": {},
    }


def custom_event(source: str, detail_type: str, detail: object) -> dict[str, Any]:
    """An EventBridge event of one's own."""
    event = scheduled_event("none", datetime.now(UTC))
    return event | {"source": source, "detail-type": detail_type, "resources": [], "detail": detail}


def sns_event(message: str, subject: str | None, topic: str = "local") -> dict[str, Any]:
    """What a function that subscribes to an SNS topic gets."""
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
    sns: dict[str, object] = {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": arn,
        "Subject": subject,
        "Message": message,
        "Timestamp": stamp,
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertUrl": "EXAMPLE",
        "UnsubscribeUrl": "EXAMPLE",
        "MessageAttributes": {},
    }
    subscription = f"{arn}:{uuid.uuid4()}"
    return {
        "Records": [{"EventVersion": "1.0", "EventSubscriptionArn": subscription, "EventSource": "aws:sns", "Sns": sns}]
    }
