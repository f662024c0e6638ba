"""Quantities as people type them: ``3M`` requests, ``1.5G`` of memory, ``120ms``, ``8h``, ``2%``, ``$20``.

Bare numbers have the unit of the option's name. Anything else is one line that says what was given, what is allowed
and, where there is one, the nearest value that would do.
"""

import re
from abc import ABC, abstractmethod
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from collectors.model.units import (
    DAY_MS,
    HOUR_MS,
    INCLUDED_EPHEMERAL_MB,
    KIB_BYTES,
    LEAST_MEMORY_MB,
    LONGEST_INVOCATION_S,
    MB_PER_GB,
    MIB_BYTES,
    MINUTE_MS,
    MOST_EPHEMERAL_MB,
    MOST_MEMORY_MB,
    SECOND_MS,
)

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]  # generic only in click's type hints of later releases
else:
    _ParamType = click.ParamType

_COUNT_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_MB_UNITS = {"K": Decimal(KIB_BYTES) / MIB_BYTES, "M": Decimal(1), "G": Decimal(MB_PER_GB), "T": Decimal(MB_PER_GB**2)}
_MS_UNITS = {"us": Decimal("0.001"), "ms": Decimal(1), "s": Decimal(SECOND_MS), "m": Decimal(MINUTE_MS),
             "h": Decimal(HOUR_MS), "d": Decimal(DAY_MS)}  # fmt: skip
_GB_UNITS = {"K": Decimal("1e-6"), "M": Decimal("0.001"), "G": Decimal(1), "T": Decimal(1000)}
_NUMBER = re.compile(
    r"\s*([+-]?(?:\d{1,3}(?:,\d{3})+|\d[\d_]*|(?=\.\d))(?:\.\d*)?(?:[eE][+-]?\d{1,3})?)\s*([A-Za-z]*)\s*"
)
_MOST = Decimal(10) ** 18  # beyond any bill: keeps exact integers within what SQLite and JSON readers hold


class Quantity(_ParamType, ABC):
    """A number with an optional unit. ``low`` and ``high`` are inclusive, in the result's unit."""

    name = "quantity"
    example = ""

    def __init__(self, low: int | Decimal = 0, high: int | Decimal | None = None) -> None:
        self.low, self.high = Decimal(low), None if high is None else Decimal(high)

    @abstractmethod
    def factor(self, unit: str) -> Decimal | None:
        """What one of ``unit`` is in the result's unit; None: no such unit."""

    def written(self, value: Decimal) -> str:
        """A value of the result as one may type it."""
        return f"{value.normalize():f}"

    def number(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The number in the result's unit. Fails with a usage error that says what would be right."""
        text = str(value)
        match = _NUMBER.fullmatch(text)
        if match is None:
            self.fail(f"{text!r} is not a number such as {self.example}", param, ctx)
        factor = self.factor(match[2])
        if factor is None:
            swapped = match[2].swapcase()
            hint = f"did you mean {match[1]}{swapped}?" if self.factor(swapped) else f"write it like {self.example}"
            self.fail(f"{text!r} has an unknown unit {match[2]!r}; {hint}", param, ctx)
        try:
            figure = Decimal(match[1].replace("_", "").replace(",", "")) * factor
        except InvalidOperation:
            self.fail(f"{text!r} is not a number such as {self.example}", param, ctx)
        return self._checked(text, figure, param, ctx)

    @property
    def _allowed(self) -> str:
        """The whole range in words, where it has two ends."""
        return "" if self.high is None else f" (allowed: {self.low:f} to {self.written(self.high)})"

    def _checked(self, text: str, figure: Decimal, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        if figure < 0 <= self.low:
            self.fail(f"{text} is negative; the least is {self.written(self.low)}{self._allowed}", param, ctx)
        if figure < self.low:
            self.fail(f"{text} is too small; the nearest is {self.written(self.low)}{self._allowed}", param, ctx)
        if self.high is not None and figure > self.high:
            self.fail(f"{text} is too large; the nearest is {self.written(self.high)}{self._allowed}", param, ctx)
        if figure > _MOST:
            self.fail(f"{text} is too large", param, ctx)
        return figure


class Count(Quantity):
    """A whole number, with k, M, G or T for thousands, millions and so on; converts to int."""

    name = "count"
    example = "3M, 250k or 1000"

    def factor(self, unit: str) -> Decimal | None:
        """A thousand for ``k``, a million for ``M`` and so on."""
        size = _COUNT_UNITS.get("k" if unit == "K" else unit)
        return None if size is None else Decimal(size)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The whole number."""
        figure = self.number(value, param, ctx)
        if figure != figure.to_integral_value():
            whole = figure.to_integral_value(ROUND_HALF_UP)
            self.fail(f"{value} is not a whole number; the nearest is {self.written(whole)}", param, ctx)
        return int(figure)


class Size(Quantity):
    """MB (1,024 kB), with K, M, G or T, also as KB, MiB and so on; a bare number is MB. Converts to int."""

    name = "size"
    example = "1536, 512M or 2G"

    def factor(self, unit: str) -> Decimal | None:
        """What one of the unit is in MB."""
        return _MB_UNITS.get(re.sub(r"I?B$", "", unit.upper()) or "M")

    def written(self, value: Decimal) -> str:
        """With its unit: ``512 MB``."""
        return f"{super().written(value)} MB"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The whole number of MB."""
        figure = self.number(value, param, ctx)
        if figure != figure.to_integral_value():
            whole = figure.to_integral_value(ROUND_HALF_UP)
            self.fail(f"{value} is not a whole number of MB; the nearest is {self.written(whole)}", param, ctx)
        return int(figure)


class Duration(Quantity):
    """A span with us, ms, s, m, h or d; a bare number is in ``unit``. Converts to a ``Decimal`` of ``unit``."""

    name = "duration"

    def __init__(self, unit: str = "ms", low: int | Decimal = 0, high: int | Decimal | None = None) -> None:
        super().__init__(low, high)
        self.unit = unit
        self.example = {"ms": "120, 120ms or 1.5s", "s": "60, 90s or 5m", "h": "8, 90m or 2d"}.get(unit, f"10{unit}")

    def factor(self, unit: str) -> Decimal | None:
        """What one of the unit is in the unit of the result."""
        size = _MS_UNITS.get(unit or self.unit)
        return None if size is None else size / _MS_UNITS[self.unit]

    def written(self, value: Decimal) -> str:
        """With its unit: ``900000 ms``."""
        return f"{super().written(value)} {self.unit}"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The span in ``unit``."""
        return self.number(value, param, ctx)


class Ratio(Quantity):
    """A part of one, from 0 to 1, or per cent: ``0.02`` or ``2%``. Converts to ``Decimal``."""

    name = "ratio"
    example = "0.02 or 2%"

    def __init__(self) -> None:
        super().__init__(0, 1)

    def factor(self, unit: str) -> Decimal | None:
        """A hundredth for per cent."""
        return {"": Decimal(1), "percent": Decimal("0.01")}.get(unit)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The part of one."""
        return self.number(str(value).replace("%", " percent"), param, ctx)


class PerCent(Quantity):
    """Per cent, from 0 to 100: ``10`` and ``10%`` are a tenth. Converts to ``Decimal``, a part of one."""

    name = "per cent"
    example = "10 or 7.5%"

    def __init__(self) -> None:
        super().__init__(0, 100)

    def factor(self, unit: str) -> Decimal | None:
        """One, with or without the sign."""
        return Decimal(1) if unit in ("", "percent") else None

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The part of one."""
        return self.number(str(value).replace("%", " percent"), param, ctx) / 100


class Money(Quantity):
    """An amount of money, not negative; a leading ``$`` is allowed. Converts to ``Decimal``."""

    name = "money"
    example = "20 or 0.50"

    def factor(self, unit: str) -> Decimal | None:
        """One, with or without ``USD``."""
        return Decimal(1) if unit in ("", "USD") else None

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The amount in USD."""
        return self.number(str(value).strip().removeprefix("$"), param, ctx)


class Gigabytes(Quantity):
    """Decimal GB, as logs and durable functions are billed; with k, M, G or T (``TB``). Converts to ``Decimal``."""

    name = "gigabytes"
    example = "200, 1.5T or 300M"

    def factor(self, unit: str) -> Decimal | None:
        """What one of the unit is in GB."""
        return _GB_UNITS.get(unit.upper().removesuffix("B") or "G")

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The amount in GB."""
        return self.number(value, param, ctx)


COUNT = Count()
GIGABYTES = Gigabytes()
RATIO = Ratio()
PER_CENT = PerCent()
MONEY = Money()
DURATION_MS = Duration("ms")
DURATION_S = Duration("s")
HOURS = Duration("h")
# What Lambda allows (quotas of AWS Lambda): memory and ephemeral storage in MB, a timeout of 15 minutes.
MEMORY_MB = Size(LEAST_MEMORY_MB, MOST_MEMORY_MB)
EPHEMERAL_MB = Size(INCLUDED_EPHEMERAL_MB, MOST_EPHEMERAL_MB)
RESPONSE_MB = Size(0, 200)  # a streamed response has at most 200 MB
EVENT_KB = Count(0, MIB_BYTES // KIB_BYTES)  # an asynchronous event has at most 1 MB
INVOCATION_MS = Duration("ms", 0, LONGEST_INVOCATION_S * SECOND_MS)
