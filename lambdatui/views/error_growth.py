"""How often each error came beside the range before, and beside the same weekdays a week before."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from msgspec import structs

from collectors.store.read.reader import Reader
from lambdatui.views.change import UNCOMPARED, RelativeChange, change_of
from lambdatui.views.error_trends import ErrorTrends
from lambdatui.views.errors import PATTERN
from lambdatui.views.like_spans import Span, like_spans, range_before, weeks_before
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import as_of_range

Key = tuple[int, str]  # function id, fingerprint


@dataclass(frozen=True, slots=True)
class ErrorGrowth:
    """By function and fingerprint, beside the range before and beside the same weekdays of a week before."""

    before: Mapping[Key, RelativeChange]
    week: Mapping[Key, RelativeChange]

    def added_to(self, view: ErrorTrends) -> ErrorTrends:
        """The same errors, with how often they came before. Patterns of lines are counted by whole hours only."""
        rows = [
            structs.replace(
                row,
                errors_change=self.before.get((row.function_id, row.fingerprint), UNCOMPARED),
                errors_week=self.week.get((row.function_id, row.fingerprint), UNCOMPARED),
            )
            for row in view.rows
        ]
        return replace(view, rows=rows)


@as_of_range
def error_growth(
    reader: Reader, time_range: TimeRange, view: ErrorTrends, *, scope: Scope | None = None
) -> ErrorGrowth:
    """How often the errors of a view came before."""
    of_range, of_weeks = (
        _changes(reader, time_range, before, view, scope or Scope())
        for before in (range_before(time_range), weeks_before(time_range))
    )
    return ErrorGrowth(of_range, of_weeks)


def _changes(
    reader: Reader, time_range: TimeRange, before: Span, view: ErrorTrends, scope: Scope
) -> dict[Key, RelativeChange]:
    of_function = defaultdict(list)
    for row in view.rows:
        if row.error_type != PATTERN:
            of_function[row.function_id].append(row)
    failing = [row for row in scope.chosen(reader.functions()) if row.id in of_function]
    changes: dict[Key, RelativeChange] = {}
    for like, functions in like_spans(reader, time_range, before, failing).items():
        if like is None:
            continue
        now, was = ({(each.function_id, each.fingerprint): each.count for each in reader.error_groups(*span)}
                    for span in (like.now, like.before))  # fmt: skip
        for row in (error for function in functions for error in of_function[function.id]):
            key = row.function_id, row.fingerprint
            new = row.first_seen >= like.now[0]
            count, count_before = now.get(key, 0), was.get(key, 0)
            if count or count_before:
                changes[key] = change_of(count, count_before, new=new)
            elif new:  # it began after the compared part, in hours that are not over
                changes[key] = change_of(row.count, 0, new=True)
    return changes
