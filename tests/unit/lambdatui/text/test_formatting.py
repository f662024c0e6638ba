"""Text: nothing that a terminal obeys gets through, figures read well, unknown is never a zero."""

import json
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lambdatui.text.plain import csv_cell, json_text, plain

from lambdatui.text import figures

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


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (figures.count(None), "-"),
        (figures.count(0), "0"),
        (figures.count(12_345), "12,345"),
        (figures.count(99_999), "99,999"),
        (figures.count(1_234_567), "1.2M"),
        (figures.count(999_960), "1.0M"),
        (figures.count(250_000_000), "250M"),
        (figures.milliseconds(None), "-"),
        (figures.milliseconds(0.84), "0.84ms"),
        (figures.milliseconds(9.996), "10ms"),
        (figures.milliseconds(999.6), "1.00s"),
        (figures.milliseconds(1240), "1.24s"),
        (figures.milliseconds(59_996), "1m 00s"),
        (figures.milliseconds(185_000), "3m 05s"),
        (figures.milliseconds(7_800_000), "2h 10m"),
        (figures.milliseconds(442_800_000), "5d 03h"),
        (figures.megabytes(128), "128 MB"),
        (figures.megabytes(10_240), "10240 MB"),
        (figures.size(812), "812 B"),
        (figures.size(3_250_586), "3.1 MB"),
        (figures.size(None), "-"),
        (figures.ratio(0.0), "0%"),
        (figures.ratio(0.0004), "<0.1%"),
        (figures.ratio(0.025), "2.5%"),
        (figures.ratio(0.99999), "99.9%"),
        (figures.ratio(1.0), "100%"),
        (figures.money(None), "-"),
        (figures.money(Decimal(0)), "$0.00"),
        (figures.money(Decimal("1234.5")), "$1,234.50"),
        (figures.money(Decimal("0.0042")), "$0.004200"),
        (figures.money(Decimal("0.00000047")), "$0.0000004700"),
        (figures.money(Decimal("-0.5")), "-$0.50"),
        (figures.age(12_000), "12 s ago"),
        (figures.age(500), "just now"),
        (figures.age(300_000), "5 min ago"),
        (figures.age(-7_200_000), "2 h ahead"),
        (figures.decimal_text(Decimal("2E-7")), "0.0000002"),
        (figures.decimal_text(Decimal("12.50")), "12.5"),
        (figures.decimal_text(Decimal("100")), "100"),
        (figures.instant(1_743_416_525_123, millis=True), "2025-03-31 10:22:05.123"),
        (figures.iso(1_743_416_525_123), "2025-03-31T10:22:05.123Z"),
        (figures.iso(1_743_416_525_000), "2025-03-31T10:22:05Z"),
    ],
)
def test_figures_read_well(said: str, expected: str) -> None:
    assert said == expected


@given(st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=12))
def test_money_never_turns_something_into_nothing(amount: Decimal) -> None:
    digits = figures.money(amount).strip("<$").replace(",", "")
    assert (Decimal(digits) == 0) == (amount == 0)


@example({"all": "".join(HARMFUL)})
@example(["\x7f"])
@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_is_the_same_data_and_harmless(document: object) -> None:
    said = json_text(document)
    assert json.loads(said) == document
    assert not any(sign in said for sign in HARMFUL)
