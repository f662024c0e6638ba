"""Invocations taken from columns of events are the ones that the assembler makes of the same events, one by one."""

import json
import random
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collectors.columnar.assembler import ColumnarAssembler
from collectors.columnar.whole_invocations import whole_invocations
from collectors.ingest.engine import import_files
from collectors.model.event_columns import EventColumns
from collectors.model.records import FunctionKey, LogEvent
from collectors.parsing.assembler import Assembler
from collectors.parsing.fingerprint import fingerprint
from collectors.sources.files.fast_lines import spelling_of
from collectors.sources.files.json_columns import Layout, layout_of
from collectors.sources.files.reader import FileReader
from collectors.sources.inputs.input_files import OpenedFile, input_files
from collectors.sources.inputs.timestamps import LAST_MS
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.read.series import rejected_lines
from collectors.store.write.writer import Writer, Written
from tests.support.printed_statements import (
    EVER,
    GROUP,
    STREAM,
    T0,
    Event,
    differences,
    end,
    everything,
    report,
    request_id,
    start,
)

INIT = "INIT_START Runtime Version: python:3.13.v31\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:00\n"
LINES = (
    "[INFO]\t2025-03-31T10:00:00.000Z\tx\treceived 'größer' \"quoted\" \\ and more\n",
    "plain words\n",
    "[WARN] RequestId: seems to be one\n",
    f"[INFO] two\nEND RequestId: {request_id(999_999)}\n",
    "[ERROR] KeyError: 'order'\nTraceback (most recent call last):\n",
    "an exception in the middle\n",
    '{"level": "INFO", "message": "json"}\n',
    '{"level": "INFO", "awsRequestId": "x"}\n',
    '{"time": "2025-03-31T10:00:00.000Z", "type": "platform.extension", "record": {}}\n',
    '{"level": "ERROR", "message": "\x1b[31mred\x1b[0m"}\n',
    "LOGS\tName: x\tState: Subscribed\tTypes: [Platform]\n",
    "",
)
YES, NO = np.array([True]), np.array([False])
REPORTS = ("", "Init Duration: 250.50 ms\t", "Status: timeout\t", "XRAY TraceId: 1-5e-7\tSegmentId: 3\tSampled: true\t")


def said(draw: random.Random, request: str, *, calm: bool) -> list[str]:
    """What one invocation writes: what it should, and where not ``calm`` now and then something more or less."""
    texts = [start(request)]
    texts += [LINES[draw.choice((0, 0, 0, 1, 1, *range(len(LINES))))] for _ in range(draw.choice((0, 1, 2, 2, 3)))]
    texts.append(end(request))
    texts.append(report(request, draw.randrange(1, 5000) / 10, REPORTS[draw.choice((0, 0, 0, 0, 1, 2, 3))]))
    trouble = 1.0 if calm else draw.random()
    if trouble < 0.04:
        texts[-1], texts[-2] = texts[-2], texts[-1]
    elif trouble < 0.10:
        texts.pop(draw.randrange(len(texts)))
    elif trouble < 0.14:
        texts.insert(draw.randrange(len(texts)), draw.choice(texts))
    elif trouble < 0.18:
        texts.append(draw.choice(LINES))
    elif trouble < 0.20:
        texts[0] = texts[0].replace("$LATEST", "7" * 40)
    return texts


def a_stream(draw: random.Random, number: int, group: str) -> list[Event]:
    """Events of one stream in order: its invocations follow each other, or some begin within others."""
    overlaps = draw.random() < 0.4
    name = f"2025/03/31/[$LATEST]{number:032x}"
    at = T0 + number
    written: list[tuple[int, str]] = [(at - 1, INIT)] if draw.random() < 0.6 else []
    for place in range(draw.randrange(1, 9)):
        again = draw.random() < 0.05
        request = request_id(number * 100 + (place - 1 if again else place))
        texts = said(draw, request, calm=overlaps)
        moments = sorted(at + draw.randrange(0, 40) for _ in texts)
        moments[0] = at
        written += zip(moments, texts, strict=True)
        if draw.random() < 0.08:
            written.append((moments[-1], draw.choice((INIT, *LINES))))
        at = moments[draw.choice((-1, -1, 1)) if overlaps else -1] + draw.randrange(0, 3)
    written.sort(key=lambda each: each[0])
    events = [
        Event(moment, text, name, group, f"{moment:026d}{place:030d}") for place, (moment, text) in enumerate(written)
    ]
    if draw.random() < 0.1:
        low = draw.randrange(len(events))
        events[low:low] = events[max(low - draw.randrange(9), 0) : low]  # a page that came twice
    return events


def a_fleet(seed: int) -> list[Event]:
    draw = random.Random(seed)
    streams = [a_stream(draw, number, f"/aws/lambda/fn-{number % 3}") for number in range(draw.randrange(1, 6))]
    queues = [list(reversed(events)) for events in streams]
    woven: list[Event] = []
    while queues:
        queue = draw.choice(queues)
        woven += [queue.pop() for _ in range(min(draw.choice((1, 1, 2, 5)), len(queue)))]
        queues = [each for each in queues if each]
    return woven


def spelled(seed: int, events: Sequence[Event]) -> list[str]:
    """The events as one exporter or another writes them."""
    draw = random.Random(seed)
    separators = draw.choice(((", ", ": "), (",", ":")))
    keys = ["logGroup", "logStreamName", "timestamp", "message", "eventId", *draw.choice(([], ["ingestionTime"]))]
    draw.shuffle(keys)
    lines = []
    for event in events:
        said = json.loads(event.line()) | {"ingestionTime": event.at_ms + 800}
        lines.append(json.dumps({key: said[key] for key in keys}, separators=separators) + "\n")
    return lines


def laid_out(line: str) -> Layout:
    spelling = spelling_of(json.loads(line))
    assert spelling is not None
    layout = layout_of(line.encode().rstrip(b"\n"), spelling)
    assert layout is not None
    return layout


def stored(folder: Path, blocks: Sequence[Sequence[LogEvent]], *, keep_lines: bool) -> tuple[dict[str, Any], Written]:
    """Columns by the fast path, events by its readable twin."""
    kind = ColumnarAssembler if any(isinstance(block, EventColumns) for block in blocks) else Assembler
    assembler = kind(FunctionKey(""), keep_lines=keep_lines)
    with writing(folder / "store.db") as connection:
        writer = Writer(connection, fingerprint)
        for block in blocks:
            assembler.feed(block)
            writer.add(assembler.take())
        writer.add(assembler.take(final=True))
        written = writer.flush()
    return everything(folder / "store.db", (EVER,), lines=keep_lines), written


@pytest.mark.parametrize("keep_lines", [True, False])
@given(seed=st.integers(0, 1 << 40), cuts=st.sets(st.integers(0, 200), max_size=4))
@example(seed=170, cuts={5})  # a page that came twice, and a line that is split
@settings(max_examples=60)
def test_columns_become_what_events_become(keep_lines: bool, seed: int, cuts: set[int]) -> None:
    lines = spelled(seed, a_fleet(seed))
    layout = laid_out(lines[0])
    edges = sorted({0, len(lines), *(cut for cut in cuts if cut < len(lines))})
    texts = ["".join(lines[low:high]).encode() for low, high in pairwise(edges)]
    columns = [layout.columns(text) for text in texts]
    assert all(columns)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        events = [layout.spelling.decode(text) for text in texts]
        told, counted = stored(Path(one), [each for each in columns if each], keep_lines=keep_lines)
        expected, wanted = stored(Path(other), events, keep_lines=keep_lines)
    assert differences(told, expected) == {}
    assert (counted.events, counted.invocations, counted.errors) == (wanted.events, wanted.invocations, wanted.errors)


def whole(requests: Sequence[int], stream: str = STREAM, at_ms: int = T0) -> list[Event]:
    """Warm invocations, one after the other."""
    texts = [
        text
        for request in map(request_id, requests)
        for text in (start(request), LINES[0], end(request), report(request))
    ]
    return [
        Event(at_ms + place, text, stream, GROUP, f"{at_ms + place:026d}{place:030d}")
        for place, text in enumerate(texts)
    ]


def columns_of(events: Sequence[Event]) -> EventColumns:
    lines = [event.line() for event in events]
    columns = laid_out(lines[0]).columns("".join(lines).encode())
    assert columns is not None
    return columns


def test_plain_invocations_leave_nothing_to_be_assembled() -> None:
    """Else the columns are for nothing; the last one of the stream is given apart, for its lines may go on."""
    events = columns_of(whole(range(10)))
    runs = whole_invocations(events, YES, NO, set())
    assert (runs.done, len(runs.start_ms), runs.rest.tolist()) == (9, 10, [])
    assert runs.events.tolist() == [4] * 10
    assert runs.taken.tolist() == list(range(40))
    assert [text[18:54] for text in runs.reports.splitlines()] == [request_id(number) for number in range(10)]


def test_a_stream_in_which_a_known_request_starts_is_left() -> None:
    events = columns_of([*whole(range(5)), *whole(range(7, 9), STREAM.replace("00", "11"), T0 + 5)])
    both, neither = np.array([True, True]), np.array([False, False])
    runs = whole_invocations(events, both, neither, {request_id(2)})
    assert runs.rest.tolist() == list(range(20))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda line: line.replace('"message"', '"massage"'), "another key"),
        (lambda line: line.replace(": ", ":", 1), "another blank"),
        (lambda line: line.replace('"timestamp": 1', '"timestamp": 01'), "one digit more"),
        (lambda line: line.replace('"timestamp": 17', '"timestamp": 1x'), "no digit"),
        (lambda line: line.replace("\n", "\r\n"), "another end"),
        (lambda line: line.replace("}\n", ', "more": 1}\n'), "one key more"),
        (lambda line: line.replace('"eventId": "0', '"eventId": "'), "a shorter id"),
        (lambda line: line.replace("[INFO]\\t", "[INFO]\t"), "a tab as it is"),
        (lambda line: line.replace("/aws/lambda/fn", ""), "no group"),
        (lambda line: line.replace("and more\\n", "and more\\\\"), "a backslash before the quote"),
    ],
)
def test_a_line_that_is_spelled_otherwise_takes_its_block_with_it(change: Any, why: str) -> None:
    """No columns; the events are read one by one, and rejected where they are no JSON."""
    lines = [event.line() for event in whole(range(3))]
    layout = laid_out(lines[0])
    lines[5] = change(lines[5])
    assert layout.columns("".join(lines).encode()) is None


@pytest.mark.parametrize("compact", [True, False])
def test_both_usual_spellings_are_laid_out(compact: bool) -> None:
    separators = (",", ":") if compact else (", ", ": ")
    said = [
        {
            "eventId": f"{place:056d}",
            "ingestionTime": T0 + 5,
            "logGroup": GROUP,
            "logStreamName": f"{STREAM[:-1]}{place}",
            "message": 'a "b"\n',
            "timestamp": T0 + place,
        }
        for place in range(7)
    ]
    lines = [json.dumps(each, separators=separators) + "\n" for each in said]
    columns = laid_out(lines[0]).columns("".join(lines).encode())
    assert columns is not None
    assert columns.timestamp_ms.tolist() == [T0 + place for place in range(7)]
    assert [columns.places[at][1][-1] for at in columns.stream.tolist()] == list("0123456")
    assert [(event.timestamp_ms, event.message, event.log_group) for event in columns] == [
        (each["timestamp"], each["message"], GROUP) for each in said
    ]


@pytest.mark.parametrize("keep_lines", [True, False])
@pytest.mark.parametrize(
    ("wrong", "rejects"), [("END\\x", [("not JSON", 1)]), ("caf\udce9 END", [])], ids=["no escape", "no UTF-8"]
)
def test_a_line_that_is_no_json_costs_only_itself(
    tmp_path: Path, keep_lines: bool, wrong: str, rejects: list[tuple[str, int]]
) -> None:
    """The block is read again, line by line, with the reject at its own line."""
    lines = [event.line() for event in whole(range(300))]
    lines[602] = lines[602].replace('"END', f'"{wrong}')
    path = tmp_path / "events.jsonl"
    path.write_bytes("".join(lines).encode("utf-8", "surrogateescape"))
    import_files([str(path)], db=tmp_path / "store.db", defaults=FunctionKey(""), keep_lines=keep_lines)
    with Reader(tmp_path / "store.db") as reader:
        assert reader.count_invocations(*EVER) == 300
        assert [reject[:2] for reject in reader.info().rejects] == rejects
        assert [row[1] for row in rejected_lines(reader)] == [603] * len(rejects)


@pytest.mark.parametrize("at_ms", [0, 999_999_999_999, LAST_MS])
def test_times_beyond_those_of_events_are_looked_at_closely(at_ms: int) -> None:
    lines = [event.line() for event in whole(range(3))]
    layout = laid_out(lines[0])
    lines[5] = lines[5].replace(f'"timestamp": {T0 + 5}', f'"timestamp": {at_ms:013d}')
    assert layout.columns("".join(lines).encode()) is None


def test_a_file_in_which_next_to_nothing_is_plain_is_not_read_as_columns(tmp_path: Path) -> None:
    """JSON platform events are understood one by one; to look for what is not there would cost as much again."""
    began = json.dumps({"time": "2025-03-31T10:00:00Z", "type": "platform.start", "record": {"requestId": "x"}})
    lines = [event.line() for event in (Event(T0 + at, began, event_id=f"{at:056d}") for at in range(3_000))]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(lines))
    (file,) = input_files([str(path)])
    reader, assembler = FileReader(OpenedFile(file), FunctionKey("")), ColumnarAssembler(FunctionKey(""))
    assembler.feed(columns_of([Event(T0 + at, began, event_id=f"{at:056d}") for at in range(3_000)]))
    assert assembler.taken_at_once == 0
    assert isinstance(next(reader.blocks()), EventColumns)
    reader.as_columns = False
    assert not any(isinstance(block, EventColumns) for block in reader.blocks())
    assembler.feed(columns_of(whole(range(500))))
    assert assembler.taken_at_once == 1
