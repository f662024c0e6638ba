"""Whatever a fleet writes, and however its logs are read, the patterns' lines and bytes are those that were read."""

import random
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.parsing.patterns import LinePatterns
from collectors.store.read.reader import Reader
from collectors.store.write.maintenance import prune
from collectors.store.write.pattern_counts import PatternCounts
from lambdatui.settings.price_book import current
from lambdatui.views.patterns import patterns
from lambdatui.views.time_range import RangeChoice
from tests.support.invocation_logs import T0, kept, write
from tests.support.pattern_fleet import DAY, bring_in, counted, fleet, sums


@given(st.integers(0, 2**32))
@settings(max_examples=40)
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
@settings(max_examples=40)
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
    store, file = tmp_path / "s.db", write(tmp_path / "a.jsonl", fleet(random.Random(6)))
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
    store, file = tmp_path / "s.db", write(tmp_path / "a.jsonl", events)

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
