"""What threads tell the screens. Every field has its meaning beside it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

from lambdatui.views.time_range import TimeRange

if TYPE_CHECKING:
    from lambdatui.views.scope import Scope


@dataclass
class Answered(Message):
    """The store answered a screen's question."""

    subject: str
    """What was asked: ``rows``, ``page``, ``more``. A screen may ask several things."""
    range: TimeRange
    """The range the answer is of."""
    answer: Any
    """The read model that the question gave."""
    scope: "Scope | None" = None
    """The scope of the answer, its tags looked up in the store."""

    def can_replace(self, message: Message) -> bool:
        """Of a burst of answers to the main question only the last is painted. Pages differ: all count."""
        return isinstance(message, Answered) and message.subject == self.subject == "rows"


@dataclass
class AnswerFailed(Message):
    """A question could not be answered."""

    subject: str
    """What was asked."""
    notice: str
    """One line: what failed and what to do."""


@dataclass
class StoreChanged(Message):
    """Another process has committed to the store."""

    def can_replace(self, message: Message) -> bool:
        """One of several in the queue is enough."""
        return isinstance(message, StoreChanged)
