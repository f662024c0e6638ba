"""Sends finished or failed events: to a folder or a function, or a queue, topic, event bus or bucket at any endpoint.

Targets are ``file:///folder``, ``http(s)://host/account/queue`` (a queue's URL), or an ARN of SQS, SNS, EventBridge, S3
or Lambda.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lambdatui.runner.clock import now_ns
from lambdatui.runner.errors import invalid
from lambdatui.runner.functions import REGION
from lambdatui.runner.untrusted import parsed_json

Attributes = Mapping[str, str]


def check_target(target: str) -> None:
    """Raise ApiError when nothing can be sent to ``target``."""
    if target.startswith(("file:///", "http://", "https://")):
        return
    parts = target.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn" and parts[2] in ("sqs", "sns", "events", "s3", "lambda"):
        return
    raise invalid(
        f"{target} is no target: give file:///FOLDER, a queue's URL, or an ARN of SQS, SNS, EventBridge, S3 or Lambda"
    )


def is_bucket(target: str) -> bool:
    """Whether records go to S3, which gets the event too where other targets do not."""
    return target.startswith("arn:") and target.split(":")[2] == "s3"


async def send(
    target: str,
    body: str,
    attributes: Attributes,
    invoke: Callable[[str, bytes], Awaitable[object]],
    *,
    trace: str = "",
    folder: str = "aws/lambda",
) -> None:
    """Send one record; any exception means that the target did not accept it.

    ``attributes`` become message attributes of SQS and SNS; ``invoke`` queues an event for a function of this runner.
    ``trace`` is the X-Ray header that a message of SQS has; ``folder`` is where the record's object is in a bucket.
    """
    if target.startswith("file://"):
        await asyncio.to_thread(_to_folder, Path(unquote(urlsplit(target).path)), body, attributes)
    elif target.startswith("arn:") and target.split(":")[2] == "lambda":
        await invoke(target, body.encode())
    else:
        await asyncio.to_thread(_to_aws, target, body, attributes, trace, folder)


def _to_folder(folder: Path, body: str, attributes: Attributes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{now_ns()}-{uuid.uuid4().hex[:8]}.json"
    draft = folder / f".{name}"
    try:
        document: Any = parsed_json(body)
    except ValueError:
        document = body
    draft.write_text(json.dumps({"body": document, "attributes": dict(attributes)}, indent=1), encoding="utf-8")
    draft.replace(folder / name)


def _to_aws(target: str, body: str, attributes: Attributes, trace: str, folder: str) -> None:
    from lambdatui.runner.aws import client

    service, region = target.split(":")[2:4] if target.startswith("arn:") else ("sqs", "")
    message_attributes = {
        name: {"DataType": "Number" if value.isdigit() else "String", "StringValue": value}
        for name, value in attributes.items()
        if value
    }
    if service == "sns":
        sns = client("sns", region=region or REGION)
        sns.publish(TopicArn=target, Message=body, MessageAttributes=message_attributes)
    elif service == "s3":
        now = time.gmtime()
        day, second = time.strftime("%Y/%m/%d", now), time.strftime("%Y-%m-%dT%H.%M.%S", now)
        key = f"{folder}/{day}/{second}-{uuid.uuid4()}"
        client("s3").put_object(Bucket=target.rpartition(":")[2], Key=key, Body=body.encode())
    elif service == "events":
        _put_event(client("events", region=region or REGION), target, body)
    else:
        sqs, url = queue_client(target)
        more = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}} if trace else {}
        sqs.send_message(
            QueueUrl=url,
            MessageBody=body,
            MessageAttributes=message_attributes,
            **({"MessageSystemAttributes": more} if more else {}),
        )


def _put_event(events: Any, bus: str, body: str) -> None:
    """Put a record on an event bus, as Lambda does. Raises OSError where the bus does not take it."""
    context = parsed_json(body).get("requestContext", {})
    outcome = "Success" if context.get("condition") == "Success" else "Failure"
    entry = {
        "EventBusName": bus,
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {outcome}",
        "Resources": [bus, context.get("functionArn", "")],
        "Detail": body,
    }
    answer = events.put_events(Entries=[entry])
    if answer.get("FailedEntryCount"):
        raise OSError(str(answer["Entries"][0].get("ErrorMessage")))


def queue_client(target: str) -> tuple[Any, str]:
    """An SQS client, and the URL of the queue whose URL or ARN ``target`` is. Raises botocore's errors."""
    from lambdatui.runner.aws import client

    if target.startswith("arn:"):
        _, _, _, region, _, name = target.split(":", 5)
        sqs = client("sqs", region=region or REGION)
        return sqs, str(sqs.get_queue_url(QueueName=name)["QueueUrl"])
    url = urlsplit(target)
    return client("sqs", endpoint=f"{url.scheme}://{url.netloc}"), target
