"""Hostile text: nothing that a terminal or a spreadsheet obeys gets through."""

import json
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lambdatui.text.plain import csv_cell, json_text, plain

HARMFUL = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"]
HARMFUL += ["\u202e", "\u2066", "\u200f", "\ufeff", "\u2028", "\U000e0041"]


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07shown", "shown"),
        ("\x1b]52;c;ZWNobyBoaQ==\x1b\\shown", "shown"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0;payload\x1b\\after", "after"),
        ("\x9b2Jcleared", "cleared"),
        ("\x9d0;title\x9cshown", "shown"),
        ("\x1bc reset", " reset"),
        ("cut \x1b[38;5;", "cut "),
        ("cut \x1b]0;never ended", "cut "),
        ("bell\x07 and nul\x00", "bell␇ and nul␀"),
        ("gnp\u202eexe", "gnp�exe"),
        ("a\r\nb\rc\n", "a b c"),
        ("plain ünï 日本 😀", "plain ünï 日本 😀"),
    ],
)
def test_plain_takes_away_what_a_terminal_obeys(hostile: str, harmless: str) -> None:
    assert plain(hostile) == harmless


def test_plain_keeps_lines_and_tabs_as_asked() -> None:
    assert plain("a\tb\r\nc", newlines=True) == "a\tb\nc"
    assert plain("a\tb", tabs=False) == "a b"
    assert plain("progress 1%\rprogress 2%", newlines=True) == "progress 1%\nprogress 2%"


@given(st.text() | st.lists(st.sampled_from([*HARMFUL, "\x1b[", "\x1b]", "ab", ";", "m", "\n", "\t"])).map("".join))
def test_nothing_harmful_survives(given_text: str) -> None:
    for newlines in (False, True):
        shown = plain(given_text, newlines=newlines)
        assert not any(sign in shown for sign in HARMFUL)
        assert newlines or "\n" not in shown
        shown.encode("utf-8")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+1", "'+1"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("plain", "plain"),
        (-2, "-2"),
        (-0.5, "-0.5"),
        (Decimal("-0.10"), "-0.1"),
        (True, "true"),
    ],
)
def test_a_csv_cell_is_never_a_formula(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


@example({"all": "".join(HARMFUL)})
@example(["\x7f"])
@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_is_the_same_data_and_harmless(document: object) -> None:
    said = json_text(document)
    assert json.loads(said) == document
    assert not any(sign in said for sign in HARMFUL)
