"""What to change: each advice with its evidence, its dollars, and what to do about it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from shlex import quote
from typing import TYPE_CHECKING

from collectors.account import Recommendation as OptimizersWord
from collectors.store import account_rows
from collectors.store.account_rows import SettingRow
from collectors.store.by_step import failed_again
from collectors.store.reader import Reader
from lambdatui.text import count, megabytes, milliseconds, money, plain, ratio, size
from lambdatui.views.columns import columns
from lambdatui.views.errors import ErrorView, errors
from lambdatui.views.function_settings import SettingsView, function_settings
from lambdatui.views.functions import FunctionView, functions
from lambdatui.views.narrow import Narrow
from lambdatui.views.runtimes import AS_OF, SOURCE, end_of
from lambdatui.views.time_range import TimeRange, day_of
from lambdatui.views.view import View, as_of_range
from lambdatui.views.whatif import recommended
from pricing.recommendations import BASIS, Recommendation, least_mb

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook

ADVICE_COLUMNS = columns(
    "kind", "function", "region", "found", "advice", "saves_usd", "saves_low_usd", "saves_mid_usd", "saves_high_usd",
    "unknown", "basis", "command",
)  # fmt: skip

_ENOUGH = 20  # invocations with a REPORT, below which a share says little
_LITTLE_LEFT = 0.95
_LARGEST_MB = 10_240
_LEAST_SAVED = Decimal("0.01")  # a month: what is only about money and worth less is not spoken of
_COVERED = 0.95
_CODE_LIMIT_BYTES = 80_530_636_800  # 75 GB a region, where GetAccountSettings did not say (Lambda quotas)
_CODE_FULL, _CODE_VERY_FULL = 0.7, 0.9
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

    ``saves_usd`` is what following it saves at least in a month at list price before the free tier, with its range;
    None where it is not about money, or nothing is sure. ``command`` is what would be typed.
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
    saves_low_usd: Decimal | None = None
    saves_mid_usd: Decimal | None = None
    saves_high_usd: Decimal | None = None
    unknown: str = ""
    basis: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the rules look at: a function's row, its settings (None: none), and what ``pricing`` recommends, by rule."""

    row: FunctionView
    today: date
    init_us: int
    again: tuple[int, str] | None
    settings: SettingsView | None
    by_rule: Mapping[str, Recommendation]


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
    settings = {one.function_id: one for one in function_settings(reader, time_range, narrow=chosen).rows}
    cheaper = {} if book is None else recommended(reader, time_range, book, narrow=chosen)
    rows: list[Advice] = []
    for row in view.rows:
        one = Subject(
            row, day_of(time_range.to_ms), inits.get(row.function_id, 0), again.get(row.function_id),
            settings.get(row.function_id), {each.rule: each for each in cheaper.get(row.function_id, ())},
        )  # fmt: skip
        rows += (found for rule in RULES for found in rule(one))
    rows += _of_permissions(view.rows, groups.rows)
    rows += _code_storage(view.rows, account_rows.settings(reader))
    rows += _of_optimizer(view.rows, account_rows.recommendations(reader))
    rows.sort(key=lambda one: (-one.severity, -(one.saves_usd or 0), one.function, one.kind))
    return View(ADVICE_COLUMNS, rows, view.as_of, time_range, view.coverage, view.basis)


def _runtime(one: Subject) -> Iterator[Advice]:
    """A runtime that has ended, or ends within ``_RUNTIME_AHEAD`` days."""
    row, today = one.row, one.today
    end = end_of(row.runtime or "")
    if end is None or (date.fromisoformat(end.deprecated) - today).days > _RUNTIME_AHEAD:
        return
    over = end.deprecated <= today.isoformat()
    blocked = (
        f"No function can be created with it from {end.no_create} on, none updated from {end.no_update} on; what is "
        f"deployed goes on running. On {today.isoformat()} {end.phase(today.isoformat())}"
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


def _timeouts(one: Subject) -> Iterator[Advice]:
    row = one.row
    if not row.timeouts:
        return
    limit = f"the timeout of {row.timeout_s} s" if row.timeout_s else f"the timeout, at {milliseconds(row.max_ms)}"
    yield _advice(
        row, "timeout", f"{row.timeouts:,} of {row.invocations:,} ran into {limit}; p99 is {milliseconds(row.p99_ms)}",
        "find what is waited for (Enter on the row, then on an invocation), give the call a deadline below the "
        "function's timeout; raise the timeout only where the work is really longer",
        "A timed-out invocation is billed in full and its environment is thrown away, so the next call is cold. "
        "Usual causes: no timeout on an HTTP client or database, a VPC without a route to the service, "
        "connections that keep the event loop alive. Async events are retried twice after a timeout.", severity=3,
        worth=one.by_rule.get("timeouts"),
    )  # fmt: skip


def _throttled(one: Subject) -> Iterator[Advice]:
    row = one.row
    if not row.throttles:
        return
    yield _advice(
        row, "throttle", f"{count(row.throttles)} requests were rejected beside {count(row.invocations)} invocations",
        "T shows which limit: raise the reserved concurrency, or ask for a higher account quota",
        "Synchronous callers see 429 and must retry; asynchronous events are retried for up to 6 hours, then go "
        "to the dead-letter queue or are lost; streams wait. A burst above 1,000 new environments per 10 seconds "
        "and function is throttled whatever the limit.", severity=3,
    )  # fmt: skip


def _memory_small(one: Subject) -> Iterator[Advice]:
    row = one.row
    used, had = row.max_memory_mb, row.memory_mb
    if not used or not had or used < _LITTLE_LEFT * had:
        return
    larger = min(_LARGEST_MB, max(least_mb(used), had))
    do = f"raise the memory to {larger} MB, or find what grows"
    yield _advice(
        row, "memory small", f"{used} MB of {had} MB was used",
        do if larger > had else "it is the most that Lambda gives: work on less at once, or elsewhere",
        "At the limit the process is killed (Runtime.OutOfMemory, signal: killed) and all of it is billed. "
        "More memory is also more CPU: 1769 MB is one vCPU, so duration often falls as much as the price rises.",
        severity=3, command=_memory_command(row, larger) if larger > had else "",
    )  # fmt: skip


def _memory(one: Subject) -> Iterator[Advice]:
    """Another size, as ``pricing`` recommends it."""
    row, found = one.row, one.by_rule.get("memory")
    if found is None or found.memory_mb is None or found.slower is None or (row.invocations or 0) < _ENOUGH:
        return
    if not row.memory_mb or not row.max_memory_mb or row.max_memory_mb >= _LITTLE_LEFT * row.memory_mb:
        return  # a larger size is asked for already
    low, middle, high = found.slower
    times = f"a call takes {low:.2f} to {high:.2f} times as long (middle {middle:.2f})"
    smaller = found.memory_mb < row.memory_mb
    verb = "set the memory to" if found.saves is not None or not smaller else "only if measured, try"
    yield _advice(
        row, "memory large" if smaller else "memory speed",
        f"at most {row.max_memory_mb} MB of {row.memory_mb} MB was used by {row.invocations:,} invocations",
        f"{verb} {found.memory_mb} MB: {times}",
        f"By {found.evidence}. CPU falls and rises with memory, up to one vCPU at 1769 MB. "
        "Compare before and after with = on the function.",
        worth=found, command=_memory_command(row, found.memory_mb),
    )  # fmt: skip


def _memory_command(row: FunctionView, memory_mb: int) -> str:
    """In MB, as AWS's field takes it."""
    region = f" --region {quote(plain(row.region))}" if row.region else ""
    name = quote(plain(row.function))
    return f"aws lambda update-function-configuration --function-name {name}{region} --memory-size {memory_mb}"


def _arm64(one: Subject) -> Iterator[Advice]:
    found = one.by_rule.get("arm64")
    if found is None or (found.saves or 0) < _LEAST_SAVED:
        return
    yield _advice(
        one.row, "arm64", "runs on x86_64", "try arm64 in an alias with a small share of the traffic",
        f"{found.arithmetic}. {found.unknown}.", worth=found,
    )  # fmt: skip


_ONLY_MONEY = ("provisioned_off", "provisioned_on", "snapstart", "stale_versions", "log_class")


def _only_money(one: Subject) -> Iterator[Advice]:
    """What ``pricing`` recommends and needs no more words."""
    for rule in _ONLY_MONEY:
        found = one.by_rule.get(rule)
        if found is not None and (found.saves or 0) >= _LEAST_SAVED:
            yield _advice(one.row, rule.replace("_", " "), found.arithmetic, found.change, "", worth=found)


def _cold(one: Subject) -> Iterator[Advice]:
    row = one.row
    if row.cold_ratio is None or row.cold_ratio <= _COLD_SHARE or (row.invocations or 0) < _ENOUGH:
        return
    yield _advice(
        row, "cold starts", f"{ratio(row.cold_ratio)} of the invocations were cold ({row.cold_starts:,}), "
        f"{milliseconds(one.init_us / 1000 / max(1, row.cold_starts or 0))} each",
        "load less at import, keep clients outside the handler; SnapStart or provisioned concurrency for steady load",
        "Init time is billed since 2025-08-01. A low call rate makes most calls cold whatever one does: "
        "environments are kept for minutes, not hours. The saving is what all init costs: the most to be had.",
        worth=one.by_rule.get("cold_starts"),
    )  # fmt: skip


def _retries(one: Subject) -> Iterator[Advice]:
    if one.again is None:
        return
    requests, sample = one.again
    yield _advice(
        one.row, "retries", f"{requests:,} requests failed more than once, each attempt billed",
        "make the handler idempotent, send what cannot succeed to a dead-letter queue, lower the retry attempts",
        "Lambda retries an asynchronous event twice, after 1 and 2 minutes; streams retry a batch until it "
        "expires unless maximum-retry-attempts or bisect-batch-on-function-error is set.", severity=2, sample=sample,
        worth=one.by_rule.get("retries"),
    )  # fmt: skip


def _dead_letters(one: Subject) -> Iterator[Advice]:
    known = one.settings
    if known is None or not known.looked_at or known.dlq is not None or one.again is None:
        return
    yield _advice(
        one.row, "dead letters", "asynchronous events fail more than once, and have no dead-letter queue",
        "set a failure destination, or a dead-letter queue", "After two retries Lambda drops the event. A "
        "destination keeps it with the error and the number of attempts; a queue keeps the event only. The "
        "role needs sqs:SendMessage or sns:Publish.", severity=3,
    )  # fmt: skip


def _log_retention(one: Subject) -> Iterator[Advice]:
    known = one.settings
    if known is None or not known.looked_at or not known.log_group_seen or known.retention_days is not None:
        return
    group = known.log_group or f"/aws/lambda/{known.function}"
    yield _advice(
        one.row, "log retention", f"{known.log_group or known.function} keeps its log for ever",
        "set a retention, such as 30 days: aws logs put-retention-policy",
        "CloudWatch Logs bills every stored GB each month until it is deleted.",
        worth=one.by_rule.get("log_retention"),
        command=f"aws logs put-retention-policy --log-group-name {quote(plain(group))} --retention-in-days 30",
    )  # fmt: skip


def _batch_failures(one: Subject) -> Iterator[Advice]:
    """A batch of which one record fails is delivered again as a whole, unless the function may name the record."""
    known = one.settings
    if known is None or not one.row.errors:
        return
    for source in known.whole_batches:
        yield _advice(
            one.row, "batch failures",
            f"{one.row.errors:,} invocations failed; {source} gives it whole batches again when one record fails",
            "let it report the records that failed (ReportBatchItemFailures)",
            "Without it every record of a failed batch is processed, and billed, again. The handler must then answer "
            "with batchItemFailures; an empty list means that all went well.", severity=2,
        )  # fmt: skip


RULES: Sequence[Callable[[Subject], Iterator[Advice]]] = (
    _timeouts, _throttled, _memory_small, _memory, _arm64, _cold, _runtime, _retries, _dead_letters, _batch_failures,
    _log_retention, _only_money,
)  # fmt: skip
"""One rule is one function; what it needs is in ``Subject``."""


def _code_storage(rows: Sequence[FunctionView], settings: Sequence[SettingRow]) -> Iterator[Advice]:
    """How much of a region's code storage is used, where GetAccountSettings was asked."""
    places = {(row.account or "", row.region or ""): row for row in reversed(rows)}
    told: dict[tuple[str, str], dict[str, object]] = {}
    sizes: dict[tuple[str, str], dict[str, int]] = {}
    for one in settings:
        place = one.account, one.region
        if one.kind == "account":
            told.setdefault(place, {})[one.name] = one.value
        elif one.name == "package_bytes" and isinstance(one.value, int):
            of = sizes.setdefault(place, {})
            of[one.function] = of.get(one.function, 0) + one.value
    for place, known in told.items():
        used, limit = known.get("code_bytes"), known.get("code_bytes_limit") or _CODE_LIMIT_BYTES
        if place not in places or not isinstance(used, int) or not isinstance(limit, int) or used < _CODE_FULL * limit:
            continue
        largest = sorted(sizes.get(place, {}).items(), key=lambda item: -item[1])[:3]
        named = ", ".join(f"{plain(name)} {size(amount)}" for name, amount in largest)
        known_sum = f" The largest that were collected, all versions together: {named}." if named else ""
        yield _advice(
            places[place], "code storage",
            f"{place[1]} holds {size(used)} of {size(limit)} of code ({ratio(used / limit)}), of all its functions",
            "delete versions that no alias names, and old layer versions; or ask for more",
            "At the limit nothing can be deployed: CodeStorageExceededException. The limit is 75 GB a region; every "
            f"published version counts in full.{known_sum}", severity=3 if used >= _CODE_VERY_FULL * limit else 2,
        )  # fmt: skip


def _of_permissions(rows: Sequence[FunctionView], groups: Sequence[ErrorView]) -> Iterator[Advice]:
    by_id = {row.function_id: row for row in rows}
    for group in groups:
        told = f"{group.error_type} {group.message}"
        if group.function_id in by_id and _DENIED.search(told):
            yield _permission(by_id[group.function_id], group)


def _of_optimizer(rows: Sequence[FunctionView], recommendations: Sequence[OptimizersWord]) -> Iterator[Advice]:
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
            command=_memory_command(row, one.recommended_mb) if one.recommended_mb else "",
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
    worth: Recommendation | None = None,
    command: str = "",
) -> Advice:
    low = middle = high = saves
    unknown = basis = ""
    if worth is not None:
        basis, unknown = BASIS, worth.unknown
        if worth.currency == "USD":
            saves, low, middle, high = worth.saves, worth.low, worth.middle, worth.high
        if row.coverage is not None and row.coverage < _COVERED:
            seen = f"REPORTs for {ratio(row.coverage)} of the invocations: the rest is not known"
            unknown = f"{unknown}; {seen}" if unknown else seen
    elif saves is not None:
        basis = "a month, as AWS estimates it"
    return Advice(
        kind, row.function_id, row.function, row.region, found, do, more, saves if saves and saves > 0 else None,
        sample, severity, low, middle, high, unknown, basis, command,
    )  # fmt: skip


def said(one: Advice) -> list[tuple[str, str]]:
    """The advice in full, as labelled parts."""
    parts = [("What was seen", one.found), ("What to do", one.advice), ("What to know", one.more)]
    if one.command:
        parts.insert(2, ("Command", one.command))
    if one.saves_usd is not None:
        low, high = one.saves_low_usd, one.saves_high_usd
        spread = f", {money(low)} to {money(high)}" if low != high else ""
        least = "at least " if spread else ""
        parts.insert(2, ("Worth", f"{least}{money(one.saves_usd)} {one.basis}{spread}"))
    elif one.saves_low_usd is not None and one.saves_low_usd != one.saves_high_usd:
        spread = f"{money(one.saves_low_usd)} to {money(one.saves_high_usd)} {one.basis}"
        parts.insert(2, ("Worth", f"not sure: {spread}; negative costs more"))
    if one.unknown:
        parts.append(("What is not known", one.unknown))
    if one.sample_request_id:
        parts.append(("A request that shows it", one.sample_request_id))
    return parts
