"""What every read model answers with: rows, their columns, and how far they can be trusted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Generic, ParamSpec, TypeVar

from collectors.store.read.invocation_counts import counted
from collectors.store.read.reader import Reader
from lambdatui.views.columns import Column
from lambdatui.views.time_range import TimeRange

Row = TypeVar("Row", covariant=True)
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

BILLED = "billed"
INSIGHTS = "insights"
ESTIMATED = "estimated"
METRIC = "metric"


@dataclass(frozen=True)
class View(Generic[Row]):
    """Rows of one screen or command.

    ``as_of`` is the start of the newest invocation in the store (epoch ms; None: an empty store). ``coverage`` is
    REPORTs seen divided by invocations counted, from 0 to 1; ``basis`` where the figures come from. Both are None
    where nothing was counted.
    """

    columns: tuple[Column, ...]
    rows: Sequence[Row]
    as_of: int | None
    range: TimeRange
    coverage: float | None = None
    basis: str | None = None


def as_of_range(
    view: Callable[Concatenate[Reader, TimeRange, Asked], Answer],
) -> Callable[Concatenate[Reader, TimeRange, Asked], Answer]:
    """Decorates a view: its reader sees the store as it was at the range's end, where the range hides later data."""

    @wraps(view)
    def asked(reader: Reader, time_range: TimeRange, /, *args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        with reader.until(time_range.until_ms):
            return view(reader, time_range, *args, **kwargs)

    return asked


def weakest_basis(bases: Iterable[str | None]) -> str | None:
    """The basis of a sum: that of its weakest part. Parts without figures do not count."""
    seen = {basis for one in bases if one is not None for basis in one.split("+")}
    return next((basis for basis in (ESTIMATED, INSIGHTS, BILLED, METRIC) if basis in seen), None)


def coverage_seen(reader: Reader, time_range: TimeRange, function_ids: Sequence[int] | None = None) -> float | None:
    """The coverage of some functions, or all, in a range, computed as for every view."""
    if function_ids is not None and not function_ids:
        return None
    span = time_range.from_ms, time_range.to_ms
    whole = sum(count[0] for count in counted(reader, *span, function_ids).values())
    return coverage_of(sum(one.reports for one in reader.usage(*span, function_ids)), whole)


def coverage_of(reports: int, counted: int) -> float | None:
    """REPORTs seen divided by invocations counted, at most 1; None where nothing was counted."""
    return (1.0 if reports >= counted else reports / counted) if counted else None
