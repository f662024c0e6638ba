"""A live tail that a screen started: the child that tails, its reports, and its cost."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from collectors.untrusted import parsed_json
from lambdatui.processes.child_process import Child
from lambdatui.text.figures import counted, money
from lambdatui.views.live import LiveTarget
from lambdatui.views.logs import LogView, kind_of

LIVE, POLLING, RUNNER = "live", "polling", "runner"


@dataclass(frozen=True, slots=True)
class TailReport:
    """The state of the tail, as the child reports it."""

    way: str
    """``LIVE``, ``POLLING`` or ``RUNNER``."""
    note: str
    """A text for people on the state; may be empty."""
    sampled: bool
    """Whether AWS leaves lines out: it does so above 500 a second."""
    cost_usd: Decimal | None
    """USD that AWS bills for the tail so far; None where it is free."""


@dataclass
class LiveTail:
    """The state of one live tail."""

    functions: Sequence[str] = ()
    """The names of the functions that are tailed."""
    left_out: int = 0
    """How many log groups more were asked for than one tail takes."""
    seen: int = 0
    """How many lines have come."""
    report: TailReport | None = None
    """The child's last report; None before the first."""
    note: str = ""
    """The last note of a report that had one."""
    began: float = field(default_factory=time.monotonic)
    """When the first report came, by the monotonic clock, in seconds."""
    child: Child | None = None
    stopped: bool = False

    def take(self, report: TailReport) -> None:
        """Takes a report of the child; the clock of the tail starts with the first one."""
        if self.report is None:
            self.began = time.monotonic()
        self.report, self.note = report, report.note or self.note

    def stop(self) -> None:
        """Ends the tail, and with it what it costs."""
        self.stopped = True
        if self.child is not None:
            self.child.stop()

    @property
    def word(self) -> str:
        """``LIVE``, ``POLLING`` or ``STARTING LIVE TAIL``, for the header."""
        way = self.report.way if self.report else ""
        return "POLLING" if way == POLLING else "LIVE" if way else "STARTING LIVE TAIL"

    def state(self, dot: str) -> str:
        """``LIVE tail of checkout · 2:13 · $0.03 so far, $0.01 a minute · 1,204 lines``."""
        names = ", ".join(self.functions[:3]) + (f" and {len(self.functions) - 3} more" if self.functions[3:] else "")
        if self.report is None:
            return f"starting a live tail{' of ' + names if names else ''}: 0 stops"
        report = self.report
        parts = [f"{self.word} tail of {names}" if report.way != POLLING else f"POLLING {names}"]
        if self.left_out:
            parts.append(f"{len(self.functions)} at once is the most: {self.left_out:,} left out")
        parts.append(clock(time.monotonic() - self.began))
        if report.way == RUNNER:
            parts.append("free: the runner's own log")
        elif report.way == LIVE:
            parts.append(f"{money(report.cost_usd)} so far, $0.01 a minute")
        elif report.cost_usd:
            parts.append(f"the session cost {money(report.cost_usd)}")
        parts.append(counted(self.seen, "line"))
        if report.sampled:
            parts.append("SAMPLED: over 500 lines a second, AWS shows some")
        line = f" {dot} ".join(parts)
        return f"{line}\n{self.note}" if self.note and report.way == POLLING else line


def clock(seconds: float) -> str:
    """``0:07``, ``12:30``, ``2:03:00``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def arguments(db: Path, target: LiveTarget, profile: str | None) -> list[str]:
    """The arguments of ``lambdatui`` with which a child tails ``target``."""
    options = ["--db", str(db), "--account", target.account, "--region", target.region]
    for name in target.functions:
        options += ["--function", name]
    return [*options, "logs", "--live", "--json", *(("--profile", profile) if profile and not target.runner else ())]


def batches(child: Child, ids: dict[str, int]) -> Iterator[list[LogView | TailReport]]:
    """What the child writes, as it comes. ``ids`` are the functions' ids in the store, by name."""
    for lines in child.batches():
        items = [item for line in lines if (item := _read(line, ids)) is not None]
        if items:
            yield items


def _read(line: str, ids: dict[str, int]) -> LogView | TailReport | None:
    """A line of the child's JSON; None for what is none of ours, such as a line that was cut."""
    try:
        record: Any = parsed_json(line)
        if "way" in record:
            cost = record["cost_usd"]
            return TailReport(record["way"], record["note"], record["sampled"], None if cost is None else Decimal(cost))
        name, message = record["function"], record["message"]
        timestamp = round(datetime.fromisoformat(record["timestamp"]).timestamp() * 1000)
    except (ValueError, KeyError, TypeError):
        return None
    return LogView(ids.get(name, 0), timestamp, name, None, message, kind_of(message))
