"""What workers and widgets tell the screens. Every field has its meaning beside it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

from lambdatui.views.time_range import TimeRange

if TYPE_CHECKING:
    from lambdatui.views.scope import Narrow


@dataclass
class Answered(Message):
    """The store answered a screen's question."""

    subject: str
    """What was asked: ``rows``, ``page``, ``more``. A screen may ask several things."""
    range: TimeRange
    """The range the answer is of."""
    answer: Any
    """The read model that the question gave."""
    narrow: "Narrow | None" = None
    """What it was narrowed to, bound to the store."""

    def can_replace(self, message: Message) -> bool:
        """Of a burst of answers to the same question only the last is painted; pages differ and all count."""
        return isinstance(message, Answered) and message.subject == self.subject == "rows"


@dataclass
class Failed(Message):
    """A question could not be answered."""

    subject: str
    """What was asked."""
    notice: str
    """One line: what failed and what to do."""


@dataclass
class StoreChanged(Message):
    """Another process has committed to the store."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, StoreChanged)


@dataclass
class PageWanted(Message):
    """A table is about to show rows that it does not have yet."""

    page: int
    """The page's number, from 0; pages have ``PAGE_ROWS`` rows."""


@dataclass
class MoreWanted(Message):
    """The cursor nears the end of rows of which there are more."""

    have: int
    """How many rows the table has."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, MoreWanted)


@dataclass
class Opened(Message):
    """Enter on a row."""

    row: Any
    """The row under the cursor."""


@dataclass
class SortChosen(Message):
    """Another order was asked for. A table with all its rows sorts itself; a paged one needs the store."""

    column: str
    """The column's id."""
    reverse: bool
    """Descending."""


@dataclass
class FilterTyped(Message):
    """The filter line has changed or was closed."""

    expression: str
    """What was typed so far; empty for no filter."""
    done: bool
    """Enter or Esc: the line is closed."""
