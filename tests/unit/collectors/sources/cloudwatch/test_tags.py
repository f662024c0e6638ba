"""Tags as AWS tells them: a region at once, or function after function; what was not said is not known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.ingest import engine
from collectors.ingest.many_sources import collect_accounts
from collectors.ingest.results import Collected
from collectors.model.account import TAGS, Configured, Inventory, tags_item
from collectors.model.units import DAY_MS, HOUR_MS
from collectors.sources.cloudwatch.source import CloudWatchSource
from collectors.sources.cloudwatch.tags import pairs_of
from collectors.sources.runner_log import RunnerLog, RunnerSource
from collectors.store.connection import writing
from collectors.store.read import account_rows, tag_rows
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from lambdatui.runner.functions import Deployment
from lambdatui.runner.log.writer import Log
from lambdatui.views.scope import Scope, may_have
from lambdatui.views.tag_terms import parsed
from tests.support.aws import ACCOUNT, REGION, Canned, canned_session, error, no_pause, paged_functions
from tests.support.fake_aws.collecting import collect as fake_collect
from tests.support.fake_aws.faults import (
    alternating_tokens,
    denied,
    doubled,
    empty,
    endless,
    failing,
    half_json,
    html,
    list_as_answer,
    lists_as_objects,
    reordered,
    repeated_token,
    truncated,
    with_nulls,
    without_fields,
)
from tests.support.fake_aws.fleet import Fleet
from tests.support.fake_aws.server import fake_aws

pytestmark = pytest.mark.usefixtures("aws_isolated")

NOW = 1_743_415_200_000
HOUR, DAY = HOUR_MS, DAY_MS
ALL = "resourcegroupstaggingapi:GetResources"
EACH = "lambda:ListTags"
DENIED = error("AccessDeniedException", "User: arn:aws:iam::1:user/x is not authorized to perform: tag:GetResources")

Tags = dict[str, dict[str, str]]


def arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def entry(name: str, tags: dict[str, str]) -> dict[str, Any]:
    return {"ResourceARN": arn(name), "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def pages(tags: Tags, size: int = 100) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """GetResources over pages; the last token is empty, as AWS's is."""
    names = list(tags)

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["ResourceTypeFilters"] == ["lambda:function"]
        at = int(asked.get("PaginationToken") or 0)
        token = str(at + size) if at + size < len(names) else ""
        return {
            "ResourceTagMappingList": [entry(name, tags[name]) for name in names[at : at + size]],
            "PaginationToken": token,
        }

    return answer


def aws_of(names: list[str]) -> tuple[Any, Canned]:
    session, aws = canned_session()
    aws.answers["lambda:ListFunctions"] = paged_functions(names)
    return session, aws


def collect(db: Path, session: Any, now_ms: int = NOW, **asked: Any) -> Collected:
    source = CloudWatchSource(
        session, since_ms=now_ms - HOUR, now_ms=now_ms, features=("functions", "inventory"), pause=no_pause, **asked
    )
    (done,) = collect_accounts([lambda: source], db=db, now_ms=now_ms)
    return done


def known(db: Path, until_ms: int | None = None) -> Tags:
    with Reader(db) as reader, reader.until(until_ms):
        names = {row.id: row.function.key.name for row in reader.functions()}
        return {names[of]: pairs for of, pairs in tag_rows.tags(reader).items()}


def test_a_whole_region_comes_a_hundred_a_call_and_who_is_not_named_has_no_tags(tmp_path: Path) -> None:
    names = [f"fn{number:03}" for number in range(260)]
    tags = {name: {"team": f"t{number % 3}", "n": str(number)} for number, name in enumerate(names[:250])}
    session, aws = aws_of(names)
    aws.answers[ALL] = pages(tags)
    done = collect(tmp_path / "s.db", session)
    assert done.failures == []
    assert (aws.count(ALL), aws.count(EACH)) == (3, 0)
    assert [asked.get("PaginationToken") for name, asked in aws.requests if name == ALL] == [None, "100", "200"]
    assert all(asked["ResourcesPerPage"] == 100 for name, asked in aws.requests if name == ALL)
    assert known(tmp_path / "s.db") == tags | {name: {} for name in names[250:]}


def test_what_changed_is_history_and_can_be_asked_as_it_was(tmp_path: Path) -> None:
    db = tmp_path / "s.db"
    session, aws = aws_of(["a", "b"])
    aws.answers[ALL] = pages({"a": {"team": "one", "env": "prod"}})
    collect(db, session)
    aws.answers[ALL] = pages({"a": {"team": "two"}, "b": {"team": "one"}})
    collect(db, session, NOW + HOUR)
    assert known(db) == {"a": {"team": "two"}, "b": {"team": "one"}}
    assert known(db, NOW + HOUR) == {"a": {"team": "one", "env": "prod"}, "b": {}}
    assert known(db, NOW) == {}  # before the first answer nobody knew
    with Reader(db) as reader:
        changed = account_rows.changes(reader, 0, NOW + DAY)
        assert [(one.function, one.name, one.was, one.value) for one in changed if one.kind == TAGS] == [
            ("a", "env", "prod", None), ("a", "team", "one", "two"),
        ]  # fmt: skip
        assert tag_rows.asked_ms(reader) == {tags_item(ACCOUNT, REGION): NOW + HOUR}


def test_the_same_answer_again_changes_nothing(tmp_path: Path) -> None:
    db = tmp_path / "s.db"
    session, aws = aws_of(["a", "b"])
    aws.answers[ALL] = pages({"a": {"team": "one"}})
    rows = []
    for turn in range(3):
        collect(db, session, NOW + turn * HOUR)
        with Reader(db) as reader:
            rows.append(
                reader.select("SELECT function, name, since_ms, until_ms FROM configuration WHERE kind = ?", (TAGS,))
            )
    assert rows[0] == rows[1] == rows[2] != []


def broken(*answers: Any) -> Callable[[dict[str, Any]], Any]:
    """One answer after another; the last one again and again."""
    given = list(answers)

    def answer(asked: dict[str, Any]) -> Any:
        one = given.pop(0) if len(given) > 1 else given[0]
        return one(asked) if callable(one) else one

    return answer


FIRST = {"ResourceTagMappingList": [entry("a", {"team": "new"})], "PaginationToken": "more"}
BROKEN = {
    "a page that fails": broken(FIRST, error("InternalServiceException", status=500)),
    "an expired token": broken(FIRST, error("PaginationTokenExpiredException")),
    "a token that comes again": broken(FIRST),
    "a page without a list": broken(FIRST, {}),
    "a list that is none": broken(FIRST, {"ResourceTagMappingList": None}),
    "a resource without an ARN": broken(FIRST, {"ResourceTagMappingList": [{"Tags": []}]}),
    "a resource with a short ARN": broken(FIRST, {"ResourceTagMappingList": [{"ResourceARN": "arn:aws", "Tags": []}]}),
    "a resource that is none": broken(FIRST, {"ResourceTagMappingList": [None]}),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
def test_after_an_answer_that_broke_off_the_rest_stays_as_it_was(tmp_path: Path, answer: Any) -> None:
    db = tmp_path / "s.db"
    session, aws = aws_of(["a", "b", "c"])
    aws.answers[ALL] = pages({"a": {"team": "old"}, "b": {"team": "old"}})
    collect(db, session)
    session, aws = aws_of(["a", "b", "c", "d"])
    aws.answers[ALL] = answer
    done = collect(db, session, NOW + HOUR)
    assert known(db) == {"a": {"team": "new"}, "b": {"team": "old"}, "c": {}}  # and nobody knows of d
    assert any("tags of functions" in failure for failure in done.failures)
    with Reader(db) as reader:
        assert tag_rows.asked_ms(reader) == {tags_item(ACCOUNT, REGION): NOW}


UNREADABLE = [
    None,
    "x",
    [None],
    [{"Key": "a"}],
    [{"Value": "a"}],
    [{"Key": 1, "Value": "a"}],
    [{"Key": "", "Value": "a"}],
]


@pytest.mark.parametrize("tags", UNREADABLE)
def test_tags_that_cannot_be_read_are_unknown_and_the_others_are_known(tmp_path: Path, tags: Any) -> None:
    session, aws = aws_of(["a", "b", "c"])
    odd = {"ResourceTagMappingList": [{"ResourceARN": arn("a"), "Tags": tags}, entry("b", {"team": "x"})]}
    aws.answers[ALL] = lambda _: odd
    done = collect(tmp_path / "s.db", session)
    assert "a" not in known(tmp_path / "s.db")
    if not done.failures:  # what botocore itself cannot read breaks the whole answer off
        assert known(tmp_path / "s.db") == {"b": {"team": "x"}, "c": {}}


def test_what_is_no_function_of_this_place_is_passed_over(tmp_path: Path) -> None:
    session, aws = aws_of(["a"])
    others = [
        {
            "ResourceARN": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:u1",
            "Tags": [{"Key": "x", "Value": "y"}],
        },
        {"ResourceARN": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:a", "Tags": [{"Key": "x", "Value": "y"}]},
        {"ResourceARN": f"arn:aws:lambda:{REGION}:999999999999:function:a", "Tags": [{"Key": "x", "Value": "y"}]},
        entry("deleted", {"x": "y"}),
    ]
    aws.answers[ALL] = lambda _: {"ResourceTagMappingList": others}
    assert collect(tmp_path / "s.db", session).failures == []
    assert known(tmp_path / "s.db") == {"a": {}}


# --- where all at once is denied --------------------------------------------------------------------------------------


def test_where_all_are_denied_each_is_asked_once_a_day_some_at_a_time(tmp_path: Path) -> None:
    db = tmp_path / "s.db"
    tags: Tags = {f"fn{number}": {"n": str(number)} if number % 2 else {} for number in range(5)}
    session, aws = aws_of(list(tags))
    aws.answers[ALL] = lambda _: DENIED
    aws.answers[EACH] = lambda asked: {"Tags": tags[asked["path"].rpartition(":")[2]]}
    done = collect(db, session, details=3)
    assert done.failures == []  # had in another way
    assert (aws.count(ALL), aws.count(EACH)) == (1, 3)
    assert known(db) == {name: tags[name] for name in ("fn0", "fn1", "fn2")}
    assert [asked["path"].rpartition("/")[2] for name, asked in aws.requests if name == EACH] == [
        arn("fn0"), arn("fn1"), arn("fn2"),
    ]  # fmt: skip
    collect(db, session, NOW + HOUR, details=3)
    assert (aws.count(EACH), known(db)) == (5, tags)
    collect(db, session, NOW + 2 * HOUR, details=3)
    assert aws.count(EACH) == 5
    collect(db, session, NOW + DAY, details=3)
    assert aws.count(EACH) == 8


def test_where_both_are_denied_it_is_told_once_with_both_names_and_nothing_is_known(tmp_path: Path) -> None:
    db = tmp_path / "s.db"
    session, aws = aws_of(["a", "b"])
    aws.answers[ALL] = pages({"a": {"team": "old"}})
    collect(db, session)
    session, aws = aws_of(["a", "b", "c"])
    aws.answers[ALL] = lambda _: DENIED
    aws.answers[EACH] = lambda _: error("AccessDeniedException", "not authorized to perform: lambda:ListTags on x", 403)
    done = collect(db, session, NOW + HOUR)
    (failure,) = [failure for failure in done.failures if "tags" in failure]
    assert "tag:GetResources" in failure
    assert "lambda:ListTags" in failure
    assert [one.denied for one in done.denied if "tag" in one.denied.casefold()] == ["tag:GetResources"]
    assert aws.count(EACH) == 1
    assert known(db) == {"a": {"team": "old"}, "b": {}}  # what was known, and of c nothing


def test_one_that_fails_or_is_gone_does_not_keep_back_the_others(tmp_path: Path) -> None:
    session, aws = aws_of(["a", "b", "c", "d"])
    aws.answers[ALL] = lambda _: DENIED
    answers = {
        "a": error("ResourceNotFoundException", status=404), "b": {"Tags": {"team": "x"}}, "c": {"Tags": None},
        "d": error("InvalidParameterValueException"),
    }  # fmt: skip
    aws.answers[EACH] = lambda asked: answers[asked["path"].rpartition(":")[2]]
    done = collect(tmp_path / "s.db", session)
    assert known(tmp_path / "s.db") == {"b": {"team": "x"}}
    (failure,) = done.failures
    assert "tags of c (and 1 more of 4)" in failure


def test_a_collection_of_some_functions_learns_the_tags_of_all(tmp_path: Path) -> None:
    db = tmp_path / "s.db"
    session, aws = aws_of(["a", "b"])
    aws.answers[ALL] = pages({"a": {"team": "x"}, "b": {"team": "y"}})
    collect(db, session)
    aws.answers[ALL] = pages({})
    collect(db, session, NOW + HOUR, wanted=lambda name: name == "a")
    assert known(db) == {"a": {}, "b": {}}  # it costs no more, and narrowing by tags needs to know when they come


def test_narrowed_to_a_tag_all_are_read_but_those_known_to_lack_it(tmp_path: Path) -> None:
    db, scope = tmp_path / "s.db", Scope(tags=parsed(["team=checkout"]))
    tags = {"a": {"team": "checkout"}, "b": {"team": "images"}}
    session, aws = aws_of(["a", "b", "c"])
    aws.answers[ALL] = pages(tags)
    assert collect(db, session, wanted=may_have(db, scope)).functions == 3  # whose tags they were was not known
    aws.answers["lambda:ListFunctions"] = paged_functions(["a", "b", "c", "new"])
    assert collect(db, session, NOW + HOUR, wanted=may_have(db, scope)).functions == 2
    aws.answers[ALL] = pages(tags | {"b": {"team": "checkout"}})
    counts = [collect(db, session, NOW + turn * HOUR, wanted=may_have(db, scope)).functions for turn in (2, 3)]
    assert counts == [1, 2]  # of new it is known now that it has none; what b has was learned by the first of them


# --- hostile tags, and the local runner's -----------------------------------------------------------------------------

TEXT = st.text(st.characters(), min_size=1, max_size=30) | st.sampled_from(
    ["aws:cloudformation:stack-name", "a=b:c", '"quoted"', "=cmd|'x'!A0", "\x1b[31m", "\x00", "\u202e", "\ud800", " "]
)


@settings(max_examples=40)
@given(st.dictionaries(TEXT, TEXT, max_size=5))
def test_any_tag_is_kept_as_it_is(tmp_path_factory: pytest.TempPathFactory, tags: dict[str, str]) -> None:
    pairs = pairs_of([{"Key": key, "Value": value} for key, value in tags.items()])
    assert pairs is not None
    assert pairs == {
        key.replace("\ud800", "\ufffd"): value.replace("\ud800", "\ufffd") for key, value in tags.items()
    } or any("\ud800" <= sign <= "\udfff" for text in (*tags, *tags.values()) for sign in text)
    db = tmp_path_factory.mktemp("tags") / "s.db"
    with writing(db) as connection:
        things = [Configured("1", "r", "fn", TAGS, "", {"": True, **pairs})]
        kept.keep_inventory(connection, Inventory("1", "r", (TAGS,), things, frozenset({"fn"})), NOW)
    with Reader(db) as reader:
        rows = account_rows.settings(reader)
        assert {one.name: one.value for one in rows if one.name} == pairs


def test_the_local_runners_tags_are_kept_with_their_time(tmp_path: Path) -> None:
    db, path = tmp_path / "s.db", tmp_path / "runner.db"
    deployment = Deployment("fn", str(tmp_path), "app.handler", "python3.13")
    with Log(path) as log:
        log.deployed(deployment, NOW, tags={"team": "one"})
    with RunnerLog(path) as runner:
        told = runner.tags()
        engine.collect(RunnerSource(runner), db=db)
    with Log(path) as log:
        log.tagged("fn", {"team": "two", "env": "x"}, NOW + HOUR)
        deployments_before = NOW
    with RunnerLog(path) as runner:
        assert runner.deployments() == {"fn": deployments_before}  # tagging deploys nothing
        assert runner.tags() != told
        for _ in range(2):  # the same twice changes nothing
            engine.collect(RunnerSource(runner), db=db)
    with Reader(db) as reader:
        tags = [one for one in account_rows.settings(reader) if one.name and one.kind == TAGS]
        rows = [(one.name, one.value, one.since_ms) for one in tags]
        assert rows == [("env", "x", NOW + HOUR), ("team", "two", NOW + HOUR)]
        assert [(one.was, one.value, one.since_ms) for one in account_rows.changes(reader, 0, NOW + DAY)] == [
            ("one", "two", NOW + HOUR)
        ]


# --- against a server, with faults on the wire ------------------------------------------------------------------------


FAULTS = {
    "cut": truncated(0.5), "half": half_json(), "html": html(), "denied": denied(), "nulls": with_nulls(),
    "objects": lists_as_objects(), "a list": list_as_answer(), "without ARNs": without_fields("ResourceARN"),
    "failing": failing(), "empty": empty(), "endless": endless(), "alternating": alternating_tokens(),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_of_the_tags_says_of_nobody_that_he_has_none(tmp_path: Path, fault: Any) -> None:
    db = tmp_path / "store.db"
    with fake_aws(Fleet(functions=7, invocations=20)) as aws:
        fake_collect(aws, tmp_path / "clean.db")
        whole = known(tmp_path / "clean.db")
        assert {} in whole.values()
        aws.rule("resourcegroupstaggingapi:GetResources", fault)
        aws.rule("lambda:ListTags", denied())
        done = fake_collect(aws, db)
        assert any("tags" in failure for failure in done.failures)
        assert all(pairs == whole[name] != {} for name, pairs in known(db).items())  # some may have been read
        aws.clear()
        fake_collect(aws, db)
    assert known(db) == whole


@pytest.mark.parametrize("fault", [doubled(), reordered(), repeated_token()], ids=["doubled", "reordered", "repeated"])
def test_what_aws_may_do_changes_nothing(tmp_path: Path, fault: Any) -> None:
    with fake_aws(Fleet(functions=7, invocations=20)) as aws:
        fake_collect(aws, tmp_path / "clean.db")
        aws.rule("resourcegroupstaggingapi:GetResources", fault, calls={2})
        fake_collect(aws, tmp_path / "store.db")
    assert known(tmp_path / "store.db") == known(tmp_path / "clean.db") != {}


def test_who_is_named_without_tags_that_can_be_read_is_unknown_and_told(tmp_path: Path) -> None:
    with fake_aws(Fleet(functions=7, invocations=20)) as aws:
        aws.rule("resourcegroupstaggingapi:GetResources", without_fields("Tags"))
        done = fake_collect(aws, tmp_path / "store.db")
    assert set(map(str, known(tmp_path / "store.db").values())) == {"{}"}  # of those that are not named
    assert any("tags of" in failure and "(and 4 more)" in failure for failure in done.failures)
