"""Charges a card through a provider that fails now and then. Called asynchronously: Lambda tries again."""

import logging
import random
import time

log = logging.getLogger()
log.setLevel(logging.INFO)


class ProviderTimeout(Exception):
    """The payment provider did not answer."""


def handler(event, context):
    time.sleep(random.uniform(0.01, 0.06))
    if event["declined"] or random.random() < 0.25:
        log.warning("provider did not answer for order %s", event["order"])
        raise ProviderTimeout(f"no answer for order {event['order']} after 50 ms")
    log.info("charged order %s: %d cents", event["order"], event["cents"])
    return {"order": event["order"], "status": "charged"}
