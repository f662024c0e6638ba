"""Numbers and days as exports and spreadsheets write them: decimal points and commas, ISO and national dates."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from collectors.model.errors import CaughtError

_NUMBER = re.compile(r"[+-]?(\d[\d.,]*|[.,]\d+)([eE][+-]?\d+)?")
_NATIONAL = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[ T]|$)")
_CURRENCY_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "CN¥": "CNY"}


class NotAValue(CaughtError, ValueError):
    """A cell that is no number or no day; the message says which."""


def text_of(value: Any) -> str:
    """A cell as text, without the spaces around it; empty for None and NaN."""
    return "" if value is None or value != value else str(value).strip()  # NaN is not itself


def currency_of(text: str) -> str:
    """``USD`` of ``USD``, ``$`` or ``usd``; empty where the text is no currency."""
    bare = text.strip()
    return _CURRENCY_SIGNS.get(bare, bare.upper() if re.fullmatch(r"[A-Za-z]{3}", bare) else "")


@dataclass(frozen=True, slots=True)
class Style:
    """How one file writes numbers and days. ``day_first`` is None where national dates can be read two ways."""

    decimal_comma: bool = False
    day_first: bool | None = None

    @classmethod
    def of(cls, numbers: Iterable[Any], days: Iterable[Any], *, comma_likely: bool = False) -> "Style":
        """``comma_likely``: the file's fields are separated by something else than commas."""
        return cls(_decimal_comma(numbers, comma_likely), _day_first(days))

    def number(self, value: Any, what: str) -> Decimal | None:
        """The number in a cell; None where it is empty. Raises ``NotAValue``."""
        text = text_of(value)
        if not text:
            return None
        bare = _bare(text)
        negative = bare.startswith("(") and bare.endswith(")")
        bare = bare.strip("()")
        if self.decimal_comma:
            bare = bare.replace(".", "").replace(",", ".")
        try:
            figure = Decimal(bare.replace(",", ""))
        except InvalidOperation:
            figure = Decimal("NaN")
        if not figure.is_finite():
            raise NotAValue(f"the {what} {text!r} is not a number")
        return -figure if negative else figure

    def day(self, value: Any) -> date:
        """The UTC day of ``2026-10-01``, ``2026-10-01T00:00:00+02:00``, ``1.10.2026``. Raises ``NotAValue``."""
        text = text_of(value)
        found = _NATIONAL.match(text)
        if found is not None:
            first, second, year = int(found[1]), int(found[3]), int(found[4])
            if self.day_first is None:
                raise NotAValue(
                    f"the date {text!r} can be read as day or month first: save the file with dates such as 2026-10-01"
                )
            month, day = (second, first) if self.day_first else (first, second)
            try:
                return date(year, month, day)
            except ValueError:
                raise NotAValue(f"the date {text!r} is none") from None
        text = text.replace("/", "-")
        try:
            if re.search(r"[+-]\d\d:?\d\d$", text[10:]):
                return datetime.fromisoformat(text).astimezone(UTC).date()
            return date.fromisoformat(text[:10])
        except (ValueError, OverflowError):
            raise NotAValue(f"the time {text!r} does not begin with a date such as 2026-10-01") from None


def _bare(text: str) -> str:
    """A number without the currency, blanks and unusual signs around and within it."""
    bare = re.sub(r"[\s\u00a0\u202f'\u2019]", "", text).replace("\u2212", "-")
    return re.sub(r"^(-?)(?:[A-Z]{3}|[$€£¥₹])|(?:[A-Z]{3}|[$€£¥₹])$", r"\1", bare)


def _decimal_comma(values: Iterable[Any], likely: bool) -> bool:
    """Whether commas stand before decimals: as the first number that can be read in one way only tells."""
    commas = False
    for value in values:
        if not isinstance(value, str):
            continue
        text = _bare(value)
        if not _NUMBER.fullmatch(text):
            continue
        point, comma = text.rfind("."), text.rfind(",")
        commas = commas or comma >= 0
        if point >= 0 and comma >= 0:
            return comma > point
        last = max(point, comma)
        if last < 0:
            continue
        mark = text[last]
        if text.count(mark) > 1:
            return mark == "."  # it parts thousands
        if not re.search(r"[.,]\d{3}$", text) or text.lstrip("+-").startswith(("0", ".", ",")):
            return mark == ","
        if not re.search(r"^[+-]?\d{1,3}[.,]", text):
            return mark == ","
    return commas and likely


def _day_first(values: Iterable[Any]) -> bool | None:
    for value in values:
        match = _NATIONAL.match(text_of(value))
        if match is None:
            continue
        if int(match[1]) > 12 or match[2] == ".":
            return True
        if int(match[3]) > 12:
            return False
    return None
