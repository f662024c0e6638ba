"""Filter patterns, by the examples of the CloudWatch Logs User Guide ("Filter pattern syntax") and their kinds."""

import json

import pytest

from lambdatui.runner.cloudwatch.filter_patterns import matching
from lambdatui.runner.errors import ApiError

TERMS = ["[ERROR 400] BAD REQUEST", "[ERROR 401] UNAUTHORIZED REQUEST", "[ERROR 419] MISSING ARGUMENTS", "[WARN] x.y\n"]
ROWS = [
    '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534\n',
    '127.0.0.2 Dev ann [10/Oct/2000:13:35:22 -0700] "GET /info.html HTTP/1.0" 500 5324\n',
    '10.0.0.1 Prod bob [10/Oct/2000:13:45:22 -0700] "POST /x HTTP/1.0" 200 17',
    "a line with five fields",
]
EVENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "count": 5,
    "text": "5",
    "a.b": {"x-y": 1.5e3},
    "big": 10**400,
}


def chosen(pattern: str, messages: list[str]) -> list[int]:
    matches = matching(pattern)
    return [number for number, message in enumerate(messages) if matches is None or matches(message)]


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("", [0, 1, 2, 3]),
        ("  ", [0, 1, 2, 3]),
        ("ERROR", [0, 1, 2]),
        ("error", []),
        ("ERROR ARGUMENTS", [2]),
        ("?ERROR ?WARN", [0, 1, 2, 3]),
        ("?ARGUMENTS ?WARN", [2, 3]),
        ("ERROR -ARGUMENTS", [0, 1]),
        ("-ERROR", [3]),
        ('"BAD REQUEST"', [0]),
        ('-"BAD REQUEST" REQUEST', [1]),
        ('"x.y"', [3]),
        ("ERROR ?WARN", [0, 1, 2]),  # with other terms those with ? count for nothing
        ("%4[01]{2}%", [0, 1]),
        (r'"ERROR 4\"', None),
        ("x.y", None),
        ("%(%", None),
    ],
)
def test_terms(pattern: str, numbers: list[int] | None) -> None:
    if numbers is None:
        with pytest.raises(ApiError):
            matching(pattern)
    else:
        assert chosen(pattern, TERMS) == numbers


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("[ip, id, user, time, request, status_code, size]", [0, 1, 2]),
        ("[ip, id, user, time, request, status_code = 4*, size]", [0]),
        ("[ip, id, user, time, request = *html*, status_code, size > 2000]", [1]),
        ("[ip, id, user, time, request, status_code >= 404, size]", [0, 1]),
        ("[ip, id, user, time, request, status_code = 404 || status_code = 200, size]", [0, 2]),
        ("[ip = 127.0.0.*, id != Dev, ...]", [0]),
        ("[..., size = 17]", [2]),
        ("[ip, ..., status_code = 5*, size]", [1]),
        (r"[ip = %10\.0\.0\.\d%, ...]", [2]),
        ("[w1, w2, w3, w4, w5]", [3]),
        ("[w1, ..., w2]", [0, 1, 2, 3]),
        ('[ip, id = "Prod", ..., size < 100]', [2]),
        ("[ip, id = Prod && id != Dev, ...]", [0, 2]),
        ("[..., size, ...]", None),
        ("[ip, other = 1 && ip = 2]", None),
        ("[ip = 1", None),
        ("[ip = ]", None),
    ],
)
def test_fields_between_spaces(pattern: str, numbers: list[int] | None) -> None:
    if numbers is None:
        with pytest.raises(ApiError):
            matching(pattern)
    else:
        assert chosen(pattern, ROWS) == numbers


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ("{ $.eventType = Update* }", True),
        ("{ $.eventType = Upd }", False),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress = 111.111.* }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[*] = "another value" }', True),
        ('{ $.arrayKey[7] = "value" }', False),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[*].id = 3 }", False),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.count IS NULL }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.SomeObject EXISTS }", True),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS FALSE }", False),
        ("{ $.count > 4 && $.count <= 5 }", True),
        ("{ $.count < 5 }", False),
        ("{ $.count = 5.0 }", True),
        ("{ $.ThisFlag = 1 }", False),
        ("{ $.missing != 5 }", False),
        ("{ ($.count = 1 || $.count = 5) && $.ThisFlag IS TRUE }", True),
        ("{ $.count = 5 || $.missing = 1 && $.missing = 2 }", True),
        ("{ $.['a.b'].x-y = 1500 }", True),
        ("{ $.eventType = %^Update[A-Z]% }", True),
        ("{ $.count = %5% }", False),
        ("{ $.big > 5 }", False),
        ('{ $.text = "5" }', True),
        ("{ $ EXISTS }", True),
    ],
)
def test_json(pattern: str, holds: bool) -> None:
    assert chosen(pattern, [json.dumps(EVENT) + "\n"]) == ([0] if holds else [])


def test_a_message_that_is_no_json_fits_no_pattern_of_it() -> None:
    assert chosen("{ $.x NOT EXISTS }", ["plain", "{broken", '{"x": 1}', "[" * 2000, "{}"]) == [4]


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.x = }", "{ $.x }", "{ $.x == 1 }", "{ $.x > abc }", "{ x = 1 }", "{ $.x = 1 ", "{ ($.x = 1 }", "{}",
        "{ $.x = 1 } y", "{ $.x IS MAYBE }", "{ $.x = 1 && }", "{ $.x = %(% }", '{ $.x = "1 }', "{ $.x = 1 $.y = 2 }",
        "{ $.x ( 1 }", "{ $.x = $.y }",
    ],
)  # fmt: skip
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ApiError) as refused:
        matching(pattern)
    assert refused.value.code == "InvalidParameterException"
