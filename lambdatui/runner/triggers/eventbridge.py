"""Events of EventBridge (User Guide, "Events structure")."""

import uuid
from datetime import datetime
from typing import Any

from lambdatui.runner.functions import ACCOUNT, REGION


def scheduled_event(rule: str, time: datetime) -> dict[str, Any]:
    """The event of a scheduled rule; ``time`` is UTC."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}"],
        "detail": {},
    }
