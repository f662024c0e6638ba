"""One SNS notification, sent at once (SNS Developer Guide, "Fanout to Lambda functions")."""

import uuid
from collections.abc import Mapping
from typing import Any

from lambdatui.runner.clock import iso_millis
from lambdatui.runner.functions import ACCOUNT, REGION
from lambdatui.runner.triggers.base import Document, Option, SentEvent, register, text_or_file


class SnsNotification(SentEvent):
    """A notification with a message, and perhaps a subject."""

    options = (
        Option("sns", "Send one SNS notification now.", metavar="TEXT|@FILE"),
        Option("subject", "Of the SNS notification."),
    )

    def event(self, values: Mapping[str, Any]) -> Document:
        """The event of the notification."""
        return sns_event(text_or_file(values["sns"]), values["subject"])


def sns_event(message: str, subject: str | None, topic: str = "local") -> dict[str, Any]:
    """The event that a function subscribed to an SNS topic gets."""
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"
    sns: dict[str, object] = {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": arn,
        "Subject": subject,
        "Message": message,
        "Timestamp": iso_millis(),
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertUrl": "EXAMPLE",
        "UnsubscribeUrl": "EXAMPLE",
        "MessageAttributes": {},
    }
    subscription = f"{arn}:{uuid.uuid4()}"
    return {
        "Records": [{"EventVersion": "1.0", "EventSubscriptionArn": subscription, "EventSource": "aws:sns", "Sns": sns}]
    }


register(SnsNotification())
