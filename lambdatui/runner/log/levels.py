"""Log levels of the JSON format: which lines of Lambda and of the function itself are written.

Lambda Developer Guide, "Log-level filtering": ``SystemLogLevel`` and ``ApplicationLogLevel`` of a function's logging
configuration, both INFO by default. The text format has no levels.
"""

from collections.abc import Callable, Sequence

from lambdatui.runner.functions import Deployment
from lambdatui.runner.log.platform_lines import PlatformLines, ReportFigures, platform_line
from lambdatui.runner.untrusted import parsed_json

_RANKS = {name: rank for rank, name in enumerate(("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"))}
# Python's names.
_RANKS |= {"WARNING": _RANKS["WARN"], "CRITICAL": _RANKS["FATAL"]}
_DEBUG, _INFO, _WARN = _RANKS["DEBUG"], _RANKS["INFO"], _RANKS["WARN"]

Events = Sequence[tuple[int, str]]
"""Log events: ``(epoch milliseconds, message)`` of each."""


def platform_lines(deployment: Deployment) -> PlatformLines:
    """The lines that Lambda writes for a version, with the level that its logging configuration asks for."""
    return LevelledLines(deployment) if deployment.log_format == "JSON" else PlatformLines(deployment)


class LevelledLines(PlatformLines):
    """Lines of the JSON format; "" stands for one below the system log level.

    The levels are those of the guide's table "System log level event mapping".
    """

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(deployment)
        self._least = _RANKS.get(deployment.system_level, _INFO)

    def init_start(self, kind: str) -> str:
        """``platform.initStart``, of level INFO."""
        return super().init_start(kind) if self._least <= _INFO else ""

    def start(self, request_id: str) -> str:
        """``platform.start``, of level INFO."""
        return super().start(request_id) if self._least <= _INFO else ""

    def init_succeeded(self, kind: str, init_us: int) -> list[str]:
        """``platform.initRuntimeDone``, of level DEBUG, and ``platform.initReport``, of INFO where provisioned."""
        record = {"initializationType": kind, "phase": "init", "status": "success"}
        done = platform_line("platform.initRuntimeDone", record)
        report = platform_line("platform.initReport", record | {"metrics": {"durationMs": init_us / 1000}})
        level = _DEBUG if kind == "on-demand" else _INFO
        return [done] * (self._least <= _DEBUG) + [report] * (self._least <= level)

    def last(self, report: ReportFigures) -> list[str]:
        """``platform.runtimeDone``, of level DEBUG, and ``platform.report``, of INFO; WARN where the call failed."""
        record: dict[str, object] = {"requestId": report.request_id, "status": report.status or "success"}
        if report.error_type:
            record["errorType"] = report.error_type
        done = platform_line("platform.runtimeDone", record | {"metrics": {"durationMs": report.duration_us / 1000}})
        if report.status is not None:
            return [done, *super().last(report)] if self._least <= _WARN else []
        return [done] * (self._least <= _DEBUG) + (super().last(report) if self._least <= _INFO else [])


def output_filter(deployment: Deployment) -> Callable[[Events], Events] | None:
    """What keeps the function's own log events that its application log level lets through; None for all of them."""
    least = _RANKS.get(deployment.application_level, _INFO)
    if deployment.log_format != "JSON" or least <= _RANKS["TRACE"]:
        return None
    return lambda events: [event for event in events if _rank(event[1], least) >= least]


def _rank(message: str, least: int) -> int:
    """The level of a log event; INFO for a JSON object without one. Text that is no JSON object is always written."""
    if not message.startswith("{") or (least <= _INFO and '"level"' not in message):
        return least
    try:
        event = parsed_json(message)
    except ValueError:
        return least
    return _RANKS.get(str(event.get("level", "INFO")).upper(), _INFO) if isinstance(event, dict) else least
