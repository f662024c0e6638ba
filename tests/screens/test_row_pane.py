"""The pane for the row under the cursor: where it stands, what it shows, and when it asks."""

import asyncio
import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from benchmarks import many
from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.store.read.reader import Reader
from lambdatui.app.application import LambdaTui
from lambdatui.screens.base.pane import DetailsAnswered, PaneScreen
from lambdatui.screens.functions import FunctionsScreen
from lambdatui.session.queries import QueryError
from lambdatui.start import first_lines
from lambdatui.text.terminal import DARK, Terminal
from lambdatui.views.invocation import InvocationLine
from lambdatui.views.row_details import DetailField, RowDetails
from lambdatui.views.startup_view import startup_view
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.band import Band
from lambdatui.widgets.chart import Chart
from lambdatui.widgets.cursor_pace import CursorPace
from lambdatui.widgets.layout import BELOW, NOWHERE, RIGHT
from lambdatui.widgets.notice import Notice
from lambdatui.widgets.row_pane import RowPane, TableAndPane
from tests.support import small_store
from tests.support.screens import COLOURS, app_on, press, screen_of, session_on, settle, shown_lines, small_app

SMALL, MIDDLE, LARGE = (80, 24), (120, 40), (200, 50)
SCREENS = ["", "E", "i", "T", "dollar_sign", "A", "a", "C", "d", "L"]


def place_of(app: LambdaTui) -> str:
    return app.screen.query_one(TableAndPane).place[0]


def pane_of(app: LambdaTui) -> RowPane:
    pane = screen_of(app).pane
    assert pane is not None, "no pane is shown"
    return pane


def text_of(app: LambdaTui) -> str:
    """What the pane shows, its title first."""
    pane = pane_of(app)
    return "\n".join([pane.shown_title, *(line.rstrip() for line in shown_lines(pane.body))])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The keys of the rows that the store was asked about."""
    keys: list[Any] = []
    ask = PaneScreen._ask_details

    def counted(screen: PaneScreen, *arguments: Any) -> Any:
        keys.append(arguments[2])
        return ask(screen, *arguments)

    monkeypatch.setattr(PaneScreen, "_ask_details", counted)
    return keys


async def hold_down(pilot: Pilot[int], key: str, times: int) -> None:
    """A key that repeats faster than the screen can do anything about it."""
    for _ in range(times):
        pilot.app.post_message(events.Key(key, key).set_sender(pilot.app))
    await settle(pilot)


# Where it stands ------------------------------------------------------------------------------------------------------


async def test_80x24_has_no_pane_and_asks_nothing(store: Path, asked: list[Any]) -> None:
    app = app_on(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        for key in SCREENS:
            await press(pilot, *([key] if key else []), "j")
            assert screen_of(app).pane is None
            assert (
                app.screen.query_one(TableAndPane).size.width == screen_of(app).table.size.width
                or not screen_of(app).table.row_count
            )
        await press(pilot, "tab")
        assert "100 columns" in app.screen.query_one(Notice).message
        assert app.session.saved.get("panes", "") == ""
    assert asked == []


@pytest.mark.parametrize("size", [MIDDLE, LARGE])
async def test_few_rows_have_it_below_and_keep_the_whole_width(store: Path, size: tuple[int, int]) -> None:
    app = app_on(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        table, pane = screen_of(app).table, pane_of(app)
        assert place_of(app) == BELOW
        assert table.size.width == pane.outer_size.width == size[0]
        assert table.size.height - 1 >= table.row_count
        assert pane.region.y == table.region.bottom


@pytest.mark.parametrize("size", [(100, 24), MIDDLE, LARGE])
async def test_many_rows_have_it_at_the_right_and_keep_sixty_cells(store: Path, size: tuple[int, int]) -> None:
    app = app_on(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "i")
        table, pane = screen_of(app).table, pane_of(app)
        assert place_of(app) == RIGHT
        assert table.size.width >= 60
        assert pane.region.x == table.region.right
        assert "Started" in shown_lines(table)[0]


@pytest.mark.parametrize("size", [MIDDLE, LARGE])
@pytest.mark.parametrize("key", SCREENS)
async def test_every_screen_with_rows_has_something_to_say_of_one(store: Path, key: str, size: tuple[int, int]) -> None:
    app = app_on(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, *([key] if key else []))
        if screen_of(app).table.row_count:
            assert pane_of(app).details is not None
            assert len(text_of(app).split()) > 3


async def test_it_goes_where_there_is_room_when_the_terminal_is_resized(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        await press(pilot, "i")
        for size, place in ((SMALL, NOWHERE), (MIDDLE, RIGHT), ((90, 40), NOWHERE), (LARGE, RIGHT)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert place_of(app) == place
        assert pane_of(app).details is not None


async def test_a_filter_that_is_typed_does_not_move_it(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        await press(pilot, "i", "slash", *"video")
        assert place_of(app) == RIGHT


async def test_one_more_row_leaves_it_where_it_is(store: Path, tmp_path: Path) -> None:
    db = Path(shutil.copy(store, tmp_path / "shop.db"))
    app = app_on(db)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        before, region = screen_of(app).table.row_count, pane_of(app).region
        now = app.session.now_ms()
        written = small_store.invocation_events(small_store.CHECKOUT, 1, now - 60_000, duration_ms=5.0)
        import_files([str(small_store.write_events(tmp_path / "one.jsonl", written))], db=db, defaults=FunctionKey(""))
        await press(pilot, "ctrl+r")
        assert screen_of(app).table.row_count == before + 1
        assert pane_of(app).region == region


# What Tab does --------------------------------------------------------------------------------------------------------


async def test_tab_hides_it_and_what_was_chosen_stays_from_run_to_run(store: Path, asked: list[Any]) -> None:
    saved: dict[str, str] = {}
    app = app_on(store, saved=saved)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        while screen_of(app).pane is not None:
            await press(pilot, "tab")
        assert app.focused is screen_of(app).table, "the keyboard stays with the rows"
        assert "hidden" in app.screen.query_one(Notice).message or "alone" in app.screen.query_one(Notice).message
        assert screen_of(app).table.size.width == 120
        asked.clear()
        await press(pilot, "j", "j", "E", "j")
        assert screen_of(app).pane is None, "another screen has none either"
        assert asked == [], "what is hidden asks nothing"
    again = app_on(store, saved=dict(app.session.saved))
    async with again.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        assert screen_of(again).pane is None
        while screen_of(again).pane is None:
            await press(pilot, "tab")
        await settle(pilot)
        assert pane_of(again).details is not None


async def test_tab_in_a_dialog_and_on_the_filter_line_stays_what_it_was(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", "c", "tab")
        assert app.focused is screen_of(app).table
        await press(pilot, "escape", "escape", "S")
        assert isinstance(app.focused, Input)
        await press(pilot, "tab")
        assert app.session.saved.get("panes", "") == ""


async def test_a_screen_without_details_says_so(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        await press(pilot, "j", "enter", "equals_sign", "tab")
        assert screen_of(app).pane is None
        assert "nothing to show" in app.screen.query_one(Notice).message


async def test_a_table_without_rows_has_nothing_to_show_more_of(store: Path) -> None:
    app = app_on(store, choice=RangeChoice(start="2001-01-01", end="2001-01-02"))
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        await press(pilot, "E", "tab")
        assert screen_of(app).pane is None
        assert "no row" in app.screen.query_one(Notice).message


# When it asks ---------------------------------------------------------------------------------------------------------


async def test_thirty_keys_that_repeat_are_one_question(
    store: Path, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CursorPace, "delay", lambda *_: 0.5)  # longer than a loaded machine needs for thirty keys
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        await press(pilot, "i")
        asked.clear()
        await hold_down(pilot, "j", 30)
        assert screen_of(app).table.cursor == 30
        assert asked == [screen_of(app).table.row.key]
        assert screen_of(app).table.row.request_id in text_of(app)


async def test_a_row_that_was_seen_is_not_asked_about_again_until_the_rows_are(store: Path, asked: list[Any]) -> None:
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        await press(pilot, "j", "k", "j", "k")
        assert len(asked) == len(set(asked)) == 2
        await press(pilot, "ctrl+r")
        assert len(asked) == 3


async def test_an_answer_for_another_row_is_never_painted(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        screen = screen_of(app)
        before = text_of(app)
        screen.post_message(DetailsAnswered(-1, screen._answers, RowDetails("another row")))
        screen.post_message(DetailsAnswered(screen.key_of(screen.table.row), -1, RowDetails("before the rows")))
        await settle(pilot)
        assert text_of(app) == before


async def test_nothing_is_asked_while_a_dialog_is_open(store: Path, asked: list[Any]) -> None:
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        asked.clear()
        await press(pilot, "question_mark", "j", "j", "escape")
        assert asked == []


# What it shows --------------------------------------------------------------------------------------------------------


async def test_a_function_has_charts_its_newest_error_with_the_trace_and_its_last_change(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"checkout", "enter")
        text = text_of(app)
        assert text.splitlines()[0].strip() == "checkout-api"
        assert "KeyError" in text
        assert "last change" in text
        assert 'File "/var/task/' in text
        charts = [chart.title for chart in pane_of(app).query(Chart) if chart.display]
        assert charts == ["Invocations", "Duration p95"]


async def test_it_follows_the_cursor_and_a_click(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        for move in (lambda: press(pilot, "j"), lambda: press(pilot, "G"), lambda: press(pilot, "k")):
            await move()
            assert text_of(app).splitlines()[0].strip() == screen_of(app).table.row.function
        await pilot.click(screen_of(app).table, offset=(5, 3))
        await settle(pilot)
        assert screen_of(app).table.cursor == 2
        assert text_of(app).splitlines()[0].strip() == screen_of(app).table.row.function


async def test_a_failed_invocation_begins_at_its_trace_and_the_keys_scroll(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "i", "slash", *"KeyError", "enter")
        details = pane_of(app).details
        assert details is not None
        assert details.begin is not None
        assert "[ERROR] KeyError" in details.text[details.begin].text
        lines = tuple(InvocationLine(1_000 * number, f"line {number}", "log") for number in range(100))
        pane_of(app).show_details(RowDetails("long", (DetailField("status", "error"),), text=lines, begin=50))
        await settle(pilot)
        assert text_of(app).splitlines()[1].strip() == "line 50"
        await press(pilot, *["left_curly_bracket"] * 12)
        assert text_of(app).splitlines()[1].strip() == "status error"
        await press(pilot, "right_curly_bracket")
        assert text_of(app).splitlines()[1].strip().startswith("line ")


async def test_the_wheel_scrolls_its_text_and_a_click_leaves_the_keyboard_with_the_rows(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "E")
        body = pane_of(app).body
        assert body.max_scroll_y > 0
        body.post_message(
            events.MouseScrollDown(body, 1, 1, 0, 0, 0, False, False, False, body.region.x + 1, body.region.y + 1)
        )
        await settle(pilot)
        await pilot.click(body)
        await settle(pilot)
        assert body.scroll_offset.y > 0
        assert app.focused is screen_of(app).table


async def test_an_emptied_table_has_an_empty_pane_and_the_rows_come_back(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"nothing-like-it", "enter")
        assert screen_of(app).table.row_count == 0
        assert not text_of(app).strip("\n ")
        assert not [chart for chart in pane_of(app).query(Chart) if chart.display]
        await press(pilot, "escape")
        assert text_of(app).splitlines()[0].strip() == screen_of(app).table.row.function


@pytest.mark.parametrize("error", [QueryError("the disk is gone: mount it"), ZeroDivisionError("boom")])
async def test_a_question_that_fails_says_so_in_the_pane_and_hides_nothing_else(
    store: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> RowDetails:
        raise error

    monkeypatch.setattr("lambdatui.views.function_details.function_details", fail)
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await settle(pilot)
        assert str(error) in text_of(app)
        assert screen_of(app).table.row_count
        assert not app.screen.query_one(Notice).display
        assert str(error) in app.session.problems[-1].notice
        monkeypatch.undo()
        await press(pilot, "j")
        assert str(error) not in text_of(app)


@pytest.mark.parametrize("size", [MIDDLE, LARGE])
async def test_hostile_text_is_shown_and_not_obeyed(tmp_path: Path, size: tuple[int, int]) -> None:
    app = small_app(small_store.make(tmp_path / "s.db"))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "i", "slash", *"function:resize", "enter")
        text = text_of(app)
        assert "cmd|' /C calc'!A0" in text
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
        pane = pane_of(app)
        pane.show_details(RowDetails("[bold]x[/] [/nonsense] \x1b[31mred", (), (), ()))
        await settle(pilot)
        assert "[bold]x[/] [/nonsense] red" in pane.shown_title


async def test_a_slow_question_says_that_it_is_being_read(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def slow(*_: Any, **__: Any) -> RowDetails:
        go_on.wait(60)
        return RowDetails("came late")

    monkeypatch.setattr("lambdatui.views.function_details.function_details", slow)
    monkeypatch.setattr("lambdatui.views.function_details.with_advice", lambda details, *_: details)
    app = app_on(store)
    async with app.run_test(size=MIDDLE) as pilot:
        await until_shown(pilot, lambda: "being read" in text_of(app))
        go_on.set()
        await settle(pilot)
        assert "came late" in text_of(app)


async def test_what_is_added_soon_is_painted_with_the_rest_and_what_takes_longer_after_it(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[RowDetails] = []
    show_details = RowPane.show_details

    def noted(pane: RowPane, details: RowDetails) -> None:
        painted.append(details)
        show_details(pane, details)

    monkeypatch.setattr(RowPane, "show_details", noted)
    monkeypatch.setattr("lambdatui.screens.base.pane._FURTHER_S", 60.0)
    app = app_on(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "j")
        assert [details.title for details in painted][-1:] == [pane_of(app).shown_title]
        assert len({details.title for details in painted}) == len(painted), "each row is painted once"
        monkeypatch.setattr("lambdatui.screens.base.pane._FURTHER_S", 0.01)
        gate = threading.Event()
        further = FunctionsScreen.further_details

        def slow(screen: FunctionsScreen, row: Any) -> Any:
            more = further(screen, row)
            return more and (lambda query, details: gate.wait(60) and more(query, details))

        monkeypatch.setattr(FunctionsScreen, "further_details", slow)
        before = len(painted)
        await pilot.press("j")
        await until_shown(pilot, lambda: len(painted) > before)
        gate.set()
        await settle(pilot)
        assert len(painted) == before + 2
        assert painted[-1].title == painted[-2].title


async def until_shown(pilot: Pilot[int], shown: Callable[[], bool]) -> None:
    for _ in range(1_000):
        await pilot.pause(0)
        if screen_of(pilot.app).pane is not None and shown():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it was never shown")


async def test_the_first_frame_has_its_table_as_wide_as_the_screen_will(tmp_path: Path) -> None:
    """Sixty functions leave no lines free: the pane stands at the right, and Textual paints over the same columns."""
    db = tmp_path / "many.db"
    many.build(db, 600, 60, 1)
    with Reader(db) as reader:
        now_ms = (reader.newest_ms() or 0) + 60_000
    for panes in ("", "none"):
        view = startup_view(db, now_ms, "24h")
        painted = first_lines.frame(view, db.name, now_ms, COLOURS, *MIDDLE, utc=True, panes=panes)
        app = app_on(db, now_ms=lambda: now_ms, saved={"panes": panes})
        async with app.run_test(size=MIDDLE) as pilot:
            await settle(pilot)
            titles = shown_lines(screen_of(app).table)[0].rstrip()
            assert (place_of(app) == RIGHT) == (panes == "")
        (above,) = (line for line in painted if "Function" in line and "Errors" in line)
        assert re.sub(r"\x1b\[[0-9;]*m", "", above).rstrip() == titles


async def test_tab_goes_from_band_and_pane_to_one_of_them_and_to_none(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=LARGE) as pilot:
        await settle(pilot)
        band = app.screen.query_one(Band)

        def shown() -> tuple[bool, bool]:
            return band.is_shown, screen_of(app).pane is not None

        seen = [shown()]
        for _ in range(4):
            await press(pilot, "tab")
            seen.append(shown())
        assert seen == [(True, True), (True, False), (False, True), (False, False), (True, True)]
        assert "band and pane" in app.screen.query_one(Notice).message
        assert "nvocations" in shown_lines(band)[0]


async def test_a_band_that_was_hidden_from_the_start_has_its_figures_when_it_comes(store: Path) -> None:
    app = app_on(store, saved={"panes": "none"})
    async with app.run_test(size=LARGE) as pilot:
        await settle(pilot)
        band = app.screen.query_one(Band)
        assert not band.is_shown
        await press(pilot, "tab")
        assert "nvocations" in shown_lines(band)[0]


async def test_the_band_has_its_figures_when_the_terminal_has_grown(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.resize_terminal(*LARGE)
        await settle(pilot)
        assert "nvocations" in shown_lines(app.screen.query_one(Band))[0]
        assert pane_of(app).details is not None


async def test_a_console_is_shown_ascii_alone(store: Path) -> None:
    """Its font has little else; a title that is too long is cut by a sign that it has."""
    app = LambdaTui(session_on(store, terminal=Terminal(ansi=True, ascii=True, remote=False, no_color=False)), DARK)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        for keys in (("i",), ("F", "E"), ("F",)):
            await press(pilot, *keys)
            assert str(pane_of(app).border_title).isascii()
            painted = "\n".join("".join(part.text for part in line) for line in app.screen._compositor.render_strips())
            assert painted.isascii(), set(painted) - set(map(chr, range(128)))
