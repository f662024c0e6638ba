"""Asks a partner for prices. The partner is slow at times, and the function's second is over."""

import time


def handler(event, context):
    print(f"asking partner {event['partner']}, {context.get_remaining_time_in_millis()} ms left")
    time.sleep(event["answer_s"])
    return {"partner": event["partner"], "prices": 12}
