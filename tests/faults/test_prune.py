"""Pruning: what was counted stays counted once, whatever is imported again, and nothing else is refused."""

import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey, LogEvent
from collectors.model.units import MINUTE_MS
from collectors.store.connection import writing
from collectors.store.integrity.checking import check
from collectors.store.read.reader import Reader
from collectors.store.write import prune as deleting
from collectors.store.write.deletions import Deleted
from collectors.store.write.maintenance import prune
from collectors.store.write.prune import Ends
from tests.faults.budget import SEED, rounds
from tests.support import small_store
from tests.support.command_line import run

MINUTE = small_store.MINUTE
T0 = small_store.T0
EVER = 0, 1 << 50
SEEDS = range(SEED, SEED + rounds(8))


def names(number: int) -> FunctionKey:
    return FunctionKey(f"fn{number}", "111122223333", "eu-west-1")


def brought_in(db: Path, folder: Path, events: list[LogEvent]) -> object:
    return import_files([str(small_store.write_events(folder / "some.jsonl", events))], db=db, defaults=FunctionKey(""))


def counts(db: Path) -> Counter[tuple[str, int]]:
    """Invocations by function and minute, of the cells that readers sum."""
    connection = sqlite3.connect(db)
    rows = connection.execute(
        "SELECT f.name, c.start_ms, c.invocations FROM minute_cells c JOIN functions f ON f.id = c.function_id"
    ).fetchall()
    hours = connection.execute("SELECT coalesce(sum(invocations), 0) FROM hour_cells").fetchone()[0]
    days = connection.execute("SELECT coalesce(sum(invocations), 0) FROM day_cells").fetchone()[0]
    connection.close()
    found = Counter({(name, start): count for name, start, count in rows})
    assert found.total() == hours == days
    return found


def lines_of(db: Path) -> Counter[tuple[str, int, str]]:
    with Reader(db) as reader:
        of = {row.id: row.function.key.name for row in reader.functions()}
        return Counter((of[one.function_id], one.timestamp_ms, one.text) for one in reader.search(*EVER, None))


def test_a_later_row_of_a_minute_that_was_cut_does_not_replace_what_was_counted(tmp_path: Path) -> None:
    """The issue's own: five in a minute, pruned in the middle of it, a sixth comes: 6, where it was 1."""
    db = tmp_path / "cut.db"
    first = [
        event
        for number in range(5)
        for event in small_store.invocation_events(names(0), number, T0 + number * 5_000, duration_ms=10.0)
    ]
    brought_in(db, tmp_path, first)
    done = run("db", "prune", "--before", "2025-03-31T10:00:12.500Z", "--db", db)
    assert done.exit_code == 0
    assert "full minute" in done.stderr
    assert "2025-03-31 10:00" in done.stderr
    brought_in(db, tmp_path, small_store.invocation_events(names(0), 9, T0 + 40_000, duration_ms=10.0))
    assert counts(db) == {("fn0", T0): 6}
    assert check(db) == []


def test_a_function_that_was_never_there_keeps_its_older_data(tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    brought_in(db, tmp_path, small_store.invocation_events(names(0), 1, T0, duration_ms=10.0))
    prune(db, before_ms=T0 + 60 * MINUTE)
    older = small_store.invocation_events(names(1), 2, T0 - 60 * MINUTE, duration_ms=10.0)
    result = brought_in(db, tmp_path, older)
    assert (result.invocations, result.duplicates, result.older_than_pruned) == (1, 0, 0)  # type: ignore[attr-defined]
    assert counts(db) == {("fn0", T0): 1, ("fn1", T0 - 60 * MINUTE): 1}


def test_what_is_older_than_what_was_pruned_is_told_as_that(tmp_path: Path) -> None:
    db, log = tmp_path / "store.db", tmp_path / "log.jsonl"
    small_store.write_events(log)
    run("import", log, "--db", db)
    run("db", "prune", "--before", "2025-03-31T10:06:00Z", "--db", db)
    said = run("import", log, "--db", db).stdout
    assert "13 duplicates" in said
    assert "21 older than pruned" in said
    as_json = json.loads(run("import", log, "--db", db, "--json").stdout)
    assert (as_json["duplicates"], as_json["older_than_pruned"]) == (13, 21)
    newest = json.loads(run("collections", "--json", "--db", db).stdout)["rows"][0]
    assert (newest["duplicates"], newest["older_than_pruned"]) == (13, 21)


def test_an_import_of_what_was_pruned_alone_is_no_unreadable_file(tmp_path: Path) -> None:
    db, log = tmp_path / "store.db", tmp_path / "log.jsonl"
    small_store.write_events(log)
    run("import", log, "--db", db)
    run("db", "prune", "--before", "2025-04-02", "--db", db)
    again = run("import", log, "--db", db)
    assert "0 duplicates" in again.stdout
    assert "34 older than pruned" in again.stdout
    assert again.stderr == ""
    assert again.exit_code == 0


def test_pruning_up_to_a_time_to_come_refuses_nothing_that_comes(tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    brought_in(db, tmp_path, small_store.invocation_events(names(0), 1, T0, duration_ms=10.0))
    done = run("db", "prune", "--before", "2999-01-01T00:00:30Z", "--db", db)
    assert done.exit_code == 0
    assert done.stdout.startswith("1 invocation")
    assert "still to come" in done.stderr
    at = time.time_ns() // 1_000_000 // MINUTE * MINUTE + MINUTE
    result = brought_in(db, tmp_path, small_store.invocation_events(names(0), 2, at, duration_ms=10.0))
    assert (result.invocations, result.older_than_pruned) == (1, 0)  # type: ignore[attr-defined]


def loose(key: FunctionKey, at_ms: int, text: str) -> LogEvent:
    event = small_store.invocation_events(key, 1, at_ms, duration_ms=1.0)[1]
    event.message, event.event_id = text, f"{at_ms:056d}"
    return event


def test_lines_outside_invocations_neither_double_nor_vanish(tmp_path: Path) -> None:
    db = tmp_path / "loose.db"
    some = [loose(names(0), T0 + at * MINUTE, f"between {at}\n") for at in range(0, 40, 2)]
    brought_in(db, tmp_path, some)
    assert lines_of(db).total() == 20
    prune(db, before_ms=T0 + 20 * MINUTE)
    left = lines_of(db)
    brought_in(db, tmp_path, some)
    brought_in(db, tmp_path, some[::-1])
    assert lines_of(db) == left
    assert all(count == 1 for count in left.values())
    newer = [loose(names(0), T0 + 100 * MINUTE, "later\n")]
    brought_in(db, tmp_path, newer)
    brought_in(db, tmp_path, newer)
    assert lines_of(db).total() == left.total() + 1


@dataclass
class Told:
    """What an oracle knows of one invocation: its START's time, whether it is counted, in the store, and whole."""

    key: str
    start_ms: int
    events: list[LogEvent]
    counted: bool = False


@dataclass
class Oracle:
    """Counts by its own rule: an invocation counts once, when it first comes and is no older than what was pruned."""

    every: list[Told]
    before_ms: dict[str, int] = field(default_factory=dict)

    def bring(self, some: list[Told]) -> None:
        for one in some:
            if one.start_ms >= self.before_ms.get(one.key, 0):
                one.counted = True

    def prune(self, at_ms: int) -> None:
        at_ms -= at_ms % MINUTE
        for key in {one.key for one in self.every if one.counted and one.start_ms < at_ms}:
            self.before_ms[key] = max(self.before_ms.get(key, 0), at_ms)

    def counts(self) -> Counter[tuple[str, int]]:
        return Counter((one.key, one.start_ms - one.start_ms % MINUTE) for one in self.every if one.counted)


def fleet(chance: random.Random) -> list[Told]:
    found = []
    for number in range(chance.randint(5, 60)):
        key = names(chance.randrange(4))
        start = T0 + chance.randrange(90 * MINUTE)
        events = small_store.invocation_events(
            key, number, start, duration_ms=chance.choice([1.0, 80.0, 4_000.0]), fault=chance.choice(["", "", "error"])
        )
        stream = f"2025/03/31/[$LATEST]{chance.randrange(3):032x}"
        for event in events:
            event.log_stream = stream
        events[-1].timestamp_ms = start + chance.choice([2, 90, 4_001])
        found.append(Told(key.name, start, sorted(events, key=lambda each: each.timestamp_ms)))
    return found


def in_order(some: list[Told]) -> list[LogEvent]:
    return [event for one in sorted(some, key=lambda each: each.start_ms) for event in one.events]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_fleets_and_prunes_at_any_millisecond_equal_an_oracle(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    oracle = Oracle(fleet(chance))
    db = tmp_path / "random.db"
    brought_in(db, tmp_path, in_order(oracle.every[:1]))
    oracle.bring(oracle.every[:1])
    for _ in range(chance.randint(2, 7)):
        if chance.random() < 0.4:
            at = T0 + chance.randrange(100 * MINUTE)
            prune(db, before_ms=at)
            oracle.prune(at)
        else:
            some = chance.sample(oracle.every, chance.randint(1, len(oracle.every)))
            brought_in(db, tmp_path, in_order(some))
            oracle.bring(some)
        assert counts(db) == oracle.counts()
        assert check(db) == []
    brought_in(db, tmp_path, in_order(oracle.every))
    oracle.bring(oracle.every)
    assert counts(db) == oracle.counts()
    assert all(count == 1 for count in lines_of(db).values())
    assert check(db) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_cut_exports_count_an_invocation_once_at_most(tmp_path: Path, seed: int) -> None:
    """Reads that begin or end within invocations, prunes between them, and then all of it again."""
    chance = random.Random(1_000 + seed)
    every = fleet(chance)
    events = in_order(every)
    db = tmp_path / "cut.db"
    for _ in range(chance.randint(2, 6)):
        low, high = sorted(chance.sample(range(len(events) + 1), 2))
        brought_in(db, tmp_path, events[low:high])
        if chance.random() < 0.6:
            prune(
                db, before_ms=chance.choice(every).start_ms + chance.choice([0, 1, 5, 59_999, MINUTE_MS, 16 * MINUTE])
            )
        assert check(db) == []
    brought_in(db, tmp_path, events)
    whole = Counter(one.key for one in every)
    found: Counter[str] = Counter()
    for (name, _), count in counts(db).items():
        found[name] += count
    assert all(found[name] <= whole[name] for name in found), (found, whole)
    connection = sqlite3.connect(db)
    kept = dict(
        connection.execute("SELECT f.name, p.rows_ms FROM pruned p JOIN functions f ON f.id = p.function_id").fetchall()
    )
    connection.close()
    younger = Counter(one.key for one in every if one.start_ms >= kept.get(one.key, 0))
    with Reader(db) as reader:
        stored = Counter(
            reader_name
            for reader_name in (
                {row.id: row.function.key.name for row in reader.functions()}[row.function_id]
                for row in reader.invocations(*EVER, limit=10_000)
            )
        )
    assert stored == younger
    assert all(count == 1 for count in lines_of(db).values())
    assert check(db) == []


def many(folder: Path, db: Path) -> int:
    events = [
        event
        for number in range(300)
        for event in small_store.invocation_events(names(number % 3), number, T0 + number * 20_000, duration_ms=10.0)
    ]
    brought_in(db, folder, events)
    return len(events)


def steps(db: Path, before_ms: int, piece: int) -> Iterator[Deleted]:
    with writing(db) as connection:
        yield from deleting.pieces(connection, Ends(rows_ms=before_ms, lines_ms=before_ms), piece)


def test_ended_between_any_two_pieces_the_store_is_whole_and_goes_on(tmp_path: Path) -> None:
    db, right = tmp_path / "pieces.db", tmp_path / "right.db"
    many(tmp_path, db)
    many(tmp_path, right)
    before = T0 + 60 * MINUTE
    expected = prune(right, before_ms=before)
    total = Deleted()
    taken = 0
    while True:
        some = next(steps(db, before, 40), None)
        if some is None:
            break
        total.add(some)
        taken += 1
        assert check(db) == []
    assert taken > 3
    assert {"invocations": total.invocations, "log lines": total.log_lines} == expected
    assert counts(db) == counts(right)
    tables = ("invocations", "pruned", "streams", "chunks", "minute_cells", "hour_cells")
    one, other = sqlite3.connect(db), sqlite3.connect(right)
    for table in tables:
        assert (
            one.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            == other.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
        ), table
    one.close()
    other.close()


def test_an_older_stores_one_time_becomes_that_of_its_functions(tmp_path: Path) -> None:
    from tests.support.released_stores import set_back

    db = tmp_path / "old.db"
    brought_in(db, tmp_path, small_store.invocation_events(names(0), 1, T0, duration_ms=10.0))
    brought_in(db, tmp_path, small_store.invocation_events(names(1), 2, T0 + 9 * MINUTE, duration_ms=10.0))
    set_back(db, 1)
    connection = sqlite3.connect(db)
    connection.execute("DELETE FROM invocations WHERE function_id = 1")
    connection.execute("INSERT INTO settings VALUES ('pruned_before_ms', ?)", (T0 + 30_500,))
    connection.commit()
    connection.close()
    again = brought_in(db, tmp_path, small_store.invocation_events(names(0), 1, T0, duration_ms=10.0))
    assert again.older_than_pruned == 4  # type: ignore[attr-defined]
    older = brought_in(db, tmp_path, small_store.invocation_events(names(1), 3, T0 - MINUTE, duration_ms=10.0))
    assert older.invocations == 1  # type: ignore[attr-defined]
    assert counts(db) == {("fn0", T0): 1, ("fn1", T0 + 9 * MINUTE): 1, ("fn1", T0 - MINUTE): 1}


def test_a_report_that_places_its_invocation_behind_what_was_pruned_counts_nothing_twice(tmp_path: Path) -> None:
    """START 1 ms before the watermark, a REPORT whose duration says 2 ms after it: it is the pruned one's."""
    db = tmp_path / "late.db"
    whole = small_store.invocation_events(names(0), 1, T0 + 59_999, duration_ms=1_000.0)
    whole[-1].timestamp_ms = T0 + 59_999 + 1_003
    whole[-2].timestamp_ms = T0 + 59_999 + 1_002
    brought_in(db, tmp_path, whole)
    brought_in(db, tmp_path, small_store.invocation_events(names(0), 2, T0 + 20 * MINUTE, duration_ms=1.0))
    prune(db, before_ms=T0 + MINUTE)
    again = brought_in(db, tmp_path, whole[-1:])
    assert (again.invocations, again.older_than_pruned) == (0, 1)  # type: ignore[attr-defined]
    assert counts(db).total() == 2
    assert check(db) == []


def test_a_line_of_a_pruned_invocation_that_comes_alone_counts_nothing_twice(tmp_path: Path) -> None:
    db = tmp_path / "line.db"
    whole = small_store.invocation_events(names(0), 1, T0 + 59_000, duration_ms=9_000.0)
    identity = small_store.request_id(1)
    whole[1].message = f"2025-03-31T10:01:05.000Z\t{identity}\tINFO\tstill here\n"
    for event, after in zip(whole, (0, 6_000, 9_000, 9_001), strict=True):
        event.timestamp_ms = T0 + 59_000 + after
    brought_in(db, tmp_path, whole)
    brought_in(db, tmp_path, small_store.invocation_events(names(0), 2, T0 + 40 * MINUTE, duration_ms=1.0))
    prune(db, before_ms=T0 + MINUTE)
    again = brought_in(db, tmp_path, whole[1:2])
    assert again.invocations == 0  # type: ignore[attr-defined]
    assert counts(db).total() == 2


def test_a_start_whose_report_came_first_meets_it_at_the_watermark(tmp_path: Path) -> None:
    """A REPORT that places its invocation 5 ms before a minute; its START, 3 ms after it, comes when both are known."""
    db = tmp_path / "first.db"
    whole = small_store.invocation_events(names(0), 1, T0 + 60_003, duration_ms=1_000.0)
    whole[-1].timestamp_ms = T0 + 60_995
    brought_in(db, tmp_path, whole[-1:])
    brought_in(db, tmp_path, small_store.invocation_events(names(0), 2, T0 + 40 * MINUTE, duration_ms=1.0))
    prune(db, before_ms=T0 + MINUTE)
    brought_in(db, tmp_path, whole)
    assert counts(db).total() == 2
    assert check(db) == []


def test_the_stream_of_lines_that_stay_is_not_given_to_another(tmp_path: Path) -> None:
    db = tmp_path / "streams.db"
    old = small_store.invocation_events(names(0), 1, T0, duration_ms=1.0)
    lines = [loose(names(0), T0 + at * MINUTE, f"of a {at}\n") for at in (10, 50)]
    for event in lines:
        event.log_stream = "2025/03/31/[$LATEST]aaaa"
    brought_in(db, tmp_path, lines)  # their stream's number is the first that would be given again
    brought_in(db, tmp_path, old)
    prune(db, before_ms=T0 + 20 * MINUTE)
    other = [loose(names(0), T0 + 90 * MINUTE, "of b\n")]
    other[0].log_stream = "2025/03/31/[$LATEST]bbbb"
    brought_in(db, tmp_path, other)
    left = lines_of(db)
    brought_in(db, tmp_path, lines)
    assert lines_of(db) == left
    assert all(count == 1 for count in left.values())
