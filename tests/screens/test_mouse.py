"""What the mouse does: breadcrumbs, the range, rows, the wheel, hints."""

from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from lambdatui.screens.dialogs.time_range import TimeScreen
from lambdatui.widgets.header import Header
from lambdatui.widgets.key_line import KeyLine
from lambdatui.widgets.table import Table
from tests.support.screens import app_on, header_of, press, screen_of, settle, table_of


async def click_crumb(pilot: Pilot[int], name: str) -> None:
    line = header_of(pilot.app).split("\n")[0]
    await pilot.click(Header, offset=(line.index(name) + 1, 0))
    await settle(pilot)


@pytest.mark.parametrize(
    ("keys", "crumb", "heading"),
    [
        ("enter", "Functions", ("Functions",)),
        ("enter i", "Functions", ("Functions",)),
        ("enter i", "video-transcode", ("Functions", "video-transcode")),
        ("enter enter", "video-transcode", ("Functions", "video-transcode")),
        ("l", "Functions", ("Functions",)),
        ("l", "video-transcode", ("Functions", "video-transcode")),
        ("dollar_sign b", "Costs", ("Costs",)),
        ("dollar_sign B", "Costs", ("Costs",)),
        ("E", "lambdatui", ("Functions",)),
        ("enter enter y", "lambdatui", ("Functions",)),
        ("E", "Errors", ("Errors",)),
    ],
)
async def test_a_name_of_the_breadcrumb_leads_back(
    store: Path, keys: str, crumb: str, heading: tuple[str, ...]
) -> None:
    app = app_on(store, saved={"functions.order": "plain"})
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await press(pilot, *keys.split())
        await click_crumb(pilot, crumb)
        assert screen_of(app).heading() == heading
        if heading == ("Functions",):
            assert len(app.screen_stack) == 1


async def test_what_a_click_leads_to_is_underlined(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        header = app.screen.query_one(Header)
        at = header_of(app).index("Functions") + 1
        await pilot.hover(Header, offset=(at, 0))
        await settle(pilot)
        (link,) = [one for one in header.render_line(0) if one.style and one.style.underline]
        assert link.text == "Functions"
        await pilot.hover(Table, offset=(10, 3))
        await settle(pilot)
        assert not [one for one in header.render_line(0) if one.style and one.style.underline]


async def test_a_click_on_the_range_asks_for_another(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.click(Header, offset=(3, 1))
        await settle(pilot)
        assert isinstance(app.screen, TimeScreen)
        assert "Esc back" in app.screen.query_one(KeyLine).render().plain


async def test_a_click_moves_the_cursor_two_open_and_the_wheel_scrolls(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        table = table_of(app)
        await pilot.click(Table, offset=(10, 3))
        await settle(pilot)
        assert table.cursor == 2
        name = table.row.function
        await pilot.click(Table, offset=(10, 3), times=2)
        await settle(pilot)
        assert screen_of(app).heading() == ("Functions", name)
        await press(pilot, "F", "6", "i")
        table = table_of(app)
        await pilot._post_mouse_events([events.MouseScrollDown], Table, (10, 5))
        await settle(pilot)
        assert table.scroll_offset.y > 0


async def test_hints_of_the_key_line_are_clicked(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        line = app.screen.query_one(KeyLine)
        await pilot.click(KeyLine, offset=(line.render().plain.index("E errors"), 0))
        await settle(pilot)
        assert screen_of(app).NAME == "errors"
        line = app.screen.query_one(KeyLine)
        await pilot.click(KeyLine, offset=(line.render().plain.index("Esc back") + 4, 0))
        await settle(pilot)
        assert screen_of(app).NAME == "functions"
