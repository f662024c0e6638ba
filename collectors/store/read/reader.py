"""Reads the store for views: rollups, or pages of rows by index. No query takes longer with more invocations.

Only the standard library's sqlite3 is imported here. All spans are ``[from_ms, to_ms)``.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.model.records import Status, packed_id
from collectors.store.errors import StoreDamaged, StoreError, StoreLocked, StoreMissing, StoreNewer, explained
from collectors.store.pruned_until import kept_since
from collectors.store.read.connection import Functions
from collectors.store.read.metric_sums import Metrics
from collectors.store.read.pages import InvocationLines, Pages
from collectors.store.read.query_cache import QueryCache
from collectors.store.read.rows import InvocationRow, LogLine, StoreInfo
from collectors.store.read.span_sums import Rollups
from collectors.store.schema import VERSION

if TYPE_CHECKING:
    from collectors.store.read.line_search import Needs, SearchProgress

__all__ = ["Reader", "StoreDamaged", "StoreError", "StoreLocked", "StoreMissing", "StoreNewer"]

_CACHED_ROWS = 1_024  # rows of cached pages: some 400 bytes each


class Reader(Rollups, Metrics):
    """A read-only view of one store. Use one object for each thread; ``with Reader(path) as reader``."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self._pages = Pages(self._connection)
        self._lines = InvocationLines(self._connection)
        self._page_cache = QueryCache(self._connection, most=4)

    def forget(self) -> None:
        """Empties the cache, and that of pages."""
        super().forget()
        self._page_cache.forget()

    def invocations(
        self,
        from_ms: int,
        to_ms: int,
        function_ids: Functions = None,
        *,
        limit: int = 200,
        offset: int = 0,
        statuses: Sequence[Status] | None = None,
        order: str = "start_ms",
        ascending: bool = False,
    ) -> list[InvocationRow]:
        """A page of invocations, the newest first unless ``order`` is given; none from ``until_ms`` on."""
        to_ms = self._end(to_ms)
        wanted = None if statuses is None else tuple(statuses)
        chosen = self.chosen(function_ids)

        def read() -> list[InvocationRow]:
            with self.snapshot():
                ids = self.ids(chosen)
                whole = chosen is None and self.is_fleet(None)
                if order != "start_ms" or ascending:
                    span = from_ms, to_ms, ids, wanted, order, ascending, limit, offset
                    return self._pages.sorted(*span, by_packs=whole)
                return self._pages.newest(from_ms, to_ms, ids, wanted, limit, offset, by_packs=whole)

        if limit > _CACHED_ROWS:
            return read()
        with explained(self._path):
            asked = from_ms, to_ms, chosen, wanted, order, ascending, limit, offset
            return list(self._page_cache.of(asked, read))

    def find_invocations(self, request_id: str) -> list[InvocationRow]:
        """All attempts of a request, oldest first; a prefix of at least 8 characters finds failed ones only."""
        from collectors.store.request_index import places

        with explained(self._path):
            packed = packed_id(request_id)
            rows = {row.key: row for row in self._pages.among_failed(packed, packed)}
            for function_id, start in places(self._connection, packed):
                rows.update((row.key, row) for row in self._pages.starting_at(function_id, start, packed))
            if not rows and len(request_id) >= 8:
                low, high = _prefix(request_id)
                rows = {row.key: row for row in self._pages.among_failed(low, high)}
        seen = [row for row in rows.values() if row.start_ms < self._end(row.start_ms + 1)]
        return sorted(seen, key=lambda row: row.start_ms)

    def _end(self, to_ms: int) -> int:
        """The end of a span, not later than the reader's ``until_ms``."""
        return to_ms if self.until_ms is None else min(to_ms, self.until_ms)

    def invocation(self, key: tuple[int, int, str, int]) -> InvocationRow | None:
        """The invocation of a row's ``key`` as it is now; None where it is not stored any more."""
        function_id, start_ms, request_id, stream_id = key
        with explained(self._path):
            rows = self._pages.starting_at(function_id, start_ms, packed_id(request_id))
        return next((row for row in rows if row.stream_id == stream_id), None)

    def lines(self, row: InvocationRow) -> list[LogLine]:
        """An invocation's log lines, oldest first; [] where they were not stored or were pruned."""
        with explained(self._path):
            found = self._lines.of(row)
        return found if self.until_ms is None else [line for line in found if line.timestamp_ms < self.until_ms]

    def search(
        self,
        from_ms: int,
        to_ms: int,
        function_ids: Functions = None,
        *,
        contains: str = "",
        limit: int | None = None,
        newest_first: bool = False,
        ignore_case: bool = True,
        looked: "SearchProgress | None" = None,
        needs: "Needs" = (),
        test: Callable[[str], bool] | None = None,
        shape_test: Callable[[str], bool] | None = None,
    ) -> Iterator[LogLine]:
        """Log lines of the span that have the text ``contains``, in order of time; ``looked`` counts examined lines.

        A line must also have one text of each group of ``needs`` and pass ``test``. ``shape_test`` returns False for a
        shape none of whose lines pass (``collectors.store.lines.chunk_shapes``).
        """
        from collectors.store.read import line_search

        lines = line_search.search(
            self._connection,
            from_ms,
            self._end(to_ms),
            self.ids(function_ids),
            contains,
            newest_first,
            ignore_case,
            looked or line_search.SearchProgress(),
            needs,
            test,
            shape_test,
        )
        return lines if limit is None else islice(lines, limit)

    def info(self) -> StoreInfo:
        """What the store's file contains: numbers of rows, their times, rejects and collections."""
        ((functions,),) = self._all("SELECT count(*) FROM functions")
        ((invocations,),) = self._all("SELECT coalesce(sum(invocations), 0) FROM day_cells")
        ((lines,),) = self._all("SELECT coalesce(sum(lines), 0) FROM chunks")
        rejects = self._all("SELECT reason, count(*), min(text) FROM rejects GROUP BY reason ORDER BY 2 DESC")
        columns = ("source", "started_ms", "ended_ms", "events", "duplicates", "invocations", "errors", "rejected")
        since = kept_since(self._all, None)
        collections = self._all(f"SELECT {', '.join(columns)} FROM collections ORDER BY id DESC LIMIT 20")
        return StoreInfo(
            str(self._path),
            VERSION,
            self._path.stat().st_size,
            functions,
            invocations,
            lines,
            self.oldest_ms(),
            self.newest_ms(),
            [(reason, count, text) for reason, count, text in rejects],
            [dict(zip(columns, row, strict=True)) for row in collections],
            {
                "invocations": since.rows_ms or None,
                "lines": since.lines_ms or None,
                "minutes": since.minutes_ms or None,
            },
        )


def _prefix(text: str) -> tuple[bytes | str, bytes | str]:
    """The lowest and highest packed id that begin with the text."""
    digits = text.replace("-", "").lower()
    try:
        bytes.fromhex(digits + "0" * (len(digits) % 2))
    except ValueError:
        return text, text + "\U0010ffff"
    return bytes.fromhex(digits.ljust(32, "0")[:32]), bytes.fromhex(digits.ljust(32, "f")[:32])
