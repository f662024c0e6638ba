"""What a column's value means, for its colour: ``error``, ``warning``, ``good``, ``cold``, ``quiet``, or nothing.

Colour is never all that says it: the value's text says so too. Imported before the first frame: nothing is imported.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def error_if_any(count: "Any") -> str:
    """The tone for counts and shares of what should not happen."""
    return "error" if count else "quiet"


def cold_if_any(count: "Any") -> str:
    """The tone for counts of cold starts."""
    return "cold" if count else "quiet"


def quiet_if_none(amount: "Any") -> str:
    """The tone for counts and amounts: quiet where they are 0."""
    return "" if amount else "quiet"


def growth_tone(change: "Any") -> str:
    """The tone for how cost or errors changed: a warning from half as much again on."""
    return "warning" if change >= 0.5 else "good" if change <= -0.5 else ""


def status_tone(status: str) -> str:
    """The tone for how an invocation ended."""
    return {"ok": "good", "unknown": "quiet"}.get(status, "error")


def alarm_tone(state: str) -> str:
    """The tone for an alarm's state, in AWS's words."""
    return {"ALARM": "error", "OK": "good"}.get(state, "quiet")


_NOVELTY = {"new": "error", "regressed": "error", "growing": "warning", "back": "warning", "gone": "good"}


def novelty_tone(novelty: str) -> str:
    """The tone for whether an error or a pattern of log lines is new."""
    return _NOVELTY.get(novelty, "quiet")


def freshness_tone(age: str) -> str:
    """The tone for how old data is, in words."""
    return "warning" if age.startswith("stale") else "quiet"


def headroom_tone(share: float) -> str:
    """The tone for the part of a concurrency limit that was left free."""
    return "error" if share < 0.1 else "warning" if share < 0.3 else ""
