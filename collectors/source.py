"""What every source gives, and how one says that it cannot."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from collectors.model import Function, LogEvent, MetricPoint


class SourceFailed(Exception):
    """A source, or a part of one, could not be read: ``what`` failed, what that means, and what to do about it."""

    def __init__(self, what: str, meaning: str, what_to_do: str) -> None:
        super().__init__(f"{what}: {meaning}; {what_to_do}")
        self.what = what
        self.meaning = meaning
        self.what_to_do = what_to_do


class Source(Protocol):
    """One account and region of CloudWatch, one runner's log: the same three things.

    Each may raise SourceFailed, also after it has given a part: what came before counts. What is given twice, by an
    overlap or by a second run, carries the same event id or the same metric, period and start.
    """

    @property
    def name(self) -> str:
        """What people call it, such as ``cloudwatch prod eu-central-1``."""

    @property
    def account(self) -> str:
        """The twelve digits; empty when the source does not say."""

    @property
    def region(self) -> str:
        """Such as ``eu-central-1``; empty when the source does not say."""

    def functions(self) -> Iterable[Function]:
        """The functions that are there now."""

    def event_blocks(self) -> Iterator[list[LogEvent]]:
        """Log events, a few thousand at a time; in order within a log stream of one source."""

    def metrics(self) -> Iterable[MetricPoint]:
        """Metric points; the newest bins may still change and are given again next time."""
