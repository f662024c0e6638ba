"""What to change: each advice with its evidence, its dollars, and what to do about it."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.account import Recommendation
from collectors.store import account_rows
from collectors.store.by_step import failed_again
from collectors.store.reader import Reader
from lambdatui.text import count, megabytes, milliseconds, money, plain, ratio
from lambdatui.views.columns import columns
from lambdatui.views.errors import ErrorView, errors
from lambdatui.views.function_settings import SettingsView, function_settings
from lambdatui.views.functions import FunctionView, functions
from lambdatui.views.narrow import Narrow
from lambdatui.views.runtimes import AS_OF, SOURCE, end_of
from lambdatui.views.time_range import DAY_MS, TimeRange, day_of
from lambdatui.views.view import View, as_of_range

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook

ADVICE_COLUMNS = columns("kind", "function", "region", "found", "advice", "saves_usd")

_ENOUGH = 20  # invocations with a REPORT, below which a share says little
_MUCH_UNUSED, _LITTLE_LEFT, _SPARE = 0.5, 0.95, 1.3
_SMALLEST_MB, _LARGEST_MB, _STEP_MB = 128, 10_240, 64
_COLD_SHARE = 0.1
OPTIMIZER = "AWS optimizer"
_RUNTIME_AHEAD = 90  # days before its end from which a runtime is spoken of
_NOT_ALLOWED = re.compile(
    r"not authorized to perform:? (?P<action>[\w-]+:\w+)(?: on resource:? (?P<resource>arn:\S+|\S+))?"
)
_DENIED = re.compile(r"AccessDenied|not authorized|UnauthorizedOperation|Forbidden", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Advice:
    """``found`` is the evidence, ``advice`` what to do, ``more`` what an operator would look up.

    ``saves_usd`` is a month's list price where following it saves some; None where it is not about money.
    """

    kind: str
    function_id: int
    function: str
    region: str | None
    found: str
    advice: str
    more: str
    saves_usd: Decimal | None = None
    sample_request_id: str | None = None
    severity: int = 1


@as_of_range
def advice(
    reader: Reader, time_range: TimeRange, book: "PriceBook | None" = None, *, narrow: Narrow | None = None
) -> View[Advice]:
    """What fails first, then what costs most, then the rest."""
    chosen = narrow or Narrow()
    view = functions(reader, time_range, book, narrow=chosen)
    groups = errors(reader, time_range, narrow=chosen)
    again = failed_again(reader, time_range.from_ms, time_range.to_ms)
    inits = {one.function_id: one.init_us for one in reader.totals(time_range.from_ms, time_range.to_ms)}
    months = Decimal(30 * DAY_MS) / Decimal(time_range.span_ms)
    rows: list[Advice] = []
    for row in view.rows:
        rows += _of_function(row, time_range, months, inits.get(row.function_id, 0))
        if row.function_id in again:
            rows.append(_retries(row, *again[row.function_id]))
    rows += _of_permissions(view.rows, groups.rows)
    rows += _of_settings(view.rows, function_settings(reader, time_range, narrow=chosen).rows, frozenset(again))
    rows += _of_optimizer(view.rows, account_rows.recommendations(reader))
    rows.sort(key=lambda one: (-one.severity, -(one.saves_usd or 0), one.function, one.kind))
    return View(ADVICE_COLUMNS, rows, view.as_of, time_range, view.coverage, view.basis)


def _of_function(row: FunctionView, time_range: TimeRange, months: Decimal, init_us: int) -> Iterator[Advice]:
    if row.timeouts:
        yield _timeouts(row)
    if row.throttles:
        yield _throttled(row)
    if (row.max_memory_mb or 0) and (row.memory_mb or 0):
        yield from _memory(row, months)
    if row.cold_ratio is not None and row.cold_ratio > _COLD_SHARE and row.invocations >= _ENOUGH:
        yield _cold(row, months, init_us)
    yield from _runtime(row, day_of(time_range.to_ms))


def _runtime(row: FunctionView, today: date) -> Iterator[Advice]:
    """A runtime that has ended, or ends within ``_RUNTIME_AHEAD`` days."""
    end = end_of(row.runtime or "")
    if end is None or (date.fromisoformat(end.deprecated) - today).days > _RUNTIME_AHEAD:
        return
    over = end.deprecated <= today.isoformat()
    blocked = (
        f"No function can be created with it from {end.no_create} on, none updated from {end.no_update} on; what is "
        "deployed goes on running"
        if end.no_create and end.no_update
        else "It exists as a container image only, which AWS does not block; its packages get no patches"
    )
    yield _advice(
        row, "runtime",
        f"{row.runtime} {'has been without security patches since' if over else 'gets no security patches from'} "
        f"{end.deprecated}{'' if over else ' on'}",
        "move to a supported runtime, first in an alias with a small share of the traffic",
        f"{blocked} ({SOURCE}, as of {AS_OF}). 'lambdatui functions --filter runtime:{row.runtime}' lists what else "
        "uses it.", severity=2 if over else 1,
    )  # fmt: skip


def _timeouts(row: FunctionView) -> Advice:
    limit = f"the timeout of {row.timeout_s} s" if row.timeout_s else f"the timeout, at {milliseconds(row.max_ms)}"
    return _advice(
        row, "timeout", f"{row.timeouts:,} of {row.invocations:,} ran into {limit}; p99 is {milliseconds(row.p99_ms)}",
        "find what is waited for (Enter on the row, then on an invocation), give the call a deadline below the "
        "function's timeout; raise the timeout only where the work is really longer",
        "A timed-out invocation is billed in full and its environment is thrown away, so the next call is cold. "
        "Usual causes: no timeout on an HTTP client or database, a VPC without a route to the service, "
        "connections that keep the event loop alive. Async events are retried twice after a timeout.", severity=3,
    )  # fmt: skip


def _throttled(row: FunctionView) -> Advice:
    return _advice(
        row, "throttle", f"{count(row.throttles)} requests were rejected beside {count(row.invocations)} invocations",
        "T shows which limit: raise the reserved concurrency, or ask for a higher account quota",
        "Synchronous callers see 429 and must retry; asynchronous events are retried for up to 6 hours, then go "
        "to the dead-letter queue or are lost; streams wait. A burst above 1,000 new environments per 10 seconds "
        "and function is throttled whatever the limit.", severity=3,
    )  # fmt: skip


def _memory(row: FunctionView, months: Decimal) -> Iterator[Advice]:
    used, size = row.max_memory_mb or 0, row.memory_mb or 1
    if used >= _LITTLE_LEFT * size:
        larger = min(_LARGEST_MB, -(-int(size * _SPARE) // _STEP_MB) * _STEP_MB)
        do = f"raise the memory to {megabytes(larger)}, or find what grows"
        yield _advice(
            row, "memory small", f"{megabytes(used)} of {megabytes(size)} was used",
            do if larger > size else "it is the most that Lambda gives: work on less at once, or elsewhere",
            "At the limit the process is killed (Runtime.OutOfMemory, signal: killed) and all of it is billed. "
            "More memory is also more CPU: 1,769 MB is one vCPU, so duration often falls as much as the price rises.",
            severity=3,
        )  # fmt: skip
        return
    smaller = max(_SMALLEST_MB, -(-int(used * _SPARE) // _STEP_MB) * _STEP_MB)
    if used < _MUCH_UNUSED * size and smaller < size and row.invocations >= _ENOUGH:
        saves = None if row.cost_usd is None else row.cost_usd * (1 - Decimal(smaller) / size) * months
        yield _advice(
            row, "memory large",
            f"at most {megabytes(used)} of {megabytes(size)} was used by {row.invocations:,} invocations",
            f"try {megabytes(smaller)} and watch p95: CPU falls with memory",
            "The saving assumes that duration stays as it is, which holds for work that waits; CPU-bound work gets "
            "slower in proportion and saves nothing. Compare before and after with = on the function.", saves=saves,
        )  # fmt: skip


def _cold(row: FunctionView, months: Decimal, init_us: int) -> Advice:
    share = Decimal(0)
    if row.billed_ms:
        share = min(Decimal(1), Decimal(init_us) / 1000 / Decimal(row.billed_ms))
    saves = None if row.cost_usd is None else row.cost_usd * share * months
    return _advice(
        row, "cold starts", f"{ratio(row.cold_ratio)} of the invocations were cold ({row.cold_starts:,}), "
        f"{milliseconds(init_us / 1000 / max(1, row.cold_starts))} each",
        "load less at import, keep clients outside the handler; SnapStart or provisioned concurrency for steady load",
        "Init time is billed since 2025-08-01. A low call rate makes most calls cold whatever one does: "
        "environments are kept for minutes, not hours.", saves=saves,
    )  # fmt: skip


def _retries(row: FunctionView, requests: int, sample: str) -> Advice:
    return _advice(
        row, "retries", f"{requests:,} requests failed more than once, each attempt billed",
        "make the handler idempotent, send what cannot succeed to a dead-letter queue, lower the retry attempts",
        "Lambda retries an asynchronous event twice, after 1 and 2 minutes; streams retry a batch until it "
        "expires unless maximum-retry-attempts or bisect-batch-on-function-error is set.", severity=2, sample=sample,
    )  # fmt: skip


def _of_permissions(rows: Sequence[FunctionView], groups: Sequence[ErrorView]) -> Iterator[Advice]:
    by_id = {row.function_id: row for row in rows}
    for group in groups:
        told = f"{group.error_type} {group.message}"
        if group.function_id in by_id and _DENIED.search(told):
            yield _permission(by_id[group.function_id], group)


def _of_settings(
    rows: Sequence[FunctionView], settings: Sequence[SettingsView], tried_again: frozenset[int]
) -> Iterator[Advice]:
    """What only the configuration can tell; of functions whose configuration was not collected nothing is said."""
    by_id = {row.function_id: row for row in rows}
    for one in settings:
        row = by_id.get(one.function_id)
        if row is None or not one.looked_at:
            continue
        if one.dlq is None and one.function_id in tried_again:
            yield _advice(
                row, "dead letters", "asynchronous events fail more than once, and have no dead-letter queue",
                "set a failure destination, or a dead-letter queue", "After two retries Lambda drops the event. A "
                "destination keeps it with the error and the number of attempts; a queue keeps the event only. The "
                "role needs sqs:SendMessage or sns:Publish.", severity=3,
            )  # fmt: skip
        if one.log_group_seen and one.retention_days is None:
            yield _advice(
                row, "log retention", f"{one.log_group or one.function} keeps its log for ever",
                "set a retention, such as 30 days: aws logs put-retention-policy",
                "CloudWatch Logs bills every stored GB each month until it is deleted.",
            )  # fmt: skip


def _of_optimizer(rows: Sequence[FunctionView], recommendations: Sequence[Recommendation]) -> Iterator[Advice]:
    """What AWS Compute Optimizer says; a function that it finds well sized is not spoken of."""
    by_place = {(row.account or "", row.region or "", row.function): row for row in rows}
    for one in recommendations:
        row = by_place.get((one.account, one.region, one.function))
        if row is None or one.finding.lower() == "optimized" or not (one.recommended_mb or one.reasons):
            continue
        version = f" (version {one.version})" if one.version not in ("", "$LATEST") else ""
        found = f"{one.finding}{version}: {one.reasons.replace(',', ', ') or 'no reason given'}"
        size = f" of {megabytes(one.memory_mb)}" if one.memory_mb else ""
        do = f"set the memory{size} to {megabytes(one.recommended_mb)}" if one.recommended_mb else "collect longer"
        saving = money(Decimal(one.saving), one.currency) if one.saving and one.currency else ""
        money_said = f"; AWS estimates {saving} a month" if saving else ""
        as_of = f", as of {day_of(one.refreshed_ms).isoformat()}" if one.refreshed_ms else ""
        yield _advice(
            row, OPTIMIZER, found, f"{do}{money_said}",
            f"Basis: AWS Compute Optimizer{as_of}: 14 days of CloudWatch metrics, 50 invocations at least, list prices "
            "of AWS's own. Where 'memory large' or 'memory small' says otherwise, they go by REPORT's Max Memory Used "
            "of this range.",
            saves=Decimal(one.saving) if one.saving and one.currency == "USD" else None,
        )  # fmt: skip


def _permission(row: FunctionView, group: ErrorView) -> Advice:
    found = _NOT_ALLOWED.search(group.message)
    action = found["action"] if found else None
    resource = (found["resource"] or "*").rstrip(".,;") if found else "*"
    statement = json.dumps({"Effect": "Allow", "Action": action, "Resource": resource}, indent=2) if action else ""
    do = (
        f"allow {action} in the function's role: Enter shows the statement"
        if action
        else "the message does not name the action: look at CloudTrail"
    )
    return _advice(
        row, "permission", f"{group.count:,} times: {plain(group.message)[:160]}", do,
        (f"{statement}\n\n" if statement else "")
        + "Add it to the execution role, not to the caller. A denial can also come from the resource's own policy, a "
        "permissions boundary, an SCP, or a KMS key.", severity=4, sample=group.sample_request_id,
    )  # fmt: skip


def _advice(
    row: FunctionView,
    kind: str,
    found: str,
    do: str,
    more: str,
    *,
    severity: int = 1,
    saves: Decimal | None = None,
    sample: str | None = None,
) -> Advice:
    worth = saves if saves is not None and saves > 0 else None
    return Advice(kind, row.function_id, row.function, row.region, found, do, more, worth, sample, severity)


def said(one: Advice) -> list[tuple[str, str]]:
    """The advice in full, as labelled parts."""
    parts = [("What was seen", one.found), ("What to do", one.advice), ("What to know", one.more)]
    if one.saves_usd is not None:
        basis = "as AWS estimates it" if one.kind == OPTIMIZER else "at list price, from the rate of this range"
        parts.insert(2, ("Worth", f"{money(one.saves_usd)} a month {basis}"))
    if one.sample_request_id:
        parts.append(("A request that shows it", one.sample_request_id))
    return parts
