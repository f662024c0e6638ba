"""Event patterns: every comparison operator, what is refused, and what is inside a record's text."""

import json
from typing import Any

import pytest

from lambdatui.runner.triggers.event_filters import Filters
from lambdatui.runner.triggers.event_patterns import EventFilterError, check_pattern, matches


def _let_through(pattern: dict[str, Any], event: Any) -> bool:
    check_pattern(pattern)
    return matches(pattern, event)


@pytest.mark.parametrize(
    ("rule", "through", "kept_out"),
    [
        ("x", ["x"], ["X", "xx", 1, None, {"x": 1}]),
        (None, [None], ["", 0, False, "null"]),
        ("", [""], [None, " "]),
        (1, [1], [1.0, "1", True]),
        (True, [True], [1, "true"]),
        ({"prefix": "ab"}, ["abc", "ab"], ["a", "Abc", 1]),
        ({"prefix": {"equals-ignore-case": "AB"}}, ["abc", "aBx"], ["xab"]),
        ({"suffix": ".png"}, ["a.png"], ["a.PNG", "png"]),
        ({"suffix": {"equals-ignore-case": ".png"}}, ["a.PNG"], ["a.jpg"]),
        ({"equals-ignore-case": "Alice"}, ["alice", "ALICE"], ["alice ", 1]),
        ({"anything-but": "x"}, ["y", 1, None], ["x"]),
        ({"anything-but": ["x", "y"]}, ["z"], ["x", "y"]),
        ({"anything-but": [1, 2]}, [3, "1", True], [1, 2]),
        ({"anything-but": {"prefix": "init"}}, ["done", 5], ["initial"]),
        ({"anything-but": {"prefix": ["a", "b"]}}, ["c"], ["ax", "bx"]),
        ({"anything-but": {"suffix": ".txt"}}, ["a.png"], ["a.txt"]),
        ({"anything-but": {"equals-ignore-case": ["a", "b"]}}, ["c"], ["A", "b"]),
        ({"anything-but": {"wildcard": "*/lib/*"}}, ["a/b"], ["x/lib/y"]),
        ({"numeric": ["=", 3.5]}, [3.5], [3, "3.5"]),
        ({"numeric": [">", 0, "<=", 5]}, [5, 0.1], [0, 5.1, "3", True]),
        ({"numeric": ["<", 10, ">=", -1]}, [-1, 9], [10, -2]),
        ({"cidr": "10.0.0.0/24"}, ["10.0.0.255"], ["10.0.1.0", "ten", 10, "::1"]),
        ({"cidr": "2001:db8::/32"}, ["2001:db8::5"], ["2001:db9::", "10.0.0.1"]),
        ({"wildcard": "dir/*.png"}, ["dir/a.png", "dir/x/y.png"], ["dir/a.jpg", "adir/a.png"]),
        ({"wildcard": r"a\*b*"}, ["a*bc"], ["axbc"]),
        ({"wildcard": "*.(x)"}, ["a.(x)"], ["a.x"]),
    ],
)  # fmt: skip
def test_each_operator(rule: Any, through: list[Any], kept_out: list[Any]) -> None:
    pattern = {"a": {"b": [rule]}}
    assert [value for value in through if not _let_through(pattern, {"a": {"b": value}})] == []
    assert [value for value in kept_out if _let_through(pattern, {"a": {"b": value}})] == []
    assert not _let_through(pattern, {"a": {}})
    assert not _let_through(pattern, {"a": 1})


@pytest.mark.parametrize(
    ("pattern", "event", "through"),
    [
        ({"a": [{"exists": True}]}, {"a": None}, True),
        ({"a": [{"exists": True}]}, {"a": {"b": 1}}, False),  # only leaves exist
        ({"a": [{"exists": False}]}, {"a": {"b": 1}}, True),
        ({"a": {"b": [{"exists": False}]}}, {}, True),
        ({"a": {"b": [{"exists": False}]}}, {"a": "text"}, True),
        ({"a": [{"exists": False}, "x"]}, {"a": "x"}, True),
        ({"a": [{"exists": False}, "x"]}, {"a": "y"}, False),
        ({"a": ["x", {"prefix": "y"}]}, {"a": ["q", "yy"]}, True),
        ({"a": ["x"]}, {"a": []}, False),
        ({"a": ["x"]}, {"a": [["x"]]}, True),
        ({"a": {"b": [1], "c": [2]}}, {"a": [{"b": 1, "c": 2}]}, True),
        ({"a": {"b": [1], "c": [2]}}, {"a": [{"b": 1, "c": 3}, {"b": 4, "c": 2}]}, False),  # not the same object
        ({"a": {"b": [1]}}, {"a": [{"b": 0}, {"b": 1}]}, True),
        ({"$or": [{"a": [1]}, {"b": [{"numeric": [">", 5]}]}]}, {"a": 0, "b": 6}, True),
        ({"$or": [{"a": [1]}, {"b": [2]}]}, {"a": 0, "b": 0}, False),
        ({"c": [3], "$or": [{"a": [1]}, {"b": [2]}]}, {"a": 1, "c": 4}, False),
        ({"d": {"$or": [{"a": [1]}, {"$or": [{"b": [2]}, {"e": [5]}]}]}}, {"d": {"e": 5}}, True),
        ({"$or": ["x"]}, {"$or": "x"}, True),  # not two objects: a field of that name
        ({"detail": {"state": ["terminated"], "x": [{"anything-but": ["q"]}]}}, {"detail": {"state": "terminated"}}, False),
    ],
)  # fmt: skip
def test_where_fields_are(pattern: dict[str, Any], event: dict[str, Any], through: bool) -> None:
    assert _let_through(pattern, event) is through


@pytest.mark.parametrize(
    "pattern",
    [
        [], "x", 1, None, {}, {"a": 1}, {"a": "x"}, {"a": []}, {"a": {}}, {"a": [["x"]]}, {"a": [{}]},
        {"a": [{"prefix": "x", "suffix": "y"}]}, {"a": [{"unknown": 1}]}, {"a": [{"exists": "yes"}]},
        {"a": [{"prefix": 1}]}, {"a": [{"prefix": {"wildcard": "x"}}]}, {"a": [{"suffix": None}]},
        {"a": [{"numeric": 1}]}, {"a": [{"numeric": []}]}, {"a": [{"numeric": [">"]}]}, {"a": [{"numeric": ["~", 1]}]},
        {"a": [{"numeric": [">", "1"]}]}, {"a": [{"numeric": [">", True]}]}, {"a": [{"numeric": [">", 6e9]}]},
        {"a": [{"numeric": [">", 1, ">", 2]}]}, {"a": [{"numeric": [">", 5, "<", 5]}]}, {"a": [{"numeric": ["=", 1, "<", 5]}]},
        {"a": [{"cidr": "10.0.0.0"}]}, {"a": [{"cidr": "10.0.0.0/33"}]}, {"a": [{"cidr": 10}]},
        {"a": [{"anything-but": None}]}, {"a": [{"anything-but": []}]}, {"a": [{"anything-but": ["x", 1]}]},
        {"a": [{"anything-but": {"numeric": [">", 1]}}]}, {"a": [{"anything-but": {"prefix": 1}}]},
        {"a": [{"wildcard": "a**b"}]}, {"a": [{"wildcard": r"a\b"}]}, {"a": [{"equals-ignore-case": ["x"]}]},
        {"$or": [{"a": 1}, {"b": [2]}]}, {"$or": [{"a": [1]}, {"b": [{"numeric": ["<"]}]}]},
    ],
)  # fmt: skip
def test_patterns_that_are_refused(pattern: Any) -> None:
    with pytest.raises(EventFilterError):
        check_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "body", "passes"),
    [
        ({"body": {"a": [1]}}, '{"a": 1, "b": 2}', True),
        ({"body": {"a": [1]}}, "words", False),  # JSON is asked for
        ({"body": ["words"]}, "words", True),
        ({"body": [{"prefix": "wo"}]}, "words", True),
        ({"body": [{"prefix": "{"}]}, '{"a": 1}', False),  # text is asked for
        ({"body": {"a": {"b": [{"exists": False}]}}}, '{"a": {}}', True),
        ({"body": {"a": {"b": ["x"]}}}, '[{"a": {"b": "x"}}]', True),
        ({"body": {"a": ['{"b": 1}']}}, '{"a": "{\\"b\\": 1}"}', True),  # one level of JSON in text
        ({"eventSource": ["aws:sqs"]}, "words", True),
        ({"body": ["5"]}, "5", True),
        ({"$or": [{"body": {"a": [1]}}, {"body": {"b": [1]}}]}, '{"b": 1}', True),
    ],
)
def test_the_body_of_a_message_is_json_or_text(pattern: dict[str, Any], body: str, passes: bool) -> None:
    filters = Filters({"Filters": [{"Pattern": json.dumps(pattern)}]})
    assert filters.passes({"body": body, "eventSource": "aws:sqs"}) is passes
