"""A store of four functions invoked in bursts, and ranges and sets of functions to ask it about."""

import sqlite3
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st

from collectors.model.records import id_text
from tests.support.printed_statements import HOUR, T0, Event, imported, report, request_id, start

WORDS = ("Timeout of KEY", "timeout of \u212aEY", "D\u0130SK full", "größe", "plain")
spans = st.tuples(st.integers(-2 * HOUR, 60 * HOUR), st.integers(1, 60 * HOUR))
functions = st.sets(st.integers(1, 4), min_size=1)
many = settings(max_examples=60)


def make(folder: Path) -> Path:
    """Four functions, one of them hardly ever invoked, in bursts; every third fails, many in the same millisecond."""
    events = []
    for number in range(400):
        at = T0 + number // 3 * 977_000 + number % 7 // 5
        which = 3 if number % 97 == 0 else number % 3
        request, named = request_id(number), {"group": f"/aws/lambda/fn-{which}", "stream": f"s{which}"}
        events += [Event(at, start(request), **named), Event(at + 3, f"{WORDS[number % 5]} {number}\n", **named)]
        if number % 3 == 0:
            kind = ("ValueError", "KeyError", "OSError")[number % 9 // 3]
            events.append(
                Event(at + 4, f"[ERROR] {kind}: of {number % 2}\nTraceback (most recent call last):\n", **named)
            )
        took = 3000 if number % 4 == 0 else 40 + number % 50  # many take as long as they may
        events.append(Event(at + took, report(request, took), **named))
    imported(folder, events)
    return folder / "store.db"


def all_rows(db: Path, order: str, where: str) -> list[tuple[int, str, int]]:
    with sqlite3.connect(db) as connection:
        rows = connection.execute(
            f"SELECT function_id, request_id, start_ms FROM invocations i WHERE {where} ORDER BY {order}"
        ).fetchall()
    return [(row[0], id_text(row[1]), row[2]) for row in rows]
