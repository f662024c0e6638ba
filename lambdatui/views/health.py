"""How a fleet is, in one line. Imports nothing: the first frame says it too."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_ABOVE = ("error_rate", "throttles", "p95_ms", "p99_ms", "cold_ratio")


def in_trouble(row: "Any", thresholds: "Mapping[str, float]") -> bool:
    """Whether a function is above a threshold; without one, errors, timeouts and throttles are."""
    for name in _ABOVE:
        value = getattr(row, name, None)
        if name in thresholds and value is not None and value > thresholds[name]:
            return True
    errors = "error_rate" not in thresholds and bool(row.errors or row.timeouts)
    return errors or ("throttles" not in thresholds and bool(row.throttles))


def health(rows: "Iterable[Any]", thresholds: "Mapping[str, float]") -> str:
    """``2 of 9 in trouble, worst checkout-api: 2.4% errors``; ``all 9 well``; empty for no functions."""
    from lambdatui.text import counted, plain, ratio

    listed = list(rows)
    ill = [row for row in listed if in_trouble(row, thresholds)]
    if not listed:
        return ""
    if not ill:
        return f"all {len(listed):,} well"
    worst = max(ill, key=lambda row: (row.error_rate or 0, row.throttles or 0))
    said = f"{ratio(worst.error_rate)} errors" if worst.error_rate else counted(worst.throttles or 0, "throttle")
    return f"{len(ill):,} of {len(listed):,} in trouble, worst {plain(worst.function)}: {said}"


def places(rows: "Iterable[Any]") -> str:
    """``111122223333 eu-central-1``, ``111122223333, 2 regions``, ``2 accounts, 3 regions``; empty: none is known."""
    from lambdatui.text import counted, plain

    listed = list(rows)
    found = [sorted({name for row in listed if (name := getattr(row, kind, None))}) for kind in ("account", "region")]
    said = [
        plain(names[0]) if len(names) == 1 else counted(len(names), kind)
        for kind, names in zip(("account", "region"), found, strict=True)
        if names
    ]
    return (" " if all(len(names) == 1 for names in found) else ", ").join(said)
