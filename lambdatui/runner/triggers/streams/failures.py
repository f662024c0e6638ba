"""What is sent when records of a stream are given up.

Lambda Developer Guide, "Configuring destinations for failed invocations" of Kinesis and DynamoDB event sources.
"""

import json
import time
import uuid
from dataclasses import dataclass

from lambdatui.runner.clock import iso_millis
from lambdatui.runner.triggers.base import Document
from lambdatui.runner.triggers.streams.kind import Record, StreamKind


@dataclass(frozen=True, slots=True)
class LastCall:
    """The last invocation for a batch; ``unhandled``: the function failed, rather than naming failed records."""

    request_id: str
    version: str
    unhandled: bool


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A batch that is given up; ``attempts`` were made, and the last of them, if any, is ``last_call``."""

    records: list[Record]
    condition: str
    attempts: int
    last_call: LastCall | None


def failure_record(
    source: StreamKind, mapping: Document, shard_id: str, given_up: GivenUp, payload: str | None = None
) -> str:
    """The JSON of a record for the failure destination; ``payload`` is the event, which only S3 gets."""
    first, last = given_up.records[0], given_up.records[-1]
    # Records that are too old are counted as if they had failed once more.
    expired = given_up.condition == "RecordAgeExceeded"
    last_call = given_up.last_call
    document: Document = {
        "requestContext": {
            "requestId": last_call.request_id if last_call else str(uuid.uuid4()),
            "functionArn": mapping["FunctionArn"],
            "condition": given_up.condition,
            "approximateInvokeCount": given_up.attempts + expired,
        }
    }
    if not expired and last_call is not None:
        document["responseContext"] = {
            "statusCode": 200,
            "executedVersion": last_call.version,
            "functionError": "Unhandled" if last_call.unhandled else None,
        }
    document |= {
        "version": "1.0",
        "timestamp": iso_millis(),
        source.batch_info: {
            "shardId": shard_id,
            "startSequenceNumber": source.sequence_number(first),
            "endSequenceNumber": source.sequence_number(last),
            "approximateArrivalOfFirstRecord": _iso(source.arrived_s(first)),
            "approximateArrivalOfLastRecord": _iso(source.arrived_s(last)),
            "batchSize": len(given_up.records),
            "streamArn": mapping["EventSourceArn"],
        },
    }
    if payload is not None:
        document["payload"] = payload
    return json.dumps(document)


def _iso(seconds: float) -> str:
    """A time as Lambda writes it: with milliseconds, unless they are none."""
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    millis = int(seconds * 1000) % 1000
    return f"{text}.{millis:03d}Z" if millis else f"{text}Z"
