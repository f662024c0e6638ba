"""How log events become invocations: whatever their order, wherever they are cut, in every form Lambda prints."""

from itertools import permutations
from pathlib import Path

import pytest

from collectors.model.records import LogEvent, Status
from collectors.model.units import MINUTE_MS
from collectors.parsing.assembler import Assembler
from tests.support.printed_statements import (
    DAY,
    GROUP,
    STREAM,
    T0,
    Event,
    Store,
    at_once,
    end,
    imported,
    report,
    request_id,
    start,
)

ONE, TWO, THREE = (request_id(number) for number in (1, 2, 3))
TRACEBACK = (
    "[ERROR] KeyError: 'order'\nTraceback (most recent call last):\n\u00a0\u00a0File \"/var/task/app.py\", line 7\n"
)


def test_four_events_in_any_order_are_one_invocation(tmp_path: Path) -> None:
    events = []
    for number, order in enumerate(permutations(range(4))):
        request = request_id(number + 1)
        texts = (start(request), f"working on {number}\n", end(request), report(request))
        stream = f"2025/03/31/[$LATEST]{number:032x}"
        events += [Event(T0 + number * 1000 + at, texts[at], stream) for at in order]
    store = Store(tmp_path, events)
    assert (store.result.invocations, store.result.duplicates, store.result.rejected) == (24, 0, 0)
    assert {(row.start_ms % 1000, row.status, row.billed_ms) for row in store.rows} == {(0, Status.OK, 100)}
    assert {len(lines) for lines in store.lines.values()} == {4}


@pytest.mark.parametrize(
    "texts",
    [
        [start(ONE), report(ONE), start(TWO), end(ONE), report(TWO), end(TWO)],
        [start(ONE), start(TWO), report(ONE), end(ONE), end(TWO), report(TWO)],
        [start(ONE), start(TWO), report(TWO), end(TWO), end(ONE), report(ONE)],
        [start(ONE), end(ONE), start(TWO), end(TWO), start(THREE), report(ONE), report(TWO)],
    ],
    ids=["end-late", "report-late", "second-first", "reports-after-a-third-start"],
)
def test_platform_lines_after_the_next_start(tmp_path: Path, texts: list[str]) -> None:
    store = Store(tmp_path, at_once(texts))
    found = {row.request_id: (row.status, row.billed_ms, len(store.lines[row.request_id])) for row in store.rows}
    assert found[ONE] == found[TWO] == (Status.OK, 100, 3)
    assert store.total.reports == 2


def test_a_line_belongs_to_the_invocation_its_stream_is_in(tmp_path: Path) -> None:
    texts = [start(ONE), "first\n", end(ONE), report(ONE), start(TWO), "second\n", end(TWO), report(TWO)]
    store = Store(tmp_path, at_once(texts))
    assert [store.lines[ONE][1], store.lines[TWO][1]] == ["first\n", "second\n"]


def test_what_kept_an_invocation_from_beginning_stands_before_it(tmp_path: Path) -> None:
    """Old Java runtimes print no INIT_START."""
    trouble = "Error loading class com.acme.Work: com/acme/Work: java.lang.NoClassDefFoundError\n"
    store = Store(tmp_path, at_once([trouble, start(ONE), end(ONE), report(ONE)]))
    assert (store.row.status, store.row.error_type) == (Status.INIT_ERROR, "java.lang.NoClassDefFoundError")
    assert store.lines[ONE][0] == trouble


def test_lines_before_start_belong_to_the_invocation_to_come(tmp_path: Path) -> None:
    init = "INIT_START Runtime Version: python:3.13.v31\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:00\n"
    texts = [init, "loading\n", start(ONE), end(ONE), report(ONE, more="Init Duration: 413.61 ms\t")]
    store = Store(tmp_path, at_once(texts))
    assert store.lines[ONE] == texts
    assert (store.row.init_us, store.total.cold_starts, store.total.init_us) == (413_610, 1, 413_610)
    assert [function.runtime for function in store.functions.values()] == ["python3.13"]


def test_streams_that_never_finish_are_not_held_without_end(tmp_path: Path) -> None:
    """One invocation a stream, and then the next stream: none of them is known to be whole."""
    assembler, most, invocations = Assembler(), 0, 0
    for at in range(MINUTE_MS):
        stream = f"2025/03/31/[$LATEST]{at:032x}"
        assembler.feed(
            [LogEvent(T0 + at, f"START RequestId: {at:08x}-0000-4000-8000-000000000000 Version: 1\n", GROUP, stream)]
        )
        most = max(most, len(assembler._streams))
        if assembler.ready >= 700:
            invocations += assembler.take().invocations.count
    invocations += assembler.take(final=True).invocations.count
    assert most < 21_000
    assert invocations == MINUTE_MS


def test_a_stream_cut_at_both_ends(tmp_path: Path) -> None:
    texts = ["late line\n", end(ONE), report(ONE, 2500.0), start(TWO), end(TWO), report(TWO), start(THREE), "begun\n"]
    store = Store(tmp_path, at_once(texts))
    rows = {row.request_id: row for row in store.rows}
    assert rows[ONE].start_ms == T0 + 2 - 2500  # REPORT's time less its duration
    assert store.lines[ONE][0] == "late line\n"
    assert (rows[THREE].status, rows[THREE].duration_us, rows[THREE].billed_ms) == (Status.UNKNOWN, None, None)
    assert (store.total.invocations, store.total.reports, store.total.errors) == (3, 2, 0)


@pytest.mark.parametrize("later_first", [False, True])
@pytest.mark.parametrize("cut", range(1, 5))
def test_an_invocation_in_two_files_is_one(tmp_path: Path, cut: int, later_first: bool) -> None:
    events = at_once([start(ONE), "a\n", "b\n", end(ONE), report(ONE)])
    pieces = [events[:cut], events[cut:]]
    counted = sum(imported(tmp_path, piece).invocations for piece in (reversed(pieces) if later_first else pieces))
    store = Store(tmp_path)
    assert counted == 1
    assert (store.row.start_ms, store.row.status, store.row.billed_ms) == (T0, Status.OK, 100)
    assert store.lines[ONE] == [event.text for event in events]
    assert (store.total.invocations, store.total.billed_ms) == (1, 100)


def timed_out(request: str, duration_ms: float) -> list[str]:
    return [
        start(request),
        f"2025-03-31T10:00:03.000Z {request} Task timed out after {duration_ms / 1000:.2f} seconds\n\n",
        end(request),
        report(request, duration_ms),
    ]


@pytest.mark.parametrize("second_stream", [STREAM, "2025/03/31/[$LATEST]ffeeddccbbaa99887766554433221100"])
def test_retries_share_a_request_id(tmp_path: Path, second_stream: str) -> None:
    first = at_once(timed_out(ONE, 900_000.0))
    again = at_once([start(ONE), end(ONE), report(ONE, 84.0)], T0 + 960_000, stream=second_stream)
    store = Store(tmp_path, first + again)
    assert [(row.attempt, row.status.label, row.billed_ms) for row in store.rows] == [
        (1, "timeout", 900_000),
        (2, "ok", 84),
    ]
    assert (store.total.invocations, store.total.timeouts, store.total.errors) == (2, 1, 1)
    assert len(store.lines[ONE]) == 7


def test_the_attempts_of_a_request_are_found_together(tmp_path: Path) -> None:
    events = [
        event
        for attempt in range(3)
        for event in at_once(
            timed_out(ONE, 3000.0), T0 + attempt * MINUTE_MS, stream=f"2025/03/31/[$LATEST]{attempt:032x}"
        )
    ]
    assert [row.attempt for row in Store(tmp_path, events).rows] == [1, 2, 3]


MODULE_MISSING = "Unable to import module 'app': No module named 'requests'"
KILLED = f"RequestId: {ONE} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n"
EXITED = f"RequestId: {ONE} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n"
FAILURES = {
    "old timeout": (timed_out(ONE, 3000.0), "timeout", "Sandbox.Timedout"),
    "new timeout": ([start(ONE), end(ONE), report(ONE, 3000.0, "Status: timeout")], "timeout", "Sandbox.Timedout"),
    "both timeouts": (
        [*timed_out(ONE, 3000.0)[:3], report(ONE, 3000.0, "Status: timeout")],
        "timeout",
        "Sandbox.Timedout",
    ),
    "old out of memory": (
        [start(ONE), KILLED, end(ONE), report(ONE, used_mb=128)],
        "out_of_memory",
        "Runtime.OutOfMemory",
    ),
    "new out of memory": (
        [start(ONE), end(ONE), report(ONE, 10.0, "Status: error\tError Type: Runtime.OutOfMemory", used_mb=128)],
        "out_of_memory",
        "Runtime.OutOfMemory",
    ),
    "both out of memory": (
        [
            start(ONE),
            KILLED,
            end(ONE),
            report(ONE, 10.0, "Status: error\tError Type: Runtime.OutOfMemory", used_mb=128),
        ],
        "out_of_memory",
        "Runtime.OutOfMemory",
    ),
    "killed with memory left": ([start(ONE), KILLED, end(ONE), report(ONE, used_mb=60)], "error", "Runtime.ExitError"),
    "old exit": ([start(ONE), EXITED, end(ONE), report(ONE)], "error", "Runtime.ExitError"),
    "new exit": (
        [start(ONE), end(ONE), report(ONE, 10.0, "Status: error\tError Type: Runtime.ExitError")],
        "error",
        "Runtime.ExitError",
    ),
    "both exits": (
        [start(ONE), EXITED, end(ONE), report(ONE, 10.0, "Status: error\tError Type: Runtime.ExitError")],
        "error",
        "Runtime.ExitError",
    ),
    "oldest exit": (
        [start(ONE), end(ONE), report(ONE), f"RequestId: {ONE} Process exited before completing request\n\n"],
        "error",
        "Runtime.ExitError",
    ),
    "oldest out of memory": (
        [start(ONE), report(ONE, used_mb=128), f"RequestId: {ONE} Process exited before completing request\n\n"],
        "out_of_memory",
        "Runtime.OutOfMemory",
    ),
    "exception": ([start(ONE), TRACEBACK, end(ONE), report(ONE)], "error", "KeyError"),
    "exception told twice": ([start(ONE), TRACEBACK, TRACEBACK, end(ONE), report(ONE)], "error", "KeyError"),
    "exception with status": (
        [start(ONE), TRACEBACK, end(ONE), report(ONE, 1.0, "Status: error")],
        "error",
        "KeyError",
    ),
    "init": (
        [
            f"[ERROR] Runtime.ImportModuleError: {MODULE_MISSING}\nTraceback (most recent call last):\n",
            "INIT_REPORT Init Duration: 83.58 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError\n",
            f"[ERROR] Runtime.ImportModuleError: {MODULE_MISSING}\nTraceback (most recent call last):\n",
            "INIT_REPORT Init Duration: 900.00 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError\n",
            start(ONE),
            end(ONE),
            report(ONE, 912.0, "Status: error\tError Type: Runtime.ImportModuleError"),
        ],
        "init_error",
        "Runtime.ImportModuleError",
    ),
    "init in the invoke phase": (
        [
            start(ONE),
            "INIT_REPORT Init Duration: 900.00 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError\n",
            end(ONE),
            report(ONE, 912.0, "Status: error\tError Type: Runtime.ExitError"),
        ],
        "init_error",
        "Runtime.ExitError",
    ),
    "old init": ([start(ONE), MODULE_MISSING + "\n", end(ONE), report(ONE)], "init_error", "Runtime.ImportModuleError"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_counted_once_however_it_is_told(tmp_path: Path, name: str) -> None:
    texts, status, error_type = FAILURES[name]
    store = Store(tmp_path, at_once(texts))
    assert (store.row.status.label, store.row.error_type) == (status, error_type)
    assert (store.result.invocations, store.result.errors, store.total.errors) == (1, 1, 1)
    assert (store.total.timeouts, store.total.out_of_memory) == (status == "timeout", status == "out_of_memory")
    assert [(group.error_type, group.count) for group in store.groups] == [(error_type, 1)]
    assert store.lines[ONE] == texts


@pytest.mark.parametrize(
    "line",
    [
        "[ERROR]\t2025-03-31T10:00:00.000Z\tan id\tcould not reach the queue, will try again\n",
        "[WARNING] KeyError: 'order' was handled\n",
        "the upload timed out, trying again\n",
        "INIT_REPORT Init Duration: 9999.10 ms\tPhase: init\tStatus: timeout\n",
    ],
    ids=["logged", "warned", "said", "init-tried-again"],
)
def test_what_a_program_says_about_errors_is_no_failure(tmp_path: Path, line: str) -> None:
    store = Store(tmp_path, at_once([start(ONE), line, end(ONE), report(ONE)]))
    assert (store.statuses(), store.groups) == (["ok"], [])


def test_a_snapstart_restore_is_a_cold_start(tmp_path: Path) -> None:
    texts = [
        "RESTORE_START Runtime Version: java:17.v22\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:01\n",
        "RESTORE_REPORT Restore Duration: 511.25 ms\n",
        start(ONE),
        end(ONE),
        report(ONE, more="Restore Duration: 789.64 ms\tBilled Restore Duration: 163 ms\t"),
    ]
    store = Store(tmp_path, at_once(texts))
    assert (store.row.restore_us, store.row.billed_restore_ms, store.row.init_us) == (789_640, 163, None)
    assert (store.total.cold_starts, store.statuses(), store.lines[ONE]) == (1, ["ok"], texts)


@pytest.mark.parametrize("used_sampled", ["\tSampled: true\t\n", "\t\n"])
def test_the_trace_id_is_kept(tmp_path: Path, used_sampled: str) -> None:
    trace = "1-67ea9a60-0123456789abcdef01234567"
    last = report(ONE) + f"XRAY TraceId: {trace}\tSegmentId: 0123456789abcdef{used_sampled}"
    store = Store(tmp_path, at_once([start(ONE), end(ONE), last]))
    assert (store.row.trace_id, store.row.billed_ms) == (trace, 100)


@pytest.mark.parametrize("joint", ["\r", "\n", "\r\n"])
def test_whole_invocations_in_one_event_come_apart(tmp_path: Path, joint: str) -> None:
    texts = [
        text.strip() for request in (ONE, TWO) for text in (start(request), "hello", end(request), report(request))
    ]
    store = Store(tmp_path, [Event(T0, joint.join(texts))])
    assert [(row.status.label, row.billed_ms) for row in store.rows] == [("ok", 100), ("ok", 100)]
    assert (store.result.invocations, store.result.rejected) == (2, 0)
    assert [line for line in store.searched if "hello" in line.text]


def test_concurrent_invocations_of_a_nameless_stream(tmp_path: Path) -> None:
    said = "2025-03-31T10:00:00.000Z\t{}\tINFO\tat work\n"
    texts = [start(ONE), start(TWO), start(THREE)]
    texts += [said.format(request) for request in (TWO, ONE, THREE)]
    texts += [f"2025-03-31T10:00:03.000Z {TWO} Task timed out after 3.00 seconds\n\n"]
    texts += [end(ONE), report(ONE), end(THREE), report(THREE), end(TWO), report(TWO, 3000.0)]
    store = Store(tmp_path, at_once(texts, stream=""))
    assert {row.request_id: row.status.label for row in store.rows} == {ONE: "ok", TWO: "timeout", THREE: "ok"}
    for request in (ONE, TWO, THREE):
        assert all(request in line for line in store.lines[request])
    assert [len(store.lines[request]) for request in (ONE, TWO, THREE)] == [4, 5, 4]


def test_logs_of_no_lambda_are_kept_and_found(tmp_path: Path) -> None:
    texts = [f"10.0.0.{number} - GET /orders/{number} HTTP/1.1 200\n" for number in range(600)]
    store = Store(tmp_path, at_once(texts, group="/ecs/web", stream="web/1"))
    assert (store.rows, store.totals, store.result.rejected, store.result.invocations) == ([], [], 0, 0)
    assert [line.text for line in store.searched] == texts
    assert {line.request_id for line in store.searched} == {""}
    again = imported(tmp_path, at_once(texts, group="/ecs/web", stream="web/1"))
    assert again.duplicates == 600
    assert len(Store(tmp_path).searched) == 600


@pytest.mark.parametrize(
    "garbled",
    [
        f"REPORT RequestId: {TWO}\tDuration: x ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 31 MB\n",
        f"REPORT RequestId: {TWO[:20]}\tDuration: 1.00 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\n",
        "START RequestId: \n",
        "END RequestId: \n",
        f"END RequestId: {TWO[:20]}\n",
        f"START RequestId: {TWO} Version: $LATEST END RequestId: {TWO}\n",
        '{"type": "platform.report", "record": {"metrics": {"durationMs": 1.0}}}',
        '{"type": "platform.start", "record": 7}',
    ],
    ids=[
        "number",
        "cut-id",
        "start-without-id",
        "end-without-id",
        "end-cut",
        "run-together",
        "json-no-id",
        "no-record",
    ],
)
def test_a_garbled_platform_line_is_rejected_with_its_reason_and_kept(tmp_path: Path, garbled: str) -> None:
    store = Store(tmp_path, at_once([start(ONE), garbled, end(ONE), report(ONE)]))
    assert (store.result.rejected, store.result.invocations) == (1, 1)
    ((reason, count, text),) = store.rejects
    assert (count, text) == (1, garbled)
    assert reason
    assert (store.statuses(), store.total.billed_ms) == (["ok"], 100)
    assert garbled in [line.text for line in store.searched]


def test_the_same_reject_imported_again_is_one(tmp_path: Path) -> None:
    events = [Event(T0, "START RequestId: \n")]
    assert [imported(tmp_path, events).rejected for _ in range(2)] == [1, 1]
    assert [count for _, count, _ in Store(tmp_path).rejects] == [1]


def test_one_function_of_a_shared_group(tmp_path: Path) -> None:
    streams = [f"2025/03/31/{name}[$LATEST]00112233445566778899aabbccddeeff" for name in ("orders", "mail")]
    events = [
        event
        for request, stream in zip((ONE, TWO), streams, strict=True)
        for event in at_once([start(request), end(request), report(request)], stream=stream, group="/shared")
    ]
    store = Store(tmp_path, events)
    assert {function.key.name for function in store.functions.values()} == {"orders", "mail"}
    assert [total.invocations for total in store.totals] == [1, 1]


def test_an_invocation_over_midnight_is_of_the_day_it_began(tmp_path: Path) -> None:
    midnight = T0 // DAY * DAY + DAY
    events = [Event(midnight - 1, start(ONE)), Event(midnight + 50, end(ONE)), Event(midnight + 50, report(ONE))]
    store = Store(tmp_path, events)
    assert (store.row.start_ms, store.row.end_ms) == (midnight - 1, midnight + 50)
    assert GROUP.endswith(next(iter(store.functions.values())).key.name)


@pytest.mark.parametrize(("low", "high"), [(low, high) for low in range(10) for high in range(low + 1, 11)])
def test_a_page_that_comes_twice_gives_no_line_to_another_invocation(tmp_path: Path, low: int, high: int) -> None:
    """Kinesis delivers at least once: any part of the stream may come again, before the stream goes on."""
    texts = [
        *(start(ONE), "one said\n", end(ONE), report(ONE)),
        *(start(TWO), "two said\n", end(TWO), report(TWO)),
        *(start(THREE), "three said\n", end(THREE), report(THREE)),
    ]
    events = [Event(T0 + at, text, event_id=f"{T0 + at:026d}{at:030d}") for at, text in enumerate(texts)]
    store = Store(tmp_path, [*events[:high], *events[low:high], *events[high:]])
    assert {name: [line for line in lines if "said" in line] for name, lines in store.lines.items()} == {
        ONE: ["one said\n"],
        TWO: ["two said\n"],
        THREE: ["three said\n"],
    }
    assert (store.total.reports, store.result.duplicates) == (3, high - low)


@pytest.mark.parametrize(("low", "high"), [(low, high) for low in range(8) for high in range(low + 1, 9)])
def test_a_page_of_before_leaves_what_goes_on_to_its_invocation(tmp_path: Path, low: int, high: int) -> None:
    texts = [
        *(start(ONE), "one said\n", end(ONE), report(ONE)),
        *(start(TWO), "two said\n", end(TWO), report(TWO)),
        *(start(THREE), "three said\n", end(THREE), report(THREE)),
    ]
    events = [Event(T0 + at, text, event_id=f"{T0 + at:026d}{at:030d}") for at, text in enumerate(texts)]
    store = Store(tmp_path, [*events[:9], *events[low:high], *events[9:]])
    assert [[line for line in store.lines[each] if "said" in line] for each in (ONE, TWO, THREE)] == [
        ["one said\n"],
        ["two said\n"],
        ["three said\n"],
    ]
