"""A column's value as people read it, as JSON carries it, and as CSV holds it."""

from lambdatui.text import figures
from lambdatui.text.plain import csv_cell, plain
from lambdatui.views.columns import Column, Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def value_text(
    column: Column, value: "Any", *, utc: bool = True, currency: str = "USD", width: int | None = None
) -> str:
    """Text for a screen or a text table, without anything a terminal would obey; unknown is ``-``.

    ``currency`` is that of money. Figures keep within ``width`` cells by losing digits, never by losing their size.
    """
    if value is None or value == "":
        return column.none
    match column.kind:
        case Kind.COUNT:
            return figures.count(value)
        case Kind.RATIO:
            return figures.ratio(value)
        case Kind.CHANGE:
            return value.word or figures.growth(value)
        case Kind.MS:
            return figures.milliseconds(value)
        case Kind.MB:
            return figures.megabytes(value)
        case Kind.SECONDS:
            return figures.seconds(value)
        case Kind.GB_SECONDS:
            return figures.count(value) if value >= 100 else f"{value:.3g}"
        case Kind.USD:
            return figures.money(value, currency, width=width)
        case Kind.RATE:  # more digits than money is shown with, while there is room for them
            price = figures.rate(value, currency)
            return price if width is None or len(price) <= width else figures.money(value, currency, width=width)
        case Kind.FIGURE if value and not 1e-6 <= abs(value) < 1e15:
            return f"{value:.6g}"
        case Kind.QUANTITY | Kind.FIGURE:
            return figures.quantity(value, width=width)
        case Kind.TIME:
            return figures.instant(value, utc=utc, millis=column.width >= 23)
        case Kind.TREND:
            return _trend(value)
        case Kind.TAGS:
            return plain(tags_text(value))
        case Kind.FLAG:
            return "yes" if value else "no"
    return plain(str(value))


def row_text(column: Column, row: "Any", *, utc: bool = True, width: int | None = None) -> str:
    """A row's field; its money in the row's own currency, where it names one."""
    currency = getattr(row, "currency", None) or "USD"
    return value_text(column, getattr(row, column.id), utc=utc, currency=currency, width=width)


def json_value(column: Column, value: "Any") -> "Any":
    """What ``--json`` prints: numbers, decimal strings for money and quantities, ISO 8601 UTC, null for unknown."""
    if value is None:
        return None
    if column.kind == Kind.TIME:
        return figures.iso(value)
    if column.kind == Kind.TREND:
        return list(value)
    if column.kind == Kind.CHANGE:
        return None if not value.known else value.word if value == float("inf") else _rounded(float(value))
    from decimal import Decimal

    if isinstance(value, Decimal):
        return figures.decimal_text(value)
    if isinstance(value, float) and column.kind != Kind.FIGURE:  # of log lines: whatever they count, as it came out
        return _rounded(value)
    return value


def csv_value(column: Column, value: "Any") -> str:
    """What ``--csv`` prints: the same values as JSON's, safe to open in a spreadsheet; unknown is empty."""
    from decimal import Decimal

    if isinstance(value, Decimal):
        return figures.decimal_text(value)
    if column.kind == Kind.TREND and value is not None:
        return _trend(value)
    if column.kind == Kind.TAGS and value is not None:
        import json

        value = json.dumps(value, ensure_ascii=False)  # exactly, whatever signs there are in it
    return csv_cell(json_value(column, value))


def tags_text(tags: "Mapping[str, str]") -> str:
    """``env=prod, team=checkout``; what could be read in two ways is quoted as in JSON; none is ``none``."""
    return ", ".join(f"{_quoted(key)}={_quoted(value)}" for key, value in sorted(tags.items())) or "none"


def _quoted(word: str) -> str:
    if word and word == word.strip() and not any(sign in word for sign in ',="'):
        return word
    import json

    return json.dumps(word, ensure_ascii=False)


def _trend(value: "Any") -> str:
    """The counts of the parts: ``-`` for unknown, ``3+`` for 3 so far in a last part that is not over."""
    said = [figures.UNKNOWN if part is None else str(part) for part in value]
    return " ".join(said) + ("+" if getattr(value, "unfinished", False) and value[-1] is not None else "")


def _rounded(value: float) -> float | int:
    """Nine significant digits after which a quotient's binary noise begins; whole numbers stay whole."""
    short = round(value, 9)
    return int(short) if short.is_integer() and abs(short) < 1e15 else short
