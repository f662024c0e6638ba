"""The screens beyond the first, the flows between them, and what is written, kept and marked, driven by keys."""

import asyncio
import csv
import json
import re
import threading
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import OptionList

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.model.units import HOUR_MS
from collectors.store.read.reader import Reader
from lambdatui.app.navigation import MAIN, screen_class
from lambdatui.screens.base.table import TableScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.screens.dialogs.palette import PaletteScreen
from lambdatui.screens.dialogs.prompt import PickScreen, PromptScreen
from lambdatui.screens.logs import LogsScreen
from lambdatui.text.terminal import UNICODE
from lambdatui.views.columns import TableColumn
from lambdatui.widgets.header import Header
from lambdatui.widgets.log_pane import LogPane
from lambdatui.widgets.log_text import rendered_json, rows
from lambdatui.widgets.notice import Notice
from lambdatui.widgets.rows import PAGE_ROWS, PagedRows
from lambdatui.widgets.table import Table
from screenshots import sample_log
from tests.support import small_store
from tests.support.places import DATA
from tests.support.row_types import COLUMNS
from tests.support.screens import KEYS, app_on, header_of, press, settle, small_app, table_of


async def test_every_main_screen_is_a_key_away_and_leads_back(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for name, key in KEYS.items():
            await press(pilot, key)
            assert isinstance(app.screen, screen_class(name)), name
            assert not app.screen.query_one(Notice).failing
            await press(pilot, "F")
            assert isinstance(app.screen, screen_class("functions"))
        await press(pilot, "E", "T", "minus")
        assert isinstance(app.screen, screen_class("errors"))
        await press(pilot, "minus")
        assert isinstance(app.screen, screen_class("throttles"))


async def test_every_screen_takes_a_step_back_in_time(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for name, key in KEYS.items():
            await press(pilot, "2", key)
            before = app.session.shown
            await press(pilot, "left_square_bracket")
            assert before is not None
            assert app.session.shown is not None
            assert app.session.shown.to_ms == before.to_ms - before.span_ms // HOUR_MS * HOUR_MS, name
            await press(pilot, "F")


async def from_palette(pilot: Pilot[int], key: str, typed: str) -> None:
    """The first hit, once there is one."""
    await press(pilot, key)
    palette = pilot.app.screen
    assert isinstance(palette, PaletteScreen)
    await pilot.press(*typed)
    for _ in range(100):
        await settle(pilot)
        if palette.query_one(OptionList).option_count and palette.query_one(OptionList).highlighted is not None:
            break
        await asyncio.sleep(0.05)
    while pilot.app.screen is palette:
        await pilot.press("enter")
        await pilot.pause()
    await settle(pilot)


async def test_the_palette_reaches_screens_functions_actions_and_themes(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for typed, there in (("thrott", "throttles"), ("screencollect", "collect")):
            await from_palette(pilot, "colon", typed)
            assert isinstance(app.screen, screen_class(there)), typed
        await from_palette(pilot, "ctrl+p", "funcinvren")
        assert app.screen.heading() == ("Functions", "invoice-render")  # type: ignore[attr-defined]
        await from_palette(pilot, "colon", "themenord")
        assert app.theme == "nord"


async def test_the_home_header_says_health_free_tier_and_month(store: Path) -> None:
    app = app_on(store, thresholds={"budget_usd": 1.0})
    async with app.run_test(size=(160, 30)) as pilot:
        await settle(pilot)
        (said,) = header_of(app).split("\n")[2:]
        assert "in trouble, worst" in said
        assert "free requests" in said
        assert "OVER BUDGET $1.00" in said
        month, end = (float(amount.replace(",", "")) for amount in re.findall(r"(?:month|end) \$([\d.,]+)", said))
    between = app_on(store, thresholds={"budget_usd": (month + end) / 2})
    async with between.run_test(size=(160, 30)) as pilot:
        await settle(pilot)
        assert "WILL PASS $" in header_of(between)


async def test_thresholds_say_what_is_trouble(store: Path) -> None:
    app = app_on(store, thresholds={"error_rate": 0.9, "p95_ms": 100_000})
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "x")
        assert [row.function for row in table_of(app)._shown.rows] == ["video-transcode"]  # type: ignore[union-attr]


async def test_rows_are_exported_as_they_are_shown_and_never_over_a_file(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_on(store)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"region:eu-west", "enter", "S")
        assert isinstance(app.screen, PromptScreen)
        await press(pilot, "enter")
        (written,) = tmp_path.glob("*.csv")
        assert [row["function"] for row in csv.DictReader(written.open())] == ["webhook-fanout"]
        assert written.stat().st_mode & 0o777 == 0o600
        content = written.read_bytes()
        await press(pilot, "S", "enter")
        assert "nothing was written" in app.screen.query_one(Notice).message
        assert written.read_bytes() == content
        for name in ("a.json", "b.svg", "c.exe", "nowhere/d.csv"):
            await press(
                pilot, "S", "ctrl+u", *[{".": "full_stop", "/": "slash"}.get(sign, sign) for sign in name], "enter"
            )
        assert [row["function"] for row in json.loads((tmp_path / "a.json").read_text())["rows"]] == ["webhook-fanout"]
        assert "<svg" in (tmp_path / "b.svg").read_text()
        assert not (tmp_path / "c.exe").exists()
        assert "nothing was written" in app.screen.query_one(Notice).message


async def test_what_went_wrong_is_kept(tmp_path: Path) -> None:
    (tmp_path / "s.db").write_bytes(b"not a database at all, sorry" * 99)
    app = app_on(tmp_path / "s.db")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "exclamation_mark")
        assert isinstance(app.screen, DetailsScreen)
        assert "damaged" in app.screen.text
        await press(pilot, "escape")
        assert isinstance(app.screen, TableScreen)


async def test_two_functions_are_marked_and_compared_and_one_with_itself_before(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        names = [row.function for row in table_of(app)._shown.rows[:2]]  # type: ignore[union-attr]
        assert names[0] == "video-transcode"
        await press(pilot, "space", "space", "equals_sign")
        assert app.screen.heading() == ("Compare", " and ".join(names))  # type: ignore[attr-defined]
        found = {row.figure: row for row in table_of(app)._shown.rows}  # type: ignore[union-attr]
        assert found["memory"].one == "10240 MB"
        assert found["memory"].ratio.endswith("x")
        await press(pilot, "escape", "k", "space", "k", "k", "space", "equals_sign")
        assert "the range before" in app.screen.heading()[1]  # type: ignore[attr-defined]


async def test_one_region_is_chosen_and_all_again(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "R")
        assert isinstance(app.screen, PickScreen)
        await press(pilot, *"west", "enter")
        assert table_of(app).row_count == 1
        assert "region eu-west-1" in header_of(app)
        await press(pilot, "R", *"all", "enter")
        assert table_of(app).row_count == len(sample_log.FUNCTIONS)


async def test_hidden_columns_are_counted_and_brought_into_sight(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        table = table_of(app)
        assert table.render_line(0).text.startswith("+9")
        seen = set()
        for _ in range(40):
            seen |= {column.id for column in table.visible_columns}
            await press(pilot, "right")
        assert seen == {one.column.id for one in type(app.screen).COLUMNS}  # type: ignore[attr-defined]
        for _ in range(40):
            await press(pilot, "left")
        assert table.visible_columns[-1].id == "projected_usd"


async def test_columns_come_from_the_configuration(store: Path) -> None:
    app = app_on(store, columns={"functions": ["function", "gb_seconds", "max_memory_mb"]})
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        shown = [one.id for one in table_of(app).visible_columns]
        assert shown == ["function", "trouble", "gb_seconds", "max_memory_mb"]  # why it is in trouble always stands


async def test_the_log_says_how_many_lines_it_searched(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"checkout", "enter", "l")
        screen = app.screen
        assert isinstance(screen, LogsScreen)
        assert "newest 2,000" in header_of(app)
        await press(pilot, "slash", *"keyerror !eu-west", "enter")
        with Reader(store) as reader:
            shown = app.session.shown
            assert shown is not None
            everything = sum(1 for _ in reader.search(shown.from_ms, shown.to_ms, [screen.subject()[0]]))  # type: ignore[index]
        assert f"searched {everything:,} of {everything:,} lines" in header_of(app)
        assert all("KeyError" in line.text for line in screen.log_pane.lines_shown)
        assert 0 < len(screen.log_pane.lines_shown) < everything
        pane = screen.log_pane
        unfolded = pane.row_count
        await press(pilot, "z")
        assert pane.row_count == len(pane.lines_shown) < unfolded
        assert "(+5 lines)" in pane.render_line(0).text


async def test_a_followed_log_shows_what_is_collected(tmp_path: Path, store: Path) -> None:
    db = tmp_path / "s.db"
    db.write_bytes(store.read_bytes())
    app = app_on(db)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"auth-token", "enter", "0")
        assert "FOLLOWING" in header_of(app)
        event = {
            "timestamp": sample_log.END_MS - 30_000,
            "message": "here I am",
            "logGroup": "/aws/lambda/auth-token",
            "logStream": "z",
        }
        (tmp_path / "more.jsonl").write_text(json.dumps(event) + "\n")
        import_files([str(tmp_path / "more.jsonl")], db=db, defaults=FunctionKey(""))
        app._look()
        await settle(pilot)
        pane = app.screen.query_one(LogPane)
        assert "here I am" in pane.render_line(pane.size.height - 1).text
        await press(pilot, "s")
        assert "FOLLOWING" not in header_of(app)


async def test_a_bare_log_is_text_alone(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "l", "g", "f")
        pane = app.screen.query_one(LogPane)
        assert pane.size == (80, 23), "the way out stays on the last line"
        assert not app.screen.query_one(Header).display
        assert pane.render_line(0).text.startswith(("START", "[INFO]", "END", "REPORT"))
        await press(pilot, "f")
        assert app.screen.query_one(Header).display
        await press(pilot, "f", "escape")
        assert app.screen.query_one(Header).display, "Esc shows the rest again before it leaves"
        assert app.screen.query_one(LogPane) is pane


async def test_charts_go_round_and_the_crosshair_has_values(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"checkout", "enter", "enter")
        seen = []
        for _ in range(3):
            seen += [chart.render().plain.split("\n")[0] for chart in app.screen.query("Chart")]
            await press(pilot, "v")
        assert [title.split("  ")[0] for title in seen] == [
            "Invocations", "Duration p95", "Concurrency, peak", "Memory used", "Cost", "Cold starts",
        ]  # fmt: skip
        await press(pilot, "full_stop", "comma")
        first = app.screen.query("Chart").first().render().plain.split("\n")[0]  # type: ignore[attr-defined]
        assert "15 Jun 14:" in first
        assert "invocations " in first


async def test_costs_are_summed_four_ways_to_the_same_total_and_asked_what_if(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "5", "dollar_sign")
        total = app.screen.answer.total  # type: ignore[attr-defined]
        await press(pilot, "w", "enter")
        assert isinstance(app.screen, DetailsScreen)
        assert "arm64" in app.screen.text
        await press(pilot, "escape", "w", "x", "enter")
        assert "is no change" in app.screen.query_one(Notice).message
        await press(pilot, "b")
        for by in ("function", "dimension", "region"):
            assert app.screen.heading() == ("Costs", f"by {by}")  # type: ignore[attr-defined]
            assert sum(row.amount for row in table_of(app)._shown.rows) == total  # type: ignore[union-attr]
            await press(pilot, "b")
        assert [row.group for row in table_of(app)._shown.rows][:2] == ["2025-06-15", "2025-06-14"]  # type: ignore[union-attr]
        assert app.screen.query_one("#charts").display
        await press(pilot, "enter")
        assert "x 0.00001" in app.screen.text  # type: ignore[attr-defined]


async def test_an_invocation_has_its_phases(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(100, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "i", "slash", *"init_ms", "greater_than_sign", "0", "enter", "enter")
        text = app.screen.query_one("#fields").render().plain  # type: ignore[attr-defined]
        init, invoke = (line for line in text.split("\n") if line.split()[0] in ("init", "invoke"))
        assert init.index("█") < invoke.index("█")


async def test_json_lines_are_rendered_and_shown_as_written(tmp_path: Path) -> None:
    text = '{"timestamp":"2025-01-01T00:00:00Z","level":"ERROR","message":"no [bold]stock[/]","order":42}'
    assert rendered_json(text) == "ERROR no [bold]stock[/]  order=42"
    for same in ("plain", "{broken", '{"a":1}', "[1,2]", '{"message":"cut'):
        assert rendered_json(same) == same
    (tmp_path / "j.jsonl").write_text(
        json.dumps({"timestamp": small_store.T0, "message": text, "logGroup": "/aws/lambda/j", "logStream": "a"}) + "\n"
    )
    import_files([str(tmp_path / "j.jsonl")], db=tmp_path / "s.db", defaults=FunctionKey(""))
    app = small_app(tmp_path / "s.db")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "l")
        pane = app.screen.query_one(LogPane)
        assert "ERROR no [bold]stock[/]  order=42" in pane.render_line(0).text
        await press(pilot, "J")
        assert '"order":42' in pane.render_line(0).text + pane.render_line(1).text


@pytest.mark.parametrize(
    "text", ["名前" * 60, "e\u0301" * 90, "\u202egnp.exe\u2066 x", "a\x00b\x1b[31mc\x9bd", "👩‍👩‍👧 ok" * 30, "\t\ttab"]
)
async def test_no_line_breaks_the_columns(text: str) -> None:
    class Line:
        timestamp, kind = 0, "log"

        def __init__(self, text: str) -> None:
            self.text = text

    from rich.cells import cell_len

    for row in rows([Line(text)], 40, wrap=True, only_errors=False):
        assert cell_len(row.text) <= 40
        assert not set(row.text) & set("\x00\x1b\x9b\u202e\u2066\n\r")


class OneTable(App[None]):
    """A table of a million rows of which each page comes when it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def compose(self) -> ComposeResult:
        yield Table(
            [TableColumn(COLUMNS["count"])], UNICODE, utc=True, key_of=lambda row: row, in_trouble=lambda _: False
        )

    def on_page_wanted(self, message: object) -> None:
        self.asked.append(message.page)  # type: ignore[attr-defined]


async def test_a_million_rows_open_and_jump_to_their_end_by_two_pages() -> None:
    app = OneTable()
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.query_one(Table)
        table.show_rows(PagedRows(1_000_000))
        await pilot.pause()
        table.go_bottom()
        await pilot.pause()
        await pilot.pause()
        assert set(app.asked) <= {0, 999_999 // PAGE_ROWS}
        assert table.cursor == 999_999


async def test_the_thread_that_paints_never_asks_the_store(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question of every screen and flow, counted by thread."""
    asked: list[str] = []
    real = Reader._all

    def watched(self: Reader, sql: str, values: object = ()) -> object:
        if threading.current_thread() is threading.main_thread() and "PRAGMA data_version" not in sql:
            asked.append(sql)
        return real(self, sql, values)  # type: ignore[arg-type]

    monkeypatch.setattr(Reader, "_all", watched)
    app = app_on(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        keys = [
            "enter",
            "v",
            "d",
            "escape",
            "enter",
            "escape",
            "escape",
            "R",
            "escape",
            "space",
            "equals_sign",
            "escape",
        ]
        for key in (*keys, *KEYS.values(), "F", "5", "left_square_bracket", "right_square_bracket", "6", "i", "G", "O"):
            await press(pilot, key)
    assert asked == []


async def test_state_is_kept_of_each_screen(store: Path) -> None:
    kept: dict[str, str] = {}
    app = app_on(store, saved=kept)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"checkout", "enter", "shift+left", "E", "shift+right")
    assert kept["functions.filter"] == "checkout"
    assert kept["functions.sort"] == "p95_ms descending"
    again = app_on(store, saved=kept)
    async with again.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert table_of(again).row_count == 1
        assert table_of(again).sort == ("p95_ms", True)
        assert "filter: checkout" in header_of(again)


def test_the_screens_have_names_that_commands_know() -> None:
    for name in MAIN:
        assert name == screen_class(name).NAME
        commands = screen_class(name).COMMANDS_HERE
        keys = [key for command in commands for key in command.BINDING_KEY.split(",")]
        assert len(set(keys)) == len(keys), name


async def test_wrapped_lines_lose_nothing_beside_the_scroll_bar(tmp_path: Path) -> None:
    log = DATA / "checkout-api.jsonl"
    import_files([str(log)], db=tmp_path / "s.db", defaults=FunctionKey(""))
    app = app_on(tmp_path / "s.db")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "C", "l")
        pane = app.screen.query_one(LogPane)
        assert pane.show_vertical_scrollbar
        top = round(pane.scroll_offset.y)
        for at in range(pane.size.height):
            painted = "".join(segment.text for segment in pane.render_line(at))
            assert pane._rows[top + at].text.rstrip() in painted
