"""However logs are read, in pieces that overlap, cut anything, come in any order and again: each event stands once."""

import json
import random
import sqlite3
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from collectors.store.integrity.checking import check
from collectors.store.lines.chunks import opened, unpacked
from tests.faults.budget import SEED, rounds
from tests.support.pattern_fleet import Event, bring_in, counted, fleet

Told = Counter[tuple[int, str]]


def with_metrics(dice: random.Random, events: list[Event]) -> list[Event]:
    """Some lines are EMF documents; none is another's text in the same millisecond."""
    for number, event in enumerate(events):
        if "RequestId: " in str(event["message"]) or "INIT_START" in str(event["message"]):
            continue
        if dice.random() < 0.3:
            directive = {"Namespace": "shop", "Dimensions": [[]], "Metrics": [{"Name": "orders"}]}
            document = {"_aws": {"Timestamp": event["timestamp"], "CloudWatchMetrics": [directive]}, "orders": number}
            event["message"] = json.dumps(document) + "\n"
        elif dice.random() < 0.2:
            event["message"] = json.dumps({"level": "ERROR", "requestId": f"of-another-{number % 3}", "at": number})
    seen: dict[tuple[object, ...], Event] = {}
    for event in events:
        seen.setdefault(tuple(event[name] for name in ("logGroup", "logStreamName", "timestamp", "message")), event)
    return list(seen.values())


def cut(dice: random.Random, events: list[Event]) -> list[list[Event]]:
    edges = sorted(dice.sample(range(len(events) + 1), min(dice.randrange(1, 7), len(events))))
    pieces = [
        events[max(0, low - dice.randrange(4)) : high + dice.randrange(4)]
        for low, high in pairwise([0, *edges, len(events)])
    ]
    dice.shuffle(pieces)
    for again in ([dice.choice(pieces)], [events], [events]):
        if dice.random() < 0.5:
            pieces[(at := dice.randrange(len(pieces) + 1)) : at] = again
    return pieces


def kept(store: Path) -> Told:
    connection = sqlite3.connect(store)
    try:
        chunks = connection.execute("SELECT content FROM chunks").fetchall()
    finally:
        connection.close()
    return Counter(line for (content,) in chunks for packed in opened(content).values() for line in unpacked(packed))


def metrics(store: Path, table: str) -> tuple[int, float]:
    connection = sqlite3.connect(store)
    try:
        found = connection.execute(f"SELECT coalesce(sum(samples), 0), coalesce(sum(total), 0) FROM {table}").fetchone()
    finally:
        connection.close()
    return found[0], found[1]


@seed(SEED)
@given(st.integers(0, 2**32))
@settings(max_examples=rounds(50), database=None)
def test_each_event_is_kept_and_counted_once(tmp_path: Path, number: int) -> None:
    dice = random.Random(number)
    events = with_metrics(dice, fleet(dice))
    folder = tmp_path / f"{number}-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    store = folder / "s.db"
    bring_in(store, folder, cut(dice, events))
    there: Told = Counter((int(str(each["timestamp"])), str(each["message"])) for each in events)
    found = kept(store)
    assert (found - there, there - found) == (Counter(), Counter())
    assert counted(store) == (len(events), sum(len(text.encode()) for _, text in there.elements()))
    values = [json.loads(text)["orders"] for _, text in there.elements() if '"_aws"' in text]
    assert metrics(store, "emf_minutes") == metrics(store, "emf_days") == (len(values), sum(values))
    assert check(store) == []


REQUEST = "0000000c-1111-4111-8111-637e5b6e4ae7"
AT = 1_770_000_000_000
SAID = [
    f"START RequestId: {REQUEST} Version: $LATEST\n",
    "before\n",
    '{"level":"ERROR","message":"upstream","requestId":"of-another"}\n',
    "between\n",
    "after\n",
    f"END RequestId: {REQUEST}\n",
    f"REPORT RequestId: {REQUEST}\tDuration: 10.00 ms\tBilled Duration: 10 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 40 MB\t\n",
]


@pytest.mark.parametrize("begins", range(1, 6))
@pytest.mark.parametrize("first", ["piece", "whole"])
def test_a_line_that_names_another_request_takes_no_neighbours_along(tmp_path: Path, begins: int, first: str) -> None:
    """A piece that begins before such a line gave all lines to the request that it names, and they stood twice."""
    whole: list[Event] = [
        {"logGroup": "/aws/lambda/f", "logStreamName": "s", "timestamp": AT + at, "message": text, "eventId": f"{at:056d}"}
        for at, text in enumerate(SAID)
    ]  # fmt: skip
    pieces = [whole[:begins], whole[begins:], whole] if first == "piece" else [whole, whole[begins:], whole[:begins]]
    bring_in(tmp_path / "s.db", tmp_path, pieces)
    assert kept(tmp_path / "s.db") == Counter((AT + at, text) for at, text in enumerate(SAID))
    assert check(tmp_path / "s.db") == []
    connection = sqlite3.connect(tmp_path / "s.db")
    assert connection.execute("SELECT sum(events), sum(parts = 3) FROM invocations").fetchone() == (len(SAID), 1)
    connection.close()
