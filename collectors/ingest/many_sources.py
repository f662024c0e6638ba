"""Collects from many accounts and regions at once: a thread reads each source, and one writer stores everything.

A thread turns log events into batches and hands all items over through a queue of bounded length, so memory does not
grow. A source's mark of what is covered is written only with what it covers: killed at any moment and run again, the
same collection reads the rest, and adds nothing twice.
"""

import contextlib
import gc
import queue
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from collectors.ingest.item_writer import ItemWriter
from collectors.ingest.regrouping import regroup_here
from collectors.ingest.results import Collected
from collectors.ingest.source_reader import Opening, Read, SourceReader
from collectors.ingest.store_answers import Claims
from collectors.model.clock import now_ms as clock_now_ms
from collectors.model.invocation_columns import Batch
from collectors.sources.base import Failed, FileSummary, Step, unforeseen
from collectors.store.connection import writing
from collectors.store.errors import StoreError, explained
from collectors.store.write import account
from collectors.store.write.sessions import end_collection

WAITING = 4  # what all readers together may have read ahead of the writer
COMMIT_BATCHES = 5  # fewer rows a transaction than an import's: memory stays flat beside boto3's
CACHE_KB = 16_384  # of SQLite's pages, likewise
TIDY_S = 30.0

Progress = Callable[[Collected, Step], None]


class _SourceWriter(ItemWriter):
    """Writes what one reader reads, and notes the results in the reader's ``Collected``."""

    def __init__(self, connection: sqlite3.Connection, reader: SourceReader, now_ms: int) -> None:
        super().__init__(connection, f"collect {reader.collected.name}", now_ms)
        self.reader = reader
        self._batches = 0
        self._began = time.monotonic()

    def take(self, read: Batch | Read) -> None:
        """Writes or reports one item that was read."""
        match read:
            case None | FileSummary():
                pass
            case Batch():
                self.add(read)
                self._batches += 1
                if self._batches % COMMIT_BATCHES == 0:
                    self.flush()
            case Step():
                self.reader.step = read.what or self.reader.step
            case Failed(failure):
                self.flush()
                self.reader.collected.fail(failure)
                self._note("failure", failure.what, str(failure))
            case _:
                self.keep(read)

    def save(self) -> None:
        super().save()
        if self.reader.source is not None:
            region = self.reader.collected.region
            account.keep_calls(self._connection, self.collection, region, self.reader.counts())
        self.tell()

    def give_up(self, fault: Exception) -> None:
        """Handles an item that could not be written: nothing that came with it is marked as covered."""
        self.reader.stop.set()
        self.forget_marks()
        self.reader.collected.fail(unforeseen(self.reader.collected.name, fault))

    def end(self) -> None:
        """The source has ended."""
        self.save()
        self._end(self.reader.collected)
        self.reader.collected.calls = self.reader.counts()

    def pause(self) -> Collected:
        """The results so far of a source that is not finished when its round is over."""
        self.save()
        collected = self.reader.next_round()
        self._end(collected)
        return collected

    def tell(self) -> None:
        """Reports progress."""
        collected = self.reader.collected
        collected.count(self.written)
        collected.functions, collected.metric_points = self.functions, self.metric_points
        collected.choices = self.choices
        collected.seconds = time.monotonic() - self._began

    def _end(self, collected: Collected) -> None:
        end_collection(self._connection, self.collection, clock_now_ms())
        for failure in collected.failures:
            self._note("failure", failure.partition(":")[0], failure)
        for denied in collected.denied:
            self._note("denied", denied.denied, f"{denied.what}\n{denied.resource}".rstrip())
        if collected.over_budget:
            self._note("budget", "budget", collected.over_budget)

    def _note(self, kind: str, about: str, text: str) -> None:
        account.note(self._connection, self.collection, kind, about, text)


class UnfinishedSources:
    """The sources of a watch that were not finished when a round was over: they continue in the next one."""

    def __init__(self) -> None:
        self.out: queue.Queue[tuple[SourceReader, Read]] = queue.Queue(WAITING)
        self.claims = Claims()
        self.readers: list[SourceReader] = []

    def stop(self) -> None:
        """Ends them; what was stored of them stays."""
        for reader in self.readers:
            reader.stop.set()
        self.readers = []


def collect_accounts(
    openings: Sequence[Opening],
    *,
    db: Path,
    now_ms: int,
    wait: bool = False,
    progress: Progress | None = None,
    stopped: Callable[[], bool] = lambda: False,
    over: Callable[[], bool] = lambda: False,
    going_on: UnfinishedSources | None = None,
) -> list[Collected]:
    """Collects from all sources at once. A source that fails ends alone: its result says so, the others are collected.

    Raises StoreError. ``stopped`` is asked every second; once true, the collection ends and keeps what it has.
    ``wait``: where another collector writes, wait for it instead of raising StoreLocked. ``over`` is asked as often as
    ``stopped``, and ends the round. Sources that are not finished are then in ``going_on``. Passed to the next call
    with the same openings, it lets them continue where they are: they are not opened again.
    """
    going_on = going_on or UnfinishedSources()
    with writing(db, wait=wait) as connection, explained(db), _tidied() as tidy:
        regroup_here(connection)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        readers = _begun(openings, going_on, db)
        paused: dict[SourceReader, Collected] = {}
        try:
            paused = _drain(connection, readers, going_on.out, now_ms, progress, lambda: tidy() or stopped(), over)
        finally:
            going_on.readers = list(paused)
            for reader in readers:
                if reader not in paused:
                    reader.stop.set()
        connection.execute("PRAGMA shrink_memory")  # what comes of pages now, when the store is closed, is others
    for reader in readers:
        if reader.error is not None:
            going_on.stop()
            raise reader.error
    return [paused.get(reader, reader.collected) for reader in readers]


def _begun(openings: Sequence[Opening], going_on: UnfinishedSources, db: Path) -> list[SourceReader]:
    """A reader for each opening: the one that goes on, or a new one."""
    if not going_on.readers:
        going_on.claims = Claims()
    before = {reader.number: reader for reader in going_on.readers}
    readers = []
    for number, opening in enumerate(openings):
        reader = before.pop(number, None)
        if reader is None:
            reader = SourceReader(number, opening, going_on.out, going_on.claims)
            reader.begin(db)
        readers.append(reader)
    return [*readers, *before.values()]


@contextlib.contextmanager
def _tidied() -> Iterator[Callable[[], bool]]:
    """Switches Python's garbage collector off, which costs a fifth of the time among millions of records, and runs it
    now and then.

    Yields a function to be called often, which runs it when it is time, and always returns False.
    """
    was_on = gc.isenabled()
    gc.disable()
    last_s = time.monotonic()

    def tidy() -> bool:
        nonlocal last_s
        if time.monotonic() - last_s >= TIDY_S:
            gc.collect()
            last_s = time.monotonic()
        return False

    try:
        yield tidy
    finally:
        if was_on:
            gc.enable()
        gc.collect()


def _drain(
    connection: sqlite3.Connection,
    readers: Sequence[SourceReader],
    out: "queue.Queue[tuple[SourceReader, Read]]",
    now_ms: int,
    progress: Progress | None,
    stopped: Callable[[], bool],
    over: Callable[[], bool],
) -> dict[SourceReader, Collected]:
    """Writes what the readers give until all have ended, or the round is over; then returns the results so far of the
    unfinished ones.
    """
    writers: dict[SourceReader, _SourceWriter] = {}
    twins: dict[tuple[str, str], str] = {}
    reading, last, ended = set(readers), None, False
    while reading and not (ended := stopped()) and not over():
        for reader, read in _waiting(out):
            if reader not in reading:
                continue
            writer = writers.get(reader)
            if writer is None:
                writer = writers[reader] = _SourceWriter(connection, reader, now_ms)
                if _is_twin(reader, twins):
                    reader.stop.set()
                    read = None
            if last is not None and last is not writer:
                last.flush()  # a transaction is one source's
            last = writer
            if read is None:
                writer.end()
                reading.discard(reader)
                continue
            try:
                writer.take(read)
            except (sqlite3.Error, StoreError, OSError):
                raise
            except Exception as fault:  # what it gave cannot be kept: the others' can
                writer.give_up(fault)
                writer.end()
                reading.discard(reader)
                continue
            if progress is not None and isinstance(read, Step | Batch):
                writer.tell()
                progress(reader.collected, read if isinstance(read, Step) else Step(""))
    if last is not None:
        last.flush()  # the transaction that is open is this source's: no other may commit it
    going_on = [reader for reader in readers if reader in reading]
    if not ended:
        return {reader: writers[reader].pause() if reader in writers else reader.next_round() for reader in going_on}
    for reader in going_on:
        if reader in writers:
            writers[reader].save()
    return {}


def _is_twin(reader: SourceReader, twins: dict[tuple[str, str], str]) -> bool:
    """Whether another source reads the same account and region: its figures would be asked, and paid, for twice."""
    collected = reader.collected
    place = collected.account, collected.region
    if place[0] and twins.setdefault(place, collected.name) != collected.name:
        collected.failures.append(
            f"{collected.name}: it is the same account and region as {twins[place]}; leave one of them out"
        )
        return True
    return False


def _waiting(out: "queue.Queue[tuple[SourceReader, Read]]") -> Iterator[tuple[SourceReader, Read]]:
    with contextlib.suppress(queue.Empty):
        yield out.get(timeout=1.0)
