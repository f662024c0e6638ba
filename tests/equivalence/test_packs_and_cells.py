"""Packs tell what the cells tell: after whatever was written, in whatever order, and however it was broken off."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.account import HourAggregate
from collectors.model.invocation_columns import NUMBERS, Batch, Columns
from collectors.model.records import ErrorKind, FunctionKey, MetricPoint, Parts, Status, Stream
from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store import connection as store_open
from collectors.store.connection import writing
from collectors.store.integrity.checking import check
from collectors.store.read.reader import Reader
from collectors.store.read.series import errors_by_step, invocations_by_step
from collectors.store.rollups import dirty_packs
from collectors.store.rollups.equal_parts import parts_of
from collectors.store.write import account
from collectors.store.write.maintenance import prune
from collectors.store.write.writer import Writer

T0 = 1_743_379_200_000  # 2025-03-31T00:00:00Z
MINUTE, HOUR = MINUTE_MS, HOUR_MS
DAY = 24 * HOUR
KEYS = [FunctionKey(f"fn-{number}", "111122223333", "eu-west-1") for number in range(4)]
FAILED = [status for status in Status if status.failed]
METRICS = (("Throttles", "Sum"), ("Invocations", "Sum"), ("ConcurrentExecutions", "Maximum"))

# Some hours are busy, some minutes shared; 20 days, so that months, weeks, days, hours and minutes are read.
times = st.builds(
    lambda day, hour, minute, ms: T0 + day * DAY + hour * HOUR + minute * MINUTE + ms,
    st.sampled_from([0, 1, 5, 6, 7, 18, 19]), st.sampled_from([0, 3, 4, 23]), st.sampled_from([0, 1, 30, 59]),
    st.integers(0, 59_999),
)  # fmt: skip
rows = st.tuples(
    st.integers(0, len(KEYS) - 1),
    times,
    st.integers(0, 40),  # the request's number
    st.sampled_from([Status.OK, Status.OK, Status.ERROR, Status.TIMEOUT, Status.OUT_OF_MEMORY]),
    st.none() | st.integers(1, 3_000_000),  # duration in us; without, a fragment that has no REPORT
    st.sampled_from([-1, 128, 1024]),
)
points = st.tuples(
    st.sampled_from(METRICS), st.integers(0, 3), times, st.sampled_from([60, 300]), st.floats(0, 9, width=16)
)
hours = st.tuples(st.integers(0, len(KEYS) - 1), times, st.integers(1, 50))
actions = st.one_of(
    st.tuples(st.just("write"), st.lists(rows, min_size=1, max_size=25)),
    st.tuples(st.just("broken off"), st.lists(rows, min_size=1, max_size=25)),
    st.tuples(st.just("measure"), st.lists(points, min_size=1, max_size=15)),
    st.tuples(st.just("insights"), st.lists(hours, min_size=1, max_size=3)),
    st.tuples(st.just("prune"), times),
)


def batch(written: Sequence[Any]) -> Batch:
    """Rows as the writer takes them."""
    written = sorted(written, key=lambda row: (row[0], row[1]))
    columns = {name: np.full(len(written), -1, np.int64) for name in NUMBERS}
    for at, (function, start, _, status, duration, memory) in enumerate(written):
        columns["stream"][at] = function
        columns["start_ms"][at], columns["end_ms"][at], columns["events"][at] = start, start + 5, 3
        columns["parts"][at] = Parts.WHOLE if duration is not None else Parts.WHOLE & ~Parts.REPORT
        columns["status"][at] = status
        if status.failed:
            columns["error"][at] = function * 2 + (status is Status.TIMEOUT)
        if duration is not None:
            columns["duration_us"][at], columns["billed_ms"][at] = duration, -(-duration // 1000)
            columns["memory_mb"][at], columns["max_memory_mb"][at] = memory, min(memory, 77)
    ids = [bytes(12) + number.to_bytes(4, "big") for _, _, number, *_ in written]
    kinds = [ErrorKind(key, f"{kind:016x}", f"Kind{kind}", "said") for key in KEYS for kind in range(2)]
    found = Columns(len(written), np.stack([columns[name] for name in NUMBERS]).tobytes(), ids, None, None)
    return Batch([Stream(key, f"stream of {key.name}") for key in KEYS], found, [], kinds, [], [], 3 * len(written), 0)


class BrokenOff(Exception):
    """As a kill between two commits, or before the first."""


def done(db: Path, action: str, given: Any, *, renewed: bool) -> None:
    kept = mock.patch.object(store_open, "_pack", store_open._pack if renewed else lambda _: None)
    with suppress(BrokenOff), kept:
        if action == "prune":
            prune(db, before_ms=given)
            return
        with writing(db) as connection:
            writer = Writer(connection, fingerprint)
            if action == "measure":
                for (name, stat), function, at, period, value in given:
                    bin_ms = at // (period * 1000) * period * 1000
                    writer.measure([MetricPoint(KEYS[function], name, stat, period, bin_ms, value)])
            elif action == "insights":
                hourly = [
                    HourAggregate(
                        "111122223333", "eu-west-1", KEYS[function].name, at // HOUR * HOUR, reports=count, errors=1,
                        timeouts=0, out_of_memory=0, cold_starts=1, billed_ms=count * 10, billed_mb_ms=count * 1280,
                        duration_us=count * 9000, init_us=0, max_duration_us=9000, max_memory_mb=60, memory_mb=128,
                        last_ms=at, latency={460: count},
                    )
                    for function, at, count in given
                ]  # fmt: skip
                account.keep(connection, writer.names, 1, hourly)
            else:
                half = len(given) // 2
                writer.add(batch(given[:half])) if half else None
                writer.flush()
                writer.add(batch(given[half:]))
                if action == "broken off":
                    raise BrokenOff
                writer.flush()


def answers(reader: Reader, low: int, high: int, chosen: list[int] | None) -> dict[str, Any]:
    reader.forget()
    some = (low, high, chosen)
    return {
        "totals": reader.totals(*some),
        "usage": reader.usage(*some),
        "counted": reader.counted(*some),
        "quantiles": reader.quantiles(*some),
        "days": sorted(reader.days(*some)),
        "by hour": reader.invocations_by_hour(low // HOUR * HOUR, high // HOUR * HOUR),
        "errors": reader.error_groups(*some),
        "metrics": [reader.metric(name, *some) for name, _ in METRICS],
        "metric totals": [reader.metric_totals(name, *some) for name, _ in METRICS],
        "metric peaks": [reader.metric_peaks(name, *some) for name, _ in METRICS],
        "newest": reader.newest_ms(),
        "oldest": reader.oldest_ms(),
        "page": reader.invocations(*some, limit=7),
        "second page": reader.invocations(*some, limit=5, offset=3),
        "failed": reader.invocations(*some, limit=7, statuses=FAILED),
        "longest": reader.invocations(*some, limit=6, order="duration_us"),
        "steps": invocations_by_step(reader, parts_of(low, high, 7)),
        "error steps": errors_by_step(reader, parts_of(low, high, 7)),
    }


@pytest.fixture(autouse=True)
def everything_is_packed() -> Iterator[None]:
    with mock.patch.object(dirty_packs, "PACK_THRESHOLD", -1):
        yield


spans = st.tuples(times, st.sampled_from([MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 19 * DAY]), st.booleans())


@given(
    st.lists(st.tuples(actions, st.booleans()), min_size=1, max_size=6),
    st.lists(spans, min_size=1, max_size=4),
    st.none() | st.sets(st.integers(1, len(KEYS))),
)
def test_packs_tell_what_the_cells_tell(
    todo: list[tuple[tuple[str, Any], bool]], asked: list[tuple[int, int, bool]], chosen: set[int] | None
) -> None:
    with TemporaryDirectory() as folder:
        db = Path(folder) / "store.db"
        with writing(db):
            pass
        for (action, given_rows), renewed in todo:
            done(db, action, given_rows, renewed=renewed)
        assert check(db) == []
        with Reader(db) as reader:
            newest = reader.newest_ms() or T0
            for at, length, until_now in asked:
                high = newest + 1 if until_now else at + length
                span = high - length, high, sorted(chosen) if chosen else None
                by_packs = answers(reader, *span)
                with mock.patch.object(dirty_packs, "PACK_THRESHOLD", 1 << 30):
                    assert by_packs == answers(reader, *span)


def test_what_is_packed_is_read_from_packs_alone(tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    done(db, "write", [(0, T0 + at * HOUR, at, Status.ERROR, 1000, 128) for at in range(60)], renewed=True)
    done(db, "measure", [(METRICS[0], 0, T0 + at * HOUR, 60, 1.0) for at in range(60)], renewed=True)
    with Reader(db) as reader:
        assert reader.newest_ms() == T0 + 59 * HOUR
        asked: list[str] = []
        reader._connection.set_trace_callback(asked.append)
        for low in (T0 + 59 * HOUR - MINUTE, T0 + 59 * HOUR - DAY, T0 - 40 * DAY):
            span = low, T0 + 59 * HOUR + 1
            reader.forget()
            assert reader.totals(*span)[0].invocations == reader.usage(*span)[0].invocations > 0
            assert all((reader.quantiles(*span), reader.days(*span), reader.metric("Throttles", *span)))
        assert any("_packs" in sql for sql in asked)
        assert not [sql for sql in asked if "_packs" not in sql and ("_cells" in sql or "FROM metric" in sql)]


def test_a_commit_marks_only_the_hours_and_days_that_it_touched(tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    done(db, "write", [(0, T0 + at * HOUR, at, Status.OK, 1000, 128) for at in range(60)], renewed=True)
    done(db, "write", [(1, T0 + 30 * HOUR, 99, Status.OK, 1000, 128)], renewed=False)
    with sqlite3.connect(db) as connection:
        for table, start in (("hour_packs", T0 + 30 * HOUR), ("day_packs", T0 + DAY)):
            found = connection.execute(f"SELECT start_ms FROM {table} WHERE invocations IS NULL").fetchall()
            assert found == [(start,)]
    connection.close()


def test_old_hours_and_minutes_are_not_packed(tmp_path: Path) -> None:
    """And an hour that lies ahead, as of a clock that is wrong, does not make the others old."""
    db = tmp_path / "store.db"
    starts = [T0, T0 + 10 * DAY, T0 + 20 * DAY, 4_102_444_800_000]
    done(db, "write", [(0, start, at, Status.OK, 1000, 128) for at, start in enumerate(starts)], renewed=True)
    with sqlite3.connect(db) as connection:
        for table, packed in (("minute_packs", 2), ("hour_packs", 3), ("day_packs", 4)):
            found = connection.execute(f"SELECT start_ms FROM {table} WHERE invocations IS NOT NULL ORDER BY 1")
            assert [start for (start,) in found] == starts[-packed:]
    connection.close()


def test_a_pack_that_does_not_agree_is_told(tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    done(db, "write", [(0, T0, 1, Status.OK, 1000, 128)], renewed=True)
    assert check(db) == []
    with sqlite3.connect(db) as connection:
        connection.execute("UPDATE hour_packs SET latency = x'000000000000'")
    connection.close()
    assert check(db) == [f"the pack at {T0} does not agree with its hour_cells"]


def test_few_functions_are_not_packed(tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    with mock.patch.object(dirty_packs, "PACK_THRESHOLD", len(KEYS)):
        done(db, "write", [(0, T0, 1, Status.OK, 1000, 128)], renewed=True)
    with sqlite3.connect(db) as connection:
        assert connection.execute("SELECT count(invocations), count(*) FROM hour_packs").fetchone() == (0, 1)
    connection.close()
