"""A folder as an S3 bucket: its files are objects, and what happens to them are S3's events."""

import hashlib
import os
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from lambdatui.runner.functions import REGION


class FolderEvents:
    """``look`` gives the events since it was last called; the first call only learns what is there."""

    def __init__(self, path: str, prefix: str, suffix: str, kinds: frozenset[str], bucket: str = "") -> None:
        self._folder = Path(path)
        self._bucket = bucket or self._folder.name
        self._prefix = prefix
        self._suffix = suffix
        self._kinds = kinds
        self._seen: dict[str, tuple[int, int]] | None = None
        self._unsettled: dict[str, tuple[int, int]] = {}
        self._sequence = time.time_ns()

    def look(self) -> list[dict[str, Any]]:
        now = self._objects()
        before = self._seen
        if before is None:
            self._seen = now
            return []
        events = []
        for key, state in now.items():
            if before.get(key) == state:
                continue
            if self._unsettled.get(key) != state:
                # A file is an object when it is whole: when it stayed the same from one look to the next.
                self._unsettled[key] = state
                continue
            del self._unsettled[key]
            before[key] = state
            if "created" in self._kinds and self._wanted(key):
                events.append(self._event("ObjectCreated:Put", key, state[1]))
        for key in [key for key in before if key not in now]:
            del before[key]
            if "removed" in self._kinds and self._wanted(key):
                events.append(self._event("ObjectRemoved:Delete", key, None))
        self._unsettled = {key: state for key, state in self._unsettled.items() if key in now}
        return events

    def _wanted(self, key: str) -> bool:
        return key.startswith(self._prefix) and key.endswith(self._suffix)

    def _objects(self) -> dict[str, tuple[int, int]]:
        found = {}
        for folder, _, files in os.walk(self._folder):
            for name in files:
                path = Path(folder) / name
                try:
                    status = path.stat()
                except OSError:
                    continue
                found[path.relative_to(self._folder).as_posix()] = (status.st_mtime_ns, status.st_size)
        return found

    def _event(self, name: str, key: str, size: int | None) -> dict[str, Any]:
        now = time.time()
        self._sequence += 1
        thing: dict[str, Any] = {"key": quote_plus(key, safe="/"), "sequencer": f"{self._sequence:016X}"}
        if size is not None:
            try:
                content = (self._folder / key).read_bytes()
            except OSError:
                content = b""
            thing |= {"size": size, "eTag": hashlib.md5(content, usedforsecurity=False).hexdigest()}
        record = {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": REGION,
            "eventTime": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z",
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
                "object": thing,
            },
        }
        return {"Records": [record]}
