"""The range in words on the screens' prompt, and the zone that a screen's times are of."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from collectors.model.units import HOUR_MS, MINUTE_MS
from lambdatui.app.application import LambdaTui
from lambdatui.screens.dialogs.time_range import TimeScreen, examples
from lambdatui.text import zones
from lambdatui.views.time_range import RangeChoice
from tests.support.screens import KEYS, SHOP_NOW_MS, app_on, header_of, press, settle
from tests.support.under_terminal import UnderTerminal


def typed(app: LambdaTui) -> str:
    return app.screen.query_one(Input).value


def meaning(app: LambdaTui) -> str:
    return str(app.screen.query_one("#range", Static).content)


async def write(pilot: Pilot[int], text: str) -> None:
    pilot.app.screen.query_one(Input).value = text
    await settle(pilot)


def minute(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


async def test_the_range_is_shown_as_it_is_typed_and_taken_with_enter(store: Path) -> None:
    app = app_on(store, choice=RangeChoice("24h"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "shop.db  UTC" in header_of(app)
        await press(pilot, "at")
        assert isinstance(app.screen, TimeScreen)
        assert typed(app) == "24h"
        await press(pilot, *"2h..1h")  # replaces what stood there
        assert typed(app) == "2h..1h"
        end = -(-SHOP_NOW_MS // MINUTE_MS) * MINUTE_MS - HOUR_MS
        assert meaning(app) == f"{minute(end - HOUR_MS)} UTC to {minute(end)} UTC, 1h 00m"
        await press(pilot, "enter")
        assert f"{minute(end - HOUR_MS)} UTC to {minute(end)} UTC" in header_of(app)
        await press(pilot, "at")
        assert typed(app) == "2h..1h"
        await press(pilot, "escape")
        assert app.session.choice.words == "2h..1h"
        # The next range is as long, and 2 goes back to a range that ends now.
        await press(pilot, "left_square_bracket")
        assert app.session.shown is not None
        assert app.session.shown.span_ms == HOUR_MS
        assert app.session.shown.to_ms == end - HOUR_MS
        await press(pilot, "at")
        assert typed(app) == f"{minute(end - 2 * HOUR_MS)} UTC..{minute(end - HOUR_MS)} UTC"
        await press(pilot, *"24h", "enter")
        assert "last 24h" in header_of(app)


async def test_words_that_mean_nothing_stay_to_be_corrected(store: Path) -> None:
    app = app_on(store, choice=RangeChoice("24h"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "at", *"yesteday", "enter")
        assert isinstance(app.screen, TimeScreen)
        assert meaning(app) == "'yesteday' is no range; did you mean yesterday?"
        for words, says in (
            ("1h..3h", "the range is empty"), ("2025-02-30", "there is no day 2025-02-30"), ("09:30 Mars/Base", "no zone"),
            ("[red]..[/red]", "'[red]' is no time"), ("\x1b[31m", "is no range"), ("", ""),
        ):  # fmt: skip
            await write(pilot, words)
            assert says in meaning(app), words
            assert "\x1b" not in meaning(app)
            await press(pilot, "enter")
            assert isinstance(app.screen, TimeScreen), words
        await write(pilot, "yesterday")
        await press(pilot, "enter")
        assert not isinstance(app.screen, TimeScreen)


async def test_every_example_is_one(store: Path) -> None:
    app = app_on(store, choice=RangeChoice("24h"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "at")
        for words in (one for line, _ in examples(SHOP_NOW_MS) for one in line.split("   ")):
            await write(pilot, words)
            assert " to " in meaning(app) or words == "all", (words, meaning(app))
        box = app.screen.query_one("#ask")
        assert box.region.height < 20
        assert box.region.width <= 80


@pytest.mark.parametrize("key", ["F", *KEYS.values()])
async def test_it_opens_on_every_main_screen_and_each_names_its_zone(store: Path, key: str) -> None:
    app = app_on(store, choice=RangeChoice("24h"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, key)
        assert "UTC" in header_of(app).split("\n")[0], key
        await press(pilot, "at", *"1h", "enter")
        assert app.session.choice == RangeChoice("1h")
        assert "last 1h" in header_of(app)


async def test_another_zone_is_named_and_what_is_typed_is_of_it(store: Path) -> None:
    zones.use_zone("Asia/Kathmandu")
    app = app_on(store, utc=False, choice=RangeChoice("24h", local_labels=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "shop.db  UTC+05:45" in header_of(app)
        await press(pilot, "at", *"today")
        assert "23:45 UTC+05:45 to " in meaning(app), "ranges of 6 hours and more begin at full hours of UTC, as summed"
        await write(pilot, "09:30..09:45")
        assert "09:30 UTC+05:45 to " in meaning(app)
        await press(pilot, "enter")
        assert "09:30 UTC+05:45 to " in header_of(app)


async def test_words_of_the_command_line_stay_of_utc_where_the_screens_show_another_zone(store: Path) -> None:
    zones.use_zone("Europe/Berlin")
    zones.forget()
    app = app_on(
        store, utc=False, choice=RangeChoice(start="2025-03-31T08:00", end="2025-03-31T09:00", local_labels=True)
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "2025-03-31 10:00 CEST to 2025-03-31 11:00 CEST" in header_of(app)
        await press(pilot, "at")
        assert typed(app) == "2025-03-31 10:00 CEST..2025-03-31 11:00 CEST", "the same, as the screen tells times"


def test_wrong_words_end_the_program_before_it_takes_the_terminal(store: Path) -> None:
    for arguments in (("--from", "yesteday"), ("--tz", "Berlin"), ("--range", "soon..now")):
        with UnderTerminal(["--db", str(store), *arguments]) as terminal:
            assert terminal.process.wait(60) == 2
            said = terminal.quiet(0.1)
            assert b"is no " in said
            assert b"\x1b[?1049h" not in said


def test_the_first_frame_names_the_zone_as_the_screen_does(store: Path) -> None:
    with UnderTerminal(["--db", str(store), "--tz", "Asia/Tokyo", "--range", "1h", "--from", "2h"]) as terminal:
        first = terminal.until(b" help")
    assert b"JST to " in first
    with UnderTerminal(["--db", str(store)], TZ="Europe/Berlin") as terminal:
        first = terminal.until(b" help")
    assert b"CEST" in first
