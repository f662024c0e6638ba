"""Sends finished or failed events to a folder, an SQS queue at any endpoint, an SNS topic, or another function.

Targets are ``file:///folder``, ``http(s)://host/account/queue`` (a queue's URL), or an ARN of SQS, SNS or Lambda.
"""

import asyncio
import json
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
    if len(parts) == 6 and parts[0] == "arn" and parts[2] in ("sqs", "sns", "lambda"):
        return
    raise invalid(f"{target} is no target: give file:///FOLDER, a queue's URL, or an ARN of SQS, SNS or Lambda")


async def send(
    target: str, body: str, attributes: Attributes, invoke: Callable[[str, bytes], Awaitable[object]]
) -> None:
    """Send one record; any exception means that the target did not accept it.

    ``attributes`` become message attributes of SQS and SNS; ``invoke`` queues an event for a function of this runner.
    """
    if target.startswith("file://"):
        await asyncio.to_thread(_to_folder, Path(unquote(urlsplit(target).path)), body, attributes)
    elif target.startswith("arn:") and target.split(":")[2] == "lambda":
        await invoke(target, body.encode())
    else:
        await asyncio.to_thread(_to_aws, target, body, attributes)


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


def _to_aws(target: str, body: str, attributes: Attributes) -> None:
    from lambdatui.runner.aws import client

    message_attributes = {
        name: {"DataType": "Number" if value.isdigit() else "String", "StringValue": value}
        for name, value in attributes.items()
        if value
    }
    if target.startswith("arn:") and target.split(":")[2] == "sns":
        region = target.split(":")[3] or REGION
        client("sns", region=region).publish(TopicArn=target, Message=body, MessageAttributes=message_attributes)
        return
    sqs, url = queue_client(target)
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=message_attributes)


def queue_client(target: str) -> tuple[Any, str]:
    """An SQS client, and the URL of the queue whose URL or ARN ``target`` is. Raises botocore's errors."""
    from lambdatui.runner.aws import client

    if target.startswith("arn:"):
        _, _, _, region, _, name = target.split(":", 5)
        sqs = client("sqs", region=region or REGION)
        return sqs, str(sqs.get_queue_url(QueueName=name)["QueueUrl"])
    url = urlsplit(target)
    return client("sqs", endpoint=f"{url.scheme}://{url.netloc}"), target
