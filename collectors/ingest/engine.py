"""One collection: from a source through the parser and the assembler into the store.

A large import is read and assembled here while a process of its own writes: the two take about equally long. A small
one is done in this process, which starts faster. What the writer commits is whole; killed at any moment, the same
command run again adds what is missing and nothing twice.
"""

import contextlib
import gc
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from collectors.columnar import deferred_reports
from collectors.ingest.regrouping import regroup_here
from collectors.ingest.writer_process import Sink, WritingProcess
from collectors.model.invocation_columns import Batch
from collectors.model.records import FunctionKey
from collectors.parsing import emf
from collectors.parsing.assembler import Assembler
from collectors.parsing.fingerprint import family, fingerprint
from collectors.parsing.patterns import LinePatterns
from collectors.sources.base import Source, SourceFailed, unforeseen
from collectors.sources.files import FileReader, SourceError, open_sources
from collectors.sources.files import Source as LogFile
from collectors.store.connection import StoreError, explained, writing
from collectors.store.write.writer import Writer, Written

BATCH_ROWS = 700  # invocations that leave together: few enough to stay in the processor's cache
WORTH_COLUMNS = 0.4  # share of a block's events; with less, a file's lines are better decoded one by one
ALONE_BYTES = 16 << 20  # inputs up to this size are not worth a second process


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is. ``bytes_total`` is None where a source's size is not known (standard input)."""

    bytes_done: int
    bytes_total: int | None
    events: int
    file: str


@dataclass(slots=True, kw_only=True)
class Result:
    """What was read and written. ``failures`` are sources, or parts of one, that could not be read, each one line."""

    events: int = 0
    duplicates: int = 0
    invocations: int = 0
    errors: int = 0
    rejected: int = 0
    older_than_pruned: int = 0  # events of which nobody can tell any more whether they are counted: not taken in
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class ImportResult(Result):
    """What an import came to."""

    files: int = 0
    notes: list[str] = field(default_factory=list)  # files that hold nothing, each one line
    partly: list[str] = field(default_factory=list)  # files of which a part was not read: damaged, or too long
    unmade: list[str] = field(default_factory=list)  # files with lines of Lambda's, where the import made no invocation


@dataclass(slots=True, kw_only=True)
class CollectResult(Result):
    """What one collection from a source came to."""

    functions: int = 0
    metric_points: int = 0


Report = Callable[[Progress], None]


class _Here:
    """A ``Sink`` that writes in this process."""

    def __init__(self, connection: sqlite3.Connection, path: Path, source: str) -> None:
        regroup_here(connection)
        self.writer = Writer(connection, fingerprint, family, LinePatterns(), emf.read)
        self.writer.begin(source)
        self._path = path

    def write(self, batch: Batch) -> None:
        with explained(self._path):
            self.writer.add(deferred_reports.read(batch))

    def finish(self) -> Written:
        with explained(self._path):
            return self.writer.flush()


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
    files = open_sources(paths)
    sizes = [each.size for each in files]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    name = f"import {' '.join(paths)}"[:500]
    with _no_garbage():
        if total is not None and total <= ALONE_BYTES:
            with writing(db) as connection:
                here = _Here(connection, db, name)
                written = _read_all(files, here, Assembler(defaults, keep_lines=keep_lines), total, progress, result)
        else:
            with WritingProcess(db, name) as beside:
                written = _read_all(files, beside, Assembler(defaults, keep_lines=keep_lines), total, progress, result)
    tell(result, written, began)
    if result.invocations or result.duplicates or result.older_than_pruned:
        result.unmade.clear()
    return result


def _read_all(
    files: Sequence[LogFile],
    sink: Sink,
    assembler: Assembler,
    total: int | None,
    progress: Report | None,
    result: ImportResult,
) -> Written:
    done = events = 0
    for file in files:
        reader = FileReader(file, assembler.defaults)
        try:
            for block in reader.blocks():
                assembler.feed(block)
                reader.as_columns = assembler.taken_at_once >= WORTH_COLUMNS
                events += len(block)
                for reject in reader.rejects:
                    assembler.reject(reject)
                reader.rejects.clear()
                if assembler.ready >= BATCH_ROWS:
                    sink.write(assembler.take_unread())
                if progress is not None:
                    progress(Progress(done + reader.bytes_done, total, events, file.name))
            result.files += 1
            if reader.partly_read:
                result.partly.append(file.name)
            if reader.saw_platform:
                result.unmade.append(f"{file.name} ({reader.form})")
            if reader.note and not reader.rejects:
                result.notes.append(reader.note)
        except SourceError as error:
            result.failures.append(str(error))
        for reject in reader.rejects:
            assembler.reject(reject)
        done += file.size or 0
    sink.write(assembler.take_unread(final=True))
    return sink.finish()


def collect(source: Source, *, db: Path) -> CollectResult:
    """Collects all that a source gives now: functions, log events, metrics.

    One part's failure does not hide the others: it is told in ``failures``. Raises StoreError.
    """
    began = time.monotonic()
    result = CollectResult()
    with _no_garbage(), writing(db) as connection:
        sink = _Here(connection, db, f"collect {source.name}")
        assembler = Assembler(FunctionKey("", source.account, source.region))
        with explained(db):
            with _told(result, source.name):
                result.functions = sink.writer.configure(source.functions())
            with _told(result, source.name):
                for block in source.event_blocks():
                    assembler.feed(block)
                    if assembler.ready >= BATCH_ROWS:
                        sink.write(assembler.take_unread())
            sink.write(assembler.take_unread(final=True))
            written = sink.finish()
            with _told(result, source.name):
                result.metric_points = sink.writer.measure(source.metrics())
    tell(result, written, began)
    return result


@contextlib.contextmanager
def _told(result: CollectResult, name: str) -> Iterator[None]:
    try:
        yield
    except SourceFailed as failed:
        result.failures.append(str(failed))
    except (sqlite3.Error, StoreError, OSError):
        raise
    except Exception as fault:
        result.failures.append(str(unforeseen(name, fault)))


@contextlib.contextmanager
def _no_garbage() -> Iterator[None]:
    """No cyclic garbage is made here, and looking for it among millions of records costs a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def tell(result: Result, written: Written, began: float) -> None:
    """Fills in the counts of all that was written since ``began``, a time of the monotonic clock."""
    result.events, result.duplicates = written.events, written.duplicates
    result.invocations, result.errors = written.invocations, written.errors
    result.rejected, result.older_than_pruned = written.rejected, written.pruned
    result.seconds = time.monotonic() - began
