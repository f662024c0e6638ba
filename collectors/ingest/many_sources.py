"""Collecting many accounts and regions at once: a thread reads each, one writer keeps all.

A thread turns log events into batches and hands everything over through a queue of bounded length, so memory stays
flat. What a source says it has covered is marked only when it is committed: killed at any moment, the same collection
run again reads the rest, and adds nothing twice.
"""

import contextlib
import gc
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from collectors.ingest.engine import Result, tell
from collectors.ingest.regrouping import regroup_here
from collectors.ingest.store_answers import Claims, InStore
from collectors.model.account import Alarms, CallCount, Covered, Inventory, RunningQuery
from collectors.model.durable import DurableExecution, DurableHistory
from collectors.model.errors import CaughtError
from collectors.model.invocation_columns import Batch
from collectors.model.records import Function, FunctionKey, LogEvent, MetricPoint, Reject
from collectors.parsing import emf
from collectors.parsing.assembler import Assembler
from collectors.parsing.fingerprint import family, fingerprint
from collectors.parsing.patterns import LinePatterns
from collectors.sources.base import ONCE, Account, BudgetReached, Given, SourceFailed, Step, unforeseen
from collectors.store.connection import StoreError, explained, writing
from collectors.store.write import account as kept
from collectors.store.write.sessions import end_collection
from collectors.store.write.writer import Writer, Written

BATCH_ROWS = 2_000
WAITING = 4  # what all readers together may have read ahead of the writer
COMMIT_BATCHES = 5  # fewer rows a transaction than an import's: memory stays flat beside boto3's
CACHE_KB = 16_384  # of SQLite's pages, likewise
READER_CACHE_KB = 256  # of each source's own connection, of which there may be dozens
TIDY_S = 30.0
SAVE_S = 1.0  # how often what was covered is committed and marked

Opening = Callable[[], Account]


@dataclass(slots=True)
class Collected(Result):
    """What one source came to. ``failures`` are what could not be had; ``over_budget`` is why it stopped, if so.

    ``denied`` are those of the failures for which a permission is missing. ``unfinished`` is what it was at when the
    round was over; it goes on in the next.
    """

    name: str
    account: str = ""
    region: str = ""
    functions: int = 0
    metric_points: int = 0
    denied: list[SourceFailed] = field(default_factory=list)
    over_budget: str = ""
    unfinished: str = ""
    calls: list[CallCount] = field(default_factory=list)
    choices: dict[str, int] = field(default_factory=dict)

    def fail(self, failed: SourceFailed) -> None:
        """Keeps what could not be had, and which permission it lacks if that is why."""
        self.failures.append(str(failed))
        if failed.denied:
            self.denied.append(failed)


Progress = Callable[[Collected, Step], None]


class Stopped(CaughtError):
    """The collection was told to end."""


class _Reader(threading.Thread):
    """Reads one source. What it puts on the queue is ``(itself, what was given)``, None at the end."""

    def __init__(self, number: int, opening: Opening, out: "queue.Queue[tuple[_Reader, object]]", once: Claims) -> None:
        super().__init__(name=f"lambdatui-reader-{number}", daemon=True)
        self.number = number
        self.at = "nothing was had yet"  # in words, what it is at
        self._counted: dict[str, CallCount] = {}
        self.collected = Collected(f"source {number + 1}")
        self.source: Account | None = None
        self.stop = threading.Event()
        self.covered: dict[str, list[tuple[int, int]]] | None = None
        self.error: BaseException | None = None
        self._opening = opening
        self._once = once
        self._out = out
        self._db: Path | None = None

    def begin(self, db: Path) -> None:
        self._db = db
        self.start()

    def run(self) -> None:
        try:
            self.source = source = self._opening()
            self.collected.name = source.name
            self.collected.region = source.region
            self.collected.account = source.account
            self._put(Step("account"))
            self._read(source)
        except SourceFailed as failed:
            self._fail(failed)
        except BudgetReached as reached:
            self.collected.over_budget = str(reached)
        except Stopped:
            pass
        except (sqlite3.Error, OSError) as error:
            self.error = error
        except Exception as error:  # what nobody foresaw in one source ends that source alone
            self._fail(unforeseen(self.collected.name, error))
        except BaseException as error:
            self.error = error
        with contextlib.suppress(Stopped):
            self._put(None)

    def counts(self) -> list[CallCount]:
        """The calls of this round."""
        found = []
        for each in self.source.counts() if self.source is not None else []:
            before = self._counted.get(each.operation, CallCount(each.operation, 0, 0))
            if each != before:
                found.append(
                    CallCount(each.operation, each.requests - before.requests, each.units - before.units)
                )  # fmt: skip
        return found

    def next_round(self) -> Collected:
        """What it came to in this round. What comes from now on, failures too, is the next one's."""
        done = self.collected
        self.collected = Collected(done.name, done.account, done.region)
        done.calls = self.counts()
        self._counted = {each.operation: each for each in self.source.counts()} if self.source is not None else {}
        done.unfinished = self.at
        return done

    def _fail(self, failed: SourceFailed) -> None:
        if self.collected.name.startswith("source "):
            self.collected.name = failed.what
        self.collected.fail(failed)

    def _put(self, given: object) -> None:
        while not self.stop.is_set():
            with contextlib.suppress(queue.Full):
                self._out.put((self, given), timeout=0.5)
                return
        raise Stopped

    def _read(self, source: Account) -> None:
        assert self._db is not None
        assembler = Assembler(FunctionKey("", source.account, source.region))
        # A connection of its own, for reading what is covered: only this source writes its items.
        connection = sqlite3.connect(f"file:{quote(str(self._db))}?mode=ro", uri=True, timeout=30)
        connection.execute(f"PRAGMA cache_size = -{READER_CACHE_KB}")
        try:
            try:
                for given in source.given(InStore(connection, self._once)):
                    self._hand_over(given, assembler)
            finally:
                self._put(assembler.take(final=True))
        finally:
            connection.close()

    def _hand_over(self, given: Given, assembler: Assembler) -> None:
        if isinstance(given, Covered):
            # What was fed before must be committed before the mark, unfinished invocations too, as fragments.
            if not assembler.empty:
                self._put(assembler.take(final=True))
        elif isinstance(given, Sequence) and given and isinstance(given[0], LogEvent):
            assembler.feed(given)  # type: ignore[arg-type]
            if assembler.ready >= BATCH_ROWS:
                self._put(assembler.take())
            return
        elif isinstance(given, Sequence) and given and isinstance(given[0], Reject):
            for reject in given:
                assembler.reject(reject)  # type: ignore[arg-type]
            return
        self._put(given)


class _Kept:
    """The store's side of one source: its writer, its line in the ledger, its marks that wait for a commit."""

    def __init__(self, connection: sqlite3.Connection, reader: _Reader) -> None:
        self._connection = connection
        self.reader = reader
        self.writer = Writer(connection, fingerprint, family, LinePatterns(), emf.read)
        self.collection = self.writer.begin(f"collect {reader.collected.name}")
        self._marks: list[Covered] = []
        self._batches = 0
        self._saved = time.monotonic()
        self._began = time.monotonic()
        self.total = Written()

    def take(self, given: object, now_ms: int) -> None:
        collected = self.reader.collected
        if isinstance(given, Batch):
            self.writer.add(given)
            self._batches += 1
            if self._batches % COMMIT_BATCHES == 0:
                self.flush()
            return
        if isinstance(given, Covered):
            self._marks.append(given)
            # What is paid for once a day is not to be paid for again because of a kill in the next second.
            if given.item.startswith(ONCE) or time.monotonic() - self._saved >= SAVE_S:
                self.save()
            return
        if isinstance(given, Step):
            self.reader.at = given.what or self.reader.at
            return
        self.flush()
        if isinstance(given, SourceFailed):
            collected.fail(given)
            kept.note(self._connection, self.collection, "failure", given.what, str(given))
        elif isinstance(given, Inventory):
            kept.keep_inventory(self._connection, given, now_ms)
        elif isinstance(given, Alarms):
            kept.keep_alarms(self._connection, given)
        elif isinstance(given, DurableHistory):
            kept.keep_durable(self._connection, given)
        elif isinstance(given, Sequence) and given:
            self._records(given)

    def _records(self, given: Sequence[object]) -> None:
        collected = self.reader.collected
        if isinstance(given[0], Function):
            collected.functions += self.writer.configure(given)  # type: ignore[arg-type]
        elif isinstance(given[0], MetricPoint):
            points: Sequence[MetricPoint] = given  # type: ignore[assignment]
            of_account = [point for point in points if not point.function.name]
            if of_account:
                kept.keep_account_points(self._connection, of_account)
            collected.metric_points += len(of_account)
            collected.metric_points += self.writer.measure(point for point in points if point.function.name)
        elif isinstance(given[0], DurableExecution):
            kept.keep_durable(self._connection, given)  # type: ignore[arg-type]
        else:
            if isinstance(given[0], RunningQuery):
                self.save()  # what a query that has ended gave is committed and marked before it is forgotten
            if hasattr(given[0], "way"):
                for one in given:
                    collected.choices[one.way] = collected.choices.get(one.way, 0) + 1  # type: ignore[attr-defined]
            kept.keep(self._connection, self.writer.names, self.collection, given)  # type: ignore[arg-type]

    def flush(self) -> None:
        self.total = self.writer.flush()

    def save(self) -> None:
        """Commits what was added, and marks what it covers."""
        self.flush()
        marks, self._marks = self._marks, []
        kept.cover(self._connection, marks)
        if self.reader.source is not None:
            region = self.reader.collected.region
            kept.keep_calls(self._connection, self.collection, region, self.reader.counts())
        self._saved = time.monotonic()
        self._tell()

    def give_up(self, fault: Exception) -> None:
        """Of something that was given and cannot be kept: nothing that came with it is marked as covered."""
        self.reader.stop.set()
        self._marks.clear()
        self.reader.collected.fail(unforeseen(self.reader.collected.name, fault))

    def end(self) -> None:
        self.save()
        self._end(self.reader.collected)
        self.reader.collected.calls = self.reader.counts()

    def pause(self) -> Collected:
        """The round is over and the source is not: what it came to so far."""
        self.save()
        done = self.reader.next_round()
        self._end(done)
        return done

    def _end(self, collected: Collected) -> None:
        end_collection(self._connection, self.collection, time.time_ns() // 1_000_000)
        for failure in collected.failures:
            kept.note(self._connection, self.collection, "failure", failure.partition(":")[0], failure)
        for one in collected.denied:
            about = f"{one.what}\n{one.resource}".rstrip()
            kept.note(self._connection, self.collection, "denied", one.denied, about)
        if collected.over_budget:
            kept.note(self._connection, self.collection, "budget", "budget", collected.over_budget)

    def _tell(self) -> None:
        tell(self.reader.collected, self.total, self._began)


class GoingOn:
    """The sources of a watch that were not finished when a round was over: they go on in the next."""

    def __init__(self) -> None:
        self.out: queue.Queue[tuple[_Reader, object]] = queue.Queue(WAITING)
        self.once = Claims()
        self.readers: list[_Reader] = []

    def stop(self) -> None:
        """Lets them go, with what was kept of them."""
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
    going_on: GoingOn | None = None,
) -> list[Collected]:
    """Collects from all sources at once; one that fails does not hide what the others give.

    Raises StoreError. ``stopped`` is asked every second and ends the collection with what was had. ``wait`` waits for
    another collector that writes, instead of raising StoreLocked. ``over`` is asked as often and ends the round:
    sources that are not finished are then in ``going_on``, and go on where they are when it is given again with the
    same openings, of which theirs are not called.
    """
    going_on = going_on or GoingOn()
    with writing(db, wait=wait) as connection, explained(db), _tidied() as tidy:
        regroup_here(connection)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        readers = _begun(openings, going_on, db)
        paused: dict[_Reader, Collected] = {}
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


def _begun(openings: Sequence[Opening], going_on: GoingOn, db: Path) -> list[_Reader]:
    """A reader for each opening: the one that goes on, or a new one."""
    if not going_on.readers:
        going_on.once = Claims()
    before = {reader.number: reader for reader in going_on.readers}
    readers = []
    for number, opening in enumerate(openings):
        reader = before.pop(number, None)
        if reader is None:
            reader = _Reader(number, opening, going_on.out, going_on.once)
            reader.begin(db)
        readers.append(reader)
    return [*readers, *before.values()]


@contextlib.contextmanager
def _tidied() -> Iterator[Callable[[], bool]]:
    """Looking for cyclic garbage among millions of records costs a fifth of the time; now and then is enough.

    What it yields is to be called often, and is always False.
    """
    was_on = gc.isenabled()
    gc.disable()
    at = time.monotonic()

    def tidy() -> bool:
        nonlocal at
        if time.monotonic() - at >= TIDY_S:
            gc.collect()
            at = time.monotonic()
        return False

    try:
        yield tidy
    finally:
        if was_on:
            gc.enable()
        gc.collect()


def _drain(
    connection: sqlite3.Connection,
    readers: Sequence[_Reader],
    out: "queue.Queue[tuple[_Reader, object]]",
    now_ms: int,
    progress: Progress | None,
    stopped: Callable[[], bool],
    over: Callable[[], bool],
) -> dict[_Reader, Collected]:
    """Keeps what the readers give until all have ended; by reader what came of those that had not when it was over."""
    keeping: dict[_Reader, _Kept] = {}
    twins: dict[tuple[str, str], str] = {}
    reading, last, ended = set(readers), None, False
    while reading and not (ended := stopped()) and not over():
        for reader, given in _waiting(out):
            if reader not in reading:
                continue
            known = keeping.get(reader)
            if known is None:
                known = keeping[reader] = _Kept(connection, reader)
                if _is_twin(reader, twins):
                    reader.stop.set()
                    given = None
            if last is not None and last is not known:
                last.flush()  # a transaction is one source's
            last = known
            if given is None:
                known.end()
                reading.discard(reader)
                continue
            try:
                known.take(given, now_ms)
            except (sqlite3.Error, StoreError, OSError):
                raise
            except Exception as fault:  # what it gave cannot be kept: the others' can
                known.give_up(fault)
                known.end()
                reading.discard(reader)
                continue
            if progress is not None and isinstance(given, Step | Batch):
                known._tell()
                progress(reader.collected, given if isinstance(given, Step) else Step(""))
    if reading and not ended:
        return {reader: keeping[reader].pause() if reader in keeping else reader.next_round() for reader in reading}
    for reader in reading:
        if reader in keeping:
            keeping[reader].save()
    return {}


def _is_twin(reader: _Reader, twins: dict[tuple[str, str], str]) -> bool:
    """Whether another source reads the same account and region: its figures would be asked, and paid, for twice."""
    collected = reader.collected
    place = collected.account, collected.region
    if place[0] and twins.setdefault(place, collected.name) != collected.name:
        collected.failures.append(
            f"{collected.name}: it is the same account and region as {twins[place]}; leave one of them out"
        )
        return True
    return False


def _waiting(out: "queue.Queue[tuple[_Reader, object]]") -> Iterator[tuple[_Reader, object]]:
    with contextlib.suppress(queue.Empty):
        yield out.get(timeout=1.0)
