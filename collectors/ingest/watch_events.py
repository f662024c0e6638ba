"""What newly goes wrong in a watch, which collects again and again: found at the end of each round, each event once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from collectors.ingest.regrouping import is_old
from collectors.ingest.results import Collected
from collectors.model.account import Alarm
from collectors.store.errors import StoreError
from collectors.store.read import account_rows
from collectors.store.read.new_errors import error_groups_after, newest_error_group
from collectors.store.read.reader import Reader

ALARM, ERROR, FAILURE, BUDGET = "alarm", "new error", "source failed", "budget reached"


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """Something that newly went wrong. ``text`` says it in one line.

    ``kind`` is one of this module's: an alarm that rings (``name`` is the alarm's), a group of errors that the store
    did not have (the error's type), a part of a source that cannot be read (the part), a budget that stopped the
    collection (the source). What is not known of it is empty. ``at_ms`` is the end of the round, in epoch ms.
    """

    kind: str
    name: str
    text: str
    at_ms: int
    account: str = ""
    region: str = ""
    function: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Its fields by their names, all of them values of JSON."""
        return asdict(self)


class NewTrouble:
    """Finds what newly went wrong in each round of a watch.

    What was wrong when the watch began is not new. What was over and comes back is.
    """

    def __init__(self, db: Path) -> None:
        """The store need not be there yet: what the first round finds in it is then not told, but for alarms."""
        self._db = db
        self._ringing: set[tuple[str, str, str]] = set()
        self._failing: set[tuple[str, str]] = set()
        self._newest_group: int | None = None
        try:
            with Reader(db) as reader:
                self._ringing = {(alarm.account, alarm.region, alarm.name) for alarm in _ringing(reader)}
                # Groups that are made anew by newer rules are not new.
                self._newest_group = None if is_old(reader) else newest_error_group(reader)
        except StoreError:
            return

    def after_round(self, collected: Sequence[Collected], now_ms: int) -> list[WatchEvent]:
        """The events of the round that ends at ``now_ms``. StoreError where the store cannot be read."""
        return [*self._of_sources(collected, now_ms), *self._of_store(now_ms)]

    def _of_sources(self, collected: Sequence[Collected], now_ms: int) -> list[WatchEvent]:
        failing: dict[tuple[str, str], WatchEvent] = {}
        for source in collected:
            place = source.account, source.region
            for failure in source.failures:
                part = failure.partition(":")[0]
                failing.setdefault((source.name, part), WatchEvent(FAILURE, part, failure, now_ms, *place))
            if source.over_budget:
                failing[source.name, BUDGET] = WatchEvent(BUDGET, source.name, source.over_budget, now_ms, *place)
        events = [event for key, event in failing.items() if key not in self._failing]
        self._failing = set(failing)
        return events

    def _of_store(self, now_ms: int) -> list[WatchEvent]:
        with Reader(self._db) as reader:
            ringing = {(alarm.account, alarm.region, alarm.name): alarm for alarm in _ringing(reader)}
            groups = [] if self._newest_group is None else error_groups_after(reader, self._newest_group)
            self._newest_group = newest_error_group(reader)
        events = [
            WatchEvent(
                ALARM, alarm.name, f"{alarm.name} is in alarm: {alarm.reason or 'AWS does not say why'}", now_ms,
                alarm.account, alarm.region, alarm.function,
            )
            for key, alarm in ringing.items()
            if key not in self._ringing
        ]  # fmt: skip
        self._ringing = set(ringing)
        for group in groups:
            key = group.function
            text = f"{key.name}: {group.error_type}: {group.message}".split("\n", 1)[0][:500]
            events.append(WatchEvent(ERROR, group.error_type, text, now_ms, key.account, key.region, key.name))
        return events


def _ringing(reader: Reader) -> list[Alarm]:
    return [alarm for alarm in account_rows.alarms(reader) if alarm.state == "ALARM"]
