"""Questions to log lines: what each term finds, what it does not, and where a mistake stands."""

import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdatui.views.line_conditions import LineQueryError
from lambdatui.views.line_query import field_path, parse, phrase
from lambdatui.views.logs import LogView
from lambdatui.views.regex_source import without_inner_loops
from lambdatui.views.safe_regex import RegexError, SafeRegex, _Automaton, _single
from tests.support.line_patterns import patterns

ORDER = {
    "level": "warn", "ms": 512, "path": "/api/carts/7", "order": {"id": 42, "lines": [{"sku": "Tea"}, {"sku": "Pot"}]},
    "tags": ["red", "Blue"], "ok": True, "note": None, "http.method": "GET", "took": "18.5", "odd name": "x",
}  # fmt: skip
JSON_LINE = json.dumps(ORDER)
NODE_LINE = f"2026-11-30T09:00:00.000Z\t6f1c2d3e-aaaa-bbbb-cccc-000000000001\tERROR\t{JSON_LINE}\n"
TEXT_LINE = "[ERROR] 2026-11-30T09:00:00.000Z 6f1c connection reset by (peer), order.id:42\n"


def line(message: str, function: str = "checkout", request_id: str | None = "6f1c", at: int = 1_000) -> LogView:
    return LogView(1, at, function, request_id, message, "log")


@pytest.mark.parametrize(
    "question",
    [
        "", "WARN", '"ms": 512'.replace('"', '\\"').join('""'), "level:WARN", "level:warning", "level>=info",
        "level<error", "!level:ERROR", ".order.id:42", ".order.id:42.0", ".order.id=42", ".ms>500", ".ms>=512",
        ".ms<=512", ".ms<512.5", ".ms!=500", ".took>18", ".path:/api/*", ".path:/API/carts/?", ".order.lines[1].sku:pot",
        ".order.lines.0.sku:tea", ".tags:blue", ".ok:true", ".note:null", ".http.method:get", '."odd name":x', "!.user:*",
        ".order:*", '.path:"/api/carts/7"', "(absent OR carts) !health", "!(absent OR health)", "absent OR .ms>500 carts",
        "/\"ms\": 5\\d\\d/", "/API/i", "/carts\\/7/", "function:check*", "function:heck", "request_id=6f1c",
        "timestamp>=1970-01-01", "warn AND carts", "message:carts", "!!carts", "!/[Hh]ealth/", "level:w*",
    ],
)  # fmt: skip
def test_what_a_json_line_answers(question: str) -> None:
    assert parse(question).matches(line(JSON_LINE))


@pytest.mark.parametrize(
    "question",
    [
        "absent", "!carts", "level:ERROR", "level>warn", ".order.id:4", ".order.id:421", ".ms>512", ".ms<512", ".ms!=512",
        ".path:/api", ".path:carts", ".order.lines[2].sku:*", ".user:*", ".user!=x", ".note:*", ".ms.deeper:1", ".tags:re",
        ".order.id>x42".replace("x42", "42"), "carts !WARN", "(carts OR tea) absent", "/api$/", "/API/", "request_id:6f2",
        "timestamp>2020-01-01", ".took>18.5", ".ok>0", "function:check", ".note:null extra-word", '.ms:"51"',
    ],
)  # fmt: skip
def test_what_it_does_not(question: str) -> None:
    assert parse(question).matches(line(JSON_LINE)) is (question == "function:check")  # a name's beginning is held


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("level:ERROR", True), ("level:error", True), ("(peer),", True), ("order.id:42", True), ("connection reset", True),
        ('"connection by"', False), (".order.id:42", False), ("!.order.id:42", True), ("reset by OR absent", True),
        ("OR", None), ('"OR"', True), ('"or" ', True),
    ],
)  # fmt: skip
def test_text_lines_have_words_and_levels(question: str, found: bool | None) -> None:
    if found is None:
        with pytest.raises(LineQueryError):
            parse(question)
    else:
        assert parse(question).matches(line(TEXT_LINE)) is found


def test_a_line_that_ends_with_json_has_its_fields() -> None:
    assert parse(".order.id:42 .ms>500").matches(line(NODE_LINE))
    assert parse("level:ERROR").matches(line('2026-11-30T09:00:00.000Z\tid\tERROR\t{"ms": 1}'))
    assert parse("level:ERROR").matches(line('{"level":50,"msg":"pino"}'))
    assert parse("level:WARN .a.b:1").matches(line('10:00:00 | WARN | com.acme: {"a": {"b": 1}}'))
    assert not parse("level:ERROR").matches(line("an error, in passing"))


@pytest.mark.parametrize("text", ["{" * 5_000 + "}" * 5_000, '{"a": NaN}', '{"a": "\\ud800"}', '{"a": 1', "{}}", "}"])
def test_what_is_hardly_json_ends_no_question(text: str) -> None:
    assert parse(".a:*").matches(line(text)) is (text.startswith('{"a": ') and text.endswith("}"))


@pytest.mark.parametrize(
    ("question", "at", "said"),
    [
        ("timeout (a OR b", 8, "never closed"), ("a OR", 4, "before and after"), ("OR a", 0, "before and after"),
        ("x /a(b/", 4, "unterminated"), (".ms>", 4, "value is missing"), (".ms", 3, ".ms:*"), (".ms>soon", 4, "no figure"),
        ("x levle:ERROR", 2, "did you mean level?"), ("ms>500", 0, ".ms>500"), ("level>=bad", 7, "no level"),
        (".a[0", 4, "] is missing"), ("()", 1, "nothing to look for"), ("x AND", 5, "follow AND"),
        ("function>a", 9, "does not compare"), ("timestamp>soon", 10, "ISO 8601"), ("/a(?=b)/", 1, "looking ahead"),
        ("/(a)\\1/", 1, "references"), ('a "b', 2, "never closed"), ('say"x y', 3, "never closed"), ('."a:1', 1, "never closed"),
        ("(a) b)", 5, "closes nothing"), ("a OR b)", 6, "closes nothing"), (".route:/api)", 11, "closes nothing"),
        ("level:ERROR)", 11, "closes nothing"), (".ms:>500", 4, "leave : out"), (".ms==5", 4, "leave = out"),
        ("/[[:alpha:]]+/", 2, "not taken"), (".a:x .b." + "c" * 20_000 + ">y", 20_009, "no figure"),
        (".ms>" + "9x" * 5_000, 4, "no figure"), ("/" + "|".join(f"w{n}" for n in range(3_000)) + "/", 1, "4,000 places"), ("!" * 80 + "a", 50, "too deep"),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_at_its_place(question: str, at: int, said: str) -> None:
    with pytest.raises(LineQueryError) as caught:
        parse(question)
    assert said in str(caught.value)
    assert caught.value.position == at
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 400
    assert f"at character {at + 1}, '" in str(caught.value) or "at the end of" in str(caught.value)


def test_words_stay_words() -> None:
    """What people paste out of a log is looked for as it stands."""
    for pasted in (
        "RequestId:",
        "http://a.b/c?d=e",
        "/aws/lambda/fn",
        "12:30",
        "handler(event)",
        ")",
        "[ERROR]",
        "a:b=c",
        "by peer)",
    ):
        assert parse(pasted).matches(line(f"x {pasted} y")), pasted
        assert not parse(pasted).matches(line("x y")), pasted
    assert phrase('a "b (c').matches(line('A "B (C'))


def test_words_are_looked_for_in_function_and_request_where_that_is_asked() -> None:
    assert parse("checkout", anywhere=True).matches(line("x"))
    assert not parse("checkout").matches(line("x"))


@given(st.text('ab(){}[]!"/\\.:<>=* ORi5\n', max_size=30))
def test_whatever_is_typed_is_a_question_or_a_mistake(typed: str) -> None:
    places = []
    try:
        parse(typed).matches(line(JSON_LINE))
        parse(typed).matches(line(TEXT_LINE))
    except LineQueryError as error:
        places.append(error.position)
    assert all(0 <= place <= len(typed) for place in places)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text('abcÄ "\\/.', max_size=6),
    lambda inner: st.dictionaries(st.text("ab", min_size=1, max_size=2), inner, max_size=3),
    max_leaves=6,
)
words = st.text('abAk\u212aİi" \\', min_size=1, max_size=3)


@given(
    st.dictionaries(st.text("ab", min_size=1, max_size=2), values, max_size=3),
    st.lists(
        st.sampled_from([".a:*", ".b>3", ".a.b:1", "/a+b/", "/A|b/i", "/(ab|ba)a?/", "/k/i", "level:a"])
        | words.map(lambda word: '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'),
        min_size=1, max_size=4,
    ),
    st.sampled_from([" ", " OR ", " !"]),
    st.booleans(),
)  # fmt: skip
def test_a_line_that_matches_holds_what_a_search_looks_for_first(
    found: dict[str, object], terms: list[str], between: str, escaped: bool
) -> None:
    query = parse(between.join(terms))
    message = json.dumps(found, ensure_ascii=escaped)
    if query.matches(line(message)):
        assert all(any(text in message.lower() for text in need) for need in query.needs)


# Regular expressions ------------------------------------------------------------------------------------------------


@settings(max_examples=400)
@given(patterns, st.text("abck1 .\n\u212aK", max_size=9), st.booleans())
def test_both_ways_to_follow_a_pattern_agree(pattern: str, text: str, ignore_case: bool) -> None:
    python = re.compile(pattern, re.IGNORECASE if ignore_case else 0).search(text) is not None
    regex = SafeRegex(pattern, ignore_case=ignore_case)
    assert regex.found_in(text) is python
    assert _Automaton(regex._tree, ignore_case).found_in(text) is python
    if python:
        loose = without_inner_loops(regex._tree, _single)
        assert re.search(loose, text, re.IGNORECASE if ignore_case else 0), loose
    if python:
        assert all(any(one in text.lower() for one in need) for need in regex.needs)


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a*)*b", "(a|a)*b", "(a|aa)+$", ".*.*.*=x", "(.*a){12}b", "a?" * 28 + "a" * 28 + "b", "\\s+\\s+\\s+x",
     "(\\w+\\s?)+:", "^(([a-z])+.)+[A-Z]([a-z])+$"],
)  # fmt: skip
def test_no_pattern_and_no_line_takes_for_ever(pattern: str) -> None:
    regex = SafeRegex(pattern)
    began = time.process_time()
    for text in ("a" * 20_000, "a" * 30, " " * 20_000, "a " * 10_000):
        regex.found_in(text)
    assert time.process_time() - began < 20  # hours, where ways multiply; a second or so here


def test_what_is_remembered_of_a_pattern_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sign of such a line leads to another set of hundreds of places."""
    monkeypatch.setattr("lambdatui.views.safe_regex._KEPT", 20_000)
    regex = SafeRegex("[ab]*a[ab]{400}x")
    assert not regex.found_in("".join("ab"[number.bit_count() % 2] for number in range(2_000)))
    assert regex._automaton is not None
    assert sum(len(then or ()) for then in regex._automaton._steps.values()) < 21_000


def test_what_cannot_be_followed_is_refused() -> None:
    for pattern in (
        "(" * 60 + "a" + ")*" * 60,
        "x{3000}.*.*y{3000}",
        "(?i)a",
        "(?<=a)b",
        "(a)(?!\\1)",
        "((a)\\2)*",
        "(?>a)",
        "a++",
        "(?:(?=a)b)+",
        "x{5000}(yy){5000}",
    ):
        with pytest.raises(RegexError):
            SafeRegex(pattern)  # when it is typed, not at the first line that is long


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("(foo|bar)baz?", [("barba", "fooba")]), ("99[89]\\.", [("998.", "999.")]), ("(ab)+c", [("ab",), ("abc",)]),
        ("a{2,5}b", [("aa",), ("ab",)]), ("(GET|PUT) /x\\d+y?z", [("get /x", "put /x"), ("z",)]),
        ("[0-9]x|y", [("x", "y")]), ("[0-9]|y", []), ("^(?:Error|Exception)$", [("error", "exception")]), ("(a+)+b", [("a",), ("b",)]), (".*", []),
    ],
)  # fmt: skip
def test_small_choices_are_taken_apart_into_texts(pattern: str, needed: list[tuple[str, ...]]) -> None:
    assert SafeRegex(pattern).needs == needed


def test_a_field_s_path() -> None:
    assert field_path('.a.b[0]."c d"') == ("a", "b", "0", "c d")
    for wrong in ("a", ".", ".a b", ".a[", "..a"):
        with pytest.raises(LineQueryError):
            field_path(wrong)


def test_what_is_spelled_with_escapes_is_found_and_looked_for() -> None:
    for question, message in ((".id:7", '{"\\u0069d": 7}'), ("level:ERROR", '{"level": "\\u0045rror"}')):
        query = parse(question)
        assert query.matches(line(message))
        assert all(any(text in message.lower() for text in need) for need in query.needs)
