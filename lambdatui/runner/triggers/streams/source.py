"""Streams as event sources: the settings that Kinesis and DynamoDB streams have in common."""

from collections.abc import Mapping
from typing import Any

from lambdatui.runner.errors import invalid
from lambdatui.runner.triggers.base import Document, Option, OptionKind, Stop, TriggerHost
from lambdatui.runner.triggers.event_source import EventSource
from lambdatui.runner.triggers.streams.kind import StreamKind
from lambdatui.runner.triggers.streams.reader import StreamReader


class StreamSource(EventSource, StreamKind):
    """A kind of stream."""

    fields = (
        *("FunctionResponseTypes", "StartingPosition", "StartingPositionTimestamp", "MaximumRetryAttempts"),
        *("MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError", "DestinationConfig", "ParallelizationFactor"),
        "TumblingWindowInSeconds",
    )
    default_records = 100
    own_options = (Option("from-start", "A stream: from its oldest record on.", OptionKind.FLAG),)

    def own_fields(self, values: Mapping[str, Any]) -> Document:
        """The position from which the stream is read, which the API requires."""
        return {"StartingPosition": "TRIM_HORIZON" if values["from_start"] else "LATEST"}

    def most_records(self, arn: str) -> int:
        """10,000 for every stream."""
        return 10_000

    def check(self, document: Document) -> None:
        """Raise ApiError where a stream's position is missing or not one of this kind."""
        if document.get("StartingPosition") not in self.positions:
            *others, last = self.positions
            allowed = f"{', '.join(others)} or {last}"
            raise invalid(f"1 validation error detected: Value at 'startingPosition' must be {allowed}")

    def start(self, trigger_id: str, document: Document, host: TriggerHost) -> Stop:
        """Continue reading the stream where reading ended, else begin at ``StartingPosition``."""
        reader = StreamReader(self, document, host)
        return host.run(trigger_id, reader.run(), reader)
