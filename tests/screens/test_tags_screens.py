"""Tags on the screens, driven by keys: what the session or a filter is narrowed to, the header's sums, costs by a tag."""

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from collectors.model.units import MINUTE_MS
from lambdatui.app.application import LambdaTui
from lambdatui.app.navigation import screen_class
from lambdatui.screens.cost_groups import CostGroupsScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.screens.dialogs.prompt import PickScreen
from lambdatui.views.scope import Scope
from lambdatui.views.tag_terms import parsed
from lambdatui.widgets.notice import Notice
from tests.support import tagged_store
from tests.support.screens import header_of, press, settle, table_of, tagged_fleet
from tests.support.small_store import T0
from tests.support.tagged_store import tag

SIZE = (240, 30)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tagged_store.make(tmp_path / "store.db")


def tagged_app(db: Path, *tags: str, **changes: Any) -> LambdaTui:
    return tagged_fleet(db, **{"scope": Scope(tags=parsed(tags)), **changes})


def shown(app: LambdaTui) -> set[str]:
    table = table_of(app)
    rows = [table.row_at(at) for at in range(table.row_count)]
    return {row.function.partition(" and ")[0] for row in rows if row is not None}  # of a pattern: the first of several


async def filtered(pilot: Pilot[int], expression: str) -> None:
    await press(pilot, "slash")
    await pilot.press(*[{" ": "space", ":": "colon", ".": "full_stop", "!": "exclamation_mark", "=": "equals_sign",
                         "-": "minus", '"': "quotation_mark"}.get(sign, sign) for sign in expression])  # fmt: skip
    await press(pilot, "enter")


KEYS = {"errors": "E", "throttles": "T", "costs": "dollar_sign", "advice": "A", "configuration": "d",
        "invocations": "i", "patterns": "L"}  # fmt: skip


async def test_the_sessions_tags_narrow_every_screen_and_stand_in_the_header(db: Path) -> None:
    app = tagged_app(db, "team=checkout")
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert shown(app) == {"basket", "pay"}
        head = header_of(app)
        assert "tag team=checkout" in head
        assert "1 function's tags are unknown" in head
        assert "3 invocations, 2 errors" in head
        for name, key in KEYS.items():
            await press(pilot, key)
            assert isinstance(app.screen, screen_class(name)), name
            assert not app.screen.query_one(Notice).failing, name
            assert shown(app) <= {"basket", "pay"}, name
            assert shown(app) or name in ("patterns", "throttles", "advice"), name
            await press(pilot, "F")


async def test_the_money_of_the_header_is_that_of_the_tags(db: Path) -> None:
    heads = []
    for scope in (Scope(tags=parsed(["team=checkout"])), Scope(functions=("basket", "pay"))):
        app = tagged_app(db, scope=scope)
        async with app.run_test(size=SIZE) as pilot:
            await settle(pilot)
            heads.append(header_of(app).splitlines()[2:])
    assert heads[0] == heads[1]
    assert "month" in " ".join(heads[0])


async def test_a_filter_by_tag_narrows_rows_and_sums_and_esc_undoes_it(db: Path) -> None:
    app = tagged_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert "21 invocations, 6 errors" in header_of(app)
        await filtered(pilot, "tag.team:checkout")
        assert shown(app) == {"basket", "pay"}
        assert "filter: tag.team:checkout" in header_of(app)
        assert "3 invocations, 2 errors" in header_of(app)
        await filtered(pilot, " invocations>1")
        assert shown(app) == {"pay"}
        await press(pilot, "escape")
        assert "21 invocations, 6 errors" in header_of(app)
        await filtered(pilot, "!tag.team")
        assert shown(app) == {"cron"}


@pytest.mark.parametrize("name", ["errors", "costs", "configuration", "invocations", "throttles"])
async def test_every_screen_of_functions_takes_a_filter_by_tag(db: Path, name: str) -> None:
    app = tagged_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, KEYS[name])
        every = shown(app)
        await filtered(pilot, "tag.team:checkout")
        assert shown(app) == every & {"basket", "pay"}
        await press(pilot, "escape")
        assert shown(app) == every


async def test_the_filter_is_kept_for_the_next_run(db: Path) -> None:
    app = tagged_app(db, saved={"functions.filter": "tag.team:checkout"})
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert shown(app) == {"basket", "pay"}
        assert "3 invocations" in header_of(app)


async def test_a_tag_that_nothing_matches_is_said_in_place_of_rows(db: Path) -> None:
    app = tagged_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await filtered(pilot, "tag.tem:x")
        said = str(app.screen.query_one("#empty", Static).render())
        assert "no function has a tag 'tem'; the nearest is team" in said
        assert "Esc clears the filter" in said
        await filtered(pilot, "x")  # not applied while it is typed, and read at Enter
        assert not app.screen.query_one(Notice).failing


async def test_a_filter_that_cannot_be_read_stands_to_be_corrected(db: Path) -> None:
    app = tagged_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await filtered(pilot, "tag.")
        assert "names no tag" in app.screen.query_one(Notice).render().plain  # type: ignore[union-attr]
        assert len(shown(app)) == 6


async def test_tags_that_change_while_one_looks_move_the_rows(db: Path) -> None:
    app = tagged_app(db, "team=checkout")
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert shown(app) == {"basket", "pay"}
        tag(db, {"pay": {"team": "payments"}, "lost": {"team": "checkout"}}, T0 + 90 * MINUTE_MS)
        await press(pilot, "ctrl+r")
        assert shown(app) == {"basket", "lost"}
        assert "unknown" not in header_of(app)


async def test_configuration_and_function_say_tags_and_how_they_changed(db: Path) -> None:
    tag(db, {"basket": {"team": "payments", "env": "prod"}}, T0 + MINUTE_MS)
    app = tagged_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "d")
        assert "env=prod, team=payments" in "\n".join(
            line.text for line in app.screen.query_one("Table").render_lines(app.screen.query_one("Table").size.region)
        )
        await press(pilot, "enter")
        assert isinstance(app.screen, DetailsScreen)
        said = "\n".join(str(one) for part in app.screen._parts for one in part)
        assert "env=prod, team=payments" in said
        assert "tags team: checkout -> payments" in said


async def test_costs_by_a_tag_that_is_chosen(db: Path) -> None:
    app = tagged_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "dollar_sign", "b", "b", "b", "b")
        assert isinstance(app.screen, CostGroupsScreen)
        assert "by day" in header_of(app)
        await press(pilot, "b")
        assert isinstance(app.screen, PickScreen)
        choices = app.screen.query_one(OptionList)
        assert [str(choices.get_option_at_index(at).prompt) for at in range(choices.option_count)] == [
            "env", "team", "note", "sst:stage",
        ]  # fmt: skip
        await press(pilot, "t", "e", "a", "m", "enter")
        assert "by tag.team" in header_of(app)
        table = table_of(app)
        groups = {row.group for at in range(table.row_count) if (row := table.row_at(at)) is not None}
        assert groups == {"checkout", "Images", "images-eu", "(no tag)", "(unknown)"}
        await press(pilot, "b")
        assert "by function" in header_of(app)
        await press(pilot, "b", "b", "b", "b", "escape")
        assert "by function" in header_of(app)


async def test_without_tags_costs_by_tag_say_so(tmp_path: Path) -> None:
    app = tagged_app(tagged_store.make(tmp_path / "bare.db", tagged_ms=None))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "dollar_sign", "b", "b", "b", "b", "b")
        assert "by function" in header_of(app)
        assert "lambdatui collect asks for them" in app.screen.query_one(Notice).render().plain  # type: ignore[union-attr]


async def test_on_one_function_a_filter_by_tag_says_that_it_chooses_nothing(db: Path) -> None:
    app = tagged_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        await filtered(pilot, "tag.team:checkout")
        assert "of one function" in app.screen.query_one(Notice).render().plain  # type: ignore[union-attr]
