"""A folder as an S3 bucket: its files are the objects, and changes of files send S3's events.

S3 User Guide, "Event message structure".
"""

import asyncio
import hashlib
import os
import re
import uuid
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from lambdatui.runner.clock import iso_millis, now_ns
from lambdatui.runner.functions import REGION
from lambdatui.runner.triggers.base import (
    Document,
    KeptTrigger,
    Option,
    OptionError,
    OptionKind,
    Stop,
    TriggerHost,
    register,
)

_LOOK_EVERY_S = 0.2
_EVENTS = ("created", "removed")
# By the words of ``--events``: what they mean, and the names of S3's own types of events that a folder has.
_WORDS = {"created": "s3:ObjectCreated:*", "removed": "s3:ObjectRemoved:*"}
_CREATED, _REMOVED = "ObjectCreated:Put", "ObjectRemoved:Delete"
_TYPE = re.compile(
    r"s3:ObjectCreated:(\*|Put|Post|Copy|CompleteMultipartUpload)|s3:ObjectRemoved:(\*|Delete|DeleteMarkerCreated)"
)


class Folder(KeptTrigger):
    """The document's ``path`` is the folder, ``bucket`` the bucket's name (by default the folder's).

    ``prefix``, ``suffix`` and ``events`` select objects and events as S3's notifications do; events are types of S3,
    such as ``s3:ObjectCreated:*``, or ``created`` and ``removed``.
    """

    kind = "folder"
    options = (
        Option("folder", "As an S3 bucket.", OptionKind.FOLDER),
        Option("prefix", "Of objects in the folder.", default=""),
        Option("suffix", "Of objects in the folder.", default=""),
        Option("events", "Or S3's types: s3:ObjectCreated:*", default=",".join(_EVENTS), show_default=True),
    )

    def document(self, values: Mapping[str, Any]) -> Document:
        """The fields of the options. Raises OptionError for an unknown kind of event."""
        events = [name.strip() for name in values["events"].split(",")]
        if not all(event in _WORDS or _TYPE.fullmatch(event) for event in events):
            raise OptionError("--events: created, removed, or both, or types of S3 such as s3:ObjectCreated:*")
        return {"path": values["folder"], "prefix": values["prefix"], "suffix": values["suffix"], "events": events}

    def start(self, trigger_id: str, document: Document, host: TriggerHost) -> Stop:
        """Look at the folder five times a second; files that are there at the start send no event."""
        return host.run(trigger_id, _pass_on_events(document, host))


async def _pass_on_events(document: Document, host: TriggerHost) -> None:
    folder = FolderEvents(
        document["path"],
        document.get("prefix", ""),
        document.get("suffix", ""),
        frozenset(document.get("events") or _EVENTS),
        document.get("bucket", ""),
    )
    await asyncio.to_thread(folder.look)
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        for event in await asyncio.to_thread(folder.look):
            await host.send(document["function"], event)


class FolderEvents:
    """Compares a folder with its state at the previous look; ``events`` are the kinds that are wanted."""

    def __init__(self, path: str, prefix: str, suffix: str, events: frozenset[str], bucket: str = "") -> None:
        self._folder = Path(path)
        self._bucket = bucket or self._folder.name
        self._prefix = prefix
        self._suffix = suffix
        self._events = events
        # By key: nanoseconds of the last change, and size in bytes.
        self._objects: dict[str, tuple[int, int]] | None = None
        self._unsettled: dict[str, tuple[int, int]] = {}
        self._sequence = now_ns()

    def look(self) -> list[dict[str, Any]]:
        """The events since the previous look; none at the first. It reads the folder, so it runs in a thread."""
        now = self._files()
        before = self._objects
        if before is None:
            self._objects = now
            return []
        events = []
        for key, state in now.items():
            if before.get(key) == state:
                continue
            if self._unsettled.get(key) != state:
                # A file becomes an object when it is complete: when it did not change from one look to the next.
                self._unsettled[key] = state
                continue
            del self._unsettled[key]
            before[key] = state
            if self._wants(_CREATED) and self._matches(key):
                events.append(self._event(_CREATED, key, state[1]))
        for key in [key for key in before if key not in now]:
            del before[key]
            if self._wants(_REMOVED) and self._matches(key):
                events.append(self._event(_REMOVED, key, None))
        self._unsettled = {key: state for key, state in self._unsettled.items() if key in now}
        return events

    def _wants(self, name: str) -> bool:
        """Whether a type that is wanted is the event's, or stands for it."""
        types = (_WORDS.get(event, event) for event in self._events)
        return any(fnmatchcase(f"s3:{name}", event_type) for event_type in types)

    def _matches(self, key: str) -> bool:
        return key.startswith(self._prefix) and key.endswith(self._suffix)

    def _files(self) -> dict[str, tuple[int, int]]:
        files = {}
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = Path(folder) / name
                try:
                    status = path.stat()
                except OSError:
                    continue
                files[path.relative_to(self._folder).as_posix()] = (status.st_mtime_ns, status.st_size)
        return files

    def _event(self, name: str, key: str, size: int | None) -> dict[str, Any]:
        self._sequence += 1
        entry: dict[str, Any] = {"key": quote_plus(key, safe="/"), "sequencer": f"{self._sequence:016X}"}
        if size is not None:
            try:
                content = (self._folder / key).read_bytes()
            except OSError:
                content = b""
            entry |= {"size": size, "eTag": hashlib.md5(content, usedforsecurity=False).hexdigest()}
        record = {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": REGION,
            "eventTime": iso_millis(),
            "eventName": name,
            "userIdentity": {"principalId": "EXAMPLE"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), "x-amz-id-2": uuid.uuid4().hex},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "lambdatui",
                "bucket": {
                    "name": self._bucket,
                    "ownerIdentity": {"principalId": "EXAMPLE"},
                    "arn": f"arn:aws:s3:::{self._bucket}",
                },
                "object": entry,
            },
        }
        return {"Records": [record]}


register(Folder())
