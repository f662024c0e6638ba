"""The words that times are said with: units, weekdays, ``yesterday``; and which of them a misspelt word is nearly."""

import re

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS

UNITS_MS = {"s": 1000, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}
_UNIT_NAMES = {
    "s": "s sec secs second seconds", "m": "m min mins minute minutes", "h": "h hr hrs hour hours", "d": "d day days",
    "w": "w week weeks",
}  # fmt: skip
UNIT_OF = {name: unit for unit, names in _UNIT_NAMES.items() for name in names.split()}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY_WORDS = ("today", "yesterday")
WORDS = (
    "now", *DAY_WORDS, *WEEKDAYS, "noon", "midnight", "last", "this", "week", "month", "year", "ago", "hours",
    "minutes", "days", "weeks",
)  # fmt: skip


def is_word(name: str) -> bool:
    """Whether it is a word of a time, and so no zone: ``sat``, ``ago``, ``am``."""
    low = name.lower()
    return low in WORDS or low in UNIT_OF or low in ("am", "pm") or any(day.startswith(low) for day in WEEKDAYS)


def corrected(words: str) -> str:
    """The words with the one that is nearly known put right; empty where none is."""
    from difflib import get_close_matches

    for word in re.findall(r"[a-z]{3,}", words):
        if word not in WORDS and (near := get_close_matches(word, WORDS, n=1, cutoff=0.8)):
            return words.replace(word, near[0])
    return ""
