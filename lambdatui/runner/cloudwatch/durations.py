"""How long each invocation of a function took, from the log's START and REPORT lines: what percentiles are made of.

The metrics in the log are sums of minutes. An invocation is counted in the minute in which it began, as its START says.
"""

import re
from collections import defaultdict

from collectors.model.units import MINUTE_MS
from lambdatui.runner.log.reader import OpenLog
from lambdatui.runner.untrusted import parsed_json

_LONGEST_MS = 16 * MINUTE_MS
"""So long after an invocation began its REPORT may come: Lambda's longest timeout, and a minute."""
_START = re.compile(r"START RequestId: (\S+)")
_REPORT = re.compile(r"REPORT RequestId: (\S+)\s+Duration: (\d+(?:\.\d+)?) ms")


def durations_by_minute(log: OpenLog, group: str, owner: str, first_ms: int, end_ms: int) -> dict[int, list[float]]:
    """Milliseconds of the invocations that began from ``first_ms`` to ``end_ms``, by the start of their minute.

    ``owner`` is the function whose streams of the group are read; empty: all of them are.

    Which of them have a REPORT depends on the function's log levels: whoever asks compares with what was counted.
    """
    begun: dict[str, int] = {}
    durations: dict[int, list[float]] = defaultdict(list)
    part = f"/{owner}[" if owner else ""
    for timestamp_ms, stream, message in log.platform_lines(group, first_ms, end_ms + _LONGEST_MS):
        if part not in stream:
            continue
        kind, request_id, duration_ms = _parsed(message)
        if kind == "start":
            begun[request_id] = timestamp_ms
        elif kind == "report" and duration_ms is not None and request_id in begun:
            start_ms = begun.pop(request_id)
            if first_ms <= start_ms < end_ms:
                durations[start_ms - start_ms % MINUTE_MS].append(duration_ms)
    return dict(durations)


def _parsed(message: str) -> tuple[str, str, float | None]:
    """``start`` or ``report``, the request id, and REPORT's Duration; an empty kind for any other line."""
    if match := _REPORT.match(message):
        return "report", match[1], float(match[2])
    if match := _START.match(message):
        return "start", match[1], None
    try:
        document = parsed_json(message)
        kind, record = str(document["type"]).removeprefix("platform."), document["record"]
        duration_ms = record["metrics"]["durationMs"] if kind == "report" else None
        return kind, str(record["requestId"]), duration_ms if isinstance(duration_ms, int | float) else None
    except (ValueError, LookupError, TypeError):
        return "", "", None
