"""What a kind of stream says of itself to its reader: shards, iterators, records."""

import base64
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from lambdatui.runner.triggers.base import Document
from lambdatui.runner.triggers.event_filters import BODY, Content

Record = dict[str, Any]
"""A record as the function gets it, except for ``eventSourceARN``."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a stream whose records have an order; those of its ``parents`` come before."""

    id: str
    parents: tuple[str, ...] = ()


class StreamKind(ABC):
    """A kind of stream; what calls the service runs in threads."""

    client_name: ClassVar[str]
    """boto3's name of the service that is read."""

    batch_info: ClassVar[str]
    """The member of a failure's record that describes the batch."""

    positions: ClassVar[tuple[str, ...]]
    """The values of ``StartingPosition``."""

    most_read: ClassVar[int]
    """How many records one call gives."""

    arrival_unit_s: ClassVar[float]
    """To what part of a second the arrival of a record is told."""

    content: ClassVar[Content] = BODY
    """The field of filter patterns that means what is inside a record."""

    @abstractmethod
    def shards(self, client: Any, arn: str) -> list[Shard]:
        """All shards that still have records."""

    @abstractmethod
    def iterator(self, client: Any, arn: str, shard_id: str, start: Document) -> str:
        """A shard iterator; ``start`` has ShardIteratorType, and perhaps SequenceNumber or Timestamp."""

    @abstractmethod
    def records(
        self, client: Any, arn: str, shard_id: str, iterator: str, most: int
    ) -> tuple[list[Record], str | None]:
        """At most ``most`` records, and the next iterator; None at the end of a closed shard."""

    @abstractmethod
    def sequence_number(self, record: Record) -> str:
        """The record's place in its shard."""

    @abstractmethod
    def partition_key(self, record: Record) -> str:
        """What records have in common that must be processed in order."""

    @abstractmethod
    def arrived_s(self, record: Record) -> float:
        """When the record came into the stream, in epoch seconds."""

    def filtered_view(self, record: Record) -> Mapping[str, Any]:
        """The record as filter patterns see it."""
        return record


def as_json(value: Any) -> Any:
    """A value of boto3 as JSON: times as epoch seconds with a fraction, bytes as base64."""
    if isinstance(value, dict):
        return {key: as_json(member) for key, member in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [as_json(member) for member in value]
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(bytes(value)).decode()
    return value
