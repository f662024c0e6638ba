"""Filters with names: saved on a screen, used on every other and on the command line."""

import multiprocessing
import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lambdatui.settings import paths
from lambdatui.settings.saved_filters import SavedFilters
from lambdatui.views.filters import FilterError
from lambdatui.views.named_filter import NamedFilter, expanded, function_set
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.log_pane import LogPane
from tests.support import tagged_store
from tests.support.command_line import rows, run, run_program
from tests.support.screens import (
    app_on,
    functions_shown,
    header_of,
    keys_of,
    notice_of,
    press,
    settle,
    tagged_fleet,
    type_filter,
)
from tests.support.tagged_store import NAMES
from tests.support.under_terminal import UnderTerminal

SIZE = (240, 30)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tagged_store.make(tmp_path / "store.db")


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


async def palette(pilot: Pilot[int], text: str) -> None:
    """Types into the palette, waits for what it finds, and takes the first."""
    await press(pilot, "colon", *keys_of(text))
    await press(pilot, "enter")
    await settle(pilot)


def saved() -> dict[str, tuple[str, str]]:
    return {name: (one.screen, one.expression) for name, one in SavedFilters(paths.filters_file())().items()}


def save(name: str, screen: str, expression: str) -> None:
    SavedFilters(paths.filters_file()).save(NamedFilter(name, screen, expression))


# On the screens -------------------------------------------------------------------------------------------------------


async def test_a_filter_is_saved_in_the_palette_and_used_by_its_name_everywhere(db: Path) -> None:
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "tag.team:checkout errors>0")
        await palette(pilot, "save team-a")
        assert saved() == {"team-a": ("functions", "tag.team:checkout errors>0")}
        assert "@team-a is now the filter of functions tag.team:checkout errors>0" in notice_of(app)
        await press(pilot, "escape")
        assert functions_shown(app) == set(NAMES)
        await type_filter(pilot, "@team-a")
        assert functions_shown(app) == {"basket", "pay"}
        assert "filter: @team-a" in header_of(app)
        await press(pilot, "dollar_sign")  # a name and two keys: / and $
        assert functions_shown(app) == {"basket", "pay"}
        assert "functions: @team-a (2)" in header_of(app)


async def test_a_name_of_functions_narrows_the_screen_that_it_is_typed_on(db: Path) -> None:
    save("slow", "functions", "invocations>4")
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "E")
        await type_filter(pilot, "@slow count>0")
        assert functions_shown(app) == {"cron", "lost"}
        assert "filter: @slow count>0" in header_of(app)
        await press(pilot, "escape")
        assert functions_shown(app) == set(NAMES)
        await type_filter(pilot, "!@slow")
        assert functions_shown(app) == {"basket", "pay", "resize", "thumbs"}
        await press(pilot, "escape")
        await palette(pilot, "@slow")
        assert functions_shown(app) == {"cron", "lost"}


async def test_log_lines_are_narrowed_by_names_and_tags(store: Path) -> None:
    save("checkouts", "functions", "checkout")
    app = app_on(store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "W")
        await type_filter(pilot, "@checkouts report")
        lines = app.screen.query_one(LogPane).lines_shown
        assert lines
        assert all("checkout" in line.text.partition("  ")[0] and "report" in line.text.lower() for line in lines)
        assert "filter: @checkouts report" in header_of(app)
        await type_filter(pilot, "tag.none:x")
        assert not app.screen.query_one(LogPane).lines_shown


async def test_a_filter_of_other_rows_says_where_it_belongs(db: Path) -> None:
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "E")
        await type_filter(pilot, "count>0")
        await palette(pilot, "save often")
        assert saved() == {"often": ("errors", "count>0")}
        await press(pilot, "F")
        await type_filter(pilot, "@often")
        assert "@often is a filter of errors, which does not fit here: no column 'count'" in notice_of(app)
        assert functions_shown(app) == set(NAMES)
        await press(pilot, "escape")
        await type_filter(pilot, "@oftn")
        assert "no filter is named @oftn; did you mean @often?" in notice_of(app)


async def test_what_narrows_a_screen_is_saved_where_it_has_no_filter_of_its_own(db: Path) -> None:
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await palette(pilot, "save none")
        assert "there is no filter here to save" in notice_of(app)
        await type_filter(pilot, "pay")
        await press(pilot, "E")
        await palette(pilot, "save mine")
        assert saved() == {"mine": ("functions", "pay")}
        await palette(pilot, "forget mine")
        assert saved() == {}
        await palette(pilot, "forget mine")
        assert "no filter is named @mine" in notice_of(app)
        await palette(pilot, "save no/name")
        assert "is no name for a filter" in notice_of(app)


async def test_a_filter_saved_under_a_name_that_it_uses_does_not_stand_for_itself(db: Path) -> None:
    save("a", "functions", "tag.team:checkout")
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await type_filter(pilot, "@a pay")
        await palette(pilot, "save a")
        assert saved() == {"a": ("functions", "tag.team:checkout pay")}


async def test_the_filter_line_completes_names(db: Path) -> None:
    save("team-a", "functions", "pay")
    app = tagged_fleet(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *keys_of("errors>0 @te"), "right", "enter")
        assert app.screen.filter == "errors>0 @team-a"  # type: ignore[attr-defined]
        assert functions_shown(app) == {"pay"}
        await press(pilot, "slash", *keys_of(" mail@te"), "right")
        assert app.screen.query_one(FilterLine).value == "errors>0 @team-a mail@te"


# On the command line --------------------------------------------------------------------------------------------------


def test_every_listing_takes_a_name(db: Path) -> None:
    save("team-a", "functions", "tag.team:checkout")
    save("busy", "functions", "invocations>4")
    save("often", "errors", "count>0")
    place = ("--db", db, "--range", "all", "--json")
    environ = {"XDG_CONFIG_HOME": str(Path(paths.filters_file()).parent.parent)}
    for command in ("functions", "errors", "invocations", "configuration", "throttles", "advice"):
        listed = {row["function"] for row in rows(run(command, *place, "--filter", "@team-a", **environ))}
        assert listed <= {"basket", "pay"}, command
        assert listed or command in ("throttles", "advice", "configuration"), command
    assert {row["function"] for row in rows(run("errors", *place, "--filter", "@busy @often", **environ))} == {
        "cron", "lost"
    }  # fmt: skip
    assert {row["function"] for row in rows(run("--filter", "@busy", "errors", *place, "--filter", "cron", **environ))
            } == {"cron"}  # fmt: skip
    assert {row["function"] for row in rows(run("errors", *place, "--filter", "!@busy", **environ))} == {
        "basket", "pay", "resize", "thumbs"
    }  # fmt: skip
    whole, narrowed = (run("costs", *place, *options, **environ).stdout for options in ((), ("--filter", "@busy")))
    assert '"basket"' in whole
    assert '"basket"' not in narrowed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("errors", "--filter", "@tem-a"), "no filter is named @tem-a; did you mean @team-a?"),
        (("--filter", "@tem-a", "errors"), "did you mean @team-a?"),
        (
            ("functions", "--filter", "@often"),
            "@often is a filter of errors, which does not fit here: no column 'count'",
        ),
        (("--filter", "@often", "functions"), "@often is a filter of errors"),
        (("--filter", "errrs>0", "functions"), "did you mean errors?"),
        (("logs", "--filter", "@often"), "@often is a filter of errors, which does not fit log lines"),
        (("logs", "--filter", "(@team-a OR x)"), "a name stands beside words, not in brackets"),
        (("--filter", "pay", "import", "x.jsonl"), "--filter chooses among functions in a store"),
        (("errors", "--filter", "@loop"), "@loop stands for itself"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(db: Path, arguments: tuple[str, ...], said: str) -> None:
    save("team-a", "functions", "pay")
    save("often", "errors", "count>0")
    save("loop", "functions", "@loop x")
    environ = {"XDG_CONFIG_HOME": str(Path(paths.filters_file()).parent.parent)}
    result = run("--db", db, *arguments, **environ)
    assert result.exit_code == 2, result.stderr
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_text_that_begins_with_the_sign_is_found_where_it_is_quoted(store: Path) -> None:
    assert rows(run("--db", store, "--range", "all", "logs", "--filter", '"@nobody"', "--json")) == []
    assert rows(run("--db", store, "--range", "all", "errors", "--filter", "mail@nobody", "--json")) == []


def test_the_screens_begin_with_the_filter_of_the_command_line_for_this_run_alone(db: Path, tmp_path: Path) -> None:
    save("team-a", "functions", "basket")
    kept = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    (tmp_path / "state" / "lambdatui").mkdir(parents=True)
    state = tmp_path / "state" / "lambdatui" / "screens"
    state.write_text("functions.filter pay\nrange all\n")
    with UnderTerminal(["--db", str(db), "--filter", "@team-a"], **kept) as terminal:
        terminal.until(b"filter: @team-a")
        terminal.quiet()
        assert b"basket" in terminal.seen
        assert b"resize" not in terminal.seen
        terminal.send("q")
        assert terminal.process.wait(60) == 0
    assert "functions.filter pay" in state.read_text()


# The file -------------------------------------------------------------------------------------------------------------


def _save_many(path: str, first: int) -> None:
    for number in range(first, first + 20):
        SavedFilters(path).save(NamedFilter(f"n{number}", "functions", f"word{number}"))


def test_programs_that_save_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "filters"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_save_many, args=(str(path), 100 * number)) for number in (1, 2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert len(SavedFilters(path)()) == 40
    assert path.stat().st_mode & 0o777 == 0o600


def test_remarks_and_lines_of_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "filters"
    path.write_text("# ours\nteam-a functions pay\nbroken\n\n")
    filters = SavedFilters(path)
    filters.save(NamedFilter("team-b", "errors", "count>1"))
    filters.save(NamedFilter("team-a", "functions", "basket"))
    assert path.read_text() == "# ours\nteam-a functions basket\nbroken\n\nteam-b errors count>1\n"
    filters.forget("team-b")
    assert list(filters()) == ["team-a"]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").write_text("a functions pay\n")
    (tmp_path / "filters").symlink_to(tmp_path / "dotfiles")
    SavedFilters(tmp_path / "filters").save(NamedFilter("b", "functions", "basket"))
    assert (tmp_path / "filters").is_symlink()
    assert (tmp_path / "dotfiles").read_text() == "a functions pay\nb functions basket\n"


@pytest.mark.skipif(sys.platform == "win32", reason="folders that cannot be written")
def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FilterError, match="cannot be written"):
        SavedFilters(tmp_path / "file" / "filters").save(NamedFilter("a", "functions", "pay"))


def test_names_stand_for_what_was_saved_within_other_terms() -> None:
    known = {
        "a": NamedFilter("a", "functions", "pay !tag.env"),
        "b": NamedFilter("b", "functions", "@a errors>0"),
        "e": NamedFilter("e", "errors", "count>5"),
    }
    assert expanded("x @b y", "functions", lambda: known).expression == "x pay !tag.env errors>0 y"
    assert expanded("!@e @e", "errors", lambda: known).expression == "!count>5 count>5"
    with pytest.raises(FilterError, match="inverts one condition"):
        expanded("!@a", "functions", lambda: known)
    sets = expanded("@b count>1", "errors", lambda: known).sets
    assert [one.text for one in sets] == ["@b"]
    assert sets[0].tags
    assert function_set("tag.team:x", dict).by_tags_only


def test_the_shell_completes_names(config: Path) -> None:
    save("team-a", "functions", "pay")
    environ = {"_LAMBDATUI_COMPLETE": "bash_complete", "COMP_CWORD": "3", "XDG_CONFIG_HOME": str(config)}
    done = run_program(COMP_WORDS="lambdatui errors --filter @te", **environ)
    assert done.stdout.split() == ["plain,@team-a"]
