"""A live tail as the screens have it: a child that tails, the lines that came, how it is and what it has cost."""

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
class Told:
    """How the tail is: its way, what there is to say, whether AWS leaves lines out, USD so far (None: free)."""

    way: str
    note: str
    sampled: bool
    cost_usd: Decimal | None


@dataclass
class LiveTail:
    """How one live tail is; ``seen`` counts its lines."""

    functions: Sequence[str] = ()
    seen: int = 0
    told: Told | None = None
    note: str = ""
    began: float = field(default_factory=time.monotonic)
    child: Child | None = None
    stopped: bool = False

    def take(self, told: Told) -> None:
        if self.told is None:
            self.began = time.monotonic()
        self.told, self.note = told, told.note or self.note

    def stop(self) -> None:
        self.stopped = True
        if self.child is not None:
            self.child.stop()

    @property
    def word(self) -> str:
        """For the header."""
        way = self.told.way if self.told else ""
        return "POLLING" if way == POLLING else "LIVE" if way else "STARTING LIVE TAIL"

    def state(self, dot: str) -> str:
        """``LIVE tail of checkout · 2:13 · $0.03 so far, $0.01 a minute · 1,204 lines``."""
        names = ", ".join(self.functions[:3]) + (f" and {len(self.functions) - 3} more" if self.functions[3:] else "")
        if self.told is None:
            return f"starting a live tail{' of ' + names if names else ''}: 0 stops"
        told = self.told
        parts = [f"{self.word} tail of {names}" if told.way != POLLING else f"POLLING {names}"]
        parts.append(clock(time.monotonic() - self.began))
        if told.way == RUNNER:
            parts.append("free: the runner's own log")
        elif told.way == LIVE:
            parts.append(f"{money(told.cost_usd)} so far, $0.01 a minute")
        elif told.cost_usd:
            parts.append(f"the session cost {money(told.cost_usd)}")
        parts.append(counted(self.seen, "line"))
        if told.sampled:
            parts.append("SAMPLED: over 500 lines a second, AWS shows some")
        said = f" {dot} ".join(parts)
        return f"{said}\n{self.note}" if self.note and told.way == POLLING else said


def clock(seconds: float) -> str:
    """``0:07``, ``12:30``, ``2:03:00``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def arguments(db: Path, target: LiveTarget, profile: str | None) -> list[str]:
    """The command line of the child."""
    given = ["--db", str(db), "--account", target.account, "--region", target.region]
    for name in target.functions:
        given += ["--function", name]
    return [*given, "logs", "--live", "--json", *(("--profile", profile) if profile and not target.runner else ())]


def came(child: Child, identities: dict[str, int]) -> Iterator[list[LogView | Told]]:
    """What the child tells, as it comes. ``identities`` are the functions' ids in the store."""
    for lines in child.batches():
        found = [one for line in lines if (one := _read(line, identities)) is not None]
        if found:
            yield found


def _read(line: str, identities: dict[str, int]) -> LogView | Told | None:
    try:
        record: Any = parsed_json(line)
        if "way" in record:
            cost = record["cost_usd"]
            return Told(record["way"], record["note"], record["sampled"], None if cost is None else Decimal(cost))
        name, message = record["function"], record["message"]
        at = round(datetime.fromisoformat(record["timestamp"]).timestamp() * 1000)
    except (ValueError, KeyError, TypeError):
        return None
    return LogView(identities.get(name, 0), at, name, None, message, kind_of(message))
