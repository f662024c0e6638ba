"""What widgets tell the screen that they are on. Every field has its meaning beside it."""

from dataclasses import dataclass
from typing import Any

from textual.message import Message


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
        """One of several in the queue is enough."""
        return isinstance(message, MoreWanted)


@dataclass
class RowReached(Message):
    """The cursor came to another row, or the rows were read again or arranged otherwise."""

    moved: bool
    """Whether a key or the mouse moved it."""


@dataclass
class PaneResized(Message):
    """The pane for the row under the cursor came into sight, or has another size."""


@dataclass
class RowOpened(Message):
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
class SortRefused(Message):
    """The heading of a column was clicked by which these rows cannot be sorted: there are more than in memory."""

    title: str
    """The column's."""


@dataclass
class FilterTyped(Message):
    """The filter line has changed or was closed."""

    expression: str
    """What was typed so far; empty for no filter."""
    done: bool
    """Enter or Esc: the line is closed."""


HOME_CRUMB = -1
"""The number of the program's name before the breadcrumb: a click on it leads to the first screen."""


@dataclass
class CrumbClicked(Message):
    """A name of the header's breadcrumb was clicked."""

    number: int
    """Which one, from 0, or ``HOME_CRUMB``; the last is the screen's own."""


@dataclass
class RangeClicked(Message):
    """The header's range of time was clicked."""
