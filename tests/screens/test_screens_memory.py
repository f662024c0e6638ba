"""A viewer that has gone about for hours holds no more than one that was opened just now."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.screen import Screen

from lambdatui.app import application
from tests.support import small_store
from tests.support.screens import app_on, press


@pytest.fixture(autouse=True)
def only_the_programs_own_collection() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


async def test_screens_that_were_left_are_gone(tmp_path: Path) -> None:
    app = app_on(small_store.make(tmp_path / "small.db"))
    left: list[weakref.ref[Screen[object]]] = []
    async with app.run_test(size=(100, 30)) as pilot:
        gc.disable()  # Python's own turns come when many objects were made, in the middle of something
        for key in "E$TA" * 3:
            await press(pilot, key)
            left.append(weakref.ref(app.screen))
            await press(pilot, "F")
        # The last few may go with the next ones.
        for _ in range(100):
            if sum(screen() is not None for screen in left) <= application.SCREENS_LEFT:
                break
            await pilot.pause(0.05)
        assert sum(screen() is not None for screen in left) <= application.SCREENS_LEFT < len(left)
