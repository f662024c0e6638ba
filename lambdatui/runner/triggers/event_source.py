"""Event sources: what the Lambda API's event source mappings poll.

AWS Lambda API Reference, "CreateEventSourceMapping"; Lambda Developer Guide, "How Lambda processes records from
stream and queue-based event sources".
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from lambdatui.runner.errors import constraint, invalid
from lambdatui.runner.queue import destinations
from lambdatui.runner.triggers.base import (
    MAPPINGS_PATH,
    TRIGGERS,
    Document,
    Option,
    OptionKind,
    Stop,
    Trigger,
    TriggerHost,
)
from lambdatui.runner.triggers.event_filters import Filters
from lambdatui.runner.triggers.event_patterns import EventFilterError

_COMMON_FIELDS = ("BatchSize", "MaximumBatchingWindowInSeconds", "FilterCriteria")
SOURCE = "source_arn"
"""The name of the option ``--source``, which all event sources share."""


class EventSource(Trigger):
    """A kind of queue or stream that is polled for records; a mapping's ARN says which kind it is."""

    service: ClassVar[str]
    """The service in the ARNs of this kind, such as ``sqs``."""

    title: ClassVar[str]
    """The name of one such source, such as ``SQS queue``; with an ``s`` the plural."""

    fields: ClassVar[tuple[str, ...]] = ()
    """Fields of CreateEventSourceMapping that this kind uses, besides those of every event source."""

    default_records: ClassVar[int]
    """``BatchSize`` where none is given."""

    own_options: ClassVar[tuple[Option, ...]] = ()
    """Options of the command line, besides those of every event source."""

    @property
    def options(self) -> tuple[Option, ...]:  # type: ignore[override]
        """The options of every event source, then its own."""
        return (*_common_options(), *self.own_options)

    def request(self, function: str, values: Mapping[str, Any]) -> tuple[str, Document]:
        """The request CreateEventSourceMapping, with the fields of ``own_fields``."""
        document: Document = {"FunctionName": function, "EventSourceArn": values[SOURCE]}
        if values["batch_size"] is not None:
            document["BatchSize"] = values["batch_size"]
        if values["window_s"] is not None:
            document["MaximumBatchingWindowInSeconds"] = values["window_s"]
        if values["partial"]:
            document["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
        return MAPPINGS_PATH, document | self.own_fields(values)

    def own_fields(self, values: Mapping[str, Any]) -> Document:
        """The fields that its own options ask for."""
        return {}

    @abstractmethod
    def most_records(self, arn: str) -> int:
        """The largest ``BatchSize`` of the source with this ARN."""

    def check(self, document: Document) -> None:
        """Raise ApiError when a mapping's settings are not allowed for this kind of source."""

    @abstractmethod
    def start(self, trigger_id: str, document: Document, host: TriggerHost) -> Stop:
        """Poll the source of a mapping from now on.

        ``document`` is the mapping, whose ``UUID`` is the id; this kind of source may change its
        ``LastProcessingResult``, and fields that begin with ``_``.
        """


def event_sources() -> list[EventSource]:
    """Every kind of event source."""
    return [trigger for trigger in TRIGGERS if isinstance(trigger, EventSource)]


def event_source_of(arn: str) -> EventSource:
    """The kind of source that has this ARN. Raises ApiError when none has."""
    parts = arn.split(":")
    service = parts[2] if len(parts) > 5 else ""
    for source in event_sources():
        if source.service == service:
            return source
    polled = " and ".join(dict.fromkeys(f"{source.title}s" for source in event_sources()))
    raise invalid(f"Unrecognized event source: {arn}. This runner polls {polled}")


def mapping_settings(request: Document, arn: str) -> Document:
    """The settings of an event source mapping, with defaults. Raises ApiError when one is not allowed."""
    source = event_source_of(arn)
    settings = {field: request[field] for field in _all_fields() if request.get(field) is not None}
    most = source.most_records(arn)
    records = settings.setdefault("BatchSize", source.default_records)
    if not 1 <= records <= most:
        raise constraint(records, "batchSize", f"Member must have value less than or equal to {most}")
    window_s = settings.setdefault("MaximumBatchingWindowInSeconds", 0)
    if not 0 <= window_s <= 300:
        raise constraint(window_s, "maximumBatchingWindowInSeconds", "Member must have value less than or equal to 300")
    source.check(settings)
    concurrency = (settings.get("ScalingConfig") or {}).get("MaximumConcurrency")
    if concurrency is not None and not 2 <= concurrency <= 1000:
        raise constraint(concurrency, "scalingConfig.maximumConcurrency", "Member must have value between 2 and 1000")
    for response_type in settings.get("FunctionResponseTypes") or ():
        if response_type != "ReportBatchItemFailures":
            raise constraint(
                response_type, "functionResponseTypes", "Member must satisfy enum value set: [ReportBatchItemFailures]"
            )
    try:
        Filters(settings.get("FilterCriteria"))
    except EventFilterError as error:
        raise invalid(f"Invalid filter pattern definition: {error}") from error
    if target := ((settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination"):
        destinations.check_target(target)
    return settings


def _all_fields() -> list[str]:
    """The fields that any kind of source uses; a mapping stores all of them, and ignores those of other kinds."""
    names = [*_COMMON_FIELDS, *(field for source in event_sources() for field in source.fields)]
    return list(dict.fromkeys(names))


def _common_options() -> tuple[Option, ...]:
    titles = " or a ".join(source.title for source in event_sources())
    return (
        Option("source", f"An {titles}.", metavar="ARN", parameter=SOURCE),
        Option("batch-size", "Records at once.", OptionKind.NUMBER, 1, 10_000),
        Option("window-s", "How long a batch may wait to be full.", OptionKind.NUMBER, 0, 300),
        Option("partial", "The function reports the failures of a batch item by item.", OptionKind.FLAG),
    )
