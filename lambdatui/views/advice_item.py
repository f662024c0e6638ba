"""One piece of advice, and what its rules look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from lambdatui.text.figures import ratio
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, Column, Kind, OnScreen
from lambdatui.views.function_settings import SettingsView
from lambdatui.views.functions import FunctionView
from lambdatui.views.throttle_causes import ThrottleCause
from pricing.recommendations import BASIS, SuggestedChange

_COVERED = 0.95


@dataclass(frozen=True, slots=True)
class Advice:
    """``found`` is the evidence, ``advice`` what to do, ``more`` what an operator would look up.

    ``saves_usd`` is what following it saves at least in a month at list price before the free tier, with its range;
    None where it is not about money, or nothing is sure. ``command`` is what would be typed, for a shell; ``do`` says
    in a few words what ``advice`` says in full.
    """

    kind: Annotated[str, shared.KIND, OnScreen(), BRIEF]
    function_id: int
    function: Annotated[str, shared.FUNCTION, OnScreen(0, 18, grows=True, most=24), BRIEF]
    region: Annotated[str | None, shared.REGION, BRIEF]
    found: Annotated[str, shared.FOUND, OnScreen(4, grows=True), BRIEF]
    advice: Annotated[str, shared.ADVICE, BRIEF]
    more: str
    saves_usd: Annotated[Decimal | None, shared.SAVES_USD, OnScreen(2), BRIEF] = None
    sample_request_id: str | None = None
    severity: int = 1
    saves_low_usd: Annotated[Decimal | None, shared.SAVES_LOW_USD] = None
    saves_mid_usd: Annotated[Decimal | None, shared.SAVES_MID_USD] = None
    saves_high_usd: Annotated[Decimal | None, shared.SAVES_HIGH_USD] = None
    unknown: Annotated[str, shared.UNKNOWN] = ""
    basis: Annotated[str, shared.BASIS] = ""
    command: Annotated[
        str, Column("Command", Kind.TEXT, 60, "The AWS command that makes the change, to be pasted."), OnScreen(5, 70)
    ] = ""
    do: Annotated[
        str, Column("Do", Kind.TEXT, 30, "What to do about it, in a few words."), OnScreen(1, after="function")
    ] = ""

    @property
    def trouble(self) -> str | None:
        """Its kind, where the severity is 3 or higher."""
        return self.kind if self.severity >= 3 else None


@dataclass(frozen=True, slots=True)
class AdviceSubject:
    """What the rules look at: a function's row, its settings (None: none), and what ``pricing`` recommends, by rule."""

    row: FunctionView
    today: date
    init_us: int
    again: tuple[int, str] | None
    settings: SettingsView | None
    by_rule: Mapping[str, SuggestedChange]
    throttled: ThrottleCause | None = None
    """Why most of its requests were rejected, where any were."""


def advice_of(
    row: FunctionView,
    kind: str,
    evidence: str,
    do: str,
    more: str,
    *,
    severity: int = 1,
    saves: Decimal | None = None,
    sample: str | None = None,
    worth: SuggestedChange | None = None,
    command: str = "",
    action: str = "",
) -> Advice:
    """A piece of advice about a function, with what ``worth`` (else ``saves``, USD a month) says that it saves.

    Without an ``action`` the row shows ``do``.
    """
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
        kind=kind,
        function_id=row.function_id,
        function=row.function,
        region=row.region,
        found=evidence,
        advice=do,
        more=more,
        saves_usd=saves if saves and saves > 0 else None,
        sample_request_id=sample,
        severity=severity,
        saves_low_usd=low,
        saves_mid_usd=middle,
        saves_high_usd=high,
        unknown=unknown,
        basis=basis,
        command=command,
        do=action or do,
    )
