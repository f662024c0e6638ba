"""One piece of advice, and what its rules look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from shlex import quote

from lambdatui.text.figures import ratio
from lambdatui.text.plain import plain
from lambdatui.views.function_settings import SettingsView
from lambdatui.views.functions import FunctionView
from pricing.recommendations import BASIS, Recommendation

_COVERED = 0.95


@dataclass(frozen=True, slots=True)
class Advice:
    """``found`` is the evidence, ``advice`` what to do, ``more`` what an operator would look up.

    ``saves_usd`` is what following it saves at least in a month at list price before the free tier, with its range;
    None where it is not about money, or nothing is sure. ``command`` is what would be typed.
    """

    kind: str
    function_id: int
    function: str
    region: str | None
    found: str
    advice: str
    more: str
    saves_usd: Decimal | None = None
    sample_request_id: str | None = None
    severity: int = 1
    saves_low_usd: Decimal | None = None
    saves_mid_usd: Decimal | None = None
    saves_high_usd: Decimal | None = None
    unknown: str = ""
    basis: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the rules look at: a function's row, its settings (None: none), and what ``pricing`` recommends, by rule."""

    row: FunctionView
    today: date
    init_us: int
    again: tuple[int, str] | None
    settings: SettingsView | None
    by_rule: Mapping[str, Recommendation]


def memory_command(row: FunctionView, memory_mb: int) -> str:
    """In MB, as AWS's field takes it."""
    region = f" --region {quote(plain(row.region))}" if row.region else ""
    name = quote(plain(row.function))
    return f"aws lambda update-function-configuration --function-name {name}{region} --memory-size {memory_mb}"


def made(
    row: FunctionView,
    kind: str,
    found: str,
    do: str,
    more: str,
    *,
    severity: int = 1,
    saves: Decimal | None = None,
    sample: str | None = None,
    worth: Recommendation | None = None,
    command: str = "",
) -> Advice:
    low = middle = high = saves
    unknown = basis = ""
    if worth is not None:
        basis, unknown = BASIS, worth.unknown
        if worth.currency == "USD":
            saves, low, middle, high = worth.saves, worth.low, worth.middle, worth.high
        if row.coverage is not None and row.coverage < _COVERED:
            seen = f"REPORTs for {ratio(row.coverage)} of the invocations: the rest is not known"
            unknown = f"{unknown}; {seen}" if unknown else seen
    elif saves is not None:
        basis = "a month, as AWS estimates it"
    return Advice(
        kind, row.function_id, row.function, row.region, found, do, more, saves if saves and saves > 0 else None,
        sample, severity, low, middle, high, unknown, basis, command,
    )  # fmt: skip
