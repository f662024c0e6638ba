"""Whatever a fleet writes, and however its logs are read, the patterns' lines and bytes are those that were read."""

import json
import random
import sqlite3
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.parsing.patterns import LinePatterns
from collectors.store.lines.chunks import opened, unpacked
from collectors.store.read.reader import Reader
from collectors.store.write.maintenance import prune
from collectors.store.write.pattern_counts import PatternCounts
from lambdatui.settings.price_book import current
from lambdatui.views.patterns import patterns
from lambdatui.views.time_range import RangeChoice

T0 = 1_770_000_000_000
DAY = 86_400_000
Event = dict[str, object]
TEXTS = (
    "stored order {n} in 3 ms\n",
    "no newline at its end {n}",
    "two lines\n\tof {n}\n",
    "\n",
    "  \t \n",
    "grüße € {n} 😀\n",
    '{{"level":"INFO","message":"paid {n}","who":"ann"}}\n',
    '{{"time":"2026-02-02T02:40:29.140Z","level":"ERROR","message":"x","requestId":"{n}"}}\n',
    "[INFO]\t2026-02-02T02:40:29.140Z\tid-{n}\tstep\n",
    "[ERROR] KeyError: 'order_{n}'\nTraceback (most recent call last):\n",
    "x" * 700 + " {n}\n",
    "START of day {n}\n",
)


def fleet(dice: random.Random, *, cut: bool = False) -> list[Event]:
    """Log events of some invocations over some days; where ``cut``, some lack their beginning: their lines are loose,
    or the invocation's before.
    """
    events: list[Event] = []
    for number in range(dice.randrange(1, 40)):
        request = f"{number:08x}-1111-4111-8111-{dice.getrandbits(48):012x}"
        function, stream = dice.randrange(3), dice.randrange(3)
        at = T0 + dice.randrange(5 * DAY)
        said = [dice.choice(TEXTS).format(n=dice.randrange(10**6)) for _ in range(dice.randrange(5))]
        texts = [
            *(
                ["INIT_START Runtime Version: python:3.13.v31\tRuntime Version ARN: arn:x\n"]
                if dice.random() < 0.3
                else []
            ),
            f"START RequestId: {request} Version: {dice.choice(('$LATEST', '7'))}\n",
            *said,
            f"END RequestId: {request}\n",
            f"REPORT RequestId: {request}\tDuration: 10.00 ms\tBilled Duration: 10 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 40 MB\t\n",
        ]
        if cut and dice.random() < 0.15:
            texts = texts[dice.randrange(len(texts)) :]
        for place, text in enumerate(texts):
            at += dice.choice((0, 1, 50))
            events.append(
                {
                    "logGroup": f"/aws/lambda/shop-{function}", "logStreamName": f"2026/02/02/[$LATEST]{stream:032x}",
                    "timestamp": at, "message": text, "eventId": f"{at * 10**25 + number * 100 + place:056d}",
                }
            )  # fmt: skip
    events.sort(key=lambda event: str(event["eventId"]))
    return events


def written(path: Path, events: list[Event]) -> str:
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in events), encoding="utf-8")
    return str(path)


def sums(store: Path, table: str) -> Counter[tuple[int, int]]:
    """Lines and bytes by function and day."""
    connection = sqlite3.connect(store)
    try:
        rows = connection.execute(
            f"SELECT function_id, start_ms / {DAY}, sum(lines), sum(bytes) FROM {table} GROUP BY 1, 2 HAVING sum(lines)"
        ).fetchall()
    finally:
        connection.close()
    return Counter({row[:2]: row[2:] for row in rows})


def kept(store: Path) -> tuple[int, int]:
    connection = sqlite3.connect(store)
    try:
        texts = [
            text
            for (content,) in connection.execute("SELECT content FROM chunks")
            for packed in opened(content).values()
            for _, text in unpacked(packed)
        ]
    finally:
        connection.close()
    return len(texts), sum(len(text.encode()) for text in texts)


def counted(store: Path) -> tuple[int, int]:
    found = sums(store, "pattern_hours").values()
    return sum(each[0] for each in found), sum(each[1] for each in found)


def bring_in(store: Path, folder: Path, pieces: list[list[Event]]) -> None:
    for at, piece in enumerate(pieces):
        import_files([written(folder / f"{at}.jsonl", piece)], db=store, defaults=FunctionKey(""))


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_byte_of_a_random_fleet_is_counted_once(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    events = fleet(dice, cut=True)
    folder = tmp_path / f"{seed}-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    store = folder / "s.db"
    bring_in(store, folder, [events] * dice.randint(1, 2))
    assert counted(store) == kept(store) == (len(events), sum(len(str(each["message"]).encode()) for each in events))
    low = T0 + dice.randrange(5 * DAY)
    high = low + dice.choice((DAY // 24, DAY, 3 * DAY)) + dice.randrange(DAY)
    with Reader(store) as reader:
        view = patterns(reader, RangeChoice(start=str(low), end=str(high)).resolve(T0), current())
    inside = [each for each in events if view.range.from_ms <= int(str(each["timestamp"])) < view.range.to_ms]
    assert (view.lines, view.bytes) == (len(inside), sum(len(str(each["message"]).encode()) for each in inside))
    assert sum(row.bytes for row in view.rows) == view.bytes


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_pieces_that_are_cut_anywhere_all_that_is_kept_is_counted(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    events = fleet(dice, cut=dice.random() < 0.3)
    folder = tmp_path / f"{seed}-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    edges = sorted(dice.sample(range(len(events) + 1), min(3, len(events))))
    pieces = [events[low : high + dice.randrange(3)] for low, high in pairwise([0, *edges, len(events)])]
    dice.shuffle(pieces)
    bring_in(folder / "s.db", folder, [*pieces, dice.choice(pieces), events])
    assert counted(folder / "s.db") == kept(folder / "s.db")
    assert sums(folder / "s.db", "pattern_days") == sums(folder / "s.db", "pattern_hours")


def test_what_is_pruned_stays_counted_and_is_not_counted_again(tmp_path: Path) -> None:
    events = fleet(random.Random(6))
    store, file = tmp_path / "s.db", written(tmp_path / "a.jsonl", fleet(random.Random(6)))
    import_files([file], db=store, defaults=FunctionKey(""))
    before = sums(store, "pattern_hours")
    assert counted(store)[0] == len(events)
    lasts = [
        max(int(str(each["timestamp"])) for each in events if each["logGroup"] == group)
        for group in {each["logGroup"] for each in events}
    ]  # a chunk goes with its last line
    prune(store, before_ms=min(lasts) + DAY // 24)
    assert kept(store)[0] < len(events)
    assert sums(store, "pattern_hours") == before
    import_files([file], db=store, defaults=FunctionKey(""))
    assert sums(store, "pattern_hours") == sums(store, "pattern_days") == before


def test_a_batch_that_fails_is_counted_when_it_comes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = fleet(random.Random(9))
    store, file = tmp_path / "s.db", written(tmp_path / "a.jsonl", events)

    def broken(self: PatternCounts) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(PatternCounts, "write", broken)
        with pytest.raises(Exception, match="disk"):
            import_files([file], db=store, defaults=FunctionKey(""))
    assert counted(store) == (0, 0)
    import_files([file], db=store, defaults=FunctionKey(""))
    assert counted(store)[0] == len(events)
    assert LinePatterns().of(["a"]) == ["a"]
