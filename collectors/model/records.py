"""The records that every source gives, every parser makes and the store keeps.

Times are integer epoch milliseconds, UTC. Durations of invocations are integer microseconds (Lambda prints two
decimals of a millisecond). ``None`` is "unknown", never zero.
"""

from dataclasses import dataclass
from enum import IntEnum

import msgspec

LOCAL_ACCOUNT = "000000000000"
"""The account that local runners, and servers like them, say they are in; AWS has none of that number."""


class Status(IntEnum):
    """How an invocation ended; the store keeps the number, people see ``label``."""

    OK = 0
    ERROR = 1
    TIMEOUT = 2
    OUT_OF_MEMORY = 3
    INIT_ERROR = 4
    UNKNOWN = 5

    @property
    def label(self) -> str:
        """The word that people see: ``ok``, ``out_of_memory``."""
        return self.name.lower()

    @property
    def failed(self) -> bool:
        """Whether the invocation failed. One whose end is not known (UNKNOWN) did not."""
        return 0 < self < 5


EXIT_TYPES = frozenset({"Runtime.ExitError", "Runtime.Unknown", "Runtime.NodeJsExit"})
"""The error type that the platform gives where it saw only that the process had ended."""

Place = tuple[str, str, str]
"""Where a log event is from: its log group, log stream and function, each "" where the source does not say."""


class LogEvent(msgspec.Struct, gc=False):
    """One CloudWatch Logs event, or a line of a file that stands for one.

    A msgspec struct, not a dataclass: JSON lines are decoded straight into it, 1.2 million a second.
    ``message`` is the untouched text. Empty strings are "the source does not say".
    """

    timestamp_ms: int
    message: str
    log_group: str = ""
    log_stream: str = ""
    event_id: str = ""
    function: str = ""
    account: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """Input that looks like something we read, but cannot be read; counted and kept with its reason."""

    reason: str
    text: str
    source: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class FunctionKey:
    """What makes a function unique. Empty account or region: the source did not say."""

    name: str
    account: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function and its configuration, as far as it is known."""

    key: FunctionKey
    runtime: str | None = None
    arch: str | None = None
    memory_mb: int | None = None
    timeout_s: int | None = None
    ephemeral_mb: int | None = None
    log_group: str | None = None
    reserved_concurrency: int | None = None


class Parts:
    """Which platform lines of an invocation were seen: a bit mask. ``WHOLE`` needs no other piece."""

    START = 1
    REPORT = 2
    WHOLE = 3


@dataclass(frozen=True, slots=True)
class Stream:
    """A log stream: one execution environment of one function."""

    function: FunctionKey
    name: str


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """An error's group, and the family of groups that the group belongs to ("" where it is not known)."""

    function: FunctionKey
    fingerprint: str
    error_type: str
    message: str
    family: str = ""


class MetricPoint(msgspec.Struct, frozen=True, gc=False):
    """One value of one CloudWatch metric; absent points are absent, not zero.

    A msgspec struct for the reason that ``LogEvent`` is one: a collection makes a million of them.
    """

    function: FunctionKey
    metric: str
    stat: str
    period_s: int
    start_ms: int
    value: float


class EmfSample(msgspec.Struct, frozen=True, gc=False):
    """One metric's values in one log line of the Embedded Metric Format; ``dimensions`` by name, ``unit`` CloudWatch's.

    A line makes one for each of its metrics and dimension sets.
    """

    namespace: str
    metric: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]
    at_ms: int
    values: tuple[float, ...]


class OrphanLines(msgspec.Struct, array_like=True, gc=False):
    """Log events of a stream that belong to no invocation; ``lines`` as in ``Invocation``."""

    stream: int
    first_ms: int
    last_ms: int
    events: int
    lines: bytes


def packed_id(request_id: str) -> bytes | str:
    """A UUID as its 16 bytes; any other id as the text it is."""
    if len(request_id) == 36:
        try:
            raw = bytes.fromhex(request_id.replace("-", ""))
        except ValueError:
            return request_id
        if len(raw) == 16 and request_id == request_id.lower():
            return raw
    return request_id


def id_text(request_id: bytes | str) -> str:
    """The id as Lambda prints it."""
    if isinstance(request_id, str):
        return request_id
    raw = request_id.hex()
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"
