"""Lambda's metrics by name: what they count, which statistics are worth asking for, and whose they are.

Source: Lambda Developer Guide, "Types of metrics for Lambda functions". Every statistic asked for is billed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from collectors.model.account import Setting

FUNCTION, ACCOUNT, MAPPING, CAPACITY = "function", "account", "event source mapping", "capacity provider"
SUM, MAX = "Sum", "Maximum"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of AWS/Lambda. ``of`` is the dimension it is read by; ``group`` the documentation's."""

    name: str
    unit: str
    stats: tuple[str, ...]
    of: str = FUNCTION
    group: str = "invocation"


def _counts(group: str, of: str, *names: str) -> tuple[Metric, ...]:
    return tuple(Metric(name, "Count", (SUM,), of, group) for name in names)


def _peaks(group: str, of: str, unit: str, *names: str) -> tuple[Metric, ...]:
    return tuple(Metric(name, unit, (MAX,), of, group) for name in names)


ALL = (
    *_counts(
        "invocation", FUNCTION, "Invocations", "Errors", "Throttles", "DeadLetterErrors",
        "DestinationDeliveryFailures", "ProvisionedConcurrencyInvocations",
        "ProvisionedConcurrencySpilloverInvocations", "RecursiveInvocationsDropped", "OversizedRecordCount",
    ),
    *_counts("deployment", FUNCTION, "SignatureValidationErrors"),
    *_counts("throttle reason", FUNCTION, "CPUThrottles", "MemoryThrottles", "DiskThrottles", "ConcurrencyThrottles"),
    Metric("Duration", "Milliseconds", ("p50", "p95", "p99", MAX, SUM), FUNCTION, "performance"),
    Metric("PostRuntimeExtensionsDuration", "Milliseconds", (MAX,), FUNCTION, "performance"),
    Metric("IteratorAge", "Milliseconds", (MAX,), FUNCTION, "performance"),
    Metric("OffsetLag", "Count", (MAX,), FUNCTION, "performance"),
    *_peaks("concurrency", FUNCTION, "Count", "ConcurrentExecutions", "ProvisionedConcurrentExecutions"),
    Metric("ProvisionedConcurrencyUtilization", "None", (MAX,), FUNCTION, "concurrency"),
    *_peaks("concurrency", ACCOUNT, "Count", "UnreservedConcurrentExecutions", "ClaimedAccountConcurrency"),
    *_counts("asynchronous", FUNCTION, "AsyncEventsReceived", "AsyncEventsDropped"),
    Metric("AsyncEventAge", "Milliseconds", (MAX,), FUNCTION, "asynchronous"),
    *_counts(
        "event source", MAPPING, "PolledEventCount", "FilteredOutEventCount", "InvokedEventCount",
        "FailedInvokeEventCount", "DroppedEventCount", "OnFailureDestinationDeliveredEventCount",
        "DeletedEventCount", "CommittedEventCount", "PollingErrorCount", "InvokeErrorCount",
        "OnFailureDestinationDeliveryErrorCount", "SchemaRegistryErrorCount", "CommitErrorCount",
    ),
    *_peaks("event source", MAPPING, "Count", "MaxOffsetLag", "SumOffsetLag", "ProvisionedPollers"),
    *_counts("event source", MAPPING, "EventPollerUnit"),
    Metric("EventPollerThroughputInBytes", "Bytes", (SUM,), MAPPING, "event source"),
    *_peaks("managed instances", CAPACITY, "Percent", "CPUUtilization", "MemoryUtilization"),
    *_peaks("managed instances", CAPACITY, "Count", "vCPUAvailable", "vCPUAllocated"),
    *_peaks("managed instances", CAPACITY, "Bytes", "MemoryAvailable", "MemoryAllocated"),
    *_peaks(
        "execution environments", CAPACITY, "Count", "ExecutionEnvironmentConcurrency",
        "ExecutionEnvironmentConcurrencyLimit",
    ),
    *_peaks(
        "execution environments", CAPACITY, "Percent", "ExecutionEnvironmentCPUUtilization",
        "ExecutionEnvironmentMemoryUtilization",
    ),
)  # fmt: skip
METRICS = {metric.name: metric for metric in ALL}

# Asked for every function: one that is only throttled has no invocations.
OF_ALL = ("Invocations", "Throttles")
OF_ACCOUNT = ("ConcurrentExecutions", "UnreservedConcurrentExecutions", "ClaimedAccountConcurrency")
# Of a capacity provider, by its name; of its functions, by both names.
OF_CAPACITY = (
    "CPUUtilization", "MemoryUtilization", "vCPUAvailable", "vCPUAllocated", "MemoryAvailable", "MemoryAllocated"
)  # fmt: skip
OF_ENVIRONMENTS = (
    "ExecutionEnvironmentConcurrency", "ExecutionEnvironmentConcurrencyLimit", "ExecutionEnvironmentCPUUtilization",
    "ExecutionEnvironmentMemoryUtilization",
)  # fmt: skip

SQS, KINESIS, DYNAMODB, KAFKA, DOCUMENTDB, MQ = "sqs", "kinesis", "dynamodb", "kafka", "documentdb", "mq"
_SERVICES = {"rds": DOCUMENTDB}  # DocumentDB's ARNs are RDS's
_STREAMS = (KINESIS, DYNAMODB)
_AGED = (*_STREAMS, DOCUMENTDB)


def source_kind(source: object) -> str:
    """What a mapping reads from, by its ARN; a Kafka of one's own has none and names its servers. Empty: not known."""
    text = str(source or "")
    if text.upper().startswith("KAFKA"):
        return KAFKA
    service = [*text.split(":"), "", "", ""][2]
    return _SERVICES.get(service, service)


@dataclass(frozen=True, slots=True)
class MetricConditions:
    """What decides which metrics a function can have, as far as it is known.

    ``settings`` are the function's own, its dead-letter queue among them; ``sources`` those of its event source
    mappings. ``destinations``: some of its asynchronous events have a destination. ``invoked_async``: it is configured
    for asynchronous events, or a service that sends them may invoke it.
    """

    settings: Mapping[str, Setting] = field(default_factory=dict)
    sources: Sequence[Mapping[str, Setting]] = ()
    destinations: bool = False
    invoked_async: bool = False
    recursive_loop: Setting = None
    provisioned: bool = False
    untrusted_code: Setting = None

    def reads(self, *kinds: str) -> bool:
        """Whether one of the function's sources is of these kinds."""
        return any(source_kind(one.get("source")) in kinds for one in self.sources)

    def stream_destination(self) -> bool:
        """Whether a stream's failed batches have a destination."""
        return any(one.get("on_failure") and source_kind(one.get("source")) in _STREAMS for one in self.sources)


@dataclass(frozen=True, slots=True)
class FunctionRule:
    """Metrics that an active function is asked for, where ``when`` says that it can have them."""

    names: tuple[str, ...]
    when: Callable[[MetricConditions], bool] = lambda _: True


# Lambda Developer Guide, "Types of metrics for Lambda functions", says of each when it is emitted.
FUNCTION_RULES = (
    FunctionRule(("Errors", "Duration", "ConcurrentExecutions")),
    # Anybody may invoke any function asynchronously, and functions alone can make a loop.
    FunctionRule(("AsyncEventsDropped",)),
    FunctionRule(("RecursiveInvocationsDropped",), lambda one: one.recursive_loop != "Allow"),
    FunctionRule(
        ("AsyncEventsReceived", "AsyncEventAge"), lambda one: one.invoked_async or bool(one.settings.get("dead_letter"))
    ),
    FunctionRule(("DeadLetterErrors",), lambda one: bool(one.settings.get("dead_letter"))),
    FunctionRule(("DestinationDeliveryFailures",), lambda one: one.destinations or one.stream_destination()),
    FunctionRule(("IteratorAge",), lambda one: one.reads(*_AGED)),
    FunctionRule(("OffsetLag",), lambda one: one.reads(KAFKA)),
    FunctionRule(("OversizedRecordCount",), lambda one: one.reads(DOCUMENTDB)),
    FunctionRule(
        (
            "ProvisionedConcurrencyInvocations", "ProvisionedConcurrencySpilloverInvocations",
            "ProvisionedConcurrentExecutions", "ProvisionedConcurrencyUtilization",
        ),
        lambda one: one.provisioned,
    ),
    FunctionRule(
        ("CPUThrottles", "MemoryThrottles", "DiskThrottles", "ConcurrencyThrottles"),
        lambda one: bool(one.settings.get("capacity_provider")),
    ),
    FunctionRule(("SignatureValidationErrors",), lambda one: one.untrusted_code == "Warn"),
)  # fmt: skip


def of_active(one: MetricConditions) -> tuple[str, ...]:
    """The metrics, by function name, that are asked for a function that ran."""
    return tuple(name for rule in FUNCTION_RULES if rule.when(one) for name in rule.names)


def capacity_provider(settings: Mapping[str, Setting]) -> str:
    """The name of the capacity provider that a function runs on; empty where it runs on Lambda's own."""
    return str(settings.get("capacity_provider") or "").rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class MappingRule:
    """Metrics of an event source mapping: which of its ``MetricsConfig`` groups they need (empty: none), and what else.

    ``kinds`` are the sources that have them; all where empty. A source whose kind is not known may be any.
    """

    names: tuple[str, ...]
    group: str = ""
    kinds: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()  # settings, one of which the mapping has

    def holds(self, mapping: Mapping[str, Setting]) -> bool:
        """Whether an event source mapping with these settings can have the metrics."""
        kind = source_kind(mapping.get("source"))
        return (
            (not self.group or self.group in str(mapping.get("metrics") or "").split(","))
            and (not self.kinds or not kind or kind in self.kinds)
            and (not self.needs or any(mapping.get(name) for name in self.needs))
        )


_POLLERS = ("minimum_pollers", "maximum_pollers", "poller_group")
MAPPING_RULES = (
    MappingRule(("PolledEventCount", "InvokedEventCount", "FailedInvokeEventCount"), "EventCount"),
    MappingRule(("FilteredOutEventCount",), "EventCount", needs=("filters", "filters_error")),
    MappingRule(("DroppedEventCount",), "EventCount", (*_STREAMS, KAFKA)),
    MappingRule(("OnFailureDestinationDeliveredEventCount",), "EventCount", (*_STREAMS, KAFKA), ("on_failure",)),
    MappingRule(("DeletedEventCount",), "EventCount", (SQS,)),
    MappingRule(("CommittedEventCount",), "EventCount", (KAFKA,)),
    MappingRule(("PollingErrorCount", "InvokeErrorCount", "CommitErrorCount"), "ErrorCount", (KAFKA,)),
    MappingRule(("OnFailureDestinationDeliveryErrorCount",), "ErrorCount", (KAFKA,), ("on_failure",)),
    MappingRule(("SchemaRegistryErrorCount",), "ErrorCount", (KAFKA,), ("schema_registry",)),
    MappingRule(("MaxOffsetLag", "SumOffsetLag"), "KafkaMetrics", (KAFKA,)),
    MappingRule(("ProvisionedPollers",), needs=_POLLERS),
    MappingRule(("EventPollerUnit", "EventPollerThroughputInBytes"), kinds=(KAFKA,), needs=_POLLERS),
)


def of_mapping(mapping: Mapping[str, Setting]) -> tuple[str, ...]:
    """The metrics, by the mapping's UUID, that an event source mapping with these settings can have."""
    return tuple(name for rule in MAPPING_RULES if rule.holds(mapping) for name in rule.names)
