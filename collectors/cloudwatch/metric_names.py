"""Lambda's metrics by name: what they count, which statistics are worth asking for, and whose they are.

Source: Lambda Developer Guide, "Types of metrics for Lambda functions". Every statistic asked for is billed.
"""

from dataclasses import dataclass

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
OF_ACTIVE = ("Errors", "Duration", "ConcurrentExecutions")
OF_ACCOUNT = ("ConcurrentExecutions", "UnreservedConcurrentExecutions", "ClaimedAccountConcurrency")
# Asked where the configuration says that there may be any.
OF_ASYNC = (
    "AsyncEventsReceived", "AsyncEventsDropped", "AsyncEventAge", "DeadLetterErrors", "DestinationDeliveryFailures"
)  # fmt: skip
OF_PROVISIONED = (
    "ProvisionedConcurrencyInvocations", "ProvisionedConcurrencySpilloverInvocations",
    "ProvisionedConcurrentExecutions", "ProvisionedConcurrencyUtilization",
)  # fmt: skip
OF_STREAMS = ("IteratorAge",)
OF_KAFKA = ("OffsetLag",)
OF_MANAGED = ("CPUThrottles", "MemoryThrottles", "DiskThrottles", "ConcurrencyThrottles")
OF_MAPPING_COUNTS = (
    "PolledEventCount", "FilteredOutEventCount", "InvokedEventCount", "FailedInvokeEventCount", "DroppedEventCount",
    "OnFailureDestinationDeliveredEventCount", "DeletedEventCount",
)  # fmt: skip
