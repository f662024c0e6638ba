"""The lines that Lambda itself writes to a function's log, in its text format.

Each ends with a line feed, as CloudWatch Logs keeps them. Durations come in as integer microseconds and are printed
as milliseconds with two decimals.
"""


def init_start(runtime_version: str, runtime_arn: str) -> str:
    return f"INIT_START Runtime Version: {runtime_version}\tRuntime Version ARN: {runtime_arn}\n"


def start(request_id: str) -> str:
    return f"START RequestId: {request_id} Version: $LATEST\n"


def end(request_id: str) -> str:
    return f"END RequestId: {request_id}\n"


def init_report(init_us: int, phase: str, status: str, error_type: str | None) -> str:
    """INIT_REPORT, which Lambda writes only for an init that failed. ``phase`` is ``init`` or ``invoke``."""
    fields = [f"INIT_REPORT Init Duration: {_ms(init_us)} ms", f"Phase: {phase}", f"Status: {status}"]
    if error_type:
        fields.append(f"Error Type: {error_type}")
    return "\t".join(fields) + "\n"


def report(
    request_id: str,
    *,
    duration_us: int,
    memory_mb: int,
    max_memory_mb: int,
    init_us: int | None = None,
    status: str | None = None,
    error_type: str | None = None,
) -> str:
    """REPORT; ``status`` is ``timeout`` or ``error`` and is left out of an invocation that the handler answered."""
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {_ms(duration_us)} ms",
        f"Billed Duration: {billed_ms(duration_us, init_us)} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {max_memory_mb} MB",
    ]
    if init_us is not None:
        fields.append(f"Init Duration: {_ms(init_us)} ms")
    if status:
        fields.append(f"Status: {status}")
    if error_type:
        fields.append(f"Error Type: {error_type}")
    return "\t".join(fields) + "\t\n"


def billed_ms(duration_us: int, init_us: int | None) -> int:
    """Duration and init, rounded up to a whole millisecond (init is billed for every kind since 2025-08-01)."""
    return -(-(duration_us + (init_us or 0)) // 1000)


def _ms(microseconds: int) -> str:
    # Integers, not a float's rounding: 1005 us is 1.00 ms wherever it is printed.
    return f"{microseconds // 1000}.{microseconds % 1000 // 10:02d}"
