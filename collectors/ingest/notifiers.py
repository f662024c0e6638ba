"""Notifiers of what newly goes wrong in a watch: JSON lines, and those that other packages add by entry points."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from collectors import outside
from collectors.ingest.results import Collected
from collectors.ingest.watch_events import NewTrouble, WatchEvent
from collectors.model.errors import CaughtError
from collectors.store.errors import StoreError


class Notifier(Protocol):
    """Receives the events of a watch. Another package's entry point names what makes one, given ``ARGUMENT``."""

    def notify(self, event: WatchEvent, /) -> None:
        """Passes one event on. An exception is printed in a line; the watch and the other notifiers go on."""


class NoNotifier(CaughtError):
    """There is no such notifier; the text says why in one line."""


class JsonLines:
    """Writes an object a line: to a file, after what it has; to standard error where none is named."""

    def __init__(self, path: str = "") -> None:
        self._path = Path(path) if path else None

    def notify(self, event: WatchEvent, /) -> None:
        """Writes the event. OSError where the file cannot be written."""
        line = json.dumps(event.as_dict()) + "\n"
        if self._path is None:
            sys.stderr.write(line)
            sys.stderr.flush()
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)


TABLE: dict[str, Callable[[str], Notifier]] = {"json": JsonLines}


def notifier(named: str) -> Notifier:
    """The notifier that ``NAME`` or ``NAME=ARGUMENT`` names. Raises NoNotifier."""
    name, _, argument = named.partition("=")
    if name in TABLE:
        return TABLE[name](argument)
    added = outside.additions(outside.NOTIFIERS, name)
    if added.broken:
        raise NoNotifier(added.broken[0])
    if name not in added.parts:
        names = ", ".join([*TABLE, *outside.names_of(outside.NOTIFIERS)])
        raise NoNotifier(f"there is no notifier {name}: there are {names}")
    try:
        made: Notifier = added.parts[name](argument)
    except Exception as fault:
        raise NoNotifier(f"{name} cannot be made ({type(fault).__name__}: {fault})") from fault
    return made


class Notifications:
    """Passes the new events to notifiers after each round of a watch, each event once."""

    def __init__(self, db: Path, notifiers: Sequence[Notifier]) -> None:
        self._trouble = NewTrouble(db)
        self._notifiers = notifiers

    def after_round(self, collected: Sequence[Collected], now_ms: int) -> list[str]:
        """Passes on what is new. Returns a line for each event that could not be passed on."""
        try:
            events = self._trouble.after_round(collected, now_ms)
        except StoreError as error:
            return [f"nothing can be told of this round: {error}"]
        problems: list[str] = []
        for event in events:
            for each in self._notifiers:
                try:
                    each.notify(event)
                except Exception as fault:  # another package's, or a full disk
                    why = f"{type(fault).__name__}: {fault}"[:200]
                    problems.append(f"{type(each).__name__} could not be told of {event.kind} {event.name} ({why})")
        return problems
