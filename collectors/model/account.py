"""What a collection knows of an account beside functions, log events and metrics: plain records for the store.

Times are epoch milliseconds, UTC; None is unknown. Amounts of money here are AWS's own words (what it billed, what it
says would be saved), never computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from collectors.model.records import FunctionKey

Setting = str | int | float | bool | None

DEPLOYMENT = "deployment"
"""The kind of ``Configured`` by which a local runner says when it deployed a function last (``at``, epoch ms)."""
TAGS = "tags"
"""The kind of ``Configured`` that holds a function's tags: the settings' names are the tags' keys."""
TAGS_LISTED = ""
"""A setting beside a function's tags: it says that they were listed, even if there are none. AWS has no tag with an
empty key.
"""


def tags_item(account: str, region: str, function: str = "") -> str:
    """The covered item of listed tags (see ``Covered``): those of an account and region, or of one function in it."""
    return f"tags {account} {region} {function}".rstrip()


@dataclass(frozen=True, slots=True)
class Configured:
    """The settings of one thing: a function, or what belongs to it.

    ``kind`` is ``function``, ``concurrency``, ``provisioned``, ``schedule``, ``event source``, ``async``, ``alias``,
    ``version``, ``url``, ``tags`` or ``account``; ``item`` tells several of a kind apart. ``modified_ms`` is when AWS
    says that it was changed last.
    """

    account: str
    region: str
    function: str
    kind: str
    item: str
    settings: Mapping[str, Setting]
    modified_ms: int | None = None


def tags_of(key: FunctionKey, tags: Mapping[str, str], modified_ms: int | None = None) -> Configured:
    """The tags of a function as the settings that the store keeps."""
    settings: Mapping[str, Setting] = {TAGS_LISTED: True, **tags}
    return Configured(key.account, key.region, key.name, TAGS, "", settings, modified_ms)


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything of some ``kinds`` that belongs to functions, as AWS lists it now.

    Whatever the store has of these kinds and functions that is not ``configured`` here is gone. ``functions`` None: all
    functions of the account and region were looked at. ``partial``: some of it could not be read, so nothing counts as
    gone. ``as_of_ms`` is the time of the listing in epoch ms; None: the time of the collection.
    """

    account: str
    region: str
    kinds: tuple[str, ...]
    configured: list[Configured]
    functions: frozenset[str] | None = None
    partial: bool = False
    as_of_ms: int | None = None


@dataclass(frozen=True, slots=True)
class LogGroupFacts:
    """A log group: its class, retention (None: for ever), and the compressed bytes that AWS stores."""

    account: str
    region: str
    name: str
    log_class: str
    retention_days: int | None
    stored_bytes: int | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric or composite alarm as it stands. ``function`` is empty where it watches something else."""

    account: str
    region: str
    name: str
    kind: str
    state: str
    reason: str
    state_since_ms: int | None
    function: str = ""
    metric: str = ""
    stat: str = ""
    period_s: int | None = None
    comparison: str = ""
    threshold: float | None = None
    rule: str = ""
    actions_enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Alarms:
    """All alarms of an account and region: what is not among them is gone, unless they are ``partial``."""

    account: str
    region: str
    alarms: list[Alarm]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """A line of an alarm's history."""

    account: str
    region: str
    name: str
    at_ms: int
    kind: str
    summary: str


@dataclass(frozen=True, slots=True)
class BilledDay:
    """What AWS billed for one usage type and kind of line (``record_type``: Usage, Credit, ...) on one UTC day.

    Amounts are decimals in ``currency``: ``amount`` unblended; ``net_amount`` after discounts and ``amortized_amount``
    with commitments' shares, None where Cost Explorer did not say. ``record_type`` is empty where it was not asked for.
    ``asked_ms`` is when it was asked: what is said of a day replaces what was said of it before.
    """

    account: str
    day_ms: int
    service: str
    usage_type: str
    amount: str
    currency: str
    quantity: str | None
    unit: str
    estimated: bool
    record_type: str = ""
    net_amount: str | None = None
    amortized_amount: str | None = None
    asked_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Compute Optimizer's recommendation for a function's memory. ``saving`` is a decimal amount a month in
    ``currency``.
    """

    account: str
    region: str
    function: str
    version: str
    finding: str
    reasons: str
    memory_mb: int | None
    recommended_mb: int | None
    saving: str | None
    currency: str | None
    refreshed_ms: int | None


@dataclass(frozen=True, slots=True)
class HourAggregate:
    """Logs Insights' sums over the REPORTs of one function in one closed hour.

    ``billed_mb_ms`` is billed ms times configured MB, summed. ``latency`` counts REPORTs by bucket: bucket ``i`` holds
    durations of ``(1.02**(i-1), 1.02**i]`` microseconds, as the store's histograms do.
    """

    account: str
    region: str
    function: str
    start_ms: int
    reports: int
    errors: int
    timeouts: int
    out_of_memory: int
    cold_starts: int
    billed_ms: int
    billed_mb_ms: int
    duration_us: int
    init_us: int
    max_duration_us: int | None
    max_memory_mb: int | None
    memory_mb: int | None
    last_ms: int
    latency: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErrorPattern:
    """A pattern that Logs Insights found among error lines of one hour."""

    account: str
    region: str
    log_group: str
    start_ms: int
    pattern: str
    samples: int
    severity: str


@dataclass(frozen=True, slots=True)
class RunningQuery:
    """A query of Logs Insights that was started and whose answer is not in the store yet. It is stored so that a later
    collection fetches the answer.

    ``kind`` is what the query asks about the hour that begins at ``start_ms``. ``ended``: the query need not be
    remembered any more. ``collection`` is the one that started it, None for the present one.
    """

    account: str
    region: str
    query_id: str
    kind: str
    start_ms: int
    log_groups: tuple[str, ...]
    estimated_bytes: int
    ended: bool = False
    collection: int | None = None


@dataclass(frozen=True, slots=True)
class CallCount:
    """Requests sent for one operation, and the units of it that AWS bills (metrics, bytes, pages, seconds)."""

    operation: str
    requests: int
    units: int


@dataclass(frozen=True, slots=True)
class Choice:
    """How a log group is read (``events``, ``insights``, ``metrics`` or ``idle``) and why. The bytes are estimates."""

    log_group: str
    way: str
    why: str
    log_bytes: int | None


@dataclass(frozen=True, slots=True)
class Covered:
    """A mark: everything of ``item`` in ``[from_ms, to_ms)`` was given before this, and need not be read again."""

    item: str
    from_ms: int
    to_ms: int


Record = LogGroupFacts | AlarmChange | BilledDay | Recommendation | HourAggregate | ErrorPattern | Choice | RunningQuery
