"""The rows behind a table: all of them in memory, or only the pages that were shown last."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

PAGE_ROWS = 200
_PAGES_KEPT = 50


class AllRows:
    """Rows that are all in memory. ``more``: the store has further ones than were asked for."""

    paged = False

    def __init__(self, rows: Sequence[Any], *, more: bool = False) -> None:
        self.rows = list(rows)
        self.more = more

    def __len__(self) -> int:
        return len(self.rows)

    def row_at(self, index: int) -> Any | None:
        """The row at an index; None beyond the last."""
        return self.rows[index] if 0 <= index < len(self.rows) else None


class PagedRows:
    """``total`` rows, of which only the pages that were shown last are in memory; the others are None."""

    paged = True
    more = False

    def __init__(self, total: int) -> None:
        self.total = total
        self._pages: OrderedDict[int, list[Any]] = OrderedDict()
        self._asked: set[int] = set()

    def __len__(self) -> int:
        return self.total

    def row_at(self, index: int) -> Any | None:
        """The row at an index; None where its page is not in memory."""
        page = self._pages.get(index // PAGE_ROWS)
        if page is None:
            return None
        self._pages.move_to_end(index // PAGE_ROWS)
        place = index % PAGE_ROWS
        return page[place] if place < len(page) else None

    def to_ask(self, first: int, last: int) -> list[int]:
        """Pages between two rows that are neither in memory nor asked for; they count as asked for from now on."""
        last = min(last, self.total - 1)
        missing = [
            page
            for page in range(max(0, first) // PAGE_ROWS, last // PAGE_ROWS + 1)
            if page not in self._pages and page not in self._asked
        ]
        self._asked.update(missing)
        return missing

    def put(self, page: int, rows: Sequence[Any]) -> None:
        """Takes a page. One that is shorter than expected ends the rows: the store has fewer than it counted."""
        self._asked.discard(page)
        self._pages[page] = list(rows)
        self._pages.move_to_end(page)
        if len(rows) < PAGE_ROWS:
            self.total = min(self.total, page * PAGE_ROWS + len(rows))
        while len(self._pages) > _PAGES_KEPT:
            self._pages.popitem(last=False)

    def begin(self, rows: Sequence[Any]) -> None:
        """Takes the first rows, which may be fewer than a page, before the pages come."""
        self._pages[0] = list(rows)

    def forget_asked(self) -> None:
        """Lets the pages that did not come, because their query failed, be asked for again."""
        self._asked.clear()
