"""The result of one invocation."""

from dataclasses import dataclass

from lambdatui.runner.log.platform_lines import ReportFigures


@dataclass(frozen=True, slots=True)
class Invocation:
    """The answer of one attempt, and its report.

    ``payload`` is the handler's answer, or the error as a JSON object where ``error_type`` is not None. ``streamed``:
    the payload was sent already. ``tail`` is the end of its log, at most 4 KB, where it was asked for.
    """

    request_id: str
    payload: bytes
    error_type: str | None
    report: ReportFigures
    start_ms: int
    version: str
    content_type: str = "application/json"
    streamed: bool = False
    tail: bytes = b""

    @property
    def duration_us(self) -> int:
        """Microseconds that the handler took."""
        return self.report.duration_us

    @property
    def billed_ms(self) -> int:
        """Milliseconds that AWS would bill."""
        return self.report.billed_ms

    @property
    def init_us(self) -> int | None:
        """Microseconds of the init phase; None for a warm start."""
        return self.report.init_us

    @property
    def max_memory_mb(self) -> int:
        """The most memory that was resident, in MB of 1,024 * 1,024 bytes."""
        return self.report.max_memory_mb
