"""One collection: from a source through the assembler into the store. An import is a collection of files.

A large import is read and assembled in this process while another one writes: each takes about half of the work. A
small import is done in this process alone, which starts faster. What the writer has committed is complete: killed at
any moment and run again, the same command adds what is missing and nothing twice.
"""

import contextlib
import gc
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from collectors.columnar.assembler import ColumnarAssembler
from collectors.ingest.assembling import assembled
from collectors.ingest.item_writer import ItemWriter
from collectors.ingest.regrouping import regroup_here
from collectors.ingest.results import Collected, ImportResult, Progress
from collectors.ingest.writer_process import Sink, WritingProcess
from collectors.model.clock import now_ms as clock_now_ms
from collectors.model.invocation_columns import Batch
from collectors.model.records import FunctionKey
from collectors.sources.base import (
    BudgetReached,
    Failed,
    FileRequest,
    FileSummary,
    Item,
    LogEvents,
    NothingStored,
    Rejects,
    Source,
    SourceFailed,
    Step,
    Stored,
    StoredItem,
    unforeseen,
)
from collectors.sources.inputs.input_files import InputFile, OpenedFile, input_files
from collectors.sources.registry import FileSources
from collectors.store.connection import writing
from collectors.store.errors import StoreError, explained
from collectors.store.write.writer import Written

BATCH_ROWS = 700  # invocations that leave together: few enough to stay in the processor's cache
ALONE_BYTES = 16 << 20  # inputs up to this size are not worth a second process


Report = Callable[[Progress], None]


class _Here:
    """A ``Sink`` that writes in this process."""

    def __init__(self, connection: sqlite3.Connection, path: Path, source: str) -> None:
        regroup_here(connection)
        self._items = ItemWriter(connection, source, clock_now_ms())
        self._path = path

    def write(self, batch: Batch) -> None:
        with explained(self._path):
            self._items.add(batch)

    def keep(self, item: StoredItem) -> None:
        with explained(self._path):
            self._items.keep(item)

    def finish(self) -> Written:
        with explained(self._path):
            self._items.save()
        return self._items.written


def import_files(
    paths: Sequence[str],
    *,
    db: Path,
    defaults: FunctionKey,
    keep_lines: bool = True,
    progress: Report | None = None,
    source: str = "",
) -> ImportResult:
    """Imports exported logs: files, folders, ``-`` for standard input.

    ``source`` names the source that reads them all; without it each file is read by the one that recognises it. A file
    that cannot be read is a line of the result's ``failures``. Raises StoreError when the store cannot be written,
    SourceFailed when there is no such source.
    """
    began = time.monotonic()
    result = ImportResult()
    sources = FileSources(source)
    result.notes += sources.broken
    files = input_files(paths)
    sizes = [file.size for file in files]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    name = f"import {' '.join(paths)}"[:500]
    reading = _FileImport(sources, ColumnarAssembler(defaults, keep_lines=keep_lines), total, progress, result)
    with _no_garbage():
        if total is not None and total <= ALONE_BYTES:
            with writing(db) as connection:
                written = reading.read(files, _Here(connection, db, name))
        else:
            with WritingProcess(db, name) as beside:
                written = reading.read(files, beside)
    result.count(written)
    result.seconds = time.monotonic() - began
    if result.invocations or result.duplicates or result.older_than_pruned:
        result.unmade.clear()
    return result


class _FileImport:
    """Reads all files of an import. They share an assembler, because one log may be spread over several files."""

    def __init__(
        self,
        sources: FileSources,
        assembler: ColumnarAssembler,
        total: int | None,
        progress: Report | None,
        result: ImportResult,
    ) -> None:
        self._sources = sources
        self._assembler = assembler
        self._total = total
        self._progress = progress
        self._result = result
        self._events = 0
        self._bytes_before = 0  # of the files before

    def read(self, files: Sequence[InputFile], sink: Sink) -> Written:
        request = FileRequest(self._assembler.defaults, lambda: self._assembler.wants_columns)
        stored = NothingStored()  # a file is read whole, whatever the store has of it
        for file in files:
            opened = OpenedFile(file)
            try:
                source = self._sources.make(opened, request)
                self._read(source, stored, opened, sink)
                self._result.files += 1
            except SourceFailed as failed:
                self._result.failures.append(str(failed))
            finally:
                opened.close()
            self._bytes_before += file.size or 0
        sink.write(self._assembler.take_deferred(final=True))
        return sink.finish()

    def _read(self, source: Source, stored: Stored, opened: OpenedFile, sink: Sink) -> None:
        assembler, result = self._assembler, self._result
        for item in _items_of(source, stored):
            match item:
                case LogEvents(events):
                    assembler.feed(events)
                    self._events += len(events)
                    if assembler.ready >= BATCH_ROWS:
                        sink.write(assembler.take_deferred())
                case Rejects(rejects):
                    for reject in rejects:
                        assembler.reject(reject)
                case Step():
                    if self._progress is not None:
                        done = self._bytes_before + opened.bytes_read
                        self._progress(Progress(done, self._total, self._events, opened.name))
                case FileSummary():
                    if item.is_partial:
                        result.partly.append(opened.name)
                    if item.has_platform_lines:
                        result.unmade.append(f"{opened.name} ({item.form})")
                    if item.note:
                        result.notes.append(item.note)
                case Failed(failure):
                    result.failures.append(str(failure))
                case _:
                    sink.keep(item)


def _items_of(source: Source, stored: Stored) -> Iterator[Item]:
    """The items of a file's source. An exception that nobody foresaw becomes SourceFailed, and ends that file alone."""
    try:
        for item in source.items(stored):
            if not isinstance(item, Item):
                raise TypeError(f"{type(item).__name__} is no item of a source")
            yield item
    except SourceFailed:
        raise
    except Exception as fault:
        raise unforeseen(source.name, fault) from fault


def collect(source: Source, *, db: Path, now_ms: int | None = None) -> Collected:
    """Collects all that one source gives now, in this thread.

    A part that fails is a line of the result's ``failures``, and the other parts are collected. ``now_ms`` is the time
    of the collection, in epoch ms. Raises StoreError.
    """
    from collectors.ingest.store_answers import Claims, InStore  # an import does without

    began = time.monotonic()
    collected = Collected(source.name, source.account, source.region)
    assembler = ColumnarAssembler(FunctionKey("", source.account, source.region))
    with _no_garbage(), writing(db) as connection, explained(db):
        regroup_here(connection)
        writer = ItemWriter(connection, f"collect {source.name}", clock_now_ms() if now_ms is None else now_ms)
        try:
            for item in assembled(source.items(InStore(connection, Claims())), assembler, BATCH_ROWS):
                match item:
                    case Batch():
                        writer.add(item)
                    case Failed(failure):
                        collected.fail(failure)
                    case Step() | FileSummary():
                        pass
                    case _:
                        writer.keep(item)
        except SourceFailed as failed:
            collected.fail(failed)
        except BudgetReached as reached:
            collected.over_budget = str(reached)
        except (sqlite3.Error, StoreError, OSError):
            raise
        except Exception as fault:
            collected.fail(unforeseen(source.name, fault))
        writer.save()
    collected.count(writer.written)
    collected.functions, collected.metric_points = writer.functions, writer.metric_points
    collected.choices, collected.calls = writer.choices, source.counts()
    collected.seconds = time.monotonic() - began
    return collected


@contextlib.contextmanager
def _no_garbage() -> Iterator[None]:
    """Switches Python's garbage collector off: no cyclic garbage is made here, and looking for it costs a fifth of the
    time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
