"""The screens, driven by keys over a real store that the real importer made."""

import contextlib
import json
import shutil
from pathlib import Path

import pytest
from textual.filter import NoColor
from textual.pilot import Pilot
from textual.worker import WorkerFailed

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.store.read.reader import Reader
from lambdatui.app.application import LambdaTui, UnknownTheme
from lambdatui.app.clipboard import LIMIT_BYTES, osc52
from lambdatui.commands.base import Command
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.base.text import TextLine
from lambdatui.screens.functions import FunctionsScreen
from lambdatui.screens.invocation import InvocationScreen
from lambdatui.text import terminal
from lambdatui.text.terminal import ANSI_DARK, DARK
from lambdatui.views.functions import functions
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.header import Header
from lambdatui.widgets.log_pane import LogPane
from lambdatui.widgets.log_text import physical_lines, rows
from lambdatui.widgets.notice import Notice
from lambdatui.widgets.rows import PAGE_ROWS, AllRows, PagedRows
from screenshots import sample_log
from tests.support import small_store
from tests.support.screens import COLOURS, app_on, press, screen_of, session_on, settle, shown_lines


async def test_the_first_screen_shows_what_the_view_says(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        lines = shown_lines(screen_of(app).table)
        with Reader(store) as reader:
            span = RangeChoice().resolve(sample_log.END_MS + 12_000, reader.newest_ms())
            expected = functions(reader, span).rows
        assert screen_of(app).table.row_count == len(expected) == len(sample_log.FUNCTIONS)
        for row in expected:
            (line,) = (line for line in lines if f" {row.function} " in line)
            assert f"{row.invocations:,}" in line.split()
            assert line.startswith("!") == bool(row.errors)


async def test_two_enters_from_a_function_to_its_stack_trace(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"checkout", "enter", "enter", "x", "enter")
        assert isinstance(app.screen, InvocationScreen)
        seen = "\n".join(shown_lines(app.screen.log_pane))
        assert "[ERROR] KeyError: 'currency'" in seen
        assert 'File "/var/task/pricing.py", line 17, in price_of' in seen
        await press(pilot, "escape", "escape")
        assert isinstance(app.screen, TableScreen)


async def test_hostile_log_text_reaches_no_terminal_and_is_no_markup(tmp_path: Path) -> None:
    small_store.make(tmp_path / "s.db")
    app = app_on(tmp_path / "s.db", now_ms=lambda: small_store.T0 + 60 * small_store.MINUTE)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"resize", "enter", "enter", "enter")
        text = "\n".join(shown_lines(app.screen.log_pane))
        assert "cmd|' /C calc'!A0" in text
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
    (row,) = rows([TextLine("[bold red]x[/] [/nonsense]")], 60, wrap=True, only_errors=False)
    assert row.text == "[bold red]x[/] [/nonsense]"


async def test_a_filter_keeps_what_matches_and_esc_brings_back_the_rest(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"nothing-like-it", "enter")
        screen = screen_of(app)
        assert screen.table.row_count == 0
        assert "match the filter" in str(screen.query_one("#empty").render())
        await press(pilot, "escape")
        assert screen.table.row_count == len(sample_log.FUNCTIONS)
        await press(pilot, "slash", *"errors", "greater_than_sign", "0", "enter")
        assert 0 < screen.table.row_count < len(sample_log.FUNCTIONS)
        await press(pilot, "escape", "x")
        assert all(row.errors for row in screen.table._shown.rows)


async def test_a_filter_that_cannot_be_read_says_why(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"eror", "colon", "1", "enter")
        assert "error" in app.screen.query_one(Notice).message


async def test_a_filter_that_cannot_be_read_filters_nothing_and_can_be_corrected(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"nonsense", "colon", "1", "enter")
        screen = screen_of(app)
        assert (screen.filter, screen.table.row_count) == ("", len(sample_log.FUNCTIONS))
        line = screen.query_one(FilterLine)
        assert (line.display, line.value) == (True, "nonsense:1")
        await press(pilot, *["backspace"] * 10, *"errors", "greater_than_sign", "0", "enter")
        assert 0 < screen.table.row_count < len(sample_log.FUNCTIONS)
        assert not line.display


async def test_more_than_a_thousand_rows_are_paged_to_the_very_last(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "i")
        table = screen_of(app).table
        assert isinstance(table.source, PagedRows)
        await press(pilot, "G")
        with Reader(store) as reader:
            assert table.row_count == reader.count_invocations(0, sample_log.END_MS)
            assert table.row is not None
            assert table.row.started_at == reader.oldest_ms()
        await press(pilot, "O")
        await press(pilot, "g")
        assert table.row is not None
        assert table.row.started_at == min(row.started_at for row in table.source._pages[0])
        await press(pilot, "x")
        assert isinstance(table.source, AllRows)
        assert table.row_count == sum(row.failed for row in table.source.rows) > 0


async def test_columns_are_sorted_by_keys(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        table = screen_of(app).table
        assert table.sort == ("cost_usd", True)
        await press(pilot, "X", "shift+left")
        assert table.sort == ("p95_ms", True)
        found = [row.p95_ms for row in table._shown.rows]
        assert found == sorted(found, reverse=True)
        await press(pilot, "O")
        assert [row.p95_ms for row in table._shown.rows] == sorted(found)
        assert "^p95" in shown_lines(table)[0] or "▲p95" in shown_lines(table)[0]


async def test_the_range_is_chosen_and_travelled_by_keys(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "1")
        shown = app.session.shown
        assert shown is not None
        assert shown.span_ms == HOUR_MS
        await press(pilot, "left_square_bracket")
        assert app.session.shown is not None
        assert app.session.shown.to_ms == shown.from_ms
        await press(pilot, "right_square_bracket")
        assert app.session.shown == shown
        assert app.session.choice.at is None


async def test_all_is_all_wherever_one_has_travelled(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        everything = app.session.shown
        for key in ("left_square_bracket", "right_square_bracket"):
            await press(pilot, key)
            assert app.session.shown == everything
            assert "1 to 5" in app.screen.query_one(Notice).message
        await press(pilot, "1", "left_square_bracket", "6")
        assert app.session.shown == everything


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "lambdatui import FILE"),
        (b"", "lambdatui import FILE"),
        (b"not a database at all, sorry" * 99, "damaged"),
    ],
)
async def test_a_store_that_cannot_be_read_says_what_to_do(tmp_path: Path, content: bytes | None, says: str) -> None:
    db = tmp_path / "s.db"
    if content is not None:
        db.write_bytes(content)
    app = app_on(db)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = str(app.screen.query_one("#empty").render())
        assert says in text.replace("\n", " ")


async def test_the_first_screen_fills_when_a_store_appears(tmp_path: Path, store: Path) -> None:
    app = app_on(tmp_path / "s.db")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert screen_of(app).table.row_count == 0
        shutil.copy(store, tmp_path / "s.db")
        app._look()
        await settle(pilot)
        assert screen_of(app).table.row_count == len(sample_log.FUNCTIONS)
        assert not app.screen.query_one(Notice).display


async def test_a_pause_holds_the_picture_and_ends_with_the_newest(tmp_path: Path, store: Path) -> None:
    db = tmp_path / "s.db"
    shutil.copy(store, db)
    app = app_on(db)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "p")
        event = {
            "timestamp": sample_log.END_MS - MINUTE_MS,
            "message": "START RequestId: 11111111-2222-4333-8444-555555555555 Version: 1",
            "logGroup": "/aws/lambda/newcomer",
            "logStream": "a",
        }
        (tmp_path / "more.jsonl").write_text(json.dumps(event) + "\n")
        import_files([str(tmp_path / "more.jsonl")], db=db, defaults=FunctionKey(""))
        app._look()
        await settle(pilot)
        assert screen_of(app).table.row_count == len(sample_log.FUNCTIONS)
        assert "PAUSED" in app.screen.query_one(Header).render().plain
        await press(pilot, "p")
        assert screen_of(app).table.row_count == len(sample_log.FUNCTIONS) + 1


async def test_the_log_is_searched_wrapped_and_walked_by_errors(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"checkout", "enter", "enter", "x", "enter")
        pane = app.screen.query_one(LogPane)
        wrapped = pane.row_count
        await press(pilot, "w")
        assert pane.row_count < wrapped
        await press(pilot, "t")
        assert not shown_lines(pane)[1].strip().startswith(("0", "1", "2"))
        await press(pilot, "slash", *"billed", "enter")
        assert pane.marked_row is not None
        assert "Billed" in pane._rows[pane.marked_row].text
        await press(pilot, "e")
        assert pane._rows[pane.marked_row].kind == "error"
        height = pane.size.height
        await press(pilot, "f")
        assert pane.size.height > height


async def test_json_of_a_row_and_help_open_and_close(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "y")
        assert any('"function": "video-transcode"' in line for line in shown_lines(app.screen.query_one(LogPane)))
        await press(pilot, "q", "question_mark")
        assert app.screen.query_one("#help")
        await press(pilot, "escape")
        assert isinstance(app.screen, FunctionsScreen)


async def test_keys_are_remapped_by_command_id(store: Path) -> None:
    app = app_on(store, keys={"show-errors": "f5"})
    async with app.run_test(size=(120, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "E")
        assert isinstance(app.screen, FunctionsScreen)
        await press(pilot, "f5")
        assert app.screen.heading() == ("Errors",)  # type: ignore[attr-defined]
        await press(pilot, "q")
        assert "F5 errors" in app.screen.query_one("KeyLine").render().plain  # type: ignore[union-attr]


async def test_every_main_screen_opens_at_80_by_24_and_says_what_it_is_of(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for key, heading in (("E", "Errors"), ("dollar_sign", "Costs"), ("i", "Invocations"), ("F", "Functions")):
            await press(pilot, key)
            assert app.screen.heading() == (heading,)  # type: ignore[attr-defined]
            assert screen_of(app).table.row_count > 0
            for line in shown_lines(screen_of(app).table):
                assert "#" not in line


def test_every_command_has_an_id_a_help_and_a_key_of_its_own() -> None:
    ids = [command.id() for command in TABLE_COMMANDS]
    assert len(set(ids)) == len(ids)
    used = [key for command in TABLE_COMMANDS for key in command.BINDING_KEY.split(",")]
    assert len(set(used)) == len(used)
    assert all(command.help().endswith(".") or ":" in command.help() for command in TABLE_COMMANDS)
    assert not set(used) & {"ctrl+z", "ctrl+j", "ctrl+q", "ctrl+k"}
    first = {command.BINDING_KEY.partition(",")[0] for command in TABLE_COMMANDS}
    assert "ctrl+s" not in first  # some terminals stop at it: nothing is reached by it alone
    assert issubclass(TABLE_COMMANDS[0], Command)


def test_a_copy_is_wrapped_for_multiplexers_and_capped() -> None:
    plain, cut = osc52("hello", {})
    assert (plain, cut) == ("\x1b]52;c;aGVsbG8=\x07", False)
    assert osc52("hello", {"TMUX": "x"})[0] == "\x1bPtmux;\x1b\x1b]52;c;aGVsbG8=\x07\x1b\\"
    assert osc52("hello", {"TERM": "screen"})[0] == "\x1bP\x1b]52;c;aGVsbG8=\x07\x1b\\"
    long, cut = osc52("ä" * LIMIT_BYTES, {})
    assert cut
    assert len(long) <= 100_000


@pytest.mark.parametrize(
    ("environ", "ansi", "ascii_only"),
    [
        ({"TERM": "xterm-256color"}, False, False),
        ({"TERM": "xterm-kitty"}, False, False),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, False, False),
        ({"TERM": "xterm"}, True, False),
        ({"TERM": "screen"}, True, False),
        ({"TERM": "linux"}, True, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm-256color", "SSH_CONNECTION": "1 2 3 4"}, True, False),
        ({"TERM": "xterm-256color", "LANG": "de_DE.ISO-8859-1"}, False, True),
    ],
)
def test_the_terminal_is_taken_for_what_it_is(environ: dict[str, str], ansi: bool, ascii_only: bool) -> None:
    found = terminal.terminal(environ)
    assert (found.ansi, found.ascii) == (ansi, ascii_only)
    assert terminal.theme_name(found, None) == (ANSI_DARK if ansi else DARK)


@pytest.mark.parametrize("term", ["", "dumb", "unknown"])
def test_a_terminal_without_a_cursor_is_refused_in_words(term: str) -> None:
    with pytest.raises(terminal.TerminalRefused, match="set TERM"):
        terminal.terminal({"TERM": term})


async def test_no_color_strips_every_colour(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = LambdaTui(session_on(store), ANSI_DARK)
    assert any(isinstance(one, NoColor) for one in app._filters)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert screen_of(app).table.row_count


def test_a_theme_that_there_is_not_is_named(store: Path) -> None:
    with pytest.raises(UnknownTheme, match="lambdatui-dark"):
        LambdaTui(session_on(store), "solarised-mauve")


def test_pages_that_are_short_end_the_rows() -> None:
    source = PagedRows(1_000)
    assert source.to_ask(0, 250) == [0, 1]
    assert source.to_ask(0, 250) == []
    source.put(1, list(range(10)))
    assert len(source) == PAGE_ROWS + 10
    assert source.row_at(PAGE_ROWS + 3) == 3
    assert source.row_at(0) is None


def test_a_stack_inside_json_is_unfolded() -> None:
    text = '2025Z\tid\tERROR\t{"errorType":"TypeError","stack":["TypeError: no","    at f (/var/task/a.mjs:1:2)"]}'
    assert physical_lines(text)[-1].strip() == "at f (/var/task/a.mjs:1:2)"
    assert physical_lines("[ERROR] x\rTraceback:\r  File y\n") == ["[ERROR] x", "Traceback:", "  File y"]


async def test_what_nobody_foresaw_is_said_and_does_not_end_the_screens(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr("lambdatui.views.functions.functions", broken)
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await settle_failing(pilot)
        assert "ZeroDivisionError: no such luck" in app.screen.query_one(Notice).message
    assert app.return_code in (0, None)


async def settle_failing(pilot: Pilot[int]) -> None:
    with contextlib.suppress(WorkerFailed):
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def test_scroll_bars_have_eighths_again_after_an_app_in_ascii(store: Path) -> None:
    plain = terminal.Terminal(ansi=False, ascii=True, remote=False, no_color=False)
    blocks = set("▁▂▃▄▅▆▇")
    for shown, eighths in ((plain, False), (COLOURS, True)):
        app = LambdaTui(session_on(store, terminal=shown), DARK)
        async with app.run_test(size=(80, 24)) as pilot:
            await press(pilot, "question_mark")
            # A trend's blocks are painted together, those of a bar's ends alone.
            drawn = {segment.text for strip in app.screen._compositor.render_strips() for segment in strip}
            assert bool(blocks & drawn) == eighths
