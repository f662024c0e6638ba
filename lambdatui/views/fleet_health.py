"""What is in trouble, why in words, and how a fleet is in one line. Imports nothing: the first frame says it too.

A row in trouble says why in its ``trouble``, several reasons joined by semicolons, the worst first; else that is None.
Rows whose type is ``IN_ORDER`` stay in their order, whatever is in trouble: events by time, figures as one reads them.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, TypeVar

    Row = TypeVar("Row")

_ABOVE = ("error_rate", "throttles", "p95_ms", "p99_ms", "cold_ratio")
NEAR_LIMIT = 0.9
"""From this share of its limit on, a function's peak concurrency is trouble."""
_Z = 1.96  # 95%


def trouble_reasons(row: "Any", thresholds: "Mapping[str, float]") -> "list[str]":
    """Why a function is in trouble: ``errors 13 (1.3%)``, ``timeouts 3``, ``throttled 40``; empty where it is not.

    Errors, timeouts and throttles are, unless a threshold says from where on; what is above one; a peak near the limit
    of concurrency; and a collection that is overdue. Worst first.
    """
    used, fresh = row_value(row, "limit_used"), row_value(row, "freshness")
    if not (row.errors or row.timeouts or row.throttles or thresholds or used or (fresh or "").startswith(OVERDUE)):
        return []  # as most are, of hundreds
    from lambdatui.text.figures import milliseconds, ratio

    reasons = []
    over = {name: row_value(row, name) for name in _ABOVE if _above(row_value(row, name), thresholds.get(name))
            } if thresholds else {}  # fmt: skip
    if row.errors and ("error_rate" not in thresholds or "error_rate" in over):
        reasons.append(f"errors {row.errors:,}" + (f" ({ratio(row.error_rate)})" if row.invocations else ""))
    if row.timeouts and "error_rate" not in thresholds:
        reasons.append(f"timeouts {row.timeouts:,}")
    if row.throttles and ("throttles" not in thresholds or "throttles" in over):
        reasons.append(f"throttled {row.throttles:,}")
    if used is not None and used >= NEAR_LIMIT:
        reasons.append(f"concurrency {used:.0%} of limit")
    reasons += [f"{name[:3]} {milliseconds(over[name])}" for name in ("p95_ms", "p99_ms") if name in over]
    if "cold_ratio" in over:
        reasons.append(f"cold {ratio(over['cold_ratio'])}")
    if fresh is not None and fresh.startswith(OVERDUE):
        reasons.append(fresh)
    return reasons


OVERDUE = "stale"
"""What the reason begins with that is not the function's own trouble, but that of its collection."""


def trouble_rank(row: "Any") -> int:
    """Where a row stands: 0 in trouble, 1 where only its collection is overdue, 2 in no trouble."""
    trouble = None if getattr(row, "IN_ORDER", False) else getattr(row, "trouble", None)
    return 2 if not trouble else 1 if trouble.startswith(OVERDUE) else 0


def trouble_first(rows: "Iterable[Row]") -> "list[Row]":
    """The rows in trouble, then the others, each in the order that they had."""
    return sorted(rows, key=trouble_rank)


def short_reasons(text: str, width: int) -> str:
    """As many reasons as fit into ``width`` cells, and how many more there are; the first always, however short.

    >>> short_reasons("errors 1,234 (12.3%); throttled 44", 16), short_reasons("throttled 12,345", 14)
    ('errors 12.3% +1', 'throttled 12k')
    """
    reasons = text.split("; ")
    short = [_shortest_whole(reason) for reason in reasons]
    for several in (reasons, short):
        for number in range(len(several), 0, -1):
            more = f" +{len(several) - number}" if number < len(several) else ""
            if len(fitting := "; ".join(several[:number]) + more) <= width:
                return fitting
    return next((form for form in _forms(reasons[0]) if len(form) <= width), short[0])


def _shortest_whole(reason: str) -> str:
    """A reason with all of its figure that an operator needs: its share, where it has one."""
    word, _, share = reason.partition(" (")
    if share:
        return f"{word.partition(' ')[0]} {share[:-1]}"
    return f"limit {reason.split()[1]}" if reason.endswith(" of limit") else reason


def _forms(reason: str) -> "Iterator[str]":
    """A reason in ever fewer cells: figures lose digits, never their size."""
    short = _shortest_whole(reason)
    yield from (reason, short)
    word, _, figure = short.rpartition(" ")
    if figure.endswith("%") and "." in figure and "<" not in figure and figure != "99.9%":
        yield f"{word} {float(figure[:-1]):.0f}%"
    digits = figure.replace(",", "")
    if digits.isdigit():
        for size, unit in ((1, ""), (1e3, "k"), (1e6, "M"), (1e9, "G")):
            if int(digits) >= size * 0.9995 and len(rounded := f"{int(digits) / size:.0f}") <= 3:
                yield f"{word} {rounded}{unit}"
                break


def row_value(row: "Any", name: str) -> "Any":
    """A row's value; None where the first frame does not know it."""
    return getattr(row, name, None)


def _above(value: "float | None", threshold: "float | None") -> bool:
    return value is not None and threshold is not None and value > threshold


def in_trouble(row: "Any", thresholds: "Mapping[str, float]") -> bool:
    """Whether a function is above a threshold; without one, errors, timeouts and throttles are."""
    return bool(trouble_reasons(row, thresholds))


def severity(failed: int, asked: int) -> float:
    """How bad failures are: the requests that surely failed, times the square root of their share.

    Both are taken at the lower end of Wilson's 95% interval, so that 1 of 2 (0.06) is less bad than 13 of 1,000 (0.7),
    and 60 of 60 (55) worse than 100 of a million (0.7).
    """
    if asked <= 0 or failed <= 0:
        return 0.0
    share = min(1.0, failed / asked)
    middle, spread = share + _Z**2 / (2 * asked), _Z * (share * (1 - share) / asked + _Z**2 / (4 * asked**2)) ** 0.5
    surely = max(0.0, (middle - spread) / (1 + _Z**2 / asked))
    return float(surely**1.5 * asked)


def severity_of(row: "Any") -> float:
    """The severity of the errors and throttles in a function's row."""
    throttles = row.throttles or 0
    return severity((row.errors or 0) + throttles, (row.invocations or 0) + throttles)


def health(rows: "Iterable[Any]", thresholds: "Mapping[str, float]") -> str:
    """``2 of 9 in trouble, worst checkout-api: errors 13 (1.3%)``; ``all 9 well``; empty for no functions."""
    from lambdatui.text.plain import plain

    listed = list(rows)
    ill = [(row, reasons) for row in listed if (reasons := trouble_reasons(row, thresholds))]
    if not listed:
        return ""
    if not ill:
        return f"all {len(listed):,} well"
    worst, reasons = max(ill, key=lambda pair: severity_of(pair[0]))
    return f"{len(ill):,} of {len(listed):,} in trouble, worst {plain(worst.function)}: {reasons[0]}"


def places(rows: "Iterable[Any]") -> str:
    """``111122223333 eu-central-1``, ``111122223333, 2 regions``, ``2 accounts, 3 regions``; empty: none is known."""
    from lambdatui.text.figures import counted
    from lambdatui.text.plain import plain

    listed = list(rows)
    names_by_kind = [
        sorted({name for row in listed if (name := getattr(row, kind, None))}) for kind in ("account", "region")
    ]
    parts = [
        plain(names[0]) if len(names) == 1 else counted(len(names), kind)
        for kind, names in zip(("account", "region"), names_by_kind, strict=True)
        if names
    ]
    return (" " if all(len(names) == 1 for names in names_by_kind) else ", ").join(parts)
