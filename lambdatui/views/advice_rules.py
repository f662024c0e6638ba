"""What to change of one function: a rule is a function listed in ``RULES``; it looks at an ``AdviceSubject``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from lambdatui.text.figures import count, milliseconds, ratio
from lambdatui.text.plain import plain
from lambdatui.views import advice_commands as commands
from lambdatui.views.advice_item import Advice, AdviceSubject, advice_of
from lambdatui.views.functions import FunctionView
from lambdatui.views.runtimes import AS_OF, SOURCE, end_of, successor
from lambdatui.views.throttle_causes import ACCOUNT, RESERVED, ThrottleCause
from lambdatui.views.throttle_words import sentence
from pricing.recommendations import SuggestedChange, least_mb
from pricing.rules_of_waste import snapstart_is_offered

_ENOUGH = 20  # invocations with a REPORT, below which a share says little
_LITTLE_LEFT = 0.95
_LARGEST_MB = 10_240
_LONGEST_S = 900
_LEFT_UNRESERVED = 100  # of an account's concurrency, 100 cannot be reserved (Lambda quotas)
_LEAST_SAVED = Decimal("0.01")  # a month: what is only about money and worth less is not spoken of
_COLD_SHARE = 0.1
_RUNTIME_AHEAD = 90  # days before its end from which a runtime is spoken of


def _runtime(subject: AdviceSubject) -> Iterator[Advice]:
    """A runtime that has ended, or ends within ``_RUNTIME_AHEAD`` days."""
    row, today = subject.row, subject.today
    end = end_of(row.runtime or "")
    if end is None or (date.fromisoformat(end.deprecated) - today).days > _RUNTIME_AHEAD:
        return
    over = end.deprecated <= today.isoformat()
    newer = successor(row.runtime or "", today.isoformat())
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
        action=f"move to {newer}" if newer else "move to a supported runtime",
        command=commands.set_runtime(row, newer) if newer else "",
    )  # fmt: skip


def _timeouts(subject: AdviceSubject) -> Iterator[Advice]:
    row = subject.row
    if not row.timeouts:
        return
    longer = min(_LONGEST_S, 2 * (row.timeout_s or 0))
    limit = f"the timeout of {row.timeout_s} s" if row.timeout_s else f"the timeout, at {milliseconds(row.max_ms)}"
    yield advice_of(
        row, "timeout", f"{row.timeouts:,} of {row.invocations:,} ran into {limit}; p99 is {milliseconds(row.p99_ms)}",
        "find what is waited for (Enter on the row, then on an invocation), give the call a deadline below the "
        "function's timeout; raise the timeout, as the command does, only where the work is really longer",
        "A timed-out invocation is billed in full and its environment is thrown away, so the next call is cold. "
        "Usual causes: no timeout on an HTTP client or database, a VPC without a route to the service, "
        "connections that keep the event loop alive. Async events are retried twice after a timeout.", severity=3,
        worth=subject.by_rule.get("timeouts"), action="give its calls a deadline",
        command=commands.set_timeout(row, longer) if longer > (row.timeout_s or longer) else "",
    )  # fmt: skip


def _throttled(subject: AdviceSubject) -> Iterator[Advice]:
    row, cause = subject.row, subject.throttled
    if not row.throttles:
        return
    action, do, command = _against(cause, row)
    why = f"; {sentence(cause)}" if cause else ""
    yield advice_of(
        row, "throttle",
        f"{count(row.throttles)} requests were rejected beside {count(row.invocations)} invocations{why}",
        do, "Synchronous callers see 429 and must retry; asynchronous events are retried for up to 6 hours, then go "
        "to the dead-letter queue or are lost; streams wait. A burst above 1,000 new environments per 10 seconds "
        "and function is throttled whatever the limit.", severity=3, action=action, command=command,
    )  # fmt: skip


def _against(cause: ThrottleCause | None, row: FunctionView) -> tuple[str, str, str]:
    """What to do in few words and in full, and the command; only where it is known which limit was reached."""
    limit = None if cause is None else cause.limit
    if cause is None or limit is None or cause.limited_by not in (ACCOUNT, RESERVED):
        return "T shows what is known of it", "look at T: which limit was reached is not known", ""
    if cause.limited_by == ACCOUNT:
        culprit = cause.culprit.function if cause.culprit and cause.culprit.function_id != cause.function_id else ""
        others = f", limit {plain(culprit)} by a reserve of its own," if culprit else ""
        do = f"reserve concurrency for it{others} or ask AWS for a higher limit, as the command does"
        return f"raise the limit of {limit:,}", do, commands.ask_for_concurrency(row.region, 2 * limit)
    if not limit:
        return "end its reserve of 0", "end its reserve, which switches it off", commands.reserve_nothing(row)
    left = None if cause.of_account is None else cause.of_account - _LEFT_UNRESERVED - cause.reserved_by_all
    larger = 2 * limit if left is None else limit + min(limit, max(0, left))
    if larger == limit:
        return "reserve less for others", "reserve less for others: nothing is left to be reserved for it", ""
    return (
        f"reserve {larger:,} in place of {limit:,}",
        f"reserve {larger:,} in place of {limit:,}, or call it less at once",
        commands.reserve(row, larger),
    )


def _memory_small(subject: AdviceSubject) -> Iterator[Advice]:
    row = subject.row
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
        severity=3, command=commands.set_memory(row, larger) if larger > had else "",
        action=f"raise the memory to {larger} MB" if larger > had else "work on less at once",
    )  # fmt: skip


def _memory(subject: AdviceSubject) -> Iterator[Advice]:
    """Another size, as ``pricing`` recommends it."""
    row, larger = subject.row, subject.by_rule.get("memory")
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
        worth=larger, command=commands.set_memory(row, larger.memory_mb), action=f"{verb} {larger.memory_mb} MB",
    )  # fmt: skip


def _arm64(subject: AdviceSubject) -> Iterator[Advice]:
    change = subject.by_rule.get("arm64")
    if change is None or (change.saves or 0) < _LEAST_SAVED:
        return
    yield advice_of(
        subject.row, "arm64", "runs on x86_64", "try arm64 in an alias with a small share of the traffic",
        f"{change.arithmetic}. {change.unknown}. The command needs the code, built for arm64, as CODE.zip; a function "
        "of an image takes --image-uri in place of --zip-file.", worth=change,
        action="try arm64", command=commands.to_arm64(subject.row),
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
        severity=2, worth=change, action="write fewer lines", command=commands.log_less(subject.row),
    )  # fmt: skip


def _of_provisioned_off(subject: AdviceSubject, change: SuggestedChange) -> str:
    known = subject.settings.provisioned if subject.settings else ()
    return commands.provision_nothing(subject.row, known[0]) if len(known) == 1 else ""


def _of_provisioned_on(subject: AdviceSubject, change: SuggestedChange) -> str:
    known = subject.settings.alias_names if subject.settings else ()
    return commands.provision(subject.row, known[0], change.environments) if known and change.environments else ""


def _of_snapstart(subject: AdviceSubject, change: SuggestedChange) -> str:
    return commands.snapstart_on(subject.row)


def _no_command(subject: AdviceSubject, change: SuggestedChange) -> str:
    return ""


_ONLY_MONEY: Mapping[str, tuple[str, Callable[[AdviceSubject, SuggestedChange], str]]] = {
    "provisioned_off": ("end provisioned concurrency", _of_provisioned_off),
    "provisioned_on": ("keep environments ready", _of_provisioned_on),
    "snapstart": ("turn SnapStart on", _of_snapstart),
    "stale_versions": ("delete stale versions", _no_command),
    "log_class": ("logs to Infrequent Access", _no_command),
}
"""By rule of ``pricing``: what to do in a few words, and what makes its command."""


def _only_money(subject: AdviceSubject) -> Iterator[Advice]:
    """Other recommendations of ``pricing``, whose own words suffice."""
    for rule, (action, command_of) in _ONLY_MONEY.items():
        change = subject.by_rule.get(rule)
        if change is not None and (change.saves or 0) >= _LEAST_SAVED:
            yield advice_of(
                subject.row, rule.replace("_", " "), change.arithmetic, change.change, "", worth=change,
                action=action, command=command_of(subject, change),
            )  # fmt: skip


def _cold(subject: AdviceSubject) -> Iterator[Advice]:
    row = subject.row
    if row.cold_ratio is None or row.cold_ratio <= _COLD_SHARE or (row.invocations or 0) < _ENOUGH:
        return
    action, command = _warmer(subject)
    yield advice_of(
        row, "cold starts", f"{ratio(row.cold_ratio)} of the invocations were cold ({row.cold_starts:,}), "
        f"{milliseconds(subject.init_us / 1000 / max(1, row.cold_starts or 0))} each",
        "load less at import, keep clients outside the handler; SnapStart or provisioned concurrency for steady load",
        "Init time is billed since 2025-08-01. A low call rate makes most calls cold whatever one does: "
        "environments are kept for minutes, not hours. The saving is what all init costs: the most to be had. "
        "SnapStart is of versions that are published after it was turned on; provisioned concurrency is billed "
        "while it stands.",
        worth=subject.by_rule.get("cold_starts"), action=action, command=command,
    )  # fmt: skip


def _warmer(subject: AdviceSubject) -> tuple[str, str]:
    """What makes cold starts fewer or shorter, and the command: SnapStart where Lambda offers it and it is off."""
    known = subject.settings
    if snapstart_is_offered(subject.row.runtime or "") and not (known is not None and known.has_snapstart):
        return "SnapStart; load less at import", commands.snapstart_on(subject.row)
    if known is not None and known.alias_names and not known.provisioned:
        return "load less at import; keep 1 warm", commands.provision(subject.row, known.alias_names[0], 1)
    return "load less at import", ""


def _retries(subject: AdviceSubject) -> Iterator[Advice]:
    if subject.again is None:
        return
    requests, sample = subject.again
    yield advice_of(
        subject.row, "retries", f"{requests:,} requests failed more than once, each attempt billed",
        "make the handler idempotent, send what cannot succeed to a dead-letter queue, lower the retry attempts",
        "Lambda retries an asynchronous event twice, after 1 and 2 minutes; streams retry a batch until it "
        "expires unless maximum-retry-attempts or bisect-batch-on-function-error is set. The command ends the retries "
        "of asynchronous events.", severity=2, sample=sample,
        worth=subject.by_rule.get("retries"), action="lower its retries", command=_fewer_retries(subject),
    )  # fmt: skip


def _fewer_retries(subject: AdviceSubject) -> str:
    """The retries of queues and streams are those of their mappings: which of them fail again is not known here."""
    known = subject.settings
    if known is not None and known.sources:
        return ""
    # Where it is not known whether there are settings, those that there may be must not be replaced.
    has_settings = known is None or not known.looked_at or known.has_async_settings
    return commands.no_retries(subject.row, has_settings=has_settings)


def _dead_letters(subject: AdviceSubject) -> Iterator[Advice]:
    known = subject.settings
    if known is None or not known.looked_at or known.dlq is not None or subject.again is None:
        return
    yield advice_of(
        subject.row, "dead letters", "asynchronous events fail more than once, and have no dead-letter queue",
        "set a failure destination, or a dead-letter queue", "After two retries Lambda drops the event. A "
        "destination keeps it with the error and the number of attempts; a queue keeps the event only. The "
        "role needs sqs:SendMessage or sns:Publish. QUEUE_ARN in the command is the queue's, or a topic's.", severity=3,
        action="set a dead-letter queue", command=commands.dead_letters(subject.row),
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
        worth=subject.by_rule.get("log_retention"), action=f"keep it for {commands.RETENTION_DAYS} days",
        command=commands.keep_logs(subject.row.region, group),
    )  # fmt: skip


def _batch_failures(subject: AdviceSubject) -> Iterator[Advice]:
    """A batch of which one record fails is delivered again as a whole, unless the function may name the record."""
    known = subject.settings
    if known is None or not subject.row.errors:
        return
    for mapping, source in known.whole_batches.items():
        yield advice_of(
            subject.row, "batch failures",
            f"{subject.row.errors:,} invocations failed; {source} gives it whole batches again when one record fails",
            "let it report the records that failed (ReportBatchItemFailures)",
            "Without it every record of a failed batch is processed, and billed, again. The handler must then answer "
            "with batchItemFailures; an empty list means that all went well.", severity=2,
            action="report failed records", command=commands.partial_batches(subject.row.region, mapping),
        )  # fmt: skip


RULES: Sequence[Callable[[AdviceSubject], Iterator[Advice]]] = (
    _timeouts, _throttled, _memory_small, _memory, _arm64, _cold, _runtime, _retries, _dead_letters, _batch_failures,
    _log_retention, _logs_dearer, _only_money,
)  # fmt: skip
