"""What a source is: one protocol, whose items are a tagged union. Every kind of item is declared here.

A source gives items one after another; whoever takes them matches on their kind (``match`` and ``assert_never``), so
that a kind which is not handled somewhere is an error of types. Where sources are found by name or by a file's
beginning: ``collectors.sources.registry``.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from collectors.model.account import (
    AlarmChange,
    Alarms,
    BilledDay,
    CallCount,
    Choice,
    Configured,
    Covered,
    ErrorPattern,
    HourAggregate,
    Inventory,
    LogGroupFacts,
    Recommendation,
    RunningQuery,
)
from collectors.model.durable import DurableExecution, DurableHistory, OpenExecution
from collectors.model.errors import CaughtError, LambdatuiError
from collectors.model.records import Function, FunctionKey, LogEvent, MetricPoint, Reject

ONCE = "once "
"""Prefix of a covered item's name (see ``Covered``) that holds for a whole account, whatever the region. Of all sources
of one collection, the first that asks for such an item reads it.
"""


# --- failures -----------------------------------------------------------------------------------------------------


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

    def of_many(self, failures: int, tried: int | None = None) -> "SourceFailed":
        """A failure that stands for ``failures`` of its kind, out of ``tried`` attempts where these are counted."""
        out_of = "" if tried is None else f" of {tried}"
        more = f" (and {failures - 1} more{out_of})" if failures > 1 else ""
        return SourceFailed(f"{self.what}{more}", self.meaning, self.advice, denied=self.denied, resource=self.resource)


def unforeseen(what: str, fault: Exception) -> SourceFailed:
    """The SourceFailed for an exception that nobody foresaw while ``what`` was read: the caller reports it and reads on
    with the next source, event or answer.
    """
    said = f"{type(fault).__name__}: {fault}"[:300]
    return SourceFailed(what, f"it could not be read ({said})", "the rest is collected; please report it")


class BudgetReached(CaughtError):
    """The next request would cost more than is left of the budget. What was collected before it stays in the store."""


# --- items --------------------------------------------------------------------------------------------------------


class ListedFunctions(msgspec.Struct, frozen=True):
    """Functions that are there now, with what is known of their configuration."""

    functions: Sequence[Function]


class LogEvents(msgspec.Struct, frozen=True):
    """Some thousand log events at most, in order of time within each log stream. Repeats carry the same event id."""

    events: Sequence[LogEvent]


class MetricPoints(msgspec.Struct, frozen=True):
    """Metric points. A point with the metric, period and start of a stored one replaces it."""

    points: Sequence[MetricPoint]


class Rejects(msgspec.Struct, frozen=True):
    """Input that could not be read; it is counted, and kept with its reason."""

    rejects: Sequence[Reject]


class ListedLogGroups(msgspec.Struct, frozen=True):
    """Log groups, with their class, retention and stored bytes."""

    groups: Sequence[LogGroupFacts]


class AlarmChanges(msgspec.Struct, frozen=True):
    """Lines of alarms' histories."""

    changes: Sequence[AlarmChange]


class BilledDays(msgspec.Struct, frozen=True):
    """What AWS billed, by day and usage type. An item has all groups of its days: it replaces what the store has of
    those days.
    """

    days: Sequence[BilledDay]


class Recommendations(msgspec.Struct, frozen=True):
    """Compute Optimizer's recommendations."""

    recommendations: Sequence[Recommendation]


class HourAggregates(msgspec.Struct, frozen=True):
    """Logs Insights' sums of closed hours."""

    hours: Sequence[HourAggregate]


class ErrorPatterns(msgspec.Struct, frozen=True):
    """Patterns that Logs Insights found among error lines."""

    patterns: Sequence[ErrorPattern]


class Choices(msgspec.Struct, frozen=True):
    """How each log group is read in this collection, and why. All of one collection are in one item."""

    choices: Sequence[Choice]


class RunningQueries(msgspec.Struct, frozen=True):
    """Queries of Logs Insights that were started, to be found again after a kill, or that have ended."""

    queries: Sequence[RunningQuery]


class DurableExecutions(msgspec.Struct, frozen=True):
    """Durable executions as they were listed."""

    executions: Sequence[DurableExecution]


class Failed(msgspec.Struct, frozen=True):
    """A part that could not be read. The items go on with the other parts."""

    failure: SourceFailed

    def __str__(self) -> str:
        return str(self.failure)


class Step(msgspec.Struct, frozen=True):
    """Progress: what a source reads now, and how many of how many are done (None: not known).

    ``units`` is what the whole step is expected to be billed, in the units of ``operation``.
    """

    what: str
    done: int = 0
    total: int | None = None
    operation: str = ""
    units: int = 0


class FileSummary(msgspec.Struct, frozen=True):
    """Summary that a source of one file gives at its end.

    ``form`` names the format that was recognised. ``has_platform_lines``: the file has lines that Lambda wrote.
    ``is_partial``: a part of it is damaged or too long, and was not read. ``note`` tells people what is worth knowing
    and is no reject, for instance that the file is empty.
    """

    form: str = ""
    has_platform_lines: bool = False
    is_partial: bool = False
    note: str = ""


AssembledItem = LogEvents | Rejects
"""What goes through the assembler, which makes batches of it."""

StoredItem = (
    ListedFunctions | MetricPoints | ListedLogGroups | AlarmChanges | BilledDays | Recommendations | HourAggregates
    | ErrorPatterns | Choices | RunningQueries | DurableExecutions | DurableHistory | Inventory | Alarms | Covered
)  # fmt: skip
"""What is written to the store as it is."""

ToldItem = Failed | Step | FileSummary
"""Items for whoever reports on the reading (progress, failures). They are not stored."""

Item = AssembledItem | StoredItem | ToldItem
"""Whatever a source gives. Inventory, Alarms, DurableHistory and Covered are declared in ``collectors.model``."""


# --- what the store has -------------------------------------------------------------------------------------------

Counted = Mapping[tuple[str, str], Mapping[int, float]]
"""By function and metric (Invocations, Throttles) the sum of each bin, by its start in epoch ms."""

CoveredSpans = Callable[[str], Sequence[tuple[int, int]]]
"""The spans of an item that are in the store, as ``[from_ms, to_ms)``: a ``Stored``, or a part of one."""


class Stored(Protocol):
    """What the store has already, for a source that reads on from there."""

    def __call__(self, item: str, /) -> Sequence[tuple[int, int]]:
        """The spans of an item that are covered.

        An item that begins with ``ONCE`` is covered as well where another source of the same collection reads it.
        """

    def reports(self, account: str, region: str, since_ms: int) -> Mapping[str, Sequence[tuple[int, int]]]:
        """By function name: (start, count) of each minute since ``since_ms`` in which invocations began that have a
        REPORT. Both times are epoch ms.
        """

    def left_running(self, account: str, region: str) -> Sequence[RunningQuery]:
        """The queries of Logs Insights that earlier collections started and whose end they did not see."""

    def counted(self, account: str, region: str, since_ms: int) -> Counted:
        """What CloudWatch had counted since ``since_ms`` (epoch ms), as of the last time that it was asked."""

    def settings(self, account: str, region: str, kinds: Collection[str]) -> Sequence[Configured]:
        """The current settings of ``kinds``: those that are asked of AWS too seldom to come with each collection."""

    def open_executions(self, account: str, region: str) -> Sequence[OpenExecution]:
        """The durable executions whose history is not whole: those of which nothing was read first, then the longest
        unasked.
        """

    def read_executions(self, arns: Sequence[str], /) -> Collection[str]:
        """Which of the executions with these ARNs are read to their end, so that they need not be read any more."""


class NothingStored:
    """A ``Stored`` of an empty store: a source reads everything from its beginning."""

    def __call__(self, item: str, /) -> Sequence[tuple[int, int]]:
        return ()

    def reports(self, account: str, region: str, since_ms: int) -> Mapping[str, Sequence[tuple[int, int]]]:
        """None."""
        return {}

    def left_running(self, account: str, region: str) -> Sequence[RunningQuery]:
        """None."""
        return ()

    def counted(self, account: str, region: str, since_ms: int) -> Counted:
        """Nothing."""
        return {}

    def settings(self, account: str, region: str, kinds: Collection[str]) -> Sequence[Configured]:
        """None."""
        return ()

    def open_executions(self, account: str, region: str) -> Sequence[OpenExecution]:
        """None."""
        return ()

    def read_executions(self, arns: Sequence[str], /) -> Collection[str]:
        """None."""
        return ()


# --- sources ------------------------------------------------------------------------------------------------------


class Source(Protocol):
    """Whatever gives items: an account and region of CloudWatch, a runner's log, a file.

    A source need not inherit from this class; one that does has its defaults. ``items`` may raise SourceFailed where
    nothing more can be read, BudgetReached where it must stop; what came before counts. What is given twice, by an
    overlap or by a second run, is counted once: it carries the same event id, or the same metric, period and start.
    """

    @property
    def name(self) -> str:
        """What people call it, such as ``cloudwatch prod eu-central-1``."""
        return ""

    @property
    def account(self) -> str:
        """The twelve digits; empty when the source does not say."""
        return ""

    @property
    def region(self) -> str:
        """Such as ``eu-central-1``; empty when the source does not say."""
        return ""

    def items(self, stored: Stored, /) -> Iterator[Item]:
        """Everything that there is to collect and that ``stored`` does not have."""
        ...

    def counts(self) -> list[CallCount]:
        """What was asked of a billed or limited API so far, for a source that asks one."""
        return []


class FileRequest(msgspec.Struct, frozen=True):
    """How one file of an import is read: ``defaults`` are the names of what the file does not say.

    ``wants_columns()`` says whether its next events are of use as ``EventColumns``; lists of events always are.
    """

    defaults: FunctionKey
    wants_columns: Callable[[], bool] = lambda: False


def guarded(
    what: str, part: Iterator[Item], is_hopeless: Callable[[SourceFailed], bool] = lambda failed: False
) -> Iterator[Item]:
    """The items of a part of a source. Its failure is an item, so that the other parts go on.

    ``is_hopeless`` says of which failures the other parts would fail too: those are raised. What nobody foresaw in the
    part is told as a failure of ``what``; BudgetReached and OSError (a full disk, say) are raised.
    """
    try:
        yield from part
    except SourceFailed as failed:
        if is_hopeless(failed):
            raise
        yield Failed(failed)
    except (BudgetReached, OSError):
        raise
    except Exception as fault:
        yield Failed(unforeseen(what, fault))
