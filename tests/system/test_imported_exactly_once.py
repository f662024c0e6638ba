"""Imported in any pieces, any order and any number of times, the same events tell the same."""

import tempfile
from collections.abc import Sequence
from itertools import pairwise, permutations
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.ingest.results import ImportResult
from collectors.model.units import MINUTE_MS
from tests.support.printed_statements import (
    DAY,
    EVER,
    HOUR,
    T0,
    Event,
    Store,
    at_once,
    differences,
    end,
    everything,
    imported,
    report,
    request_id,
    start,
)

SPANS = ((T0 // HOUR * HOUR, T0 // HOUR * HOUR + HOUR), (T0 // DAY * DAY, T0 // DAY * DAY + DAY), EVER)
RARELY = settings(max_examples=25)
TIMEOUT = "2025-03-31T10:00:03.000Z {} Task timed out after 3.00 seconds\n\n"
TRACEBACK = (
    '[ERROR] {}: bad order {}\nTraceback (most recent call last):\n  File "/var/task/app.py", line 7, in handler\n'
)
INIT = "INIT_START Runtime Version: python:3.13.v31\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:00\n"


class Planned(NamedTuple):
    """An invocation to be printed: what becomes of it, how long it takes, and the pause before it."""

    fate: str
    duration_ms: int
    pause_ms: int
    cold: bool


ONE = request_id(1)
FATES = ("ok", "ok", "ok", "error", "timeout", "old timeout", "out of memory", "KeyError", "ValueError", "unfinished")
planned = st.builds(Planned, st.sampled_from(FATES), st.integers(1, 200_000), st.integers(0, 5_000_000), st.booleans())
fleets = st.lists(st.lists(planned, min_size=1, max_size=4), min_size=1, max_size=3)


def printed(plan: Planned, request: str, *, lines: bool) -> list[tuple[int, str]]:
    """What one invocation writes: (ms after its START, text)."""
    took = plan.duration_ms
    endings = {"error": "Status: error\tError Type: Runtime.ExitError\t", "timeout": "Status: timeout\t"}
    endings["out of memory"] = "Status: error\tError Type: Runtime.OutOfMemory\t"
    said = [(0, start(request))]
    if lines:
        said.insert(0, (-1, INIT)) if plan.cold else None
        said += [(1, f"[INFO]\t2025-03-31T10:00:00.000Z\t{request}\tbegun\n"), (1, "of no name\n"), (1, "of no name\n")]
        if plan.fate == "old timeout":
            said.append((took, TIMEOUT.format(request)))
        if plan.fate in ("KeyError", "ValueError"):
            said.append((took, TRACEBACK.format(plan.fate, took)))
    if plan.fate != "unfinished":
        cold = "Init Duration: 250.50 ms\t" if plan.cold else ""
        said += [(took, end(request)), (took, report(request, took, cold + endings.get(plan.fate, "")))]
    return said


def streams_of(fleet: Sequence[Sequence[Planned]], *, lines: bool) -> list[list[Event]]:
    """The events of each stream, in the order in which they were written. Two streams are of one function."""
    streams = []
    for number, plans in enumerate(fleet):
        at, events = T0 + number * 7, []
        for place, plan in enumerate(plans):
            at += plan.pause_ms
            for offset, text in printed(plan, request_id(number * 100 + place), lines=lines):
                serial = len(streams) * 1000 + len(events)
                events.append(
                    Event(
                        at + offset,
                        text,
                        f"2025/03/31/[$LATEST]{number:032x}",
                        f"/aws/lambda/fn-{number // 2}",
                        f"{serial:056d}",
                    )
                )
            at += plan.duration_ms + 1
        streams.append(events)
    return streams


def compare(whole: Sequence[Event], imports: Sequence[Sequence[Sequence[Event]]], *, lines: bool = True) -> None:
    """Imports ``whole`` at once into one store, and the files of each of ``imports`` into another."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        clean = imported(Path(one), whole, keep_lines=lines)
        results = [imported(Path(other), *files, keep_lines=lines) for files in imports if files]
        assert sum(result.invocations for result in results) == clean.invocations
        again = imported(Path(other), whole, keep_lines=lines)
        assert (again.invocations, again.errors, again.events) == (0, 0, len(whole))
        stores = [everything(Path(folder) / "store.db", SPANS, lines=lines) for folder in (one, other)]
        assert differences(*stores) == {}


def dealt(data: st.DataObject, events: Sequence[Event]) -> list[list[list[Event]]]:
    """Events dealt to the files of some imports, some of them to several."""
    files: list[list[Event]] = [[] for _ in range(data.draw(st.integers(1, 4), "files"))]
    last = len(files) - 1
    for event in events:
        for place in data.draw(st.sets(st.integers(0, last), min_size=1, max_size=2), "to files"):
            files[place].append(event)
    cut = data.draw(st.integers(0, last), "first import's files")
    return [files[:cut], files[cut:]]


@pytest.mark.parametrize("lines", [True, False])
@given(data=st.data())
@RARELY
def test_platform_lines_in_any_order_and_any_pieces(lines: bool, data: st.DataObject) -> None:
    whole = [event for stream in streams_of(data.draw(fleets), lines=False) for event in stream]
    compare(whole, dealt(data, data.draw(st.permutations(whole))), lines=lines)


def windows(data: st.DataObject, streams: Sequence[Sequence[Event]]) -> list[list[list[Event]]]:
    """What collections of overlapping times see: each a stretch of every stream, together all of it."""
    pieces: list[list[list[Event]]] = []
    for _ in range(data.draw(st.integers(0, 3), "more windows")):
        stretch: list[Event] = []
        for stream in streams:
            low = data.draw(st.integers(0, len(stream)))
            stretch += stream[low : data.draw(st.integers(low, len(stream)))]
        pieces.append([stretch])
    pieces.append([[event for stream in streams for event in stream]])
    return data.draw(st.permutations(pieces))


@pytest.mark.parametrize("lines", [True, False])
@given(data=st.data())
@RARELY
def test_overlapping_windows_of_whole_streams(lines: bool, data: st.DataObject) -> None:
    streams = streams_of(data.draw(fleets), lines=True)
    compare([event for stream in streams for event in stream], windows(data, streams), lines=lines)


@given(data=st.data())
@RARELY
def test_interleaved_streams_cut_into_files(data: st.DataObject) -> None:
    """As an export cuts a function's streams into files: by time, and perhaps a little of both sides in both."""
    streams = streams_of(data.draw(fleets), lines=True)
    whole = sorted((event for stream in streams for event in stream), key=lambda event: event.at_ms)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=3)))
    edges = [0, *cuts, len(whole)]
    overlap = data.draw(st.integers(0, 12))
    files = [whole[max(0, low - overlap) : high] for low, high in pairwise(edges)]
    compare(whole, [[file] for file in data.draw(st.permutations(files))])


@pytest.mark.parametrize("keep_lines", [True, False])
def test_a_second_import_adds_nothing(tmp_path: Path, keep_lines: bool) -> None:
    plans = [Planned(fate, 100, MINUTE_MS, True) for fate in FATES]
    ((*events,),) = streams_of([plans], lines=True)
    results = [imported(tmp_path, events, keep_lines=keep_lines) for _ in range(3)]
    assert [figures(result) for result in results] == [
        (len(events), 0, 10, 6, 0),
        (len(events), len(events), 0, 0, 0),
        (len(events), len(events), 0, 0, 0),
    ]


@pytest.mark.parametrize("cut_first", [True, False])
def test_a_line_that_was_loose_is_not_kept_twice(tmp_path: Path, cut_first: bool) -> None:
    whole = at_once([INIT, start(ONE), end(ONE), report(ONE)])
    for events in (whole[:1], whole) if cut_first else (whole, whole[:1]):
        imported(tmp_path, events)
    assert [line.text for line in Store(tmp_path).searched] == [event.text for event in whole]


@pytest.mark.parametrize("order", permutations(range(4)))
def test_pieces_of_two_attempts_find_their_own(tmp_path: Path, order: tuple[int, ...]) -> None:
    """A retry has its first attempt's id and stream: START and REPORT belong together by their times."""
    pieces = [
        Event(T0, start(ONE)),
        Event(T0 + 3000, report(ONE, 3000.0, "Status: timeout\t")),
        Event(T0 + MINUTE_MS, start(ONE)),
        Event(T0 + 60_084, report(ONE, 84.0)),
    ]
    assert sum(imported(tmp_path, [pieces[at]]).invocations for at in order) == 2
    found = [(row.start_ms - T0, row.attempt, row.status.label, row.billed_ms) for row in Store(tmp_path).rows]
    assert found == [(0, 1, "timeout", 3000), (MINUTE_MS, 2, "ok", 84)]


@pytest.mark.parametrize("cut", [2, 3])
@pytest.mark.parametrize("whole_later", [True, False])
def test_a_failure_cut_in_two_is_the_error_it_is_as_a_whole(tmp_path: Path, cut: int, whole_later: bool) -> None:
    last = report(ONE, 10.0, "Status: error\tError Type: Runtime.ExitError\t")
    events = at_once([start(ONE), TRACEBACK.format("KeyError", 42), end(ONE), last])
    (tmp_path / "clean").mkdir()
    clean = Store(tmp_path / "clean", events)
    for piece in (events[:cut], events if whole_later else events[cut:]):
        imported(tmp_path, piece)
    store = Store(tmp_path)
    assert (store.statuses(), store.row.error_type) == (clean.statuses(), clean.row.error_type)
    assert [(group.fingerprint, group.count) for group in store.groups] == [
        (group.fingerprint, group.count) for group in clean.groups
    ]


def figures(result: ImportResult) -> tuple[int, ...]:
    return result.events, result.duplicates, result.invocations, result.errors, result.rejected
