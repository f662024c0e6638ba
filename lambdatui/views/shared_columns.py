"""Columns that several rows have: each is the same in all of them. Imported before the first frame: light."""

from lambdatui.views.columns import Column, Kind
from lambdatui.views.fleet_health import short_reasons
from lambdatui.views.tones import cold_if_any, error_if_any, growth_tone, novelty_tone, quiet_if_none

FUNCTION = Column("Function", Kind.TEXT, 30, "The function's name.", tone="name")
ACCOUNT = Column("Account", Kind.TEXT, 12, "The AWS account, where the source says.", tone="quiet")
REGION = Column("Region", Kind.TEXT, 14, "The AWS region, where the source says.", tone="quiet")
RUNTIME = Column("Runtime", Kind.TEXT, 12, "The runtime's identifier, such as python3.13.", tone="quiet")
ARCH = Column("Arch", Kind.TEXT, 6, "x86_64 or arm64; x86_64 is assumed for prices where it is unknown.", tone="quiet")
MEMORY_MB = Column("Memory", Kind.MB, 8, "Configured memory, MB; as REPORT printed it last, or as configured.")
TIMEOUT_S = Column("Timeout", Kind.SECONDS, 7, "Configured timeout, seconds.")
TAGS = Column("Tags", Kind.TAGS, 24, "The function's tags, as they were collected last; unknown where denied.")
INVOCATIONS = Column(
    "Invoked",
    Kind.COUNT,
    8,
    "Invocations, each attempt counted: metric or logs, whichever saw more.",
    tone=quiet_if_none,
)
ERRORS = Column("Errors", Kind.COUNT, 7, "Failed invocations of every kind, timeouts included.", tone=error_if_any)
ERROR_RATE = Column("Error %", Kind.RATIO, 8, "Errors divided by invocations.", tone=error_if_any)
TIMEOUTS = Column("Timeouts", Kind.COUNT, 9, "Invocations that ran into the timeout.", tone=error_if_any)
THROTTLES = Column(
    "Throttles",
    Kind.COUNT,
    10,
    "Rejected requests (metric Throttles); unknown where no metric was collected.",
    tone=error_if_any,
)
COLD_STARTS = Column("Cold", Kind.COUNT, 6, "Invocations whose REPORT shows an init duration.", tone=cold_if_any)
P50_MS = Column("p50", Kind.MS, 7, "Median duration, from a histogram: within 1% of a true value.")
P95_MS = Column("p95", Kind.MS, 7, "95th percentile of the duration, within 1% of a true value.")
P99_MS = Column("p99", Kind.MS, 7, "99th percentile of the duration, within 1% of a true value.")
MAX_MS = Column("Max", Kind.MS, 7, "Longest duration.")
BILLED_MS = Column("Billed", Kind.MS, 8, "Billed duration, summed over the rows' invocations.")
GB_SECONDS = Column("GB-s", Kind.GB_SECONDS, 9, "Billed seconds times configured GB; a GB is 1,024 MB.")
MAX_MEMORY_MB = Column("Peak mem", Kind.MB, 9, "Most memory that an invocation used, MB.")
COST_USD = Column("Cost", Kind.USD, 9, "List price of the usage in the range: requests and duration, no free tier.")
LAST_SEEN = Column("Last seen", Kind.TIME, 19, "Start of the newest invocation in the range.", tone="quiet")
BASIS = Column(
    "Basis", Kind.TEXT, 9, "Where the figures come from: billed (REPORT), insights or estimated.", tone="quiet"
)
REQUEST_ID = Column("Request id", Kind.TEXT, 36, "The request id; the attempts of one event share it.", tone="quiet")
STARTED_AT = Column("Started", Kind.TIME, 19, "When the invocation began.", tone="quiet")
ATTEMPT = Column("Try", Kind.COUNT, 3, "1 for the first try; retries of the same event count up.", tone="quiet")
ERROR_TYPE = Column("Error", Kind.TEXT, 24, "The error's type, as the runtime names it.", tone="error")
MESSAGE = Column("Message", Kind.TEXT, 60, "The text, as the function wrote it.")
COUNT = Column("Count", Kind.COUNT, 7, "How often.")
FIRST_SEEN = Column(
    "First seen", Kind.TIME, 19, "First occurrence that the store holds, also before the range.", tone="quiet"
)
SINCE = Column("Since", Kind.TIME, 19, "Since when it has been so.")
REASON = Column("Reason", Kind.TEXT, 60, "Why: of an alarm as AWS says it; of a difference as far as the figures tell.")
KIND = Column("Kind", Kind.TEXT, 13, "What the setting belongs to: function, alias, event source and so on.")
ITEM = Column("Item", Kind.TEXT, 20, "Which one, where a function has several.")
SETTING = Column("Setting", Kind.TEXT, 22, "The setting's name.")
SOURCE = Column("Source", Kind.TEXT, 40, "Where it was collected or imported from.")
ACTION = Column("IAM action", Kind.TEXT, 34, "The permission that is missing.")
STATEMENT = Column("Statement", Kind.TEXT, 60, "The IAM policy statement that allows it.")
TREND = Column(
    "Trend", Kind.TREND, 8, "How often over the range, in equal parts of it, the first one left.", tone="cold"
)
NOVELTY = Column(
    "Since",
    Kind.TEXT,
    9,
    "new in the range or since the function's last deploy; regressed: absent before that deploy or at least twice as "
    "frequent since; gone since it; else by days with calls: growing, back, gone or known.",
    tone=novelty_tone,
)
_BESIDE_BEFORE = (
    "beside the same part of the range before, as a part of what it was: 0.5 is half as much again. new: there was "
    "none at any time before; from 0: none in that range; n/a: not collected then."
)
_BESIDE_WEEK = "the same beside the same weekdays: a week before, or as many weeks as the range is long."
GROUP = Column("Group", Kind.TEXT, 24, "What is summed together.")
FUNCTIONS = Column("Functions", Kind.COUNT, 9, "How many functions.")
FIGURE_NAME = Column("Figure", Kind.TEXT, 22, "What is compared.", tone="name")
INVOCATIONS_CHANGE = Column(
    "Invoked +/-", Kind.CHANGE, 11, f"Invocations {_BESIDE_BEFORE} silent: not invoked any more."
)
INVOCATIONS_WEEK = Column("Invoked +/-wk", Kind.CHANGE, 13, f"Invocations, {_BESIDE_WEEK}")
ERRORS_CHANGE = Column("Errors +/-", Kind.CHANGE, 10, f"Errors {_BESIDE_BEFORE}", tone=growth_tone)
ERRORS_WEEK = Column("Errors +/-wk", Kind.CHANGE, 12, f"Errors, {_BESIDE_WEEK}", tone=growth_tone)
COST_CHANGE = Column("Cost +/-", Kind.CHANGE, 8, f"List price {_BESIDE_BEFORE}", tone=growth_tone)
COST_WEEK = Column("Cost +/-wk", Kind.CHANGE, 10, f"List price, {_BESIDE_WEEK}", tone=growth_tone)
TROUBLE = Column(
    "Trouble",
    Kind.TEXT,
    14,
    "Why the row needs attention, the worst first: errors, throttles, limits, what is overdue.",
    tone="error",
    id="trouble",
    none="",
    shortened=short_reasons,
)
EVIDENCE = Column("Evidence", Kind.TEXT, 60, "The counts that it rests on.")
LIMIT = Column("Limit", Kind.COUNT, 6, "The concurrency limit that applies: reserved, else the account's.")
PATTERN = Column("Pattern", Kind.TEXT, 8, "The pattern's name: the same wherever the pattern is the same.")
TEMPLATE = Column("Lines like", Kind.TEXT, 60, "The lines' common text; <*> stands for what differs.")
FOUND = Column("Found", Kind.TEXT, 60, "What was found.")
ADVICE = Column("What to do", Kind.TEXT, 60, "What to do about it.")
DIMENSION = Column("Dimension", Kind.TEXT, 22, "What is charged: requests, duration and so on.")
SHARE = Column("Share", Kind.RATIO, 6, "The part of the sum.")
REQUESTS = Column("Requests", Kind.COUNT, 9, "Requests billed; of a collection, those sent to AWS.")
QUANTITY = Column("Quantity", Kind.QUANTITY, 14, "Units used.")
UNIT = Column("Unit", Kind.TEXT, 10, "What a quantity counts.")
AMOUNT = Column("Amount", Kind.USD, 12, "USD for the billable units.", tone=quiet_if_none)
PRICED_AMOUNT = Column(AMOUNT.title, AMOUNT.kind, AMOUNT.width, AMOUNT.help, tone=AMOUNT.tone, none="no price")
"""An amount that is not known only where AWS publishes no price."""
CURRENCY = Column("Currency", Kind.TEXT, 8, "The currency of the amounts.")
CHANGE = Column("What if", Kind.TEXT, 34, "What would be changed.")
NOW_USD = Column("Now", Kind.USD, 10, "What it costs a month as it is, at list price before the free tier.")
THEN_USD = Column("Then", Kind.USD, 10, "What it would cost a month at most; unknown where no saving is claimed.")
SAVES_USD = Column(
    "Saves",
    Kind.USD,
    10,
    "USD a month that the change saves at least, at list price before the free tier; negative: it costs more.",
)
SAVES_LOW_USD = Column("Least", Kind.USD, 10, "The lower end of what it saves a month: 8 of 10 lie in the range.")
SAVES_MID_USD = Column("Middle", Kind.USD, 10, "The middle of what it saves a month.")
SAVES_HIGH_USD = Column("Most", Kind.USD, 10, "The upper end of what it saves a month.")
UNKNOWN = Column("Unknown", Kind.TEXT, 40, "What the range leaves open.")
CONFIDENCE = Column("Sure", Kind.TEXT, 6, "high: arithmetic on billed usage; medium: an assumption; low: several.")
ARITHMETIC = Column("Arithmetic", Kind.TEXT, 60, "How the saving is computed, and what is assumed.")
