"""One collection: from a source through the parser and the assembler into the store.

A large import is read and assembled here while a process of its own writes: the two take about equally long. A small
one is done in this process, which starts faster. What the writer commits is whole; killed at any moment, the same
command run again adds what is missing and nothing twice.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from collectors.log_files import FileReader, Source, SourceError, open_sources
from collectors.logs.assemble import Assembler
from collectors.model import Batch, FunctionKey
from collectors.store.columns import Columns
from collectors.store.open import explained, writing
from collectors.store.writer import Writer, Written
from collectors.writing_process import Sink, WritingProcess

BATCH_ROWS = 25_000
ALONE_BYTES = 16 << 20  # inputs up to this size are not worth a second process


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is. ``bytes_total`` is None where a source's size is not known (standard input)."""

    bytes_done: int
    bytes_total: int | None
    events: int
    file: str


@dataclass(slots=True)
class ImportResult:
    """What an import came to. ``failures`` are sources that could not be read, each one line."""

    files: int = 0
    events: int = 0
    duplicates: int = 0
    invocations: int = 0
    errors: int = 0
    rejected: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)


Report = Callable[[Progress], None]


class _Here:
    """Writes in this process."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._writer = Writer(connection)
        self._path = path
        self._total = Written()

    def write(self, batch: Batch) -> None:
        with explained(self._path):
            self._total.add(self._writer.write(batch, Columns.of(batch.invocations)))

    def finish(self) -> Written:
        return self._total


def import_files(
    paths: Sequence[str],
    *,
    db: Path,
    defaults: FunctionKey,
    keep_lines: bool = True,
    progress: Report | None = None,
) -> ImportResult:
    """Imports exported logs: files, folders, ``-`` for standard input.

    Raises StoreError when the store cannot be written; a source that cannot be read is told in ``failures``.
    """
    began = time.monotonic()
    result = ImportResult()
    sources = open_sources(paths)
    sizes = [source.size for source in sources]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    if total is not None and total <= ALONE_BYTES:
        with writing(db) as connection:
            written = _read_all(sources, _Here(connection, db), defaults, keep_lines, total, progress, result)
    else:
        with WritingProcess(db) as process:
            written = _read_all(sources, process, defaults, keep_lines, total, progress, result)
    result.events, result.duplicates = written.events, written.duplicates
    result.invocations, result.errors = written.invocations, written.errors
    result.rejected = written.rejected
    result.seconds = time.monotonic() - began
    return result


def _read_all(
    sources: Sequence[Source],
    sink: Sink,
    defaults: FunctionKey,
    keep_lines: bool,
    total: int | None,
    progress: Report | None,
    result: ImportResult,
) -> Written:
    assembler = Assembler(defaults, keep_lines=keep_lines)
    done = events = 0
    for source in sources:
        try:
            reader = FileReader(source, defaults)
            for block in reader.blocks():
                assembler.feed(block)
                events += len(block)
                if assembler.ready >= BATCH_ROWS:
                    sink.write(assembler.take())
                if progress is not None:
                    progress(Progress(done + reader.bytes_done, total, events, source.name))
            for reject in reader.rejects:
                assembler.reject(reject)
            result.files += 1
        except SourceError as error:
            result.failures.append(str(error))
        done += source.size or 0
    sink.write(assembler.take(final=True))
    return sink.finish()
