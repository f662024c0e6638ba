"""What every source gives, and how one says that it cannot."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from collectors.model.account import Alarms, CallCount, Configured, Covered, Inventory, Record, RunningQuery
from collectors.model.durable import DurableExecution, DurableHistory, OpenExecution
from collectors.model.errors import CaughtError, LambdatuiError
from collectors.model.records import Function, LogEvent, MetricPoint, Reject

ONCE = "once "
"""Begins the name of an item that is an account's, whatever the region: one source of a collection reads it."""


class SourceFailed(LambdatuiError):
    """A source, or a part of one, could not be read: ``what`` failed, what that means, and what to do about it.

    ``denied`` is the IAM action that is missing, where that is why, and ``resource`` the ARN that it was denied on.
    ``action`` is the one that was called, where several are asked in turn.
    """

    action = ""

    def __init__(self, what: str, meaning: str, advice: str, *, denied: str = "", resource: str = "") -> None:
        super().__init__(f"{what}: {meaning}", advice=advice)
        self.what = what
        self.meaning = meaning
        self.denied = denied
        self.resource = resource


def unforeseen(what: str, fault: Exception) -> SourceFailed:
    """What nobody foresaw in one source, event or answer, as a failure of that: it ends nothing else."""
    said = f"{type(fault).__name__}: {fault}"[:300]
    return SourceFailed(what, f"it could not be read ({said})", "the rest is collected; please report it")


class BudgetReached(CaughtError):
    """The next thing to ask for would cost more than is left to spend. What was had is kept."""


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


@dataclass(frozen=True, slots=True)
class Step:
    """Where a source is: what it reads, how many of how many are done (None: not known).

    ``units`` of ``operation`` are what all of it is expected to be billed for.
    """

    what: str
    done: int = 0
    total: int | None = None
    operation: str = ""
    units: int = 0


Given = (
    Sequence[Function] | Sequence[MetricPoint] | Sequence[LogEvent] | Sequence[Record] | Sequence[Reject]
    | Sequence[DurableExecution] | DurableHistory | Inventory | Alarms | Covered | Step | SourceFailed
)  # fmt: skip


Counted = Mapping[tuple[str, str], Mapping[int, float]]
"""By function and metric (Invocations, Throttles) the sum of each bin, by its start."""


class Stored(Protocol):
    """What the store has already, for a source that reads on from there."""

    def __call__(self, item: str, /) -> Sequence[tuple[int, int]]:
        """The spans of an item that are covered.

        An item that begins with ``ONCE`` is covered as well where another source of the same collection reads it.
        """

    def reports(self, account: str, region: str, since_ms: int) -> Mapping[str, Sequence[tuple[int, int]]]:
        """By function: each minute since then that has any, and the REPORTs of invocations that began in it."""

    def left_running(self, account: str, region: str) -> Sequence[RunningQuery]:
        """The queries of Logs Insights that earlier collections started and did not see the end of."""

    def counted(self, account: str, region: str, since_ms: int) -> Counted:
        """What CloudWatch counted since then when it was asked last."""

    def settings(self, account: str, region: str, kinds: Collection[str]) -> Sequence[Configured]:
        """The settings of some kinds that are in force: what is asked too seldom to be asked in each collection."""

    def open_executions(self, account: str, region: str) -> Sequence[OpenExecution]:
        """The durable executions whose history is not whole: those of which nothing was read first, then the longest
        unasked.
        """

    def read_executions(self, arns: Sequence[str], /) -> Collection[str]:
        """Which of these durable executions need not be read any more."""


@runtime_checkable
class Account(Protocol):
    """A source that gives more, all in one stream, and resumes where an earlier collection ended.

    SourceFailed in the stream is a part that failed; the stream goes on. It raises SourceFailed where nothing of the
    account can be read, BudgetReached where it must stop.
    """

    @property
    def name(self) -> str: ...

    @property
    def account(self) -> str: ...

    @property
    def region(self) -> str: ...

    def given(self, stored: Stored, /) -> Iterator[Given]:
        """All there is to collect that is not ``stored``."""

    def counts(self) -> list[CallCount]:
        """What was asked of the source so far."""
