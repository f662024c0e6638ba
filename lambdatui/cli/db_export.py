"""``db export``: a copy of the store, or its lines as JSON that ``import`` reads back."""

import gzip
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from collectors.store.open import open_reader
from lambdatui.cli.opened import opened

_PAGES = 4_096  # copied at a time, so that a collector can write in between


def copy_store(source: Path, target: Path) -> int:
    """A consistent copy while others write, complete or not there at all; its size in bytes. Raises ``StoreError``."""
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    reading = open_reader(source)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        writing = sqlite3.connect(part)
        try:
            reading.backup(writing, pages=_PAGES)
            # The copy travels as one file: without WAL there is nothing beside it to forget.
            writing.execute("PRAGMA journal_mode = DELETE")
        finally:
            writing.close()
        part.replace(target)
    finally:
        reading.close()
        part.unlink(missing_ok=True)
    return target.stat().st_size


def write_lines(file: str) -> int:
    """The range's log lines as JSON lines; how many. ``-`` is stdout, ``.gz`` is compressed."""
    lines = 0
    with opened() as store, _output(file) as out:
        stored = store.reader.functions()
        keys = {row.id: row.function.key for row in stored}
        groups = {row.id: row.function.log_group or f"/aws/lambda/{row.function.key.name}" for row in stored}
        ids = store.context.narrow.ids(stored)
        if ids == []:
            return 0
        for line in store.reader.search(store.range.from_ms, store.range.to_ms, ids):
            key = keys[line.function_id]
            event = {
                "timestamp": line.timestamp_ms,
                "message": line.text,
                "logGroup": groups[line.function_id],
                "function": key.name,
                "account": key.account,
                "region": key.region,
            }
            out.write(json.dumps({name: value for name, value in event.items() if value != ""}) + "\n")
            lines += 1
    return lines


@contextmanager
def _output(file: str) -> Iterator[IO[str]]:
    if file == "-":
        yield sys.stdout
    elif file.endswith(".gz"):
        with gzip.open(file, "wt", encoding="utf-8") as out:
            yield out
    else:
        with open(file, "w", encoding="utf-8") as out:
            yield out
