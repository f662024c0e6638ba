"""One format each for money, quantities, memory and numbers of things: readable, honest, never wider than its room."""

import re
from decimal import Decimal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from lambdatui.text import figures as readable
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import Kind
from lambdatui.views.formatting import value_text
from lambdatui.widgets.layout import cell
from tests.support.row_types import COLUMNS, REGISTRY

CENT = Decimal("0.01")
UNITS = {"": 1, "k": 10**3, "M": 10**6, "B": 10**9, "G": 10**9, "T": 10**12}
amounts = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, places=12) | st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(-(10**6), 10**6), st.integers(-15, 6)
)
currencies = st.sampled_from(["USD", "CNY"])


def read_back(said: str) -> tuple[Decimal, Decimal]:
    """What a reader takes from it: the value, and a unit of its last digit."""
    found = re.fullmatch(r"(-?)\$?([\d,]+)(\.\d+)?([kMBGT]?)(?: [A-Z]{3})?", said)
    assert found, said
    sign, whole, part, unit = found.groups()
    size = Decimal(UNITS[unit])
    value = Decimal(whole.replace(",", "") + (part or "")) * size
    return (-value if sign else value), Decimal(1).scaleb(-len(part or ".") + 1) * size


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (None, "USD", "-"),
        (Decimal(0), "USD", "$0.00"),
        (Decimal("-0"), "CNY", "0.00 CNY"),
        (Decimal("0.0003213"), "USD", "$0.0003213"),
        (Decimal("0.00032134"), "USD", "$0.0003213"),
        (Decimal("0.00032135"), "USD", "$0.0003214"),
        (Decimal("0.0000002"), "USD", "$0.0000002000"),
        (Decimal("0.0099999"), "USD", "$0.01"),
        (Decimal("0.01"), "USD", "$0.01"),
        (Decimal("0.125"), "USD", "$0.13"),
        (Decimal("0.4"), "USD", "$0.40"),
        (Decimal("129994.2"), "USD", "$129,994.20"),
        (Decimal("-1234.5"), "USD", "-$1,234.50"),
        (Decimal("12.3"), "CNY", "12.30 CNY"),
        (Decimal("-0.00011"), "CNY", "-0.0001100 CNY"),
        (Decimal("1E-14"), "USD", "<$0.000000000001"),
        (Decimal("-1E-14"), "USD", ">-$0.000000000001"),
    ],
)
def test_money(amount: Decimal | None, currency: str, said: str) -> None:
    assert readable.money(amount, currency) == said


@pytest.mark.parametrize(
    ("amount", "width", "said"),
    [
        ("1234567.89", 13, "$1,234,567.89"),
        ("1234567.89", 10, "$1,234,568"),
        ("1234567.89", 8, "$1.23M"),
        ("1234567.89", 5, "$1.2M"),
        ("12345.67", 6, "$12.3k"),
        ("-12345.67", 6, "-$12k"),
        ("999999.99", 7, "$1.00M"),
        ("9.99", 5, "$9.99"),
        ("0.0003213", 9, "$0.000321"),
        ("0.0003213", 7, "$0.0003"),
        ("0.0000002", 10, "$0.0000002"),
        ("0.0000002", 9, "<$0.00001"),
        ("0.0000002", 6, "<$0.01"),
        ("-0.0000002", 7, ">-$0.01"),
    ],
)
def test_money_in_too_little_room_loses_digits_not_size(amount: str, width: int, said: str) -> None:
    assert readable.money(Decimal(amount), width=width) == said


@example(Decimal("0.009999500000"), "USD")
@given(amounts, currencies)
def test_money_is_read_back_within_half_a_unit_of_its_last_digit(amount: Decimal, currency: str) -> None:
    said = readable.money(amount, currency)
    assert ("$" in said) != (currency in said)
    assert ("-" in said) == (amount < 0)
    if said[0] in "<>":
        bound = Decimal(said.strip("<>-$ CNY"))
        assert 0 < abs(amount) < bound
        return
    value, unit = read_back(said)
    assert abs(value - amount) <= unit / 2
    if 0 < abs(value) < CENT:
        assert len(said.partition(".")[2].removesuffix(" CNY").lstrip("0")) == 4
    else:
        assert unit == CENT


@given(amounts, currencies, st.integers(7, 16))
def test_money_keeps_its_room_its_sign_and_its_size(amount: Decimal, currency: str, width: int) -> None:
    width += 4 * (currency != "USD")
    said = readable.money(amount, currency, width=width)
    assert len(said) <= width
    assert ("-" in said) == (amount < 0)
    if said[0] in "<>":
        assert 0 < abs(amount) < Decimal(said.strip("<>-$ CNY"))
    else:
        value, unit = read_back(said)
        assert abs(value - amount) <= unit / 2
        assert (value == 0) == (amount == 0)


def _order(said: str) -> Decimal:
    return Decimal(said.strip("<>$").replace("-$", "-")) if said[0] in "<>" else read_back(said)[0]


@given(st.tuples(amounts, amounts).map(sorted), st.none() | st.integers(7, 16))
def test_more_money_never_reads_as_less(pair: list[Decimal], width: int | None) -> None:
    lower, higher = (readable.money(amount, width=width) for amount in pair)
    assume(lower[0] not in "<>" and higher[0] not in "<>")
    assert _order(lower) <= _order(higher)


@given(amounts)
def test_a_rate_has_all_its_digits(amount: Decimal) -> None:
    assert Decimal(readable.rate(amount).replace("$", "")) == amount
    assert Decimal(readable.rate(amount, "CNY").removesuffix(" CNY")) == amount


@pytest.mark.parametrize(
    ("value", "width", "said"),
    [
        (None, None, "-"),
        (Decimal(2_520_000), None, "2,520,000"),
        (Decimal("2520000.12345"), None, "2,520,000.1235"),
        (Decimal("0.0416666"), None, "0.04167"),
        (Decimal("1234567.5"), 8, "1.2M"),
        (Decimal("1234.5678"), 8, "1,234.57"),
        (Decimal("0.0000123"), 6, "<0.001"),
        (0.1, None, "0.1"),
        (1e-7, None, "0.0000001"),
        (0, None, "0"),
    ],
)
def test_quantities(value: Decimal | float | None, width: int | None, said: str) -> None:
    assert readable.quantity(value, width=width) == said


@given(st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, places=9))
def test_a_quantity_is_read_back_and_never_vanishes(value: Decimal) -> None:
    read = Decimal(readable.quantity(value).replace(",", ""))
    assert abs(read - value) <= max(Decimal("0.00005") if abs(value) >= 1 else abs(value) / 2000, Decimal(0))
    assert (read == 0) == (value == 0)


@given(st.decimals(min_value=-(10**14), max_value=10**14, allow_nan=False, places=6), st.integers(7, 20))
def test_a_quantity_keeps_its_room(value: Decimal, width: int) -> None:
    said = readable.quantity(value, width=width)
    assert len(said) <= width
    if said[0] not in "<>":
        read, unit = read_back(said)
        assert abs(read - value) <= unit


@pytest.mark.parametrize(("mb", "said"), [(128, "128 MB"), (1024, "1024 MB"), (1769, "1769 MB"), (10_240, "10240 MB")])
def test_memory_is_in_mb_as_awss_fields_take_it_and_fits_its_column(mb: int, said: str) -> None:
    for column in (COLUMNS["memory_mb"], COLUMNS["max_memory_mb"]):
        assert value_text(column, mb) == said
        assert cell(column, mb, column.width, utc=True, more="…").strip() == said


FIGURES = {
    Kind.COUNT: st.integers(0, 10**15),
    Kind.RATIO: st.floats(0, 1),
    Kind.MS: st.floats(0, 1e15),
    Kind.MB: st.integers(0, 10_240),
    Kind.SECONDS: st.integers(0, 99_999),
    Kind.GB_SECONDS: st.floats(0, 1e15),
    Kind.USD: amounts.filter(lambda amount: abs(amount) < 10**9),
    Kind.QUANTITY: st.decimals(min_value=0, max_value=10**14, allow_nan=False, places=6),
}


@given(st.data())
def test_no_figure_becomes_hashes_in_its_column(data: st.DataObject) -> None:
    column = data.draw(st.sampled_from([one for one in REGISTRY if one.kind in FIGURES]))
    value = data.draw(FIGURES[column.kind])
    said = cell(column, value, column.width, utc=True, more="…")
    assert len(said) == column.width
    assert "#" not in said
    assert "…" not in said or column.width < 6, said


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "file", "0 files"),
        (1, "file", "1 file"),
        (2, "file", "2 files"),
        (1_234_567, "event", "1,234,567 events"),
        (1, "match", "1 match"),
        (3, "match", "3 matches"),
        (2, "query", "2 queries"),
        (2, "day", "2 days"),
        (2, "process", "2 processes"),
        (2, "piece of advice", "2 pieces of advice"),
        (1, "kind of error", "1 kind of error"),
    ],
)
def test_one_is_singular(number: int, noun: str, said: str) -> None:
    assert readable.counted(number, noun) == said


def test_a_tally_reads_as_its_names_in_json() -> None:
    figures = {"files": 1, "events": 35, "duplicates": 0, "log_lines": 1, "rejected": 2}
    assert readable.tally(figures) == "1 file, 35 events, 0 duplicates, 1 log line, 2 rejected"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (readable.count(None), "-"),
        (readable.count(0), "0"),
        (readable.count(12_345), "12,345"),
        (readable.count(99_999), "99,999"),
        (readable.count(1_234_567), "1.2M"),
        (readable.count(999_960), "1.0M"),
        (readable.count(250_000_000), "250M"),
        (readable.milliseconds(None), "-"),
        (readable.milliseconds(0.84), "0.84ms"),
        (readable.milliseconds(9.996), "10ms"),
        (readable.milliseconds(999.6), "1.00s"),
        (readable.milliseconds(1240), "1.24s"),
        (readable.milliseconds(59_996), "1m 00s"),
        (readable.milliseconds(185_000), "3m 05s"),
        (readable.milliseconds(7_800_000), "2h 10m"),
        (readable.milliseconds(442_800_000), "5d 03h"),
        (readable.megabytes(128), "128 MB"),
        (readable.megabytes(10_240), "10240 MB"),
        (readable.size(812), "812 B"),
        (readable.size(3_250_586), "3.1 MB"),
        (readable.size(None), "-"),
        (readable.ratio(0.0), "0%"),
        (readable.ratio(0.0004), "<0.1%"),
        (readable.ratio(0.025), "2.5%"),
        (readable.ratio(0.99999), "99.9%"),
        (readable.ratio(1.0), "100%"),
        (readable.money(None), "-"),
        (readable.money(Decimal(0)), "$0.00"),
        (readable.money(Decimal("1234.5")), "$1,234.50"),
        (readable.money(Decimal("0.0042")), "$0.004200"),
        (readable.money(Decimal("0.00000047")), "$0.0000004700"),
        (readable.money(Decimal("-0.5")), "-$0.50"),
        (readable.age(12_000), "12 s ago"),
        (readable.age(500), "just now"),
        (readable.age(300_000), "5 min ago"),
        (readable.age(-7_200_000), "2 h ahead"),
        (readable.decimal_text(Decimal("2E-7")), "0.0000002"),
        (readable.decimal_text(Decimal("12.50")), "12.5"),
        (readable.decimal_text(Decimal("100")), "100"),
        (readable.instant(1_743_416_525_123, millis=True), "2025-03-31 10:22:05.123"),
        (readable.iso(1_743_416_525_123), "2025-03-31T10:22:05.123Z"),
        (readable.iso(1_743_416_525_000), "2025-03-31T10:22:05Z"),
    ],
)
def test_figures_read_well(said: str, expected: str) -> None:
    assert said == expected


@given(st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=12))
def test_money_never_turns_something_into_nothing(amount: Decimal) -> None:
    digits = readable.money(amount).strip("<$").replace(",", "")
    assert (Decimal(digits) == 0) == (amount == 0)


@pytest.mark.parametrize(
    ("noun", "one", "many"),
    [("entry", "1 entry", "2 entries"), ("query", "1 query", "2 queries"), ("day", "1 day", "2 days"),
     ("bus", "1 bus", "2 buses"), ("match", "1 match", "2 matches"), ("process", "1 process", "2 processes"),
     ("kind of error", "1 kind of error", "2 kinds of error"), ("piece of advice", "1 piece of advice", "2 pieces of advice")],
)  # fmt: skip
def test_one_plural_rule(noun: str, one: str, many: str) -> None:
    assert (readable.counted(1, noun), readable.counted(2, noun)) == (one, many)
    if " " not in noun:
        assert readable.tally({readable.plural(2, noun): 1}) == one


@pytest.mark.parametrize(
    ("width", "text"),
    [(19, "2026-06-05 07:08:09"), (18, " 5 Jun 07:08:09   "), (15, " 5 Jun 07:08:09"), (14, " 5 Jun 07:08  "),
     (12, " 5 Jun 07:08"), (11, "07:08:09   "), (8, "07:08:09")],
)  # fmt: skip
def test_a_date_never_needs_a_guess(width: int, text: str) -> None:
    """06-05 is the sixth of May to half of all readers."""
    at_ms = 1_780_643_289_000
    assert cell(shared.LAST_SEEN, at_ms, width, utc=True, more="…") == text
    assert (readable.day_text(at_ms), readable.short_moment_text(at_ms)) == ("5 Jun", "5 Jun 07:08")
