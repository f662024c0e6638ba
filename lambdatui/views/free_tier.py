"""When the month's free tier will be used up."""

from typing import TYPE_CHECKING

from lambdatui.views.time_range import DAY_MS, day_of, month_start_ms

if TYPE_CHECKING:
    from pricing.free_tier import FreeTierUse


def runs_out_on(use: "FreeTierUse", to_ms: int) -> list[tuple[str, str]]:
    """``requests`` and ``GB-s`` with the ISO date on which each is gone, at the month's mean rate until ``to_ms``.

    Only what runs out before the month ends is named; what is gone already says so.
    """
    month = month_start_ms(to_ms - 1)
    following = month_start_ms(month + 32 * DAY_MS)
    found = []
    for name, allowance, used in (
        ("requests", use.requests, use.requests_used), ("GB-s", use.gb_seconds, float(use.gb_seconds_used))
    ):  # fmt: skip
        if not allowance or used <= 0:
            continue
        if used >= allowance:
            found.append((name, "gone"))
            continue
        at = month + int((to_ms - month) * allowance / used)
        if at < following:
            found.append((name, day_of(at).isoformat()))
    return found
