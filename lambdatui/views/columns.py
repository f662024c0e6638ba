"""The one registry of columns: the same definitions serve the screens, ``--json``, ``--csv`` and text tables.

Rows are frozen dataclasses whose field names are column ids. What a field holds depends on the column's kind:
durations are float milliseconds, money ``Decimal`` USD, times integer epoch ms, ratios floats from 0 to 1.
``None`` is unknown, in every kind. Nothing is imported here: the first frame is laid out with it.
"""


class Kind:
    """What a column's values are, and so how they are shown, sorted, compared and exported."""

    TEXT = "text"
    COUNT = "count"
    RATIO = "ratio"
    MS = "ms"
    MB = "mb"
    SECONDS = "s"
    GB_SECONDS = "gb_s"
    USD = "usd"
    TIME = "time"
    FLAG = "flag"
    QUANTITY = "quantity"
    TREND = "trend"
    TAGS = "tags"
    FIGURE = "figure"


class Column:
    """One column: its id in scripts, its title on screens, its ``Kind``, its width in cells and its help."""

    __slots__ = ("help", "id", "kind", "title", "width")

    def __init__(self, id: str, title: str, kind: str, width: int, help: str) -> None:
        self.id = id
        self.title = title
        self.kind = kind
        self.width = width
        self.help = help

    def __repr__(self) -> str:
        return f"Column({self.id!r})"

    @property
    def align(self) -> str:
        """``left`` for words, ``right`` for figures."""
        return "left" if self.kind in (Kind.TEXT, Kind.TIME, Kind.FLAG, Kind.TREND, Kind.TAGS) else "right"

    @property
    def label(self) -> str:
        """The name in full, for one value a line: ``error rate``, ``p95``, ``max memory``."""
        return self.id.removesuffix("_ms").removesuffix("_mb").removesuffix("_usd").removesuffix("_s").replace("_", " ")


class UnknownColumn(ValueError):
    """No such column; the message names the nearest one, or lists what there is."""


_T, _C, _MS, _MB, _USD = Kind.TEXT, Kind.COUNT, Kind.MS, Kind.MB, Kind.USD

REGISTRY: tuple[Column, ...] = (
    # What a function is
    Column("function", "Function", _T, 30, "The function's name."),
    Column("account", "Account", _T, 12, "The AWS account, where the source says."),
    Column("region", "Region", _T, 14, "The AWS region, where the source says."),
    Column("runtime", "Runtime", _T, 12, "The runtime's identifier, such as python3.13."),
    Column("arch", "Arch", _T, 6, "x86_64 or arm64; x86_64 is assumed for prices where it is unknown."),
    Column("memory_mb", "Memory", _MB, 8, "Configured memory, MB; as REPORT printed it last, or as configured."),
    Column("timeout_s", "Timeout", Kind.SECONDS, 7, "Configured timeout, seconds."),
    Column("tags", "Tags", Kind.TAGS, 24, "The function's tags, as they were collected last; unknown where denied."),
    Column("tags_at", "Tags as of", Kind.TIME, 19, "When the function's tags were listed last."),
    # What it did
    Column("invocations", "Invocs", _C, 8, "Invocations, each attempt counted: metric or logs, whichever saw more."),
    Column("errors", "Errors", _C, 7, "Failed invocations of every kind, timeouts included."),
    Column("error_rate", "Err%", Kind.RATIO, 6, "Errors divided by invocations."),
    Column("timeouts", "T/O", _C, 6, "Invocations that ran into the timeout."),
    Column("throttles", "Throt", _C, 6, "Rejected requests (metric Throttles); unknown where no metric was collected."),
    Column("cold_starts", "Cold", _C, 6, "Invocations whose REPORT shows an init duration."),
    Column("cold_ratio", "Cold%", Kind.RATIO, 6, "Cold starts divided by invocations with a REPORT."),
    Column("p50_ms", "p50", _MS, 8, "Median duration, from a histogram: within 1% of a true value."),
    Column("p95_ms", "p95", _MS, 8, "95th percentile of the duration, within 1% of a true value."),
    Column("p99_ms", "p99", _MS, 8, "99th percentile of the duration, within 1% of a true value."),
    Column("max_ms", "Max", _MS, 8, "Longest duration."),
    Column("avg_ms", "Avg", _MS, 8, "Mean duration of the invocations with a REPORT."),
    Column("billed_ms", "Billed", _MS, 8, "Billed duration, summed over the rows' invocations."),
    Column("gb_seconds", "GB-s", Kind.GB_SECONDS, 9, "Billed seconds times configured GB; a GB is 1,024 MB."),
    Column("extension_ms", "Ext", _MS, 8, "How long extensions went on after the function had answered, in all."),
    Column("max_memory_mb", "MaxMem", _MB, 8, "Most memory that an invocation used, MB."),
    Column("cost_usd", "Cost", _USD, 10, "List price of the usage in the range: requests and duration, no free tier."),
    Column(
        "projected_usd",
        "Month",
        _USD,
        10,
        "Projected list price of the whole calendar month, before any free tier.",
    ),
    Column(
        "logs_usd",
        "Logs",
        _USD,
        10,
        "List price of the bytes that came into the function's own log group, no free tier; unknown where CloudWatch's "
        "count of them was not collected.",
    ),
    Column("last_seen", "Last seen", Kind.TIME, 19, "Start of the newest invocation in the range."),
    Column(
        "freshness",
        "Fresh",
        _T,
        9,
        "How old the newest that is known of it is: fresh, or its age; stale where a collection that was due has "
        "not come.",
    ),
    Column(
        "data_until",
        "Data until",
        Kind.TIME,
        19,
        "Until when all of it was collected; its newest invocation where no collection says so.",
    ),
    Column("basis", "Basis", _T, 9, "Where the figures come from: billed (REPORT), insights or estimated."),
    Column("coverage", "Cover", Kind.RATIO, 6, "REPORTs seen divided by invocations counted."),
    # One invocation
    Column("request_id", "Request id", _T, 36, "The request id; the attempts of one event share it."),
    Column("started_at", "Started", Kind.TIME, 19, "When the invocation began."),
    Column("attempt", "Att", _C, 3, "1 for the first try; retries of the same event count up."),
    Column("status", "Status", _T, 13, "ok, error, timeout, out_of_memory, init_error or unknown."),
    Column("cold_start", "Cold", Kind.FLAG, 4, "Whether a new environment was made for it; unknown without a REPORT."),
    Column("duration_ms", "Duration", _MS, 9, "Duration of the handler, as REPORT prints it."),
    Column("init_ms", "Init", _MS, 8, "Init duration of a cold start."),
    Column("restore_ms", "Restore", _MS, 8, "Restore duration of a SnapStart function."),
    Column("error_type", "Error", _T, 24, "The error's type, as the runtime names it."),
    Column("log_stream", "Log stream", _T, 40, "The log stream: one execution environment."),
    Column("trace_id", "Trace id", _T, 35, "The X-Ray trace id."),
    # Errors, logs, throttles
    Column("message", "Message", _T, 60, "The text, as the function wrote it."),
    Column("fingerprint", "Fingerprint", _T, 16, "What is one error: its text without what differs each time."),
    Column("family", "Family", _T, 16, "What errors share that differ in one value: a path, a host, a code, a name."),
    Column("count", "Count", _C, 7, "How often."),
    Column("first_seen", "First seen", Kind.TIME, 19, "First occurrence that the store holds, also before the range."),
    Column("sample_request_id", "Sample request", _T, 36, "A request that failed so."),
    Column("timestamp", "Time", Kind.TIME, 23, "When the line was written."),
    Column("concurrency", "Conc", _C, 6, "Most concurrent executions in the range (metric ConcurrentExecutions)."),
    Column("throttle_rate", "Throt%", Kind.RATIO, 6, "Throttles divided by invocations and throttles."),
    Column("last_throttle", "Last throttle", Kind.TIME, 19, "Start of the newest period with throttles."),
    # Alarms, metrics, configuration, collections
    Column("alarm", "Alarm", _T, 30, "The alarm's name."),
    Column("alarm_state", "State", _T, 17, "ALARM, INSUFFICIENT_DATA or OK, as AWS says it."),
    Column("alarm_kind", "Kind", _T, 9, "metric, or composite: an alarm over alarms."),
    Column("since", "Since", Kind.TIME, 19, "Since when it has been so."),
    Column("condition", "Condition", _T, 40, "What the alarm waits for."),
    Column("changes", "Changes", _C, 7, "How often the alarm changed its state in the range."),
    Column(
        "reason",
        "Reason",
        _T,
        60,
        "Why: of an alarm as AWS says it; of a difference as far as the figures tell.",
    ),
    Column("metric", "Metric", _T, 30, "The CloudWatch metric; with the event source mapping it is of."),
    Column("namespace", "Namespace", _T, 16, "The metric's CloudWatch namespace."),
    Column(
        "dimensions",
        "Dimensions",
        _T,
        30,
        "The dimensions of a metric that log lines carry (EMF); name=* is one with too many values to keep apart.",
    ),
    Column("stat", "Stat", _T, 8, "Sum, Maximum, or a percentile of each period; of log lines' metrics all of them."),
    Column(
        "value",
        "Value",
        Kind.QUANTITY,
        12,
        "The sum of sums; of all else the worst period. Of metrics in log lines: the statistic over the range.",
    ),
    Column("peak", "Peak", Kind.QUANTITY, 12, "The largest period."),
    Column("points", "Points", _C, 7, "Periods that had a value; without one they are absent, not zero."),
    Column("last_point", "Last point", Kind.TIME, 19, "Start of the newest period that had a value."),
    Column("kind", "Kind", _T, 13, "What the setting belongs to: function, alias, event source and so on."),
    Column("item", "Item", _T, 20, "Which one, where a function has several."),
    Column("setting", "Setting", _T, 22, "The setting's name."),
    Column("value_text", "Value", _T, 40, "The value in force."),
    Column("changed_at", "Changed", Kind.TIME, 19, "When it changed, or was first seen changed."),
    Column("was", "Was", _T, 24, "The value before."),
    Column("became", "Became", _T, 24, "The value since; nothing where the setting is gone."),
    Column("source", "Source", _T, 40, "Where it was collected or imported from."),
    Column("took_s", "Took", Kind.SECONDS, 7, "How long it took, seconds."),
    Column("events", "Events", _C, 9, "Log events read."),
    Column("duplicates", "Known", _C, 9, "Log events of these that were known already."),
    Column("rejected", "Rejected", _C, 8, "What looked like something to read and could not be."),
    Column("older_than_pruned", "Too old", _C, 8, "Log events older than what was pruned of their function: not kept."),
    Column("metrics_asked", "Metrics", _C, 8, "Metrics asked for, which are billed."),
    Column("bytes_scanned", "Scanned", _C, 9, "Bytes that Logs Insights scanned, which are billed."),
    Column("action", "IAM action", _T, 34, "The permission that is missing."),
    Column("purpose", "Needed for", _T, 30, "What it is for."),
    Column("lacks", "What lacks it", _T, 40, "The parts that could not be had without it."),
    Column("denied_at", "Last denied", Kind.TIME, 19, "The newest collection that was denied it."),
    Column("statement", "Statement", _T, 60, "The IAM policy statement that allows it."),
    Column("failures", "Failed", _T, 60, "What could not be had, and why."),
    Column("log_ways", "Logs read by", _T, 60, "How each log group was read, and why."),
    Column("trend", "Trend", Kind.TREND, 8, "How often over the range, in equal parts of it, the first one left."),
    Column("trouble", "Trouble", _T, 16, "Why the function is in trouble: errors, throttles, limits, what is overdue."),
    Column("limit_used", "Limit%", Kind.RATIO, 6, "Peak concurrency beside the limit of the function or account."),
    Column(
        "novelty",
        "Since",
        _T,
        9,
        "new in the range or since the function's last deploy; regressed: absent before that deploy or at least "
        "twice as frequent since; gone since it; else by days with calls: growing, back, gone or known.",
    ),
    Column("evidence", "Evidence", _T, 60, "The counts that it rests on."),
    Column("deployed_at", "Deployed", Kind.TIME, 19, "When the function was deployed last before the range's end."),
    Column("deploy", "Deploy", _T, 40, "What that deploy changed."),
    Column("limit", "Limit", _C, 6, "The concurrency limit that applies: reserved, else the account's."),
    Column("limited_by", "Limit of", _T, 8, "Whose limit it is: reserved, account, or unknown."),
    Column("headroom", "Room", Kind.RATIO, 6, "The share of the limit that the peak left free."),
    Column("saturation", "Full by", Kind.TIME, 19, "When the trend of the daily peaks reaches the limit."),
    # Patterns of log lines
    Column("pattern", "Pattern", _T, 8, "The pattern's name: the same wherever the pattern is the same."),
    Column("template", "Lines like", _T, 60, "The lines' common text; <*> stands for what differs."),
    Column("functions", "Funcs", _C, 5, "How many functions write such lines."),
    Column("bytes", "Bytes", _C, 9, "Bytes of the lines' UTF-8, without the 26 that AWS adds for each event."),
    Column(
        "ingestion_usd",
        "Ingest",
        _USD,
        10,
        "List price of ingesting the lines, 26 bytes for each event included, at the rate of the log group's class.",
    ),
    Column("example", "Example", _T, 60, "One of the lines."),
    # Comparing
    Column("figure", "Figure", _T, 22, "What is compared."),
    Column("one", "First", _T, 19, "The first one's."),
    Column("other", "Second", _T, 19, "The second one's."),
    Column("ratio", "Second/First", _T, 12, "The second divided by the first."),
    Column("took_ms", "Took", _MS, 8, "How long the collection ran."),
    Column("dlq", "Dead letters", _T, 24, "Where failed events go: a dead-letter queue or a destination."),
    Column("sources", "Event sources", _T, 24, "What invokes the function by event source mappings."),
    Column("aliases", "Aliases", _T, 16, "Aliases and the versions that they point to."),
    Column("retention_days", "Logs kept", _C, 9, "Days that the log group keeps; unknown where it was not collected."),
    Column(
        "function_state", "State", _T, 12, "How the function stands, and why; n/a where AWS was not allowed to tell."
    ),
    Column("last_update", "Last update", _T, 14, "How its last update went, and why."),
    # Durable executions
    Column("execution", "Execution", _T, 36, "The name of a durable execution."),
    Column("execution_status", "Status", _T, 10, "How a durable execution stands, in AWS's words."),
    Column("version", "Version", _T, 8, "The version of the function that ran it."),
    Column("execution_arn", "ARN", _T, 60, "The execution's ARN."),
    Column("ended_at", "Ended", Kind.TIME, 19, "When it ended; unknown while it goes on."),
    Column("age_ms", "Age", _MS, 8, "From its start to its end, or to now."),
    Column("steps", "Steps", _C, 6, "Steps that succeeded; unknown where no history was read."),
    Column("retries", "Retries", _C, 7, "Attempts of steps that failed and were tried again."),
    Column("waits", "Waits", _C, 6, "Waits that began."),
    Column("waiting", "Waiting", _C, 7, "Waits that have not ended."),
    Column("callbacks", "Callbacks", _C, 9, "Callbacks that were waited for."),
    Column("history", "History", _T, 8, "whole, partial (it goes on), gone (AWS keeps none); unknown: not read yet."),
    Column("event_id", "Event", _C, 6, "The event's number in the history."),
    Column("happened_at", "When", Kind.TIME, 19, "When an event of a durable execution happened."),
    Column("event", "What", _T, 24, "What happened, in AWS's words."),
    Column("operation", "Operation", _T, 24, "The step, wait, callback or invocation, by its name."),
    Column("operation_id", "Operation id", _T, 16, "The operation's id, the same in all of its events."),
    Column("retry_s", "Retry in", Kind.SECONDS, 8, "After how many seconds a failed step is tried again."),
    Column("waits_s", "Lasts", Kind.SECONDS, 8, "How long a wait lasts or a callback may take, seconds."),
    Column("payload_bytes", "Payload", _C, 10, "Bytes of what came in or out; the payload itself is not kept."),
    # Doctor
    Column("check", "Check", _T, 12, "What was looked at."),
    Column("state", "State", _T, 5, "ok, warn, fail, or not tried: of that nobody knows."),
    Column("found", "Found", _T, 60, "What was found."),
    Column("advice", "What to do", _T, 60, "What to do about it."),
    # Money
    Column("dimension", "Dimension", _T, 22, "What is charged: requests, duration and so on."),
    Column("group", "Group", _T, 24, "What the costs are summed by."),
    Column("share", "Share", Kind.RATIO, 6, "The part of the sum."),
    Column("requests", "Requests", _C, 9, "Requests billed; of a collection, those sent to AWS."),
    Column("lines", "Lines", _C, 5, "Lines of the bill."),
    Column("quantity", "Quantity", Kind.QUANTITY, 14, "Units used."),
    Column("unit", "Unit", _T, 10, "What a quantity counts."),
    Column("free", "Free", Kind.QUANTITY, 14, "Units that the free tier covers."),
    Column("billable", "Billable", Kind.QUANTITY, 14, "Units that are charged."),
    Column("rate", "Rate", _USD, 14, "USD for one unit."),
    Column("amount", "Amount", _USD, 12, "USD for the billable units."),
    Column("day", "Day", _T, 10, "The UTC day; empty for the whole span."),
    Column("aws_quantity", "AWS quantity", Kind.QUANTITY, 14, "Units on AWS's bill."),
    Column("aws_amount", "AWS", _USD, 12, "What was paid to AWS, commitments' share included."),
    Column("aws_list", "AWS list", _USD, 12, "The usage on AWS's bill at AWS's public price."),
    Column("aws_net", "AWS net", _USD, 12, "The same after discounts."),
    Column("aws_effective", "AWS eff", _USD, 12, "The same with commitments at their price (amortized)."),
    Column("verdict", "Verdict", _T, 16, "What the comparison comes to, in one of a few words."),
    Column("difference", "Difference", _USD, 12, "AWS's amount less ours."),
    Column("currency", "Cur", _T, 3, "The currency of the amounts."),
    Column("change", "What if", _T, 34, "What would be changed."),
    Column("now_usd", "Now", _USD, 10, "What it costs a month as it is, at list price before the free tier."),
    Column("then_usd", "Then", _USD, 10, "What it would cost a month at most; unknown where no saving is claimed."),
    Column(
        "saves_usd",
        "Saves",
        _USD,
        10,
        "USD a month that the change saves at least, at list price before the free tier; negative: it costs more.",
    ),
    Column("saves_low_usd", "Least", _USD, 10, "The lower end of what it saves a month: 8 of 10 lie in the range."),
    Column("saves_mid_usd", "Middle", _USD, 10, "The middle of what it saves a month."),
    Column("saves_high_usd", "Most", _USD, 10, "The upper end of what it saves a month."),
    Column("unknown", "Unknown", _T, 40, "What the range leaves open."),
    Column("command", "Command", _T, 60, "The AWS command that makes the change."),
    Column("confidence", "Sure", _T, 6, "high: arithmetic on billed usage; medium: an assumption; low: several."),
    Column("arithmetic", "Arithmetic", _T, 60, "How the saving is computed, and what is assumed."),
)
COLUMNS: dict[str, Column] = {column.id: column for column in REGISTRY}


def columns(*ids: str) -> tuple[Column, ...]:
    """The registry's columns of these ids, in this order."""
    return tuple(COLUMNS[name] for name in ids)


def column_named(name: str, among: tuple[Column, ...]) -> Column:
    """The column of that id, dashes and case forgiven. Raises ``UnknownColumn``."""
    wanted = name.strip().lower().replace("-", "_")
    by_id = {column.id: column for column in among}
    if name.strip() in by_id:  # a field of log lines, .orderId
        return by_id[name.strip()]
    if wanted in by_id:
        return by_id[wanted]
    by_title = {column.title.lower(): column.id for column in among}
    from difflib import get_close_matches

    near = get_close_matches(wanted, [*by_id, *by_title], n=1, cutoff=0.5)
    hint = f"did you mean {by_title.get(near[0], near[0])}?" if near else f"there are: {', '.join(by_id)}"
    raise UnknownColumn(f"no column {name!r}; {hint}")
