"""A thread that reads one source of a collection, while others read theirs."""

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from collectors.columnar.assembler import ColumnarAssembler
from collectors.ingest.assembling import assembled
from collectors.ingest.results import Collected
from collectors.ingest.store_answers import Claims, InStore
from collectors.model.account import CallCount
from collectors.model.errors import CaughtError
from collectors.model.invocation_columns import Batch
from collectors.model.records import FunctionKey
from collectors.sources.base import BudgetReached, Source, SourceFailed, Step, StoredItem, ToldItem, unforeseen

BATCH_ROWS = 2_000  # invocations that leave together
READER_CACHE_KB = 256  # of each source's own connection, of which there may be dozens

Opening = Callable[[], Source]
"""Opens a source. SourceFailed where it cannot be read."""

Read = Batch | StoredItem | ToldItem | None
"""What a thread hands over; None when it has ended."""


class Stopped(CaughtError):
    """The collection was told to end."""


class SourceReader(threading.Thread):
    """Reads one source. What it puts on the queue is ``(itself, what was read)``."""

    def __init__(
        self, number: int, opening: Opening, out: "queue.Queue[tuple[SourceReader, Read]]", claims: Claims
    ) -> None:
        """``number`` is the source's place in the collection; ``claims`` are shared with the other sources."""
        super().__init__(name=f"lambdatui-reader-{number}", daemon=True)
        self.number = number
        self.step = "nothing was had yet"  # in words, what it is reading
        self.collected = Collected(f"source {number + 1}")
        self.source: Source | None = None
        self.stop = threading.Event()
        self.error: BaseException | None = None
        self._counts_before: dict[str, CallCount] = {}
        self._opening = opening
        self._claims = claims
        self._out = out
        self._db: Path | None = None

    def begin(self, db: Path) -> None:
        """Starts the thread; ``db`` is where it looks up what is covered."""
        self._db = db
        self.start()

    def run(self) -> None:
        """Reads the source to its end. A failure goes to ``collected`` or ``error``; the other threads read on."""
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
        new: list[CallCount] = []
        for count in self.source.counts() if self.source is not None else []:
            before = self._counts_before.get(count.operation, CallCount(count.operation, 0, 0))
            if count != before:
                new.append(CallCount(count.operation, count.requests - before.requests, count.units - before.units))
        return new

    def next_round(self) -> Collected:
        """The result of this round. Whatever comes from now on, failures too, belongs to the next one."""
        collected = self.collected
        self.collected = Collected(collected.name, collected.account, collected.region)
        collected.calls = self.counts()
        counts = self.source.counts() if self.source is not None else []
        self._counts_before = {count.operation: count for count in counts}
        collected.unfinished = self.step
        return collected

    def _fail(self, failed: SourceFailed) -> None:
        if self.collected.name.startswith("source "):
            self.collected.name = failed.what
        self.collected.fail(failed)

    def _put(self, read: Read) -> None:
        while not self.stop.is_set():
            with contextlib.suppress(queue.Full):
                self._out.put((self, read), timeout=0.5)
                return
        raise Stopped

    def _read(self, source: Source) -> None:
        assert self._db is not None
        assembler = ColumnarAssembler(FunctionKey("", source.account, source.region))
        # A connection of its own, for reading what is covered: only this source writes its items.
        connection = sqlite3.connect(f"file:{quote(str(self._db))}?mode=ro", uri=True, timeout=30)
        connection.execute(f"PRAGMA cache_size = -{READER_CACHE_KB}")
        try:
            for read in assembled(source.items(InStore(connection, self._claims)), assembler, BATCH_ROWS):
                self._put(read)
        finally:
            connection.close()
