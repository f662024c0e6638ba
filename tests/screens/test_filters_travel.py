"""A filter on the first screen narrows every screen that is opened from it, is said there, and is undone by Esc."""

import contextlib
import re
from pathlib import Path

import pytest
from textual.widgets import Static
from textual.worker import WorkerCancelled

from collectors.model.records import Function
from collectors.store.connection import writing
from collectors.store.write.writer import Writer
from lambdatui.app.navigation import screen_class
from lambdatui.widgets.log_pane import LogPane
from lambdatui.widgets.notice import Notice
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
    tagged_fleet,
    type_filter,
)
from tests.support.tagged_store import key

SIZE = (240, 30)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tagged_store.make(tmp_path / "store.db")


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [("pay", {"pay"}), ("!pay !lost", {"basket", "resize", "thumbs", "cron"}), ("function:*t*", {"basket", "lost", "thumbs"}),
     ("tag.team:checkout", {"basket", "pay"}), ("tag.env=prod !basket", {"resize", "thumbs"}),
     ("invocations>4", {"cron", "lost"}), ("region:eu-central", set(tagged_store.NAMES))],
)  # fmt: skip
async def test_every_screen_is_narrowed_likewise_and_says_so(db: Path, expression: str, chosen: set[str]) -> None:
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, expression)
        assert functions_shown(app) == chosen
        for name in ("errors", "costs", "invocations", "configuration", "throttles", "advice", "alarms"):
            await press(pilot, KEYS[name])
            assert isinstance(app.screen, screen_class(name)), name
            assert f"functions: {expression} ({len(chosen)})" in header_of(app), name
            assert not app.screen.query_one(Notice).failing, name
            if name != "alarms":
                assert functions_shown(app) <= chosen, name
            if name in ("errors", "costs", "invocations", "configuration"):
                assert functions_shown(app) == chosen, name
        await press(pilot, "F")
        assert functions_shown(app) == chosen


async def test_esc_undoes_what_the_header_says_and_then_leaves(db: Path) -> None:
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "pay")
        await press(pilot, "E")
        await type_filter(pilot, "count>0")
        assert "filter: count>0" in header_of(app)
        assert "Esc no filter" in keys_shown(app)
        await press(pilot, "escape")
        assert "filter:" not in header_of(app)
        assert "functions: pay (1)" in header_of(app)
        assert "Esc all functions" in keys_shown(app)
        await press(pilot, "escape")
        assert "Esc back" in keys_shown(app)
        assert "functions:" not in header_of(app)
        assert functions_shown(app) == set(tagged_store.NAMES)
        assert "no longer narrowed by pay" in notice_of(app)
        await press(pilot, "escape")
        assert app.screen.NAME == "functions"  # type: ignore[attr-defined]
        assert functions_shown(app) == set(tagged_store.NAMES)
        assert "filter:" not in header_of(app)
        await press(pilot, "dollar_sign")
        assert "functions:" not in header_of(app)


async def test_no_sum_claims_the_functions_that_are_left_out(db: Path) -> None:
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "basket")
        narrowed = header_of(app)
        assert "1 invocation, 1 error" in narrowed
        assert "1 of 6 functions" in narrowed
        assert "1 of 1 in trouble" in narrowed
        await press(pilot, "escape")
        whole = header_of(app)
        assert "21 invocations, 6 errors" in whole
        assert "6 of 6 in trouble" in whole
        await type_filter(pilot, "function:lost")
        other = header_of(app).splitlines()[2:]
    app = tagged_fleet(db, saved={})
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        app.session.scope = type(app.session.scope)(functions=("lost",))
        await press(pilot, "ctrl+r")
        assert header_of(app).splitlines()[2:] == other  # the month's money is of that function alone


async def test_a_function_that_comes_later_is_judged_by_its_name(db: Path) -> None:
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "pay")
        await press(pilot, "d")
        assert functions_shown(app) == {"pay"}
        with writing(db) as connection:
            writer = Writer(connection, lambda *_: ("", "", ""))  # type: ignore[arg-type]
            writer.configure([Function(key("pay-again")), Function(key("unlike"))])
        await press(pilot, "ctrl+r")
        assert functions_shown(app) == {"pay", "pay-again"}
        assert "functions: pay (2)" in header_of(app)


async def test_the_filter_of_the_run_before_narrows_the_screen_of_the_run_before(db: Path) -> None:
    saved = {"functions.filter": "pay", "screen": "errors"}
    app = tagged_fleet(db, saved=saved)
    async with app.run_test(size=SIZE) as pilot:
        with contextlib.suppress(WorkerCancelled):  # the errors are asked for again once the filter has chosen
            await settle(pilot)
        await settle(pilot)
        assert app.screen.NAME == "errors"  # type: ignore[attr-defined]
        assert functions_shown(app) == {"pay"}
        assert "functions: pay (1)" in header_of(app)
        await press(pilot, "escape")
        assert saved["functions.filter"] == ""


async def test_the_lines_of_all_functions_that_the_filter_leaves_are_opened(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(200, 30)) as pilot:
        await settle(pilot)
        await type_filter(pilot, "e-")
        chosen = functions_shown(app)
        assert len(chosen) > 1
        await press(pilot, "l")
        assert f"functions: e- ({len(chosen)})" in header_of(app)
        named = {line.text.partition("  ")[0] for line in app.screen.query_one(LogPane).lines_shown}
        assert named == chosen
        await press(pilot, "escape")
        assert "functions:" not in header_of(app)
        everyone = {line.text.partition("  ")[0] for line in app.screen.query_one(LogPane).lines_shown}
        assert everyone > chosen


async def test_one_functions_screen_is_of_that_function_whatever_the_filter(db: Path) -> None:
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "pay")
        await press(pilot, "enter")
        assert "functions:" not in header_of(app)
        await press(pilot, "escape")
        assert app.screen.NAME == "functions"  # type: ignore[attr-defined]
        assert functions_shown(app) == {"pay"}


async def test_a_fleet_that_is_narrowed_is_not_called_all_functions(db: Path) -> None:
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "pay")
        await press(pilot, "equals_sign")
        assert "these functions with" in header_of(app)
        assert "functions: pay (1)" in header_of(app)
        await press(pilot, "escape")
        assert "all functions with" in header_of(app)


async def test_an_empty_screen_names_the_filter_that_chose_no_functions(db: Path) -> None:
    """No errors at all, and none of functions that do not exist, are two answers."""
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "chekcout")
        for name in ("errors", "costs", "throttles", "logs"):
            await press(pilot, KEYS[name])
            await settle(pilot)
            text = str(app.screen.query_one("#empty", Static).render())
            assert "No functions match the filter  chekcout" in text, name
            assert "Esc shows all functions" in text, name


@pytest.mark.parametrize("letters", [3, 20, 25, 30, 35])
async def test_the_age_of_the_data_stands_whole_or_not_at_all(db: Path, letters: int) -> None:
    app = tagged_fleet(db)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await type_filter(pilot, "x" * letters)
        line = header_of(app).splitlines()[1]
    _, filtered, after = line.partition(f"filter: {'x' * letters}")
    assert filtered
    assert re.fullmatch(r"( · newest data .* ago)? .*", after), line
