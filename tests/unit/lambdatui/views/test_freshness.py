"""How old what is known of each function is; and what the first screen's header says at each size."""

from pathlib import Path

import pytest

from collectors.model.account import CallCount, Covered
from collectors.model.units import HOUR_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from lambdatui.views.fleet_health import places
from lambdatui.views.freshness import freshness
from lambdatui.views.functions import FUNCTION_COLUMNS, functions
from lambdatui.views.time_range import TimeRange
from tests.support.screens import header_of, press, settle, small_app
from tests.support.small_store import CHECKOUT, MINUTE, RESIZE, T0

RANGE = TimeRange(T0, T0 + HOUR_MS, "an hour")


def collected(db: Path, *started_ms: int, until_ms: int | None = None) -> None:
    """Collections that began at those times, the last of which covers checkout's log to ``until_ms``."""
    with writing(db) as connection:
        writer = Writer(connection, fingerprint)
        for at_ms in started_ms:
            identity = writer.begin("collect 111122223333")
            connection.execute("UPDATE collections SET started_ms = ? WHERE id = ?", (at_ms, identity))
            kept.keep_calls(connection, identity, CHECKOUT.region, [CallCount("cloudwatch:GetMetricData", 3, 1500)])
        if until_ms is not None:
            item = f"events {CHECKOUT.account} {CHECKOUT.region} /aws/lambda/checkout"
            kept.cover(connection, [Covered(item, T0, until_ms)])
        writer.flush()


def said(db: Path, now_ms: int) -> dict[str, str | None]:
    with Reader(db) as reader:
        rows = reader.functions()
        return {row.function.key.name: freshness(reader, rows, now_ms)[row.id].words for row in rows}


def test_imported_data_has_an_age_and_is_never_stale(db: Path) -> None:
    assert said(db, T0 + 14 * MINUTE) == {"checkout": "fresh", "resize": "fresh"}
    assert said(db, T0 + 10 * MINUTE + 3 * HOUR_MS) == {"checkout": "3h old", "resize": "2h old"}
    assert said(db, T0 + 10 * MINUTE + 50 * HOUR_MS)["checkout"] == "2d old"


def test_an_idle_function_is_as_fresh_as_its_last_collection(db: Path) -> None:
    end = T0 + 5 * HOUR_MS
    collected(db, *range(T0, end, HOUR_MS), until_ms=end)
    assert said(db, end + 100 * MINUTE) == {"checkout": "fresh", "resize": "6h old"}  # one that is due may be late
    assert said(db, end + 121 * MINUTE)["checkout"] == "stale 2h"


def test_rows_carry_it_and_travelling_measures_from_there(db: Path) -> None:
    with Reader(db) as reader:
        (row, _) = functions(reader, RANGE).rows
        later = functions(reader, RANGE, now_ms=T0 + 9 * HOUR_MS).rows[0]
    assert {"freshness", "data_until"} <= {column.id for column in FUNCTION_COLUMNS}
    assert (row.freshness, later.freshness) == ("50m old", "8h old")
    assert row.data_until == T0 + 10 * MINUTE


def test_places_are_named_or_counted() -> None:
    class Row:
        def __init__(self, account: str | None, region: str | None) -> None:
            self.account, self.region = account, region

    assert places([]) == ""
    assert places([Row("1", "a"), Row("1", "a")]) == "1 a"
    assert places([Row("1", "a"), Row("1", "b")]) == "1, 2 regions"
    assert places([Row("1", "a"), Row("2", "b"), Row("2", "c")]) == "2 accounts, 3 regions"
    assert places([Row(None, "a"), Row(None, None)]) == "a"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda size: "x".join(map(str, size)))
async def test_the_header_says_all_of_it_at_every_size(db: Path, size: tuple[int, int]) -> None:
    collected(db, T0, T0 + MINUTE)
    app = small_app(db)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        header = header_of(app)
        for part in ("111122223333, 2 regions", "last 24h", "1 of 2 in trouble", "month $0.00", "end $0.00",
                     "free requests", "GB-s", "collecting $0.03"):  # fmt: skip
            assert part in header, part
        assert all(len(line) <= size[0] for line in header.splitlines())
        assert len(header.splitlines()) == app.screen.query_one("HomeHeader").size.height
        await press(pilot, "E")
        assert ("111122223333, 2 regions" in header_of(app)) is (size[0] == 200)


async def test_one_region_is_said_on_every_screen(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "R", *RESIZE.region, "enter")
        assert f"region {RESIZE.region}" in header_of(app)
        await press(pilot, "E")
        assert f"region {RESIZE.region}" in header_of(app)
