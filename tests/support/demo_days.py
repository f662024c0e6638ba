"""The demo's thirty simulated days as a store, at one moment: a Wednesday evening late in a month."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from collectors.ingest.engine import collect
from collectors.model.records import LogEvent
from collectors.sources.base import Item, LogEvents, Source, Stored
from lambdatui.demo.history.calendar import Calendar
from lambdatui.demo.history.source import SimulatedDays
from lambdatui.runner.functions import ACCOUNT, REGION

CALENDAR = Calendar(int(datetime(2026, 11, 25, 17, 23, tzinfo=UTC).timestamp() * 1000))
NOW_MS = CALENDAR.end_ms + 2_000
BUDGET_USD = 15.0


def demo_days(path: Path) -> Path:
    """Writes the days into a new store."""
    assert collect(SimulatedDays(CALENDAR, seed=7), db=path, now_ms=NOW_MS).failures == []
    return path


class OneLineEach(Source):
    """A log line of each of some functions, a second after the simulated days."""

    name = "lines"
    account, region = ACCOUNT, REGION

    def __init__(self, functions: list[str], text: str) -> None:
        self._functions = functions
        self._text = text

    def items(self, stored: Stored, /) -> Iterator[Item]:
        """The lines."""
        yield LogEvents([
            LogEvent(CALENDAR.end_ms + 1_000, f"{self._text} {name}\n", f"/aws/lambda/{name}", "live", "", name, ACCOUNT,
                     REGION)
            for name in self._functions
        ])  # fmt: skip
