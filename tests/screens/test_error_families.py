"""On the Errors screen ``+`` and ``-`` open and close families: errors that differ in one value."""

from pathlib import Path

from tests.support.error_families import PORTS, failing
from tests.support.screens import app_on, press, settle

MIDDAY = 1_743_422_400_000


async def test_plus_opens_a_family_and_minus_closes_it(tmp_path: Path) -> None:
    failing(tmp_path, [f"connect to 10.0.0.{at}:{port} refused" for at, port in enumerate(PORTS)] + ["other words"])
    app = app_on(tmp_path / "store.db", now_ms=lambda: MIDDAY)
    async with app.run_test(size=(160, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "E")
        table = app.screen.table  # type: ignore[attr-defined]

        def shown() -> list[tuple[int, str]]:
            return [(row.count, row.message) for row in map(table.row_at, range(table.row_count))]

        family = "connect to * refused"
        assert shown() == [(4, f"+ 2 errors: {family}"), (1, "other words")]
        await press(pilot, "plus")
        opened = [(4, f"- 2 errors: {family}"), (3, "  connect to 10.0.0.0:5432 refused"),
                  (1, "  connect to 10.0.0.1:6379 refused"), (1, "other words")]  # fmt: skip
        assert shown() == opened
        await press(pilot, "j", "j", "minus")
        assert shown() == [(4, f"+ 2 errors: {family}"), (1, "other words")]
        assert table.cursor == 0
        await press(pilot, "enter")
        assert shown() == opened
        assert "3 kinds of error" in " ".join(app.screen.counts())  # type: ignore[attr-defined]
        await press(pilot, "j", "d")
        assert app.screen.query("Static")
        await press(pilot, "escape")
        rows = app.screen.rows_to_export("csv")().splitlines()  # type: ignore[attr-defined]
        assert len(rows) == 4


async def test_an_error_alone_is_no_family_and_minus_goes_back_as_elsewhere(tmp_path: Path) -> None:
    failing(tmp_path, ["one", "another thing"])
    app = app_on(tmp_path / "store.db", now_ms=lambda: MIDDAY)
    async with app.run_test(size=(120, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "E", "plus")
        assert app.screen.table.row_count == 2  # type: ignore[attr-defined]
        await press(pilot, "minus")
        assert app.screen.NAME == "functions"  # type: ignore[attr-defined]
