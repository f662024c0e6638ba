"""Tags in commands: ``--tag`` and ``tag.`` in filters narrow everything, and costs are summed by a tag."""

import csv
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.account import BilledDay, LogGroupFacts
from collectors.model.records import Function, MetricPoint
from collectors.model.units import DAY_MS, HOUR_S, MINUTE_MS
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write import account
from collectors.store.write.writer import Writer
from lambdatui.cli.price_book import price_book
from lambdatui.views.columns import UnknownColumn
from lambdatui.views.cost_groups import NO_FUNCTION, NO_TAG, NOT_PRICED, UNKNOWN_TAG, cost_groups
from lambdatui.views.costs import costs
from lambdatui.views.filters import FilterError, parse, tags_in
from lambdatui.views.functions import FUNCTION_COLUMNS
from lambdatui.views.scope import Scope
from lambdatui.views.tag_terms import TagError, exact, parsed
from lambdatui.views.time_range import TimeRange
from tests.support import tagged_store
from tests.support.command_line import rows, run
from tests.support.small_store import T0
from tests.support.tagged_store import HOUR, NAMES, TAGGED, key, tag

SPAN = TimeRange(T0, T0 + 2 * HOUR, "test")


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tagged_store.make(tmp_path_factory.mktemp("tags") / "store.db")


def names(db: Path, *arguments: str) -> set[str]:
    return {row["function"] for row in rows(run("functions", "--json", "--range", "all", "--db", db, *arguments))}


# --- which functions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["team=checkout"], {"basket", "pay"}),
        (["team"], {"basket", "pay", "resize", "thumbs"}),
        (["!team"], {"cron"}),
        (["team!=checkout"], {"resize", "thumbs", "cron"}),
        (["!team=checkout"], {"resize", "thumbs", "cron"}),
        (["!team!=checkout"], {"basket", "pay"}),
        (["team=images*"], {"thumbs"}),  # told apart from capitals, as names are
        (["te?m=*mages*"], {"resize", "thumbs"}),
        (["team=checkout", "team=Images"], {"basket", "pay", "resize"}),
        (["team=checkout", "team=Images", "env=prod"], {"basket", "resize"}),
        (["env=prod", "team!=Images", "team!=images-eu"], {"basket"}),
        (["env=*", "env!=test"], {"basket", "resize", "thumbs"}),
        (["sst:stage=blue"], {"resize"}),
        (["note=a=b; c"], {"thumbs"}),
        (["note=a=b*"], {"thumbs"}),
        (["team="], set()),
        (["team!="], {"basket", "pay", "resize", "thumbs", "cron"}),
    ],
)
def test_tags_choose_functions(db: Path, given: list[str], wanted: set[str]) -> None:
    assert names(db, *(part for one in given for part in ("--tag", one))) == wanted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("tag.team:checkout", {"basket", "pay"}),
        ("tag.team:images", {"resize", "thumbs"}),  # a part, whatever the capitals
        ("tag.team=images", {"resize"}),
        ("tag.team:im*s", {"resize"}),
        ("tag.team", {"basket", "pay", "resize", "thumbs"}),
        ("!tag.team", {"cron"}),
        ("tag.team:-", {"cron"}),
        ("!tag.team:-", {"basket", "pay", "resize", "thumbs"}),
        ("!tag.team:checkout", {"resize", "thumbs", "cron"}),
        ("tag.team!=checkout", {"resize", "thumbs", "cron"}),
        ("tag.team:checkout tag.env:prod", {"basket"}),
        ("tag.team:checkout tag.team:images", set()),
        ("tag.sst:stage:blue", {"resize"}),
        ("tag.sst:stage", {"resize"}),
        ("tag.sst:stage=blue", {"resize"}),
        ('tag."sst:stage":blue', {"resize"}),
        ('tag.note:"a=b; c"', {"thumbs"}),
        ("tag.te?m:pay", set()),
        ("TAG.team:checkout invocations>1", {"pay"}),
        ("tag.env:prod errors>0 !resize", {"basket", "thumbs"}),
    ],
)
def test_filters_choose_functions_by_tags(db: Path, given: str, wanted: set[str]) -> None:
    assert names(db, "--filter", given) == wanted


def test_filters_of_lines_choose_functions_by_tags_too(db: Path) -> None:
    def lines(*arguments: str) -> list[dict[str, Any]]:
        return rows(run("logs", "--db", db, "--range", "all", "--json", *arguments))

    of_tag = lines("--tag", "team=checkout")
    assert {line["function"] for line in of_tag} == {"basket", "pay"}
    assert len(of_tag) < len(lines())
    assert lines("--filter", "tag.team:checkout") == of_tag
    starts = [line for line in of_tag if "REPORT" in line["message"]]
    assert starts
    assert lines("--filter", "REPORT tag.team:checkout") == starts
    assert lines("--filter", '"tag.team:checkout"') == []
    done = run("logs", "--db", db, "--filter", "tag.team:checkout OR x")
    assert (done.exit_code, "give it as --tag" in done.stderr) == (2, True)


@pytest.mark.parametrize("given", ["=x", "!", "!=x", "", "="])
def test_what_names_no_key_is_wrong_usage(db: Path, given: str) -> None:
    result = run("functions", "--db", db, "--tag", given)
    assert (result.exit_code, "KEY=VALUE" in result.stderr) == (2, True) if given else (0, False)


@pytest.mark.parametrize("given", ["tag.", "!tag.", "tag.:x", 'tag."team"x', 'tag."":x'])
def test_a_filter_that_names_no_tag_says_how(db: Path, given: str) -> None:
    result = run("functions", "--db", db, "--filter", given)
    assert result.exit_code == 2
    assert "tag." in result.stderr or "key" in result.stderr


def test_rows_of_no_function_have_no_tags(db: Path) -> None:
    result = run("collections", "--db", db, "--filter", "tag.team:x")
    assert (result.exit_code, "not of functions" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("tem=checkout", "no function has a tag 'tem'; the nearest is team"),
        ("team=chekout", "no tag 'team' matches 'chekout'; the nearest is checkout"),
        ("team!=chekout", "no tag 'team' matches 'chekout'; the nearest is checkout"),
        ("x*y", "no function has a tag 'x*y'; there are 4 tags, such as env"),
        ("team=checkout", "1 function's tags are unknown"),
    ],
)
def test_what_nothing_matches_is_said_with_the_nearest_and_what_is_unknown_is_counted(
    db: Path, given: str, said: str
) -> None:
    result = run("functions", "--db", db, "--tag", given)
    assert result.exit_code == 0
    assert said in result.stderr.splitlines()


def test_tags_that_together_match_nothing_are_said(db: Path) -> None:
    result = run("functions", "--db", db, "--tag", "team=images-eu", "--tag", "env=test")
    assert "no function matches all of team=images-eu, env=test" in result.stderr


def test_where_nobody_knows_any_tags_that_is_said(tmp_path: Path) -> None:
    bare = tagged_store.make(tmp_path / "bare.db", tagged_ms=None)
    result = run("functions", "--json", "--range", "all", "--db", bare, "--tag", "!team")
    assert rows(result) == []  # unknown is not "none"
    assert "no function's tags are known: lambdatui collect asks for them" in result.stderr
    assert {row["tags"] for row in rows(run("functions", "--json", "--range", "all", "--db", bare))} == {None}


def test_other_narrowings_count_beside_tags(db: Path) -> None:
    assert names(db, "--tag", "env=prod", "--function", "*s*") == {"basket", "resize", "thumbs"}
    assert names(db, "--tag", "env=prod", "--function", "r*") == {"resize"}
    assert names(db, "--tag", "env=prod", "--region", "us-*") == set()
    said = run("functions", "--db", db, "--tag", "env=prod", "--function", "basket").stderr
    assert "unknown" not in said  # the one whose tags are unknown was not asked for


def test_the_configuration_names_tags_and_the_command_line_overrides_it(db: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('tag = ["team=checkout", "env=prod"]\n')
    assert names(db, "--config", str(config)) == {"basket"}
    assert names(db, "--config", str(config), "--tag", "env=test") == {"pay"}
    config.write_text('tag = "team"\n')
    assert names(db, "--config", str(config)) == {"basket", "pay", "resize", "thumbs"}
    config.write_text("tag = 3\n")
    assert run("functions", "--db", db, "--config", config).exit_code == 2


def test_at_a_time_tags_are_as_they_were_then(tmp_path: Path) -> None:
    changing = tagged_store.make(tmp_path / "s.db")
    tag(changing, {"basket": {"team": "payments"}}, T0 + 30 * MINUTE_MS)
    assert names(changing, "--tag", "team=payments") == {"basket"}
    early = run("functions", "--json", "--db", changing, "--at", str(T0 + 15 * MINUTE_MS), "--tag", "team=checkout")
    assert "basket" in {row["function"] for row in rows(early)}
    before = run("functions", "--json", "--db", changing, "--at", str(T0), "--tag", "team=checkout")
    assert rows(before) == []
    changed = rows(run("configuration", "--changes", "--json", "--range", "all", "--db", changing))
    assert [(row["function"], row["kind"], row["setting"], row["was"], row["became"]) for row in changed] == [
        ("basket", "tags", "env", "prod", None), ("basket", "tags", "team", "checkout", "payments"),
    ]  # fmt: skip


# --- everything is narrowed -------------------------------------------------------------------------------------------

WHOLE = [
    "functions --json", "functions --csv", "errors --json", "throttles --json", "invocations --json", "logs --json",
    "logs --stats count --json", "patterns --json", "configuration --json", "configuration --changes --json",
    "alarms --json", "metrics --json", "advice --json", "whatif --json", "costs --json", "costs --no-free-tier --csv",
    "costs --by function --json", "costs --by dimension --json", "costs --by region --json", "costs --by day --json",
    "costs --budget 1 --json", "db export -", "cost-estimate --json", "function basket --json",
    "costs reconcile --json",
]  # fmt: skip


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With metrics, log groups and a bill too."""
    path = tagged_store.make(tmp_path_factory.mktemp("rich") / "store.db")
    with writing(path) as connection:
        writer = Writer(connection, lambda *_: None)  # type: ignore[arg-type,return-value]
        for number, name in enumerate(NAMES, 1):
            writer.measure(
                [MetricPoint(key(name), metric, "Sum", 300, T0 + 600_000, float(number))
                 for metric in ("Invocations", "Errors", "Throttles")]
                + [MetricPoint(key(name), "IncomingBytes", "Sum", HOUR_S, T0, 1e6 * number)]
                + [MetricPoint(key(name), "ConcurrentExecutions", "Maximum", 300, T0, float(number))]
            )  # fmt: skip
        writer.flush()
        groups = [
            LogGroupFacts(tagged_store.ACCOUNT, tagged_store.REGION, f"/aws/lambda/{name}", "STANDARD", 7, 10**6)
            for name in (*NAMES, "nobody")
        ]
        groups.append(LogGroupFacts(tagged_store.ACCOUNT, "us-east-1", "/aws/lambda/nobody", "STANDARD", 7, 10**15))
        account.keep(connection, writer.names, 1, groups)
        day = T0 // DAY_MS * DAY_MS
        account.keep(
            connection, writer.names, 1,
            [BilledDay(tagged_store.ACCOUNT, day, "AWS Lambda", "EUC1-Request", "1.5", "USD", "21", "Requests", False)],
        )  # fmt: skip
    return path


@pytest.mark.parametrize("command", WHOLE)
def test_a_command_says_the_same_of_a_tag_as_of_the_functions_that_have_it(rich: Path, command: str) -> None:
    named = run("--db", rich, "--range", "all", "--function", "basket", "--function", "pay", *command.split())
    tagged = run("--db", rich, "--range", "all", "--tag", "team=checkout", *command.split())
    whole = run("--db", rich, "--range", "all", *command.split())
    assert (tagged.exit_code, tagged.stdout) == (named.exit_code, named.stdout)
    assert tagged.exit_code in (0, 3), tagged.stderr
    if command not in ("function basket --json", "configuration --changes --json", "alarms --json"):
        assert tagged.stdout != whole.stdout
    takes_no_filter_of_functions = ("db", "cost-estimate", "reconcile")
    if not any(word in command.split() for word in takes_no_filter_of_functions):
        filtered = run("--db", rich, "--range", "all", *command.split(), "--filter", "tag.team:checkout")
        assert filtered.stdout == tagged.stdout


# --- the grammar ------------------------------------------------------------------------------------------------------

WORD = st.text(st.sampled_from('aAbB=!:*?[]. \u00e4"\n'), max_size=5)


def holds(text: str, tags: Mapping[str, str]) -> bool:
    """An option's meaning, said again: every end of the key that leads to a tag that anybody has, the first counts."""
    body, inverted = (text[1:], True) if text.startswith("!") else (text, False)
    for at in [at for at, sign in enumerate(body) if sign == "="]:
        left, right = body[:at], body[at + 1 :]
        differs = left.endswith("!")
        left = left[:-1] if differs else left
        values = [value for name, value in tags.items() if fnmatchcase(name, left)]
        if values:
            return any(fnmatchcase(value, right) for value in values) != (inverted != differs)
    has = [name for name in tags if fnmatchcase(name, body)]
    if has:
        return not inverted
    first = body.split("=")[0]
    return inverted != (first.endswith("!") and "=" in body)


@settings(max_examples=60)
@given(WORD, st.dictionaries(st.text("aAbB=:", min_size=1, max_size=2), WORD, max_size=3))
def test_an_option_means_what_is_documented(
    tmp_path_factory: pytest.TempPathFactory, text: str, tags: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("grammar") / "s.db"
    with writing(path) as connection:
        writer = Writer(connection, lambda *_: None)  # type: ignore[arg-type,return-value]
        writer.configure([Function(key("basket"))])
        writer.flush()
    tag(path, {"basket": tags}, T0)
    try:
        groups = parsed([text])
    except TagError:
        body = text.removeprefix("!")
        assert not body or body.startswith(("=", "!=")) or "=!=" in body or "==" in body or body.count("=") > 1
        return
    with Reader(path) as reader:
        narrowed = Scope(tags=groups).bound(reader)
        assert bool(narrowed.chosen(reader.functions())) == holds(text, tags), narrowed.tag_notes


@given(st.text(max_size=12), st.text(st.characters(exclude_characters='"'), max_size=12))
def test_a_filter_is_a_filter_or_says_why_not(word: str, value: str) -> None:
    for expression in (f"tag.{word}", f'!tag.{word}:"{value}"', f"tag.{word}={value}", word + value):
        try:
            terms = tags_in(expression)
            parse(expression, FUNCTION_COLUMNS)
        except (FilterError, UnknownColumn):
            continue
        assert all(one.key for group in terms for one in group)


@given(st.text(max_size=8))
def test_a_glob_that_means_one_text_is_known_as_that(text: str) -> None:
    assert exact(escape(text)) == text
    plain = exact(text)
    assert plain is None or fnmatchcase(plain, text)


# --- tags as a column -------------------------------------------------------------------------------------------------

HOSTILE = {
    "aws:cloudformation:stack-name": "shop, eu=1",
    "=cmd|' /C calc'!A0": "@SUM(1)",
    "evil": "\x1b]0;owned\x07\u202egnp.exe\x00",
    'quo"te': ' " ',
    "empty": "",
    "\u00e4" * 128: "\U0001f980" * 256,
}


def test_hostile_tags_come_out_exactly_and_obey_nothing(tmp_path: Path) -> None:
    path = tagged_store.make(tmp_path / "s.db")
    tag(path, {"basket": HOSTILE}, T0 + 1)
    (row,) = rows(run("functions", "--json", "--range", "all", "--db", path, "--function", "basket"))
    assert row["tags"] == HOSTILE
    for command in ("functions --csv", "functions --columns function,tags", "configuration", "configuration --csv",
                    "function basket", "costs --by tag.evil --csv", "functions --columns tags --tag evil"):  # fmt: skip
        result = run("--db", path, "--range", "all", "--function", "basket", *command.split())
        assert result.exit_code == 0
        printed = result.stdout + result.stderr
        assert not any(sign in printed for sign in "\x1b\x07\x00\u202e"), command
        if command.endswith("--csv"):
            cells = [cell for line in csv.reader(io.StringIO(result.stdout)) for cell in line]
            assert not any(cell.startswith(("=", "@", "+", "-")) for cell in cells), command
    text = run("--db", path, "--range", "all", "functions", "--csv", "--columns", "tags", "--function", "pay").stdout
    assert json.loads(list(csv.reader(io.StringIO(text)))[1][0]) == TAGGED["pay"]
    assert names(path, "--tag", "aws:cloudformation:stack-name=shop, eu=1") == {"basket"}
    assert names(path, "--tag", "empty=") == {"basket"}
    assert names(path, "--filter", "tag.aws:cloudformation:stack-name:shop") == {"basket"}


def test_none_and_unknown_are_told_apart(db: Path) -> None:
    listed = {row["function"]: row["tags"] for row in rows(run("functions", "--json", "--range", "all", "--db", db))}
    assert listed == TAGGED
    text = run("functions", "--range", "all", "--columns", "function,tags", "--db", db).stdout
    assert "cron      none" in text
    assert "lost      -" in text
    assert names(db, "--filter", "tags:-") == {"lost"}


# --- costs by tag -----------------------------------------------------------------------------------------------------


def test_costs_by_a_tag_are_these(db: Path) -> None:
    """By hand: requests at 0.0000002 USD and GB-seconds at 0.0000133334, as arm64 costs in eu-central-1."""
    result = run("costs", "--by", "tag.team", "--no-free-tier", "--json", "--range", "all", "--db", db)
    request, second = Decimal("0.0000002"), Decimal("0.0000133334")
    used = {
        "checkout": (3, "0.5"),
        "Images": (3, "0.9"),
        "images-eu": (4, "1.6"),
        NO_TAG: (5, "2.5"),
        UNKNOWN_TAG: (6, "3.6"),
    }
    assert {row["group"]: Decimal(row["amount"]) for row in rows(result)} == {
        group: requests * request + Decimal(seconds) * second for group, (requests, seconds) in used.items()
    }
    assert Decimal(json.loads(result.stdout)["totals"]["USD"]) == 21 * request + Decimal("9.1") * second


@pytest.mark.parametrize("by", ["tag.team", "tag.env", "tag.nothing"])
@pytest.mark.parametrize("free_tier", [True, False])
def test_groups_sum_exactly_to_the_total(rich: Path, by: str, free_tier: bool) -> None:
    book = price_book()
    with Reader(rich) as reader:
        view = costs(reader, SPAN, book, free_tier=free_tier)
        groups = cost_groups(reader, SPAN, book, by, free_tier=free_tier)
    assert view.total == sum((row.amount or Decimal(0) for row in groups.rows), Decimal(0))
    assert sum(row.lines for row in groups.rows) == len(view.rows)
    if by.startswith("tag."):
        assert {NO_TAG, UNKNOWN_TAG, NO_FUNCTION} <= {row.group for row in groups.rows}
        assert [row.amount for row in groups.rows if row.group == NOT_PRICED] == [None]


def test_a_value_that_looks_like_no_value_is_quoted(tmp_path: Path) -> None:
    path = tagged_store.make(tmp_path / "s.db")
    tag(path, {"basket": {"team": "(no tag)"}, "pay": {"team": ""}, "resize": {"team": '"(no tag)"'}}, T0 + 1)
    found = {row["group"] for row in rows(run("costs", "--by", "tag.team", "--json", "--range", "all", "--db", path))}
    assert {NO_TAG, '"(no tag)"', '""', '"\\"(no tag)\\""'} <= found


def test_a_tag_that_there_is_not_is_said(db: Path) -> None:
    result = run("costs", "--by", "tag.tem", "--db", db)
    assert "no function has a tag 'tem'; the nearest is team" in result.stderr
    assert run("costs", "--by", "tag.", "--db", db).exit_code == 2
    assert run("costs", "--by", "team", "--db", db).exit_code == 2


def test_costs_narrowed_to_a_tag_are_its_line_among_costs_by_that_tag(rich: Path) -> None:
    by = {
        row["group"]: row["amount"]
        for row in rows(run("--db", rich, "--range", "all", "costs", "--by", "tag.team", "--json"))
    }
    for value in ("checkout", "Images", "images-eu"):
        one = json.loads(run("--db", rich, "--range", "all", "costs", "--json", "--tag", f"team={value}").stdout)
        assert Decimal(one["total"]) == Decimal(by[value])


@pytest.mark.parametrize("narrowing", [("--tag", "team=checkout"), ("--function", "basket")])
def test_a_bill_of_aws_beside_some_functions_says_that_it_is_of_all(rich: Path, narrowing: tuple[str, ...]) -> None:
    said = "AWS's bill names no functions: it is of all of them, ours of those chosen"
    assert said in run("--db", rich, "--range", "all", "costs", "reconcile", *narrowing).stderr
    assert said not in run("--db", rich, "--range", "all", "costs", "reconcile").stderr
