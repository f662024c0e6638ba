"""Details of functions: one that is denied or fails costs itself alone, and is asked again."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collectors.model.account import Covered, Inventory
from collectors.model.units import DAY_MS, MINUTE_MS
from collectors.sources.base import Failed, SourceFailed
from collectors.sources.cloudwatch.detail_kinds import DETAILS
from collectors.sources.cloudwatch.source import CloudWatchSource
from tests.support.aws import ACCOUNT, Answer, Canned, OnlyCovered, canned_session, error, isolate, listed, no_pause

NOW = 1_735_700_000_000
KINDS = {"concurrency", "async", "alias", "version", "url"}  # which an empty answer is an answer of
NAMES = [f"fn{number:02}" for number in range(20)]
ALIASES, URLS = "lambda:ListAliases", "lambda:ListFunctionUrlConfigs"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)
    monkeypatch.setattr("collectors.sources.cloudwatch.answers._LONGEST_PAUSE_S", 0.0)


def denied(action: str) -> Answer:
    return error("AccessDeniedException", f"User: x is not authorized to perform: {action}", 403)


class Rounds:
    """Collections of one account, one after the other, with the marks that the ones before left."""

    def __init__(self, names: list[str] = NAMES, most: int = 25) -> None:
        self.session, self.aws = canned_session()
        self.aws.answers["lambda:ListFunctions"] = lambda _: {"Functions": listed(names)}
        self.marks: dict[str, tuple[int, int]] = {}
        self.now_ms = NOW
        self.most = most

    def run(self, after_ms: int = MINUTE_MS) -> tuple[dict[str, set[str]], list[str]]:
        """Kinds had by function, and what failed."""
        self.now_ms += after_ms
        self.session.begin()
        self.aws.requests.clear()
        source = CloudWatchSource(
            self.session, since_ms=self.now_ms - MINUTE_MS, now_ms=self.now_ms, features=("inventory",),
            details=self.most, pause=no_pause,
        )  # fmt: skip
        had: dict[str, set[str]] = {}
        failures = []
        for item in source.items(OnlyCovered(lambda item: [self.marks[item]] if item in self.marks else [])):
            if isinstance(item, Failed):
                failures.append(str(item))
            elif isinstance(item, Covered):
                low, high = self.marks.get(item.item, (item.from_ms, item.to_ms))
                self.marks[item.item] = min(low, item.from_ms), max(high, item.to_ms)
            elif isinstance(item, Inventory) and item.functions and set(item.kinds) <= KINDS:
                for name in item.functions:
                    had.setdefault(name, set()).update(item.kinds)
        return had, failures

    def asked(self) -> Counter[str]:
        """How many functions each detail was asked of."""
        actions = {detail.action for detail in DETAILS}
        return Counter(name for name, _ in self.aws.requests if name in actions)


def only(of: str, answer: Answer) -> Callable[[dict[str, Any]], Answer]:
    """The answer for one function; nothing amiss for all others."""
    return lambda asked: answer if f"/{of}/" in asked["path"] else {}


def test_what_is_denied_for_all_is_asked_of_three_and_told_once() -> None:
    rounds = Rounds()
    rounds.aws.answers[URLS] = lambda _: denied(URLS)
    had, failures = rounds.run()
    assert had == dict.fromkeys(NAMES, KINDS - {"url"})
    assert [URLS in failure for failure in failures] == [True]
    assert "denied" in failures[0]
    assert rounds.asked()[URLS] == 3
    # All count as looked at, those too that were denied it first, but for one that is asked whether it is still so.
    had, failures = rounds.run()
    assert (set(had), len(failures)) == ({NAMES[0]}, 1)
    assert set(rounds.asked().values()) == {1}


def test_what_was_denied_for_all_is_had_of_all_once_it_is_allowed() -> None:
    rounds = Rounds()
    rounds.aws.answers[URLS] = lambda _: denied(URLS)
    rounds.run()
    rounds.run()
    del rounds.aws.answers[URLS]
    assert rounds.run() == (dict.fromkeys(NAMES, KINDS), [])
    assert rounds.run() == ({}, [])


def test_what_was_denied_for_all_is_taken_so_of_one_that_changed() -> None:
    rounds = Rounds()
    rounds.aws.answers[URLS] = lambda _: denied(URLS)
    rounds.run()
    changed = [*listed(NAMES[:-1]), *listed(NAMES[-1:], LastModified="2025-01-02T00:00:00.000+0000")]
    rounds.aws.answers["lambda:ListFunctions"] = lambda _: {"Functions": changed}
    assert rounds.run()[0] == {NAMES[0]: KINDS - {"url"}, NAMES[-1]: KINDS - {"url"}}
    assert len(rounds.run()[0]) <= 1
    # The day after it is tried again, and had if it is allowed by then.
    del rounds.aws.answers[URLS]
    assert rounds.run(DAY_MS) == (dict.fromkeys(NAMES, KINDS), [])


@pytest.mark.parametrize(
    "answer",
    [
        denied("lambda:ListVersionsByFunction"),
        error("ServiceException", "broken", 500),
        error("TooManyRequestsException", "slow down", 429),
        (200, {"Versions": "none of your business"}),
        (200, {"Versions": [None, {"Version": 7}]}),
        b"<html>it is a proxy</html>",
        (403, {}),
    ],
    ids=["denied", "500", "throttled", "a string for a list", "garbage in a list", "HTML", "403 without a word"],
)
@pytest.mark.parametrize("number", [0, 7, 19])
def test_what_fails_for_one_function_is_asked_of_all_others(answer: Answer, number: int) -> None:
    name, action = NAMES[number], "lambda:ListVersionsByFunction"
    rounds = Rounds()
    rounds.aws.answers[action] = only(name, answer)
    had, failures = rounds.run()
    assert {each: kinds for each, kinds in had.items() if each != name} == {
        each: KINDS for each in NAMES if each != name
    }
    assert had[name] >= KINDS - {"version"}
    if "version" not in had[name]:
        assert [name in failure for failure in failures] == [True]
        # The next round asks that function again, and no other.
        del rounds.aws.answers[action]
        assert rounds.run() == ({name: KINDS}, [])
        assert rounds.run() == ({}, [])


def test_what_fails_again_and_again_is_tried_ever_more_seldom_and_stands_in_no_others_way() -> None:
    rounds, some = Rounds(most=4), NAMES[::3]
    rounds.aws.answers[ALIASES] = lambda asked: denied(ALIASES) if asked["path"].split("/")[3] in some else {}
    looked_at: Counter[str] = Counter()
    for _ in range(60):
        had, _ = rounds.run()
        looked_at.update(had.keys())
    assert set(looked_at) == set(NAMES)
    assert all(looked_at[name] == 1 for name in NAMES if name not in some)
    assert all(2 <= looked_at[name] <= 8 for name in some)


def test_a_listing_that_fails_for_all_is_given_up_for_one_collection() -> None:
    rounds = Rounds()
    rounds.aws.answers[ALIASES] = lambda _: error("ServiceException", "broken", 500)
    had, failures = rounds.run()
    assert had == dict.fromkeys(NAMES, KINDS - {"alias"})
    assert len(failures) == 1
    functions = {asked["path"] for name, asked in rounds.aws.requests if name == ALIASES}
    assert len(functions) == 3
    # It was broken, not refused: nobody knows what there is, and all are asked again.
    del rounds.aws.answers[ALIASES]
    assert rounds.run() == (dict.fromkeys(NAMES, KINDS), [])


def test_two_actions_that_fail_are_told_by_themselves() -> None:
    rounds = Rounds()
    rounds.aws.answers[URLS] = lambda _: denied(URLS)
    rounds.aws.answers[ALIASES] = only("fn03", denied(ALIASES))
    had, failures = rounds.run()
    assert len(failures) == 2
    assert had["fn03"] == KINDS - {"url", "alias"}
    assert rounds.run()[0] == {"fn00": KINDS - {"url"}, "fn03": KINDS - {"url", "alias"}}


def test_expired_credentials_end_the_details_at_once() -> None:
    rounds = Rounds()
    first = DETAILS[0].action
    rounds.aws.answers[first] = lambda _: error("ExpiredTokenException", "expired", 403)
    source = CloudWatchSource(
        rounds.session, since_ms=NOW - MINUTE_MS, now_ms=NOW, features=("inventory",), pause=no_pause
    )
    with pytest.raises(SourceFailed, match="expired"):
        list(source.items(OnlyCovered()))
    assert rounds.asked() == {first: 1}


def test_of_an_account_with_one_function_a_denied_detail_costs_that_detail() -> None:
    rounds = Rounds(["only"])
    rounds.aws.answers[URLS] = lambda _: denied(URLS)
    had, failures = rounds.run()
    assert had == {"only": KINDS - {"url"}}
    assert len(failures) == 1
    assert isinstance(rounds.aws, Canned)
    assert ACCOUNT in next(iter(rounds.marks))
