"""Changes as people type them, and what a range would have cost with each."""

from typing import TYPE_CHECKING, Any

from collectors.store.reader import Reader
from lambdatui.text import change, money
from lambdatui.views.costs import what_ifs
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import TimeRange
from pricing.whatif import WhatIf

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook

ARCHITECTURES = ("arm64", "x86_64")
_FIGURES = {"memory": "memory_mb", "ephemeral": "ephemeral_mb"}
_SIZES = {"": 1, "mb": 1, "m": 1, "gb": 1024, "g": 1024}


def changes(text: str) -> list[WhatIf]:
    """``arm64, memory=512, region=eu-west-1``: one what-if each; ``+`` joins two. Raises ``ValueError``."""
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    return [WhatIf(part, tuple(_change(one.strip()) for one in part.split("+"))) for part in wanted]


def _change(text: str) -> tuple[str, Any]:
    if text in ARCHITECTURES:
        return "arch", text
    name, _, value = text.partition("=")
    if name == "region" and value:
        return "region", value
    digits = value.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    unit = value[len(digits) :].strip().lower()
    if name in _FIGURES and digits.isascii() and digits.isdigit() and unit in _SIZES and len(digits) < 8:
        return _FIGURES[name], int(digits) * _SIZES[unit]
    raise ValueError(f"{text!r} is no change: use arm64, x86_64, memory=512, ephemeral=1024 or region=eu-west-1")


def compared(
    reader: Reader, time_range: TimeRange, book: "PriceBook", wanted: list[WhatIf], *, narrow: Narrow
) -> list[tuple[str, str]]:
    """Each change, and in words what the range would have cost with it."""
    try:
        found = what_ifs(reader, time_range, book, wanted, narrow=narrow)
    except ValueError as error:
        return [("", f"{error}: 5 chooses the month so far")]
    said = []
    for one in found:
        total = money(one.bill.totals.get(one.bill.currency))
        if one.difference is None or one.ratio is None:
            said.append((one.label, f"{total}; not comparable: something has no public price, or another currency"))
        else:
            sign = "+" if one.difference > 0 else "-" if one.difference < 0 else ""
            said.append((one.label, f"{total}, {sign}{money(abs(one.difference))} ({change(one.ratio)})"))
    return [*said, ("", "Durations stay as they were recorded; the free tier is taken off once, as in the bill.")]
