"""The longest invocations are found in the hours that can hold them: the same as when all rows are looked at."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.store.read.reader import Reader
from tests.support.printed_statements import HOUR, T0, Event, imported, report, request_id, start

spans = st.tuples(st.integers(-2 * HOUR, 60 * HOUR), st.integers(1, 60 * HOUR))


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("longest")
    events = []
    for number in range(400):
        at, took = T0 + number * 557_000, 1 + (number * 7919) % 900
        group, request = f"/aws/lambda/fn-{number % 3}", request_id(number)
        events.append(Event(at, start(request), group=group, stream=f"s{number % 3}"))
        if number % 50:  # some have no REPORT, and so no duration
            events.append(Event(at + took, report(request, took), group=group, stream=f"s{number % 3}"))
    imported(folder, events)
    return folder / "store.db"


@given(
    span=spans, limit=st.integers(1, 60), offset=st.integers(0, 30), functions=st.sets(st.integers(1, 3), min_size=1)
)
@settings(max_examples=60)
def test_a_page_by_duration_is_a_page_of_all_rows_by_duration(
    db: Path, span: tuple[int, int], limit: int, offset: int, functions: set[int]
) -> None:
    low = T0 + span[0]
    high = low + span[1]
    with Reader(db) as reader:
        rows = reader.invocations(low, high, sorted(functions), limit=10_000)
        rows.sort(key=lambda row: (row.duration_us is None, -(row.duration_us or 0), -row.start_ms))
        page = reader.invocations(low, high, sorted(functions), limit=limit, offset=offset, order="duration_us")
        assert [row.request_id for row in page] == [row.request_id for row in rows[offset : offset + limit]]
