"""How often a chain of requests has called a function: Lambda's recursive loop detection.

Lambda Developer Guide, "Use Lambda recursive loop detection to prevent infinite loops": the X-Ray header of a call goes
on with what the function sends by an AWS SDK, and ``Lineage`` in it counts for each function of the chain how often it
was called, the first call as 0. The call after the sixteenth is stopped.
"""

import re
import uuid
import zlib
from functools import lru_cache

from lambdatui.runner.clock import now_s

MOST_CALLS = 16
"""How often a chain of requests may call one function."""

_LINEAGE = re.compile(r";?Lineage=(?:\d+:)?((?:[0-9a-f]{8}:\d+)(?:\|[0-9a-f]{8}:\d+)*)")


@lru_cache(maxsize=1024)
def _id_of(name: str) -> str:
    return f"{zlib.crc32(name.encode()):08x}"


def new_trace() -> str:
    """The X-Ray header of a chain of requests that begins now and is not sampled."""
    return f"Root=1-{int(now_s()):08x}-{uuid.uuid4().hex[:24]};Parent={uuid.uuid4().hex[:16]};Sampled=0"


def whole_trace(header: str) -> str:
    """The X-Ray header of a call: what its caller gave of it, and the rest of a new one."""
    if "Root=" in header and "Parent=" in header and "Sampled=" in header:
        return header
    parts = dict(part.strip().partition("=")[::2] for part in new_trace().split(";"))
    parts |= dict(part.strip().partition("=")[::2] for part in header.split(";") if "=" in part)
    return ";".join(f"{name}={value}" for name, value in parts.items())


def calls_before(trace: str, name: str) -> int:
    """How often the chain with the X-Ray header ``trace`` has called the function ``name``."""
    return _counts(trace).get(_id_of(name), -1) + 1 if "Lineage=" in trace else 0


def with_call(trace: str, name: str) -> str:
    """The X-Ray header with one more call of the function ``name``; what it counts of other functions stays."""
    if "Lineage=" not in trace:
        return f"{trace};Lineage=1:{_id_of(name)}:0" if trace else f"Lineage=1:{_id_of(name)}:0"
    counts = _counts(trace)
    counts[_id_of(name)] = counts.get(_id_of(name), -1) + 1
    text = "|".join(f"{function}:{count}" for function, count in counts.items())
    return f"{_LINEAGE.sub('', trace)};Lineage={len(counts)}:{text}".lstrip(";")


def _counts(trace: str) -> dict[str, int]:
    match = _LINEAGE.search(trace)
    if match is None:
        return {}
    pairs = (pair.split(":") for pair in match[1].split("|"))
    return {function: min(int(count), 10**6) for function, count in pairs}
