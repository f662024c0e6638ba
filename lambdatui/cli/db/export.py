"""``db export``: a copy of the store, or its lines as JSON that ``import`` reads back."""

import gzip
import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from collectors.model.records import Function
from collectors.store.connection import open_checked
from collectors.store.errors import StoreDamaged, damaged, explained
from collectors.store.integrity.checking import check
from collectors.store.read.rows import LogLine
from lambdatui.cli.store_access import Opened, opened
from lambdatui.text.redaction import redacted
from lambdatui.views.invocations import stored_invocations

_PAGES = 4_096  # copied at a time, so that a collector can write in between


def copy_store(source: Path, target: Path) -> int:
    """A consistent copy while others write, complete or not there at all; its size in bytes. Raises ``StoreError``."""
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    reading = open_checked(source)
    try:
        with explained(target, needs=source.stat().st_size):
            _copy(reading, part)
        if check(part, quick=True):
            raise StoreDamaged(damaged(source))
        part.replace(target)
    finally:
        reading.close()
        part.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(reading: sqlite3.Connection, part: Path) -> None:
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    writing = sqlite3.connect(part)
    try:
        reading.backup(writing, pages=_PAGES)
        # The copy travels as one file: without WAL there is nothing beside it to forget.
        writing.execute("PRAGMA journal_mode = DELETE")
    finally:
        writing.close()


def write_lines(file: str) -> tuple[int, str]:
    """The range's log lines as JSON lines; how many, and the range's name. ``-`` is stdout, ``.gz`` is compressed."""
    lines = 0
    with opened() as store, _output(file) as out:
        redact = not store.context.no_redact
        stored = store.reader.functions()
        ids = store.context.scope.ids(stored)
        if ids == []:
            return 0, store.range.label
        functions = {row.id: row.function for row in stored}
        streams = _streams(store, ids)
        for line in store.reader.search(store.range.from_ms, store.range.to_ms, ids):
            event = _event(line, functions[line.function_id], streams.get((line.function_id, line.request_id), ()))
            if redact:
                event["message"] = redacted(line.text)
            out.write(json.dumps({name: value for name, value in event.items() if value != ""}) + "\n")
            lines += 1
    return lines, store.range.label


def _streams(store: Opened, ids: list[int] | None) -> dict[tuple[int, str], list[tuple[int, str]]]:
    """(function id, request id) to when each attempt began and in which stream, the newest first."""
    streams: dict[tuple[int, str], list[tuple[int, str]]] = {}
    for row in stored_invocations(store.reader, store.range, ids):
        streams.setdefault((row.function_id, row.request_id), []).append((row.start_ms, row.stream))
    return streams


def _event(line: LogLine, function: Function, attempts: Sequence[tuple[int, str]]) -> dict[str, int | str]:
    """One line with the keys of CloudWatch's own exports. The stream is part of what makes an invocation unique."""
    key = function.key
    # INIT_START comes before START: a line older than every attempt belongs to the first.
    stream = next((name for start, name in attempts if start <= line.timestamp_ms), attempts[-1][1] if attempts else "")
    return {
        "timestamp": line.timestamp_ms,
        "message": line.text,
        "logGroup": function.log_group or f"/aws/lambda/{key.name}",
        "logStream": stream,
        "function": key.name,
        "account": key.account,
        "region": key.region,
    }


@contextmanager
def _output(file: str) -> Iterator[IO[str]]:
    if file == "-":
        yield sys.stdout
    elif file.endswith(".gz"):
        with open(file, "wb", opener=_owners_only) as packed, gzip.open(packed, "wt", encoding="utf-8") as out:
            yield out
    else:
        with open(file, "w", encoding="utf-8", opener=_owners_only) as out:
            yield out


def _owners_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
