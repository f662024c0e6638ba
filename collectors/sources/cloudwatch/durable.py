"""Durable executions: each is listed once, by its start, and its history is read once.

One that still runs is asked again, from its newest event back to those that are stored. Requests in a round are
bounded; the rest follows in the next rounds. Nothing here starts, stops or resumes an execution.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from collectors.model.account import Covered
from collectors.model.durable import (
    ENDED,
    GONE,
    PARTIAL,
    WHOLE,
    DurableEvent,
    DurableExecution,
    DurableHistory,
    OpenExecution,
)
from collectors.model.records import Reject
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.sources.base import (
    BudgetReached,
    CoveredSpans,
    DurableExecutions,
    Failed,
    Item,
    Rejects,
    SourceFailed,
    Step,
    unforeseen,
)
from collectors.sources.cloudwatch import log_events
from collectors.sources.cloudwatch.calls import TokenBucket
from collectors.sources.cloudwatch.durable_events import event_of
from collectors.sources.cloudwatch.errors import error_code, is_hopeless, is_missing, is_throttled
from collectors.sources.cloudwatch.functions import answers
from collectors.sources.cloudwatch.iso_times import iso_ms

PAGES_A_ROUND = 20  # pages of a function's list of executions, 1,000 executions each
HISTORIES_A_ROUND = 60  # a call each at least, three a second
EVENTS_A_PAGE = 200  # an event may hold a step's result of up to 256 KB
_LATE_MS = MINUTE_MS  # how long after its start an execution may take to be listed
_SETTLED_MS = HOUR_MS  # so long after an execution ended, its history has all there will be
_OPEN = ("RUNNING", "PAUSING", "PAUSED")
_ENDING = {
    "ExecutionSucceeded": "SUCCEEDED", "ExecutionFailed": "FAILED", "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionStopped": "STOPPED",
}  # fmt: skip
_GOING = {"ExecutionStarted": "RUNNING", "ExecutionPaused": "PAUSED", "ExecutionResumed": "RUNNING"}


class DurableReading:
    """The durable executions of one account and region, as of ``now_ms``."""

    def __init__(
        self,
        client: Any,
        account: str,
        region: str,
        bucket: TokenBucket,
        now_ms: int,
        quiet: Callable[[str, int], bool] = lambda function, since_ms: False,
    ) -> None:
        """``quiet(function, since_ms)`` says that a function is known not to have run since then. An execution that
        starts or goes on runs its function; one that is stopped or times out does not, so quiet functions are asked
        once a day too.
        """
        self._client = client
        self._account = account
        self._region = region
        self._bucket = bucket
        self._now_ms = now_ms
        self._quiet = quiet
        self._rejects: list[Reject] = []
        self._data = True  # ask for execution data, which has the errors and the payloads that are measured

    def items(
        self,
        names: Sequence[str],
        covered: CoveredSpans,
        since_ms: int,
        known: Sequence[OpenExecution] = (),
        read: Callable[[Sequence[str]], Collection[str]] = lambda arns: (),
    ) -> Iterator[Item]:
        """The executions of the functions ``names``, then histories. SourceFailed where all other calls would fail too.

        ``known`` are executions whose history is not read to its end; ``read`` says which of some need not be read any
        more.
        """
        executions = {execution.arn: execution for execution in known}
        for number, name in enumerate(names):
            yield Step("durable executions", number, len(names))
            try:
                for item in self._listed(name, covered, since_ms):
                    if isinstance(item, DurableExecutions):
                        executions |= {
                            execution.arn: _open(execution, executions.get(execution.arn))
                            for execution in item.executions
                        }
                    yield item
            except SourceFailed as failed:
                if is_hopeless(failed):
                    raise
                yield Failed(failed)
                if failed.denied:
                    break
            except (BudgetReached, OSError):
                raise
            except Exception as fault:  # an answer that nobody foresaw
                yield Failed(unforeseen(f"durable executions of {name}", fault))
        done = set(read([arn for arn in executions if executions[arn].last_event is None]))
        yield from self._histories(
            [execution for arn, execution in executions.items() if arn not in done and self._is_due(execution)]
        )

    def _is_due(self, execution: OpenExecution) -> bool:
        return (
            execution.last_event is None
            or not self._quiet(execution.function, execution.asked_ms)
            or self._now_ms - execution.asked_ms >= DAY_MS
        )

    # --- which there are --------------------------------------------------------------------------------------------

    def _listed(self, name: str, covered: CoveredSpans, since_ms: int) -> Iterator[DurableExecutions | Covered]:
        item = f"durable {self._account} {self._region} {name}"
        listed_ms = max((end for _, end in covered(item)), default=0)
        if self._quiet(name, listed_ms) and self._now_ms - listed_ms < DAY_MS:
            return
        for low, high in log_events.gaps(covered(item), since_ms, self._now_ms):
            yield from self._started_in(name, item, low, high)
        # One that began before the first collection looked may go on for a year.
        still = f"durable open {self._account} {self._region} {name}"
        if self._now_ms - max((end for _, end in covered(still)), default=0) >= DAY_MS:
            for page in self._pages(name, Statuses=list(_OPEN)):
                yield DurableExecutions(self._executions(name, page))
            yield Covered(still, 0, self._now_ms)

    def _started_in(self, name: str, item: str, low: int, high: int) -> Iterator[DurableExecutions | Covered]:
        """The executions that started in a span, oldest first, so that a part that was read has no gaps."""
        asked = {"StartedAfter": _time(low - 1_000), "StartedBefore": _time(high + 1_000), "ReverseOrder": True}
        for number, page in enumerate(self._pages(name, **asked), 1):
            executions = self._executions(name, page)
            yield DurableExecutions(executions)
            if number == PAGES_A_ROUND and page.get("NextMarker"):
                starts = [one.started_ms for one in executions]
                if starts and starts == sorted(starts) and starts[-1] > low:
                    yield Covered(item, low, starts[-1])
                return
        yield Covered(item, low, max(low, high - _LATE_MS))

    def _pages(self, name: str, **asked: Any) -> Iterator[Any]:
        return answers(
            self._client.list_durable_executions_by_function, "lambda:ListDurableExecutionsByFunction",
            f"durable executions of {name}", self._bucket, FunctionName=name, MaxItems=1_000, **asked,
        )  # fmt: skip

    def _executions(self, name: str, page: Any) -> list[DurableExecution]:
        executions = []
        for one in page.get("DurableExecutions") or ():
            listed = one if isinstance(one, Mapping) else {}
            arn, started_ms = str(listed.get("DurableExecutionArn") or ""), iso_ms(listed.get("StartTimestamp"))
            if not arn or started_ms is None or not listed.get("Status"):
                self._rejects.append(Reject("a durable execution without ARN, start or status", arn[:200], name))
                continue
            # arn:aws:lambda:REGION:ACCOUNT:function:NAME:VERSION/durable-execution/EXECUTION/ID
            version = arn.partition("/")[0].split(":")[7:8]
            executions.append(
                DurableExecution(
                    self._account, self._region, name, "".join(version), arn,
                    str(listed.get("DurableExecutionName") or ""), str(listed["Status"]), started_ms,
                    iso_ms(listed.get("EndTimestamp")), self._now_ms,
                )
            )  # fmt: skip
        return executions

    # --- what happened in each --------------------------------------------------------------------------------------

    def _histories(self, wanted: Sequence[OpenExecution]) -> Iterator[Item]:
        # First those of which nothing is stored, in the order given; then those that go on.
        some = sorted(wanted, key=lambda execution: execution.last_event is not None)[:HISTORIES_A_ROUND]
        failed: list[SourceFailed] = []
        for number, execution in enumerate(some):
            yield Step(f"durable histories ({len(wanted)} due)", number, len(some))
            try:
                yield self._history(execution)
                continue
            except SourceFailed as fault:
                if is_hopeless(fault):
                    raise
                failed.append(fault)
            except (BudgetReached, OSError):
                raise
            except Exception as fault:  # an answer that nobody foresaw
                failed.append(unforeseen(f"history of {execution.arn}", fault))
            # It had its turn, so that in the next round others come before it.
            yield DurableHistory(execution.arn, (), "", self._now_ms)
            if failed[-1].denied or is_throttled(failed[-1]):
                break
        yield Rejects(self._rejects)
        if failed:
            first = failed[0]
            yield Failed(first.of_many(len(failed)))

    def _history(self, execution: OpenExecution) -> DurableHistory:
        try:
            return self._told(execution, self._events(execution))
        except SourceFailed as fault:
            if is_missing(fault):
                return DurableHistory(execution.arn, (), GONE, self._now_ms)
            # Whoever may not decrypt may still see what happened.
            if not (self._data and error_code(fault).startswith("KMS")):
                raise
            self._data = False
            return self._told(execution, self._events(execution))

    def _events(self, execution: OpenExecution) -> list[DurableEvent]:
        """The events after the last stored one, oldest first; all of them where none is stored."""
        known = execution.last_event
        events: dict[int, DurableEvent] = {}
        pages = answers(
            self._client.get_durable_execution_history, "lambda:GetDurableExecutionHistory",
            f"history of {execution.arn}",
            self._bucket, DurableExecutionArn=execution.arn, MaxItems=EVENTS_A_PAGE, IncludeExecutionData=self._data,
            ReverseOrder=known is not None,
        )  # fmt: skip
        for page in pages:
            reached = False
            for told in page.get("Events") or ():
                event = event_of(told)
                if event is None:
                    self._rejects.append(Reject("a durable event without number, type or time", "", execution.arn))
                elif known is not None and event.event_id <= known:
                    reached = True
                else:
                    events[event.event_id] = event
            if reached:
                break
        return [events[number] for number in sorted(events)]

    def _told(self, execution: OpenExecution, events: Sequence[DurableEvent]) -> DurableHistory:
        """The history that was read. It is ``whole`` with the event that ends the execution, or long after AWS says
        that the execution ended.
        """
        ending = next((event for event in reversed(events) if event.type in _ENDING), None)
        if ending is not None:
            status = _ENDING[ending.type]
            return DurableHistory(execution.arn, tuple(events), WHOLE, self._now_ms, status, ending.at_ms)
        if execution.status in ENDED:
            settled = execution.ended_ms is not None and self._now_ms - execution.ended_ms >= _SETTLED_MS
            return DurableHistory(execution.arn, tuple(events), WHOLE if settled else PARTIAL, self._now_ms)
        going = next((_GOING[event.type] for event in reversed(events) if event.type in _GOING), None)
        return DurableHistory(execution.arn, tuple(events), PARTIAL, self._now_ms, going)


def _open(listed: DurableExecution, known: OpenExecution | None) -> OpenExecution:
    """The execution whose history is to be read, as it was just listed: that is newer than ``known``."""
    last = known.last_event if known else None
    asked_ms = known.asked_ms if known else 0
    return OpenExecution(listed.arn, listed.function, listed.status, listed.ended_ms, last, asked_ms)


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
