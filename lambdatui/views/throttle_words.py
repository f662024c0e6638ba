"""The cause of throttles in words: a few for a cell, and a sentence with limit, time and culprit."""

from lambdatui.text.figures import instant, plural, ratio
from lambdatui.text.plain import plain
from lambdatui.views.throttle_causes import ACCOUNT, REQUEST_RATE, REQUESTS_EACH, RESERVED, Holder, ThrottleCause
from lambdatui.views.view import ESTIMATED

SCALED_AT_ONCE = 1_000
"""New environments of a function in 10 seconds, whatever its limits (Lambda Developer Guide, "Scaling rate")."""
_NAMED = 3  # functions that a sentence names


def cell_words(cause: ThrottleCause) -> str:
    """The cause in a cell, who did it first: ``report-job took 640 of 1,000 (64%)``."""
    limit, held = cause.limit or 0, _about(cause.held, cause.held_basis)
    if cause.limited_by == RESERVED:
        return f"own reserve full: {held} of {limit:,}" if limit else "own reserve is 0: switched off"
    if cause.limited_by == REQUEST_RATE:
        return f"{cause.requests_s or 0:,.0f} requests/s, at most {REQUESTS_EACH * limit:,}"
    if cause.limited_by == ACCOUNT:
        largest = cause.culprit
        return "account limit full, by whom is not known" if largest is None else _took(largest, limit, of_limit=True)
    if cause.limit is None:
        return "not known: no limit was collected"
    return f"not known: {held} of {limit:,} ran" if cause.held is not None else f"not known: limit {limit:,}"


def sentence(cause: ThrottleCause, *, utc: bool = True) -> str:
    """Limit, time, culprit: ``account limit 1,000 reached 2025-03-31 02:14 UTC: report-job took 640 (64%)``."""
    when = instant(cause.start_ms, utc=utc)[:16] + (" UTC" if utc else "")
    if cause.period_s != 60:
        when += f" ({cause.period_s // 60} min)"
    limit, held = cause.limit or 0, _about(cause.held, cause.held_basis)
    if cause.limited_by == RESERVED and not limit:
        return f"reserved concurrency 0 at {when}: every request is rejected, the function is switched off"
    if cause.limited_by == RESERVED:
        return f"reserved concurrency {limit:,} reached {when}: the function itself ran {held} at once"
    if cause.limited_by == REQUEST_RATE:
        return (
            f"request rate reached {when}: {cause.requests_s or 0:,.0f} requests a second of the account, which takes"
            f" {REQUESTS_EACH} for each of its {limit:,} at most"
        )
    if cause.limited_by == ACCOUNT:
        return f"account limit {limit:,} reached {when}: {_who(cause, limit)}"
    return f"cause not known {when}: {_why_unknown(cause)}"


def _about(figure: int | None, basis: str) -> str:
    return f"{'about ' if basis == ESTIMATED else ''}{figure or 0:,}"


def _took(holder: Holder, limit: int, *, of_limit: bool = False) -> str:
    of = f" of {limit:,}" if of_limit else ""
    part = f" ({_part(holder.concurrency / limit)})" if limit else ""
    verb = "reserves" if holder.is_reserve else "took"
    return f"{plain(holder.function)} {verb} {_about(holder.concurrency, holder.basis)}{of}{part}"


def _part(share: float) -> str:
    """A share in whole per cent, below one as exactly as elsewhere; never 100% for less."""
    return ratio(min(1.0, share)) if share < 0.01 or share >= 0.99 else f"{share:.0%}"


def _who(cause: ThrottleCause, limit: int) -> str:
    if not cause.holders:
        return "nothing tells which functions held it"
    parts = [_took(each, limit) for each in cause.holders[:_NAMED]]
    rest = len(cause.holders) - len(parts) + cause.others
    if rest:
        parts.append(f"{rest:,} other {plural(rest, 'function')} less each")
    if cause.unexplained:
        parts.append(f"{cause.unexplained:,} is of functions that are not known here")
    return ", ".join(parts)


def _why_unknown(cause: ThrottleCause) -> str:
    if cause.limit is None:
        return "no limit was collected" + ("" if cause.own is None else f"; {cause.own:,} of it ran at once")
    name = "its own reserve" if cause.has_reserve else "the account's limit"
    if cause.held is None:
        return f"nothing tells how much ran of {name}, {cause.limit:,}"
    below = f"{_about(cause.held, cause.held_basis)} at once were below {name} of {cause.limit:,}"
    if (cause.own or 0) >= SCALED_AT_ONCE:
        return f"{below}; perhaps the scaling rate: {SCALED_AT_ONCE:,} new environments of a function in 10 s"
    return f"{below}; a burst that is shorter than a minute does not show in metrics"
