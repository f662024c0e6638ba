"""A narrowing that nothing matches is said, with the nearest name, by every command; its rows are none."""

import json
from pathlib import Path

import pytest

from tests.support import small_store
from tests.support.command_line import run

LISTS = ("functions", "invocations", "logs", "errors", "throttles", "alarms", "metrics", "configuration", "costs", "advice",
         "whatif")  # fmt: skip


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_store.make(tmp_path_factory.mktemp("narrow") / "s.db", metrics=True)


@pytest.mark.parametrize("command", LISTS)
@pytest.mark.parametrize(
    ("narrowing", "said"),
    [
        (("--function", "chekout"), "no function matches 'chekout'; the nearest is checkout"),
        (("--function", "RESIZ*"), "no function matches 'RESIZ*'; the nearest is resize"),
        (("--region", "eu-wets-1"), "no region matches 'eu-wets-1'; the nearest is eu-west-1"),
        (("--account", "1*2"), "no account matches '1*2'; there is 111122223333"),
        (("--function", "checkout", "--region", "eu-west-1"), "no function matches all of eu-west-1, checkout"),
    ],
)
def test_every_listing_says_what_nothing_matches(db: Path, command: str, narrowing: tuple[str, ...], said: str) -> None:
    result = run(command, "--json", *narrowing, "--range", "all", "--db", db)
    assert result.exit_code == 0
    assert said in result.stderr
    answer = json.loads(result.stdout)
    assert answer.get("rows", answer.get("lines")) == []


def test_what_matches_is_not_spoken_of_and_one_of_two_is(db: Path) -> None:
    assert run("functions", "--json", "--function", "check*", "--db", db).stderr == ""
    both = run("functions", "--json", "--function", "resize", "--function", "check", "--db", db)
    assert both.stderr == "no function matches 'check'; the nearest is checkout\n"
    assert [row["function"] for row in json.loads(both.stdout)["rows"]] == ["resize"]


def test_an_estimate_from_the_store_says_it_too(db: Path) -> None:
    result = run("cost-estimate", "--function", "chekout", "--json", "--db", db)
    assert "no function matches 'chekout'; the nearest is checkout" in result.stderr
