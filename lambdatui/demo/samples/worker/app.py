"""Packs orders. The warehouse takes two at a time: its reserved concurrency."""

import time


def handler(event, context):
    time.sleep(0.08 + 0.02 * len(event["items"]))
    print(f"packed {len(event['items'])} items of order {event['order']}")
    return {"packed": len(event["items"])}
