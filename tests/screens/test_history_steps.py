"""``[`` and ``]`` step through history on every screen; on an invocation, to the function's one before and after."""

from pathlib import Path

import pytest

from collectors.store.read.reader import Reader
from lambdatui.app.navigation import MAIN
from lambdatui.screens.invocation import InvocationScreen
from lambdatui.views.invocation import neighbour
from tests.screens.test_screens_and_flows import KEYS, header_of, press, settle, small_app
from tests.support import small_store
from tests.support.small_store import MINUTE, T0, request_id


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_store.make(tmp_path_factory.mktemp("steps") / "s.db")


def test_neighbours_are_of_the_function_in_order_of_time(db: Path) -> None:
    with Reader(db) as reader:
        for name, numbers in (("checkout", [1, 2, 3, 4, 5, 6]), ("resize", [7, 8])):
            (identity,) = (row.id for row in reader.functions() if row.function.key.name == name)
            rows = reader.invocations(0, T0 + 60 * MINUTE, [identity])
            key = rows[-1].key
            walked = [key[2]]
            while (after := neighbour(reader, key, back=False)) is not None:
                assert neighbour(reader, after, back=True) == key
                key = after
                walked.append(key[2])
            assert walked == [request_id(number) for number in numbers]


async def test_brackets_step_from_invocation_to_invocation(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "enter")  # the newest of checkout
        screen = app.screen
        assert isinstance(screen, InvocationScreen)
        assert request_id(6) in header_of(app)
        await press(pilot, "right_square_bracket")
        assert "last invocation" in app.screen.query_one("Notice").message  # type: ignore[attr-defined]
        await press(pilot, "left_square_bracket")
        assert request_id(5) in header_of(app)
        assert any("bad order" in line.text for line in screen.log_pane.lines_shown)
        await press(pilot, *["left_square_bracket"] * 5)
        assert request_id(1) in header_of(app)
        assert "first invocation" in app.screen.query_one("Notice").message  # type: ignore[attr-defined]
        await press(pilot, "right_square_bracket")
        assert request_id(2) in header_of(app)
        await press(pilot, "escape")
        assert not isinstance(app.screen, InvocationScreen)


@pytest.mark.parametrize("name", [name for name in MAIN if name != "functions"])
async def test_brackets_travel_and_p_pauses_on_every_screen(db: Path, name: str) -> None:
    app = small_app(db)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "1", KEYS[name])
        before = app.session.shown
        await press(pilot, "left_square_bracket")
        shown = app.session.shown
        assert before is not None
        assert shown is not None
        assert shown.to_ms == before.from_ms
        await press(pilot, "right_square_bracket", "p")
        assert app.session.shown is not None
        assert app.session.shown.to_ms == before.to_ms
        assert "PAUSED" in header_of(app)
        await press(pilot, "p")
        assert "PAUSED" not in header_of(app)
