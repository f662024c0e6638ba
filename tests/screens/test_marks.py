"""Rows are marked with space: seen beside their trouble, counted, and taken by what other keys do."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from collectors.model.records import Function
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write.writer import Writer
from lambdatui.app.application import LambdaTui
from lambdatui.app.navigation import screen_class
from lambdatui.processes.live_tail import LiveTail, TailReport
from lambdatui.screens.logs import LogsScreen
from lambdatui.views.function_set import FunctionSet
from lambdatui.views.live import MOST_FUNCTIONS, NoLiveTail, live_target
from lambdatui.views.scope import Scope
from lambdatui.widgets.log_pane import LogPane
from tests.support import tagged_store
from tests.support.screens import (
    KEYS,
    app_on,
    functions_shown,
    header_of,
    keys_shown,
    notice_of,
    press,
    settle,
    table_of,
    tagged_fleet,
    type_filter,
)
from tests.support.tagged_store import NAMES, key

SIZE = (240, 30)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tagged_store.make(tmp_path / "store.db")


def fleet(db: Path, **changes: Any) -> LambdaTui:
    return tagged_fleet(db, **{"saved": {"functions.sort": "function ascending"}, **changes})


def gutters(app: LambdaTui) -> list[str]:
    table = table_of(app)
    return [table.render_line(1 + at).text[:2] for at in range(table.row_count)]


async def test_any_number_is_marked_and_seen_beside_the_trouble(db: Path) -> None:
    app = fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "space", "space", "space")
        assert gutters(app) == ["!*", "!*", "!*", "! ", "! ", "! "]
        assert "3 marked" in header_of(app)
        assert table_of(app).cursor == 3
        assert "Esc no marks" in keys_shown(app)
        await press(pilot, "k", "space")
        assert gutters(app)[:3] == ["!*", "!*", "! "]
        assert "2 marked" in header_of(app)
        await press(pilot, "ctrl+@")
        assert set(gutters(app)) == {"! "}
        assert "marked" not in header_of(app)
        assert "2 marks taken away" in notice_of(app)


async def test_other_screens_take_the_marked_functions_and_say_who(db: Path) -> None:
    app = fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "space", "j", "space")
        for name in ("errors", "costs", "invocations"):
            await press(pilot, KEYS[name])
            assert isinstance(app.screen, screen_class(name))
            assert functions_shown(app) == {"basket", "lost"}, name
            assert "2 marked: basket, lost" in header_of(app), name
        for name in ("configuration", "throttles"):
            await press(pilot, KEYS[name])
            assert functions_shown(app) <= {"basket", "lost"}, name
            assert all(gutter[1] == "*" for gutter in gutters(app)), name
        await press(pilot, "E", "escape")
        assert functions_shown(app) == set(NAMES)
        assert "marked" not in header_of(app)
        await press(pilot, "F")
        assert "marked" not in header_of(app)
        assert all(gutter[1] == " " for gutter in gutters(app))


async def test_marks_go_before_the_filter_and_esc_takes_one_after_the_other(db: Path) -> None:
    app = fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "function:s")
        await press(pilot, "space", "E")
        assert "1 marked: basket" in header_of(app)
        await press(pilot, "escape")
        assert "functions: function:s (4)" in header_of(app)
        assert functions_shown(app) == {"basket", "lost", "resize", "thumbs"}
        await press(pilot, "escape")
        assert functions_shown(app) == set(NAMES)
        await press(pilot, "escape")
        assert app.screen.NAME == "functions"  # type: ignore[attr-defined]


async def test_rows_that_are_no_functions_are_marked_for_export(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "i", "space", "j", "space")
        assert "2 marked" in header_of(app)
        assert [gutter[1] for gutter in gutters(app)][:4] == ["*", " ", "*", " "]
        marked = [table_of(app).row_at(at).request_id for at in (0, 2)]  # type: ignore[union-attr]
        await press(pilot, "S")
        assert "the 2 marked rows" in str(app.screen.query_one("#ask").border_title or "") + " ".join(
            str(part.render()) for part in app.screen.query(Static)
        )
        await press(pilot, "enter")
        (written,) = tmp_path.glob("*.csv")
        assert [row["request_id"] for row in csv.DictReader(written.open())] == marked
        await press(pilot, "ctrl+r")
        assert "2 marked" in header_of(app)
        await press(pilot, "escape")
        assert "marked" not in header_of(app)


async def test_functions_of_marked_errors_are_what_the_next_screen_is_of(db: Path) -> None:
    app = fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "E", "space", "space")
        names = {table_of(app).row_at(at).function for at in (0, 1)}  # type: ignore[union-attr]
        assert functions_shown(app) == set(NAMES)  # its own rows stay
        await press(pilot, "dollar_sign")
        assert functions_shown(app) == names
        assert "2 marked: " in header_of(app)


async def test_exported_functions_are_the_marked_ones_and_so_is_what_stands_beside_them(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "space", "space", "S", "ctrl+u", "o", "full_stop", "j", "s", "o", "n", "enter")
        assert [row["function"] for row in json.loads((tmp_path / "o.json").read_text())["rows"]] == ["basket", "cron"]


async def test_marked_functions_that_the_filter_hides_are_exported_too(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "space", "space")
        await type_filter(pilot, "function:cron")
        await press(pilot, "S", "enter")
        (written,) = tmp_path.glob("*.csv")
        assert [row["function"] for row in csv.DictReader(written.open())] == ["cron", "basket"]


async def test_three_functions_are_tailed_in_five_keys(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(200, 30)) as pilot:
        await settle(pilot)
        three = {table_of(app).row_at(at).function for at in range(3)}  # type: ignore[union-attr]
        await press(pilot, "space", "space", "space", "0")
        screen = app.screen
        assert isinstance(screen, LogsScreen)
        assert "3 marked: " in header_of(app)
        named = {line.text.partition("  ")[0] for line in screen.query_one(LogPane).lines_shown}
        assert named == three


def test_a_live_tail_takes_the_first_ten_of_those_that_were_chosen_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "many.db"
    tagged_store.make(path)
    with writing(path) as connection:
        Writer(connection, lambda *_: ("", "", "")).configure(  # type: ignore[arg-type]
            [Function(key(f"fn-{number:02d}")) for number in range(12)]
        )
    with Reader(path) as reader:
        rows = reader.functions()
        with pytest.raises(NoLiveTail, match="10 log groups at most"):
            live_target(reader)
        scope = Scope().and_functions(FunctionSet("all", frozenset(row.id for row in rows)))
        target = live_target(reader, scope=scope)
    assert len(target.functions) == MOST_FUNCTIONS
    assert target.left_out == len(rows) - MOST_FUNCTIONS
    tail = LiveTail(target.functions, left_out=target.left_out)
    tail.take(TailReport("live", "", False, None))
    assert f"10 at once is the most: {target.left_out} left out" in tail.state("-")


async def test_more_than_two_functions_are_compared_side_by_side(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        marked = [table_of(app).row_at(at).function for at in range(4)]  # type: ignore[union-attr]
        await press(pilot, "space", "space", "space", "space", "equals_sign")
        assert app.screen.heading() == ("Compare", f"{', '.join(marked[:3])} and {marked[3]}")  # type: ignore[attr-defined]
        titles = table_of(app).render_line(0).text
        assert all(name in titles for name in marked)
        rows = {row.figure: row for at in range(table_of(app).row_count) if (row := table_of(app).row_at(at))}
        counts = {name: rows["invocations"].texts[at] for at, name in enumerate(marked)}
        assert counts == {name: str(number) for number, name in enumerate(NAMES, 1) if name in marked}
        assert rows["error rate"].most == "basket"  # its one call failed
        await press(pilot, "S", "enter")
        (written,) = tmp_path.glob("*.csv")
        assert next(csv.DictReader(written.open())).keys() == {"figure", "f1", "f2", "f3", "f4", "most"}
