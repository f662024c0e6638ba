"""DynamoDB streams (Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB")."""

import json
from typing import Any

from lambdatui.runner.triggers.base import Document, register
from lambdatui.runner.triggers.streams.kind import Record, Shard, as_json
from lambdatui.runner.triggers.streams.source import StreamSource


class DynamoDbSource(StreamSource):
    """Streams of DynamoDB tables, at any endpoint."""

    service = "dynamodb"
    title = "DynamoDB stream"
    client_name = "dynamodbstreams"
    batch_info = "DDBStreamBatchInfo"
    arrival_unit_s = 1.0
    positions = ("LATEST", "TRIM_HORIZON")
    most_read = 1000

    def shards(self, client: Any, arn: str) -> list[Shard]:
        """The shards of every page of DescribeStream."""
        shards: list[Shard] = []
        more: Document = {}
        while True:
            description = client.describe_stream(StreamArn=arn, **more)["StreamDescription"]
            for shard in description["Shards"]:
                parent = shard.get("ParentShardId")
                shards.append(Shard(shard["ShardId"], (parent,) if parent else ()))
            if not (last := description.get("LastEvaluatedShardId")):
                return shards
            more = {"ExclusiveStartShardId": last}

    def iterator(self, client: Any, arn: str, shard_id: str, start: Document) -> str:
        """GetShardIterator."""
        return str(client.get_shard_iterator(StreamArn=arn, ShardId=shard_id, **start)["ShardIterator"])

    def records(
        self, client: Any, arn: str, shard_id: str, iterator: str, most: int
    ) -> tuple[list[Record], str | None]:
        """GetRecords: the records as they are."""
        answer = client.get_records(ShardIterator=iterator, Limit=most)
        return [as_json(record) for record in answer["Records"]], answer.get("NextShardIterator")

    def sequence_number(self, record: Record) -> str:
        """DynamoDB's own."""
        return str(record["dynamodb"]["SequenceNumber"])

    def partition_key(self, record: Record) -> str:
        """The item's keys: changes of one item have an order."""
        return json.dumps(record["dynamodb"].get("Keys"), sort_keys=True)

    def arrived_s(self, record: Record) -> float:
        """When the item was changed, to the second."""
        return float(record["dynamodb"].get("ApproximateCreationDateTime", 0))


register(DynamoDbSource())
