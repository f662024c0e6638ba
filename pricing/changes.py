"""What-ifs as people type them: the one grammar of ``--compare``, of plan files and of the screen's question.

``GRAMMAR`` says it for help. Sizes are MB unless a unit says otherwise; what is kept is always MB.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from collectors.model.units import INCLUDED_EPHEMERAL_MB, LEAST_MEMORY_MB, MB_PER_GB, MOST_EPHEMERAL_MB, MOST_MEMORY_MB
from pricing.pricebook import ARCHITECTURES
from pricing.whatif import Relative, WhatIf
from pricing.workload import Workload

GRAMMAR = "arm64, memory=512, region=eu-west-1, requests=+20%, logs=-50%, class=infrequent_access, retention=30;\
 a comma lists, + joins"
RETENTION = "log_retention_days"  # of recorded usage only
LOG_CLASSES = ("standard", "infrequent_access", "delivery")
SHORT = {
    "duration": "duration_ms", "memory": "memory_mb", "ephemeral": "ephemeral_mb", "init": "init_ms",
    "cold": "cold_ratio", "hours": "provisioned_hours", "provisioned_duration": "provisioned_duration_ms",
    "logs": "log_gb", "class": "log_class", "retention": RETENTION,
}  # fmt: skip
NAMES = (*(one.name for one in fields(Workload) if one.name != "name"), RETENTION)
LIMITS_MB = {
    "memory_mb": (LEAST_MEMORY_MB, MOST_MEMORY_MB),
    "ephemeral_mb": (INCLUDED_EPHEMERAL_MB, MOST_EPHEMERAL_MB),
}
_RELATIVE = ("requests", "duration_ms", "log_gb")
_LEAST_DAYS, _MOST_DAYS = 1, 3653  # that a log group may be kept (PutRetentionPolicy)
_UNITS = {"": 1, "m": 1, "mb": 1, "mib": 1, "g": MB_PER_GB, "gb": MB_PER_GB, "gib": MB_PER_GB}
_LEVEL = "level is no change: how many bytes a level leaves is not recorded; say what goes, such as logs=-50%"
Convert = Callable[[str, str], Any]
"""The value of a figure (its field, its text); raises ``ValueError`` that says what would do."""


def changes(texts: Sequence[str], regions: Collection[str] = (), convert: Convert | None = None) -> tuple[WhatIf, ...]:
    """``arm64, memory=512+requests=+20%``: one what-if for each comma. Raises ``ValueError`` that names the bad part.

    ``regions`` are those that may be named alone; ``convert`` reads the figures that are not MB.
    """
    items = [item.strip() for text in texts for item in text.split(",") if item.strip()]
    # A + that follows = is a sign.
    return tuple(
        WhatIf(item, tuple(change(part.strip(), regions, convert) for part in re.split(r"(?<!=)\+", item)))
        for item in items
    )


def change(text: str, regions: Collection[str] = (), convert: Convert | None = None) -> tuple[str, Any]:
    """One field and its new value."""
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals and text in ARCHITECTURES:
        return "arch", text
    if not equals and text in regions:
        return "region", text
    if not equals:
        if text.partition(" ")[0] == "level":
            raise ValueError(_LEVEL)
        raise ValueError(f"{text!r} is no change; {_near(text, (*ARCHITECTURES, *SHORT, *NAMES, *regions))}")
    if key == "level":
        raise ValueError(_LEVEL)
    name = field_named(key)
    if not value:
        raise ValueError(f"{text!r} is no change: {key} has no value; write it like {GRAMMAR}")
    try:
        return name, _value(name, value, regions, convert)
    except ValueError as error:
        raise ValueError(f"{text!r} is no change: {error}") from error


def field_named(key: str) -> str:
    """The workload's field of a name or a short one. Raises ``ValueError`` with the nearest."""
    name = key.strip().lower().replace("-", "_")
    name = SHORT.get(name, name)
    if name not in NAMES:
        raise ValueError(f"{key!r} is no change: unknown figure {key!r}; {_near(name, (*NAMES, *SHORT))}")
    return name


def _value(name: str, text: str, regions: Collection[str], convert: Convert | None) -> Any:
    part = re.fullmatch(r"([+-]\d{1,6}(?:\.\d{1,6})?)\s*%", text)
    if part is not None:
        if name not in _RELATIVE:
            raise ValueError(f"only {', '.join(_RELATIVE[:-1])} and {_RELATIVE[-1]} change by per cent")
        if Decimal(part[1]) < -100:
            raise ValueError("the least is -100%")
        return Relative(1 + Decimal(part[1]) / 100)
    if name == "log_class":
        wanted = text.lower().replace("-", "_").replace(" ", "_")
        wanted = "infrequent_access" if wanted in ("ia", "infrequent") else wanted
        if wanted not in LOG_CLASSES:
            raise ValueError(_near(wanted, LOG_CLASSES))
        return wanted
    if name == RETENTION:
        return _days(text)
    if name in LIMITS_MB:
        return _megabytes(text, *LIMITS_MB[name])
    if name == "arch":
        if text not in ARCHITECTURES:
            raise ValueError(_near(text, ARCHITECTURES))
        return text
    if name == "region":
        if regions and text not in regions:
            raise ValueError(f"unknown region; {_near(text, tuple(regions))}")
        return text
    if convert is None:
        raise ValueError(f"{name} cannot be changed in recorded usage; write it like {GRAMMAR}")
    return convert(name, text)


def _days(text: str) -> int:
    match = re.fullmatch(r"(\d{1,5})\s*(d|days?)?", text)
    if match is None or not _LEAST_DAYS <= int(match[1]) <= _MOST_DAYS:
        raise ValueError(f"{text!r} is no number of days from {_LEAST_DAYS} to {_MOST_DAYS}")
    return int(match[1])


def _megabytes(text: str, least: int, most: int) -> int:
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\s*([A-Za-z]*)", text)
    factor = None if match is None else _UNITS.get(match[2].lower())
    if match is None or factor is None:
        raise ValueError(f"{text!r} is no size in MB such as 512")
    amount = Decimal(match[1]) * factor
    if amount != int(amount):
        raise ValueError(f"{text} is not a whole number of MB; the nearest is {int(amount + Decimal('0.5'))} MB")
    if not least <= amount <= most:
        size, near = ("small", least) if amount < least else ("large", most)
        raise ValueError(f"{text} is too {size}; the nearest is {near} MB (allowed: {least} to {most} MB)")
    return int(amount)


def _near(word: str, among: Iterable[str]) -> str:
    from difflib import get_close_matches

    known = list(among)
    near = get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"write it like {GRAMMAR}"
