"""A table of more invocations than are taken at once: how many rows the store is asked for, exactly."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import many
from collectors.ingest.regrouping import regroup_store
from collectors.model.units import MINUTE_MS
from collectors.store.read.reader import Reader
from lambdatui.app.application import LambdaTui
from lambdatui.screens.base import invocations_table
from lambdatui.screens.invocations import InvocationsScreen
from lambdatui.text.terminal import DARK
from lambdatui.widgets.rows import PAGE_ROWS
from tests.support.screens import press, session_on, settle

COUNT = 5_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("many") / "many.db"
    many.build(path, COUNT, 5, 1)
    regroup_store(path)  # as an import does: the app would do it beside the test
    return path


async def test_it_opens_and_jumps_to_its_end_without_loading_them(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    asked: Any = invocations_table.invocations

    def counted(*arguments: Any, **named: Any) -> Any:
        view = asked(*arguments, **named)
        taken.append(len(view.rows))
        return view

    monkeypatch.setattr(invocations_table, "invocations", counted)
    with Reader(store) as reader:
        newest = reader.newest_ms() or 0
    session = session_on(store, now_ms=lambda: newest + MINUTE_MS)
    session.choice = session.choice.with_preset("all")
    app = LambdaTui(session, DARK)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.workers.wait_for_complete()
        await app.push_screen(InvocationsScreen(session))
        await settle(pilot)
        table: Any = app.screen.table  # type: ignore[attr-defined]
        assert table.row_count == COUNT
        assert sum(taken) == invocations_table.WHOLE_ROWS
        await press(pilot, "G")
        assert table.cursor == COUNT - 1
        assert table.row is not None
        assert sum(taken) == invocations_table.WHOLE_ROWS + PAGE_ROWS
        await press(pilot, "g", "G")
        assert sum(taken) == invocations_table.WHOLE_ROWS + PAGE_ROWS, "pages looked at are kept"
        await press(pilot, "slash", *"status:timeout", "enter")
        found = table.row_count
        assert 0 < found < COUNT // 100
        assert sum(taken) == invocations_table.WHOLE_ROWS + PAGE_ROWS + found


async def test_matches_beyond_the_first_thousand_come_when_they_are_looked_for(store: Path) -> None:
    """A filter that lets two thirds through: the next matches follow those that are there, none is left out."""
    with Reader(store) as reader:
        newest = reader.newest_ms() or 0
        every = reader.invocations(0, newest + 1, limit=COUNT)
    expected = [row.request_id for row in every if (row.duration_us or 0) > 50_000]
    session = session_on(store, now_ms=lambda: newest + MINUTE_MS)
    session.choice = session.choice.with_preset("all")
    app = LambdaTui(session, DARK)
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(InvocationsScreen(session))
        await app.workers.wait_for_complete()
        await press(pilot, "slash", *"duration_ms", "greater_than_sign", *"50", "enter")
        table: Any = app.screen.table  # type: ignore[attr-defined]
        assert table.source.more
        assert 2 * invocations_table.WHOLE_ROWS < len(expected) < COUNT
        while table.source.more:
            before = table.row_count
            await press(pilot, "G")
            assert table.row_count > before
        assert [row.request_id for row in table.source.rows] == expected
