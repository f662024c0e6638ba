"""A log of a small shop, as Lambda would write it: the same every time, with failures of every kind.

Used by the screenshots and by the screens' tests; it goes through the real importer.
"""

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from collectors.model.units import DAY_MS, MINUTE_MS

END_MS = 1_750_000_000_000 - 1_750_000_000_000 % MINUTE_MS
"""The log ends here: 2025-06-15 15:06 UTC."""


@dataclass(frozen=True)
class SampleFunction:
    """Calls a day, mean milliseconds, and which share of the calls fails how."""

    name: str
    memory_mb: int
    calls: int
    mean_ms: float
    failing: float
    failure: str
    region: str = "eu-central-1"


FUNCTIONS = (
    SampleFunction("video-transcode", 10_240, 64, 640_000, 0.02, "memory"),
    SampleFunction("checkout-api", 1024, 420, 212, 0.024, "key"),
    SampleFunction("image-resize", 2048, 160, 1_840, 0.03, "memory"),
    SampleFunction("orders-stream", 512, 640, 38, 0.004, "key"),
    SampleFunction("invoice-render", 1536, 60, 2_950, 0.05, "timeout"),
    SampleFunction("auth-token", 256, 900, 9, 0.0, ""),
    SampleFunction("nightly-report", 3008, 4, 41_000, 0.0, ""),
    SampleFunction("thumbnail-cleanup", 128, 24, 640, 0.0, ""),
    SampleFunction("webhook-fanout", 512, 310, 84, 0.011, "node", "eu-west-1"),
)

_TRACE = (
    "[ERROR] KeyError: 'currency'\rTraceback (most recent call last):\r"
    '  File "/var/task/handler.py", line 41, in handler\r    total = price_of(cart)\r'
    '  File "/var/task/pricing.py", line 17, in price_of\r    return cart["items"][0]["currency"]'
)
_NODE = (
    "{time}\t{request}\tERROR\tInvoke Error \t"
    '{{"errorType":"TypeError","errorMessage":"Cannot read properties of undefined (reading \'url\')",'
    '"stack":["TypeError: Cannot read properties of undefined (reading \'url\')",'
    '"    at fanOut (/var/task/index.mjs:22:31)","    at Runtime.handler (/var/task/index.mjs:9:11)"]}}'
)


def events(days: float = 1.0, end_ms: int = END_MS) -> Iterator[dict[str, object]]:
    """Events as JSON lines of ``aws logs`` carry them, function by function, in order of time."""
    for function in FUNCTIONS:
        yield from _of(function, random.Random(function.name), days, end_ms)


def _of(function: SampleFunction, rng: random.Random, days: float, end_ms: int) -> Iterator[dict[str, object]]:
    number = round(function.calls * days)
    span = round(days * DAY_MS) - MINUTE_MS
    latest = span - 3 * round(function.mean_ms) - 20_000  # every call ends before the log does
    starts = sorted(end_ms - span + round(rng.random() ** 0.8 * latest) for _ in range(number))
    stream = ""
    for count, start in enumerate(starts):
        cold = count % 37 == 0
        if cold or not stream:
            stream = f"2025/06/15/[$LATEST]{rng.getrandbits(128):032x}"
        fails = rng.random() < function.failing
        for at, message in _lines(function, rng, start, cold, fails):
            yield {
                "timestamp": at,
                "message": message + "\n",
                "logGroup": f"/aws/lambda/{function.name}",
                "logStream": stream,
                "region": function.region,
                "account": "111122223333",
            }


def _lines(
    function: SampleFunction, rng: random.Random, start: int, cold: bool, fails: bool
) -> Iterator[tuple[int, str]]:
    request = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    took = min(890_000.0, max(1.2, rng.lognormvariate(0, 0.35) * function.mean_ms))
    used = round(function.memory_mb * (0.35 + 0.2 * rng.random()))
    if fails and function.failure == "timeout":
        took = 10_000.0
    if fails and function.failure == "memory":
        used = function.memory_mb
    yield start, f"START RequestId: {request} Version: $LATEST"
    yield start + 1, f"[INFO]\t{_clock(start)}\t{request}\tevent from {rng.choice(['api', 'queue', 'bus'])}, 1 record"
    end = start + round(took)
    if fails and function.failure == "key":
        yield end - 1, _TRACE
    elif fails and function.failure == "node":
        yield end - 1, _NODE.format(time=_clock(end), request=request)
    elif fails and function.failure == "memory":
        yield end - 1, f"RequestId: {request} Error: Runtime exited with error: signal: killed"
    elif not fails:
        yield end - 1, f"[INFO]\t{_clock(end)}\t{request}\tdone in {took:.0f} ms"
    if fails and function.failure == "timeout":
        yield end, f"{_clock(end)} {request} Task timed out after 10.00 seconds"
    yield end, f"END RequestId: {request}"
    init_ms = 180 + 400 * rng.random() if cold else 0.0
    report = (
        f"REPORT RequestId: {request}\tDuration: {took:.2f} ms\tBilled Duration: {-(-(took + init_ms) // 1):.0f} ms\t"
        f"Memory Size: {function.memory_mb} MB\tMax Memory Used: {used} MB\t"
    )
    if cold:
        report += f"Init Duration: {init_ms:.2f} ms\t"
    if fails and function.failure == "memory":
        report += "Status: error\tError Type: Runtime.OutOfMemory"
    if fails and function.failure == "timeout":
        report += "Status: timeout"
    yield end, report


def _clock(at_ms: int) -> str:
    import time

    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at_ms // 1000))}.{at_ms % 1000:03d}Z"


def write(path: Path, days: float = 1.0, end_ms: int = END_MS) -> Path:
    """Writes the events as JSON lines."""
    with path.open("w", encoding="utf-8") as out:
        for event in events(days, end_ms):
            out.write(json.dumps(event) + "\n")
    return path
