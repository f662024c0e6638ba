"""What to change of one function: a rule is a function listed in ``RULES``; it looks at an ``AdviceSubject``."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from shlex import quote

from lambdatui.text.figures import count, milliseconds, ratio
from lambdatui.text.plain import plain
from lambdatui.views.advice_item import Advice, AdviceSubject, advice_of, memory_command
from lambdatui.views.runtimes import AS_OF, SOURCE, end_of
from pricing.recommendations import least_mb

_ENOUGH = 20  # invocations with a REPORT, below which a share says little
_LITTLE_LEFT = 0.95
_LARGEST_MB = 10_240
_LEAST_SAVED = Decimal("0.01")  # a month: what is only about money and worth less is not spoken of
_COLD_SHARE = 0.1
_RUNTIME_AHEAD = 90  # days before its end from which a runtime is spoken of


def _runtime(one: AdviceSubject) -> Iterator[Advice]:
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
    yield advice_of(
        row, "runtime",
        f"{row.runtime} {'has been without security patches since' if over else 'gets no security patches from'} "
        f"{end.deprecated}{'' if over else ' on'}",
        "move to a supported runtime, first in an alias with a small share of the traffic",
        f"{blocked} ({SOURCE}, as of {AS_OF}). 'lambdatui functions --filter runtime:{row.runtime}' lists what else "
        "uses it.", severity=2 if over else 1,
    )  # fmt: skip


def _timeouts(subject: AdviceSubject) -> Iterator[Advice]:
    row = subject.row
    if not row.timeouts:
        return
    limit = f"the timeout of {row.timeout_s} s" if row.timeout_s else f"the timeout, at {milliseconds(row.max_ms)}"
    yield advice_of(
        row, "timeout", f"{row.timeouts:,} of {row.invocations:,} ran into {limit}; p99 is {milliseconds(row.p99_ms)}",
        "find what is waited for (Enter on the row, then on an invocation), give the call a deadline below the "
        "function's timeout; raise the timeout only where the work is really longer",
        "A timed-out invocation is billed in full and its environment is thrown away, so the next call is cold. "
        "Usual causes: no timeout on an HTTP client or database, a VPC without a route to the service, "
        "connections that keep the event loop alive. Async events are retried twice after a timeout.", severity=3,
        worth=subject.by_rule.get("timeouts"),
    )  # fmt: skip


def _throttled(one: AdviceSubject) -> Iterator[Advice]:
    row = one.row
    if not row.throttles:
        return
    yield advice_of(
        row, "throttle", f"{count(row.throttles)} requests were rejected beside {count(row.invocations)} invocations",
        "T shows which limit: raise the reserved concurrency, or ask for a higher account quota",
        "Synchronous callers see 429 and must retry; asynchronous events are retried for up to 6 hours, then go "
        "to the dead-letter queue or are lost; streams wait. A burst above 1,000 new environments per 10 seconds "
        "and function is throttled whatever the limit.", severity=3,
    )  # fmt: skip


def _memory_small(one: AdviceSubject) -> Iterator[Advice]:
    row = one.row
    used, had = row.max_memory_mb, row.memory_mb
    if not used or not had or used < _LITTLE_LEFT * had:
        return
    larger = min(_LARGEST_MB, max(least_mb(used), had))
    do = f"raise the memory to {larger} MB, or find what grows"
    yield advice_of(
        row, "memory small", f"{used} MB of {had} MB was used",
        do if larger > had else "it is the most that Lambda gives: work on less at once, or elsewhere",
        "At the limit the process is killed (Runtime.OutOfMemory, signal: killed) and all of it is billed. "
        "More memory is also more CPU: 1769 MB is one vCPU, so duration often falls as much as the price rises.",
        severity=3, command=memory_command(row, larger) if larger > had else "",
    )  # fmt: skip


def _memory(one: AdviceSubject) -> Iterator[Advice]:
    """Another size, as ``pricing`` recommends it."""
    row, larger = one.row, one.by_rule.get("memory")
    if larger is None or larger.memory_mb is None or larger.slower is None or (row.invocations or 0) < _ENOUGH:
        return
    if not row.memory_mb or not row.max_memory_mb or row.max_memory_mb >= _LITTLE_LEFT * row.memory_mb:
        return  # a larger size is asked for already
    low, middle, high = larger.slower
    times = f"a call takes {low:.2f} to {high:.2f} times as long (middle {middle:.2f})"
    smaller = larger.memory_mb < row.memory_mb
    verb = "set the memory to" if larger.saves is not None or not smaller else "only if measured, try"
    yield advice_of(
        row, "memory large" if smaller else "memory speed",
        f"at most {row.max_memory_mb} MB of {row.memory_mb} MB was used by {row.invocations:,} invocations",
        f"{verb} {larger.memory_mb} MB: {times}",
        f"By {larger.evidence}. CPU falls and rises with memory, up to one vCPU at 1769 MB. "
        "Compare before and after with = on the function.",
        worth=larger, command=memory_command(row, larger.memory_mb),
    )  # fmt: skip


def _arm64(subject: AdviceSubject) -> Iterator[Advice]:
    change = subject.by_rule.get("arm64")
    if change is None or (change.saves or 0) < _LEAST_SAVED:
        return
    yield advice_of(
        subject.row, "arm64", "runs on x86_64", "try arm64 in an alias with a small share of the traffic",
        f"{change.arithmetic}. {change.unknown}.", worth=change,
    )  # fmt: skip


def _logs_dearer(subject: AdviceSubject) -> Iterator[Advice]:
    """The log costs more than the function that writes it."""
    change = subject.by_rule.get("logs_dearer")
    if change is None or (change.high or 0) < _LEAST_SAVED:
        return
    yield advice_of(
        subject.row, "logs dearer", f"its log costs more than it does: {change.arithmetic}",
        "write less: the JSON log format with a log level (WARN for the application, WARN for the system), no payloads,"
        " samples of what is frequent; or the Infrequent Access class, and a short retention",
        "Ingestion is billed by the byte, before anything is read. Lambda's JSON log format drops lines below the level"
        " before they are ingested; text has no such filter for application lines. 'logs=-50%',"
        " 'class=infrequent_access' and 'retention=30' say as what-ifs on Costs what each is worth.",
        severity=2, worth=change,
    )  # fmt: skip


_ONLY_MONEY = ("provisioned_off", "provisioned_on", "snapstart", "stale_versions", "log_class")


def _only_money(subject: AdviceSubject) -> Iterator[Advice]:
    """Other recommendations of ``pricing``, whose own words suffice."""
    for rule in _ONLY_MONEY:
        found = subject.by_rule.get(rule)
        if found is not None and (found.saves or 0) >= _LEAST_SAVED:
            yield advice_of(subject.row, rule.replace("_", " "), found.arithmetic, found.change, "", worth=found)


def _cold(subject: AdviceSubject) -> Iterator[Advice]:
    row = subject.row
    if row.cold_ratio is None or row.cold_ratio <= _COLD_SHARE or (row.invocations or 0) < _ENOUGH:
        return
    yield advice_of(
        row, "cold starts", f"{ratio(row.cold_ratio)} of the invocations were cold ({row.cold_starts:,}), "
        f"{milliseconds(subject.init_us / 1000 / max(1, row.cold_starts or 0))} each",
        "load less at import, keep clients outside the handler; SnapStart or provisioned concurrency for steady load",
        "Init time is billed since 2025-08-01. A low call rate makes most calls cold whatever one does: "
        "environments are kept for minutes, not hours. The saving is what all init costs: the most to be had.",
        worth=subject.by_rule.get("cold_starts"),
    )  # fmt: skip


def _retries(subject: AdviceSubject) -> Iterator[Advice]:
    if subject.again is None:
        return
    requests, sample = subject.again
    yield advice_of(
        subject.row, "retries", f"{requests:,} requests failed more than once, each attempt billed",
        "make the handler idempotent, send what cannot succeed to a dead-letter queue, lower the retry attempts",
        "Lambda retries an asynchronous event twice, after 1 and 2 minutes; streams retry a batch until it "
        "expires unless maximum-retry-attempts or bisect-batch-on-function-error is set.", severity=2, sample=sample,
        worth=subject.by_rule.get("retries"),
    )  # fmt: skip


def _dead_letters(subject: AdviceSubject) -> Iterator[Advice]:
    known = subject.settings
    if known is None or not known.looked_at or known.dlq is not None or subject.again is None:
        return
    yield advice_of(
        subject.row, "dead letters", "asynchronous events fail more than once, and have no dead-letter queue",
        "set a failure destination, or a dead-letter queue", "After two retries Lambda drops the event. A "
        "destination keeps it with the error and the number of attempts; a queue keeps the event only. The "
        "role needs sqs:SendMessage or sns:Publish.", severity=3,
    )  # fmt: skip


def _log_retention(subject: AdviceSubject) -> Iterator[Advice]:
    known = subject.settings
    if known is None or not known.looked_at or not known.log_group_seen or known.retention_days is not None:
        return
    group = known.log_group or f"/aws/lambda/{known.function}"
    yield advice_of(
        subject.row, "log retention", f"{known.log_group or known.function} keeps its log for ever",
        "set a retention, such as 30 days: aws logs put-retention-policy",
        "CloudWatch Logs bills every stored GB each month until it is deleted.",
        worth=subject.by_rule.get("log_retention"),
        command=f"aws logs put-retention-policy --log-group-name {quote(plain(group))} --retention-in-days 30",
    )  # fmt: skip


def _batch_failures(subject: AdviceSubject) -> Iterator[Advice]:
    """A batch of which one record fails is delivered again as a whole, unless the function may name the record."""
    known = subject.settings
    if known is None or not subject.row.errors:
        return
    for source in known.whole_batches:
        yield advice_of(
            subject.row, "batch failures",
            f"{subject.row.errors:,} invocations failed; {source} gives it whole batches again when one record fails",
            "let it report the records that failed (ReportBatchItemFailures)",
            "Without it every record of a failed batch is processed, and billed, again. The handler must then answer "
            "with batchItemFailures; an empty list means that all went well.", severity=2,
        )  # fmt: skip


RULES: Sequence[Callable[[AdviceSubject], Iterator[Advice]]] = (
    _timeouts, _throttled, _memory_small, _memory, _arm64, _cold, _runtime, _retries, _dead_letters, _batch_failures,
    _log_retention, _logs_dearer, _only_money,
)  # fmt: skip
