"""Writes a corpus of Lambda log events as JSON lines, as CloudWatch's FilterLogEvents returns them.

    python -m benchmarks.generate FILE [--invocations 1000000] [--functions 50] [--hours 24] [--seed 7]

About five events an invocation: START, two application lines, END and REPORT; 5% cold starts (INIT_START and Init
Duration, a new log stream), 1% errors (Python's form, with a traceback), 0.3% timeouts. Functions differ a
thousandfold in traffic, as real fleets do. The same seed gives the same bytes.
"""

import argparse
import datetime
import heapq
import json
import math
import random
import sys
from collections.abc import Iterator
from typing import TextIO

from collectors.model.units import HOUR_MS

START_MS = 1_770_000_000_000
MEMORY_MB = (128, 256, 512, 1024, 1769, 3008)
TEAMS = ("orders", "billing", "search", "mail", "auth")
KINDS = ("api", "worker", "sync")
ERRORS = (
    ("KeyError", "'order_id'"),
    ("ValueError", "invalid literal for int() with base 10: '{}'"),
    ("ConditionalCheckFailedException", "The conditional request failed for item {}"),
    ("ReadTimeout", "HTTPSConnectionPool(host='api.example.com', port=443): Read timed out. (read timeout={})"),
)
TIMEOUTS, FAILURES, COLD = 0.003, 0.013, 0.05  # shares; failures lie above timeouts in one draw
RUNTIME = "INIT_START Runtime Version: python:3.13.v31\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:00\n"

Said = list[tuple[int, str]]  # event time in ms, and message


def functions(count: int) -> list[tuple[str, int, float, float]]:
    """Name, memory in MB, weight of traffic, typical milliseconds."""
    made = []
    for number in range(count):
        draw = random.Random(number)
        name = f"{draw.choice(TEAMS)}-{draw.choice(KINDS)}-{number:03}"
        made.append(
            (name, draw.choice(MEMORY_MB), 1 / (1 + number) ** 0.9, draw.choice((3.0, 12.0, 60.0, 250.0, 900.0)))
        )
    return made


def request_id(number: int) -> str:
    """A request's UUID from 128 random bits."""
    raw = f"{number:032x}"
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"


def messages(
    request: str, number: int, name: str, memory: int, start: int, duration: float, init: float, roll: float, used: int
) -> Said:
    """What one invocation leaves in the log. ``init`` is 0 for a warm one; ``number`` decides its words."""
    stamp = datetime.datetime.fromtimestamp(start / 1000, datetime.UTC)
    iso = f"{stamp:%Y-%m-%dT%H:%M:%S}.{start % 1000:03}Z"
    end = start + int(duration)
    said = [(start - int(init), RUNTIME)] if init else []
    said.append((start, f"START RequestId: {request} Version: $LATEST\n"))
    said.append((start, f"[INFO]\t{iso}\t{request}\treceived {number % 9973} bytes from queue {name}\n"))
    if roll < TIMEOUTS:
        said.append((end, f"{iso} {request} Task timed out after 3.00 seconds\n\n"))
    elif roll < FAILURES:
        said.append((end, _traceback(number)))
    else:
        said.append((end, f"[INFO]\t{iso}\t{request}\tstored order {number % 1000003} in {duration / 3:.1f} ms\n"))
    said.append((end, f"END RequestId: {request}\n"))
    report = (
        f"REPORT RequestId: {request}\tDuration: {duration:.2f} ms\tBilled Duration: {math.ceil(duration + init)} ms\t"
        f"Memory Size: {memory} MB\tMax Memory Used: {used} MB\t"
    )
    said.append((end, report + (f"Init Duration: {init:.2f} ms\t\n" if init else "\n")))
    return said


def _traceback(number: int) -> str:
    """An error as Python's runtime logs it: no-break spaces stand for the indent."""
    kind, text = ERRORS[number % len(ERRORS)]
    return (
        f"[ERROR] {kind}: {text.format(number % 100000)}\nTraceback (most recent call last):\n"
        f'\u00a0\u00a0File "/var/task/app.py", line {number % 300}, in handler\n'
        "\u00a0\u00a0\u00a0\u00a0return work(event)\n"
    )


def events(invocations: int, count: int, hours: float, seed: int) -> Iterator[tuple[int, str]]:
    """Event time and JSON line, nearly in order of time as several streams interleave."""
    draw = random.Random(seed)
    fleet = functions(count)
    picks = draw.choices(range(count), [each[2] for each in fleet], k=invocations)
    streams = [f"{draw.getrandbits(128):032x}" for _ in fleet]
    gap_ms = hours * HOUR_MS / invocations
    pending: list[tuple[int, int, str]] = []
    serial = 0
    for index, pick in enumerate(picks):
        name, memory, _, typical = fleet[pick]
        start = START_MS + int(index * gap_ms + draw.random() * gap_ms)
        cold, roll = draw.random() < COLD, draw.random()
        if cold:
            streams[pick] = f"{draw.getrandbits(128):032x}"
        duration = 3000.0 if roll < TIMEOUTS else max(0.8, typical * math.exp(draw.gauss(0, 0.6)))
        init = 80 + draw.random() * 900 if cold else 0.0
        number = draw.getrandbits(128)
        used = int(memory * (0.3 + 0.5 * draw.random()))
        day = f"{datetime.datetime.fromtimestamp(start / 1000, datetime.UTC):%Y/%m/%d}"
        stream = f"{day}/[$LATEST]{streams[pick]}"
        for when, message in messages(request_id(number), number, name, memory, start, duration, init, roll, used):
            serial += 1
            heapq.heappush(pending, (when, serial, _line(name, stream, when, message, number % 10**25 + serial)))
        while pending and pending[0][0] < start - 2_000:
            when, _, line = heapq.heappop(pending)
            yield when, line
    while pending:
        when, _, line = heapq.heappop(pending)
        yield when, line


def _line(function: str, stream: str, when: int, message: str, unique: int) -> str:
    """One event as CloudWatch returns it."""
    event_id = f"{when * 10**25 + unique:056d}"
    return (
        f'{{"logGroup": "/aws/lambda/{function}", "logStreamName": "{stream}", "timestamp": {when},'
        f' "message": {json.dumps(message)}, "ingestionTime": {when + 812}, "eventId": "{event_id}"}}\n'
    )


def write(out: TextIO, invocations: int, count: int = 50, hours: float = 24, seed: int = 7) -> int:
    """Writes the corpus; returns the number of events."""
    written = 0
    for _, line in events(invocations, count, hours, seed):
        out.write(line)
        written += 1
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--invocations", type=int, default=1_000_000)
    parser.add_argument("--functions", type=int, default=50)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    with open(args.file, "w", encoding="utf-8", buffering=1 << 20) as out:
        written = write(out, args.invocations, args.functions, args.hours, args.seed)
    print(f"{written:,} events", file=sys.stderr)


if __name__ == "__main__":
    main()
