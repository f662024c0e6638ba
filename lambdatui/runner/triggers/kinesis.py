"""Kinesis data streams (Lambda Developer Guide, "Using AWS Lambda with Amazon Kinesis")."""

import base64
from collections.abc import Mapping
from typing import Any

from lambdatui.runner.triggers.base import Document, register
from lambdatui.runner.triggers.streams.kind import Record, Shard, as_json
from lambdatui.runner.triggers.streams.source import StreamSource


def _data(record: Mapping[str, Any]) -> str | None:
    """The text of a record's data; None where it is no UTF-8."""
    try:
        return base64.b64decode(record["kinesis"]["data"]).decode()
    except UnicodeDecodeError:
        return None


class KinesisSource(StreamSource):
    """Kinesis data streams, at any endpoint; a consumer's ARN means its stream."""

    service = "kinesis"
    title = "Kinesis stream"
    client_name = "kinesis"
    batch_info = "KinesisBatchInfo"
    arrival_unit_s = 0.001
    positions = ("LATEST", "TRIM_HORIZON", "AT_TIMESTAMP")
    most_read = 10_000
    content = ("data", _data)

    def shards(self, client: Any, arn: str) -> list[Shard]:
        """The shards of every page of ListShards."""
        shards: list[Shard] = []
        asked: Document = {"StreamName": _name(arn)}
        while True:
            answer = client.list_shards(**asked)
            for shard in answer["Shards"]:
                parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
                shards.append(Shard(shard["ShardId"], tuple(parent for parent in parents if parent)))
            if not (token := answer.get("NextToken")):
                return shards
            asked = {"NextToken": token}

    def iterator(self, client: Any, arn: str, shard_id: str, start: Document) -> str:
        """GetShardIterator."""
        start = {{"SequenceNumber": "StartingSequenceNumber"}.get(name, name): value for name, value in start.items()}
        return str(client.get_shard_iterator(StreamName=_name(arn), ShardId=shard_id, **start)["ShardIterator"])

    def records(
        self, client: Any, arn: str, shard_id: str, iterator: str, most: int
    ) -> tuple[list[Record], str | None]:
        """GetRecords: the records in Lambda's form."""
        answer = client.get_records(ShardIterator=iterator, Limit=most)
        region = arn.split(":")[3]
        records = [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": record["PartitionKey"],
                    "sequenceNumber": record["SequenceNumber"],
                    "data": as_json(record["Data"]),
                    "approximateArrivalTimestamp": as_json(record.get("ApproximateArrivalTimestamp", 0.0)),
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{shard_id}:{record['SequenceNumber']}",
                "eventName": "aws:kinesis:record",
                "awsRegion": region,
            }
            for record in answer["Records"]
        ]
        return records, answer.get("NextShardIterator")

    def sequence_number(self, record: Record) -> str:
        """Kinesis's own."""
        return str(record["kinesis"]["sequenceNumber"])

    def partition_key(self, record: Record) -> str:
        """Kinesis's own."""
        return str(record["kinesis"]["partitionKey"])

    def arrived_s(self, record: Record) -> float:
        """When Kinesis got the record."""
        return float(record["kinesis"]["approximateArrivalTimestamp"])

    def filtered_view(self, record: Record) -> Mapping[str, Any]:
        """The members of ``kinesis`` beside those of the record: patterns name them directly."""
        return {**record["kinesis"], **record}


def _name(arn: str) -> str:
    """The stream's name in the ARN of a stream or of one of its consumers."""
    return arn.split("/")[1]


register(KinesisSource())
