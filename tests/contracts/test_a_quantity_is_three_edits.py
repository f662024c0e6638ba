"""A quantity that JSON logs tell goes all the way: REPORT, row, cells, packs, check, view. Unknown is None, never 0."""

import json
import sqlite3
from pathlib import Path

import pytest

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.parsing.platform import Report, Unreadable
from collectors.parsing.platform_json import read_json
from collectors.store.integrity.checking import check
from collectors.store.integrity.salvage import salvage
from collectors.store.read.reader import Reader
from lambdatui.views.functions import functions
from lambdatui.views.time_range import RangeChoice
from tests.support.command_line import rows, run
from tests.support.released_stores import load, set_back

T0 = 1_743_415_200_000  # 2025-03-31T10:00:00Z
EVER = (0, 4_000_000_000_000)
HOUR = HOUR_MS


def line(at_ms: int, kind: str, record: dict[str, object]) -> str:
    time = f"2025-03-31T{10 + (at_ms - T0) // HOUR:02}:{(at_ms - T0) % HOUR // MINUTE_MS:02}:00.000Z"
    message = json.dumps({"time": time, "type": kind, "record": record})
    return json.dumps({"timestamp": at_ms, "message": message, "logStreamName": "s", "logGroup": "/aws/lambda/shop"})


def report(spans: object, **more: object) -> dict[str, object]:
    metrics = {"durationMs": 12.5, "billedDurationMs": 13, "memorySizeMB": 128, "maxMemoryUsedMB": 64}
    return {"metrics": metrics, "status": "success", **({} if spans is None else {"spans": spans}), **more}


def extension(ms: object) -> list[dict[str, object]]:
    return [{"name": "responseLatency", "durationMs": 3.0}, {"name": "extensionOverhead", "durationMs": ms}]


def write(path: Path, overheads: list[float | None], *, functions: int = 1) -> Path:
    lines = []
    for number, overhead in enumerate(overheads):
        for function in range(functions):
            request = f"00000000-0000-4000-8000-{number:06}{function:06}"
            at_ms = T0 + number * 20 * MINUTE_MS
            spans = None if overhead is None else extension(overhead)
            for kind, record in (("start", {"version": "1"}), ("report", report(spans))):
                text = line(at_ms, f"platform.{kind}", {"requestId": request, **record})
                lines.append(text.replace("lambda/shop", f"lambda/shop{function}"))
    path.write_text("\n".join(lines) + "\n")
    return path


def imported(folder: Path, overheads: list[float | None], *, functions: int = 1) -> Path:
    db = folder / "store.db"
    file = write(folder / "events.jsonl", overheads, functions=functions)
    assert not import_files([str(file)], db=db, defaults=FunctionKey("")).failures
    return db


@pytest.mark.parametrize(
    ("spans", "us"),
    [
        (None, None), ([], None), ("x", None), ([7, {"name": 1}], None), ([{"name": "responseLatency", "durationMs": 1}], None),
        (extension(0), 0), (extension(1.5), 1_500), (extension(2), 2_000), (extension(None), None),
    ],
)  # fmt: skip
def test_the_parser_reads_the_span(spans: object, us: int | None) -> None:
    found = read_json({"type": "platform.report", "record": report(spans, requestId="r")})
    assert isinstance(found, Report)
    assert found.extension_us == us


@pytest.mark.parametrize("ms", ["1", -1, True, 1e300, [1]])
def test_a_span_that_is_no_number_is_told(ms: object) -> None:
    found = read_json({"type": "platform.report", "record": report(extension(ms), requestId="r")})
    assert isinstance(found, Unreadable)


@pytest.mark.parametrize("count", [1, 60])
def test_rows_cells_and_packs_sum_what_is_known(tmp_path: Path, count: int) -> None:
    """Of few functions cells tell it, of many packs do."""
    db = imported(tmp_path, [1.5, None, 0.25, None], functions=count)
    assert check(db) == []
    with Reader(db) as reader:
        told = sorted((row.start_ms, row.extension_us) for row in reader.invocations(*EVER, limit=1_000))
        assert [us for _, us in told] == [us for us in (1_500, None, 250, None) for _ in range(count)]
        for span in (EVER, (T0, T0 + HOUR), (T0 - HOUR, T0 + 30 * HOUR)):
            assert {each.extension_us for each in reader.totals(*span)} == {1_750}
        assert {each.extension_us for each in reader.totals(T0 + 50 * MINUTE_MS, T0 + 2 * HOUR)} == {None}
        steps = reader.series(T0, T0 + 2 * HOUR, 20 * MINUTE_MS)
        assert [step.totals.extension_us for step in steps] == [1_500 * count, None, 250 * count, None]


def test_known_nothing_is_0_and_unknown_is_none(tmp_path: Path) -> None:
    with Reader(imported(tmp_path, [0.0, None])) as reader:
        assert [each.extension_us for each in reader.totals(*EVER)] == [0]
        assert {row.extension_us for row in reader.invocations(*EVER)} == {0, None}


def test_the_view_shows_it(tmp_path: Path) -> None:
    db = imported(tmp_path, [1.5, 0.25])
    with Reader(db) as reader:
        (row,) = functions(reader, RangeChoice(preset="all").resolve(T0 + 2 * HOUR, T0 + HOUR, T0)).rows
    assert row.extension_ms == 1.75
    (told,) = rows(run("functions", "--range", "all", "--json", "--db", db))
    assert told["extension_ms"] == 1.75


def test_a_store_of_before_does_not_know_it_and_learns_it_when_it_is_read_again(tmp_path: Path) -> None:
    db = load(12, tmp_path / "old.db")
    with Reader(db) as reader:
        assert {each.extension_us for each in reader.totals(*EVER)} == {None}
    assert check(db) == []
    shown = run("functions", "--range", "all", "--csv", "--columns", "extension_ms", "--db", db)
    assert shown.exit_code == 0
    assert set(shown.stdout.split()[1:]) <= {"extension_ms", '""'}

    db = imported(tmp_path, [1.5, None])
    before = run("functions", "--range", "all", "--json", "--db", db).stdout
    set_back(db, 12)
    with Reader(db) as reader:
        assert {each.extension_us for each in reader.totals(*EVER)} == {None}
    again = import_files([str(tmp_path / "events.jsonl")], db=db, defaults=FunctionKey(""))
    assert (again.invocations, again.failures) == (0, [])
    assert run("functions", "--range", "all", "--json", "--db", db).stdout == before
    assert check(db) == []


def test_damage_to_it_is_seen_and_it_is_salvaged(tmp_path: Path) -> None:
    db = imported(tmp_path, [1.5, None])
    saved = salvage(db, tmp_path / "whole.db")
    assert saved.lost == []
    with Reader(tmp_path / "whole.db") as reader:
        assert [each.extension_us for each in reader.totals(*EVER)] == [1_500]
    for change in ("UPDATE invocations SET extension_us = 0 WHERE extension_us IS NULL",
                   "UPDATE day_cells SET extension_us = extension_us + 1"):  # fmt: skip
        copy = tmp_path / f"{len(change)}.db"
        copy.write_bytes(db.read_bytes())
        with sqlite3.connect(copy) as connection:
            connection.execute(change)
        connection.close()
        assert check(copy) != []
