"""What an error is beside the days before: new, known, back, growing or gone; a day without calls tells nothing."""

from pathlib import Path

import pytest

from collectors.store.read.reader import Reader
from lambdatui.views.error_trends import ErrorTrendView, error_trends
from lambdatui.views.time_range import RangeChoice
from tests.support.printed_statements import DAY, HOUR, Event, end, imported, report, request_id, start

MIDNIGHT = 1_743_379_200_000  # 2025-03-31T00:00:00Z
CALLS = 60  # a day, two of three in the range's hours


def states(folder: Path, failures: dict[str, dict[int, int]], days: set[int], choice: RangeChoice) -> dict[str, str]:
    return {name: row.novelty for name, row in told(folder, failures, days, choice).items()}


def told(
    folder: Path, failures: dict[str, dict[int, int]], days: set[int], choice: RangeChoice
) -> dict[str, ErrorTrendView]:
    """A function that is called on some days; ``failures`` by error: how many of a day's calls end in it."""
    events: list[Event] = []
    number = 0
    for day in sorted(days):
        kinds = [name for name, by_day in failures.items() for _ in range(by_day.get(day, 0))]
        assert len(kinds) <= CALLS
        for call in range(CALLS):
            number += 1
            request = request_id(number)
            # Spread over the day; failures are at its end.
            at_ms = MIDNIGHT + day * DAY + call * DAY // CALLS
            kind = kinds[call - CALLS] if call >= CALLS - len(kinds) else ""
            trace = f'[ERROR] {kind}: it broke\nTraceback (most recent call last):\n  File "a.py", line 7, in f\n'
            texts = (start(request), *([trace] if kind else ()), end(request), report(request))
            events += [Event(at_ms + place, text) for place, text in enumerate(texts)]
    imported(folder, events)
    with Reader(folder / "store.db") as reader:
        return {row.error_type: row for row in error_trends(reader, choice.resolve(0)).rows}


def last_day(day: int, preset: str = "24h") -> RangeChoice:
    """The range that ends with a day."""
    return RangeChoice(preset, at=str((MIDNIGHT + (day + 1) * DAY) // 1000))


def test_each_state_occurs_and_is_told_from_the_days_before(tmp_path: Path) -> None:
    every = dict.fromkeys(range(10), 3)
    failures = {
        "Known": every,
        "Seldom": {0: 1, 3: 1, 6: 1, 9: 1},  # a day in three: two quiet days are nothing
        "Back": {1: 2, 2: 2, 9: 2},
        "Growing": {**dict.fromkeys(range(9), 1), 9: 12},
        "New": {9: 2},
    }
    found = states(tmp_path, failures, set(range(10)), last_day(9))
    assert found == {"Known": "known", "Seldom": "known", "Back": "back", "Growing": "growing", "New": "new"}


def test_days_without_calls_are_no_absence(tmp_path: Path) -> None:
    """Of the days 3 to 8 nothing was collected: what was there on each day before is known."""
    failures = {"Known": {0: 3, 1: 3, 2: 3, 9: 3}}
    assert states(tmp_path, failures, {0, 1, 2, 9}, last_day(9)) == {"Known": "known"}


def test_the_same_with_calls_on_those_days_is_back(tmp_path: Path) -> None:
    failures = {"Back": {0: 3, 1: 3, 2: 3, 9: 3}}
    rows = told(tmp_path, failures, set(range(10)), last_day(9))
    assert rows["Back"].novelty == "back"
    assert "after 6 days with calls and without it" in rows["Back"].evidence


def test_with_too_little_before_nothing_is_called_new(tmp_path: Path) -> None:
    rows = told(tmp_path, {"First": {1: 2}}, {0, 1, 2, 3}, last_day(3, "3d"))
    assert rows["First"].novelty == ""
    assert "first seen in the data" in rows["First"].evidence


def test_what_stopped_within_the_range_is_gone(tmp_path: Path) -> None:
    failures = {"Gone": dict.fromkeys(range(8), 2), "Known": dict.fromkeys(range(12), 2)}
    assert states(tmp_path, failures, set(range(12)), last_day(11, "7d")) == {"Gone": "gone", "Known": "known"}


@pytest.mark.parametrize("hours", [6, 12, 20])
def test_a_range_that_begins_within_a_day_counts_that_days_errors_as_before(tmp_path: Path, hours: int) -> None:
    """The error is there each day, always late in the day: whatever the range's first hour, it is known."""
    choice = RangeChoice("24h", at=str((MIDNIGHT + 9 * DAY + hours * HOUR) // 1000))
    assert states(tmp_path, {"Known": dict.fromkeys(range(10), 3)}, set(range(10)), choice) == {"Known": "known"}


def test_nothing_after_the_ranges_end_changes_a_state(tmp_path: Path) -> None:
    choice = RangeChoice("24h", at=str((MIDNIGHT + 5 * DAY) // 1000))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    early = told(tmp_path / "a", {"E": dict.fromkeys(range(5), 2)}, set(range(5)), choice)
    late = told(tmp_path / "b", {"E": {**dict.fromkeys(range(5), 2), 8: 40}}, set(range(9)), choice)
    assert (early["E"].novelty, early["E"].evidence) == (late["E"].novelty, late["E"].evidence)
