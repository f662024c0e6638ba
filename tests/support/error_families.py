"""Failed invocations whose messages differ in one value."""

from pathlib import Path

from collectors.model.units import MINUTE_MS
from tests.support.printed_statements import Event, end, imported, report, request_id, start

PORTS = ("5432", "6379", "5432", "5432")


def failing(folder: Path, messages: list[str], *, begin: int = 1) -> None:
    events: list[Event] = []
    for number, message in enumerate(messages, begin):
        request = request_id(number)
        trace = f'[ERROR] OSError: {message}\nTraceback (most recent call last):\n  File "a.py", line 7, in f\n'
        texts = start(request), trace, end(request), report(request)
        events += [Event(1_743_379_200_000 + number * MINUTE_MS + at, text) for at, text in enumerate(texts)]
    imported(folder, events)
