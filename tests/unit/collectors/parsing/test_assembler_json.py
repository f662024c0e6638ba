"""Invocations from Lambda's JSON log format, which tells more at INFO, less at WARN, and little on Managed Instances."""

import json
from pathlib import Path

import pytest

from tests.support.printed_statements import Store, at_once, end, imported, platform, report, request_id, start

ONE, TWO = request_id(1), request_id(2)
ARN = "arn:aws:lambda:eu-west-1:111122223333:function:fn"
METRICS = {"durationMs": 100.25, "billedDurationMs": 101, "memorySizeMB": 256, "maxMemoryUsedMB": 90}


def began(request: str) -> str:
    return platform("start", requestId=request, functionArn=ARN, version="$LATEST")


def reported(request: str, status: str = "success", **more: object) -> str:
    record = {"requestId": request, "metrics": METRICS, "status": status, **more}
    return platform("report", **record)


def said(request: str, level: str = "INFO", **fields: object) -> str:
    return json.dumps({"timestamp": "2025-03-31T10:00:00Z", "level": level, "requestId": request, **fields})


def test_a_success_and_what_it_says_of_its_function(tmp_path: Path) -> None:
    texts = [
        platform("initStart", initializationType="on-demand", phase="init", runtimeVersion="python:3.13.v31"),
        began(ONE),
        said(ONE, message="hello"),
        platform("runtimeDone", requestId=ONE, status="success"),
        reported(ONE, metrics=METRICS | {"initDurationMs": 210.5}),
    ]
    store = Store(tmp_path, at_once(texts))
    row = store.row
    assert (row.status.label, row.duration_us, row.billed_ms, row.memory_mb) == ("ok", 100_250, 101, 256)
    assert (row.max_memory_mb, row.init_us, store.total.cold_starts) == (90, 210_500, 1)
    assert store.lines[ONE] == texts


def test_the_arn_in_platform_start_names_the_function_of_the_whole_stream(tmp_path: Path) -> None:
    store = Store(
        tmp_path, at_once([platform("initStart", runtimeVersion="python:3.13.v31"), began(ONE), reported(ONE)])
    )
    (function,) = store.functions.values()
    assert (function.runtime, function.key.region, function.key.account) == ("python3.13", "eu-west-1", "111122223333")


def test_the_arn_is_remembered_from_one_import_to_the_next(tmp_path: Path) -> None:
    events = at_once([began(ONE), reported(ONE)])
    assert [imported(tmp_path, [event]).invocations for event in events] == [1, 0]
    assert (Store(tmp_path).row.status.label, len(Store(tmp_path).functions)) == ("ok", 1)


@pytest.mark.parametrize(
    ("last", "status", "error_type"),
    [
        (reported(ONE, "timeout"), "timeout", "Sandbox.Timedout"),
        (reported(ONE, "failure", errorType="Runtime.ExitError"), "error", "Runtime.ExitError"),
        (reported(ONE, "error", errorType="Runtime.OutOfMemory"), "out_of_memory", "Runtime.OutOfMemory"),
        (reported(ONE, "error", errorType="Runtime.ImportModuleError"), "init_error", "Runtime.ImportModuleError"),
        (reported(ONE, "error"), "error", "Unknown"),
    ],
    ids=["timeout", "failure", "out-of-memory", "init", "no-type"],
)
def test_what_report_says_of_a_failure(tmp_path: Path, last: str, status: str, error_type: str) -> None:
    store = Store(tmp_path, at_once([began(ONE), last]))
    assert (store.row.status.label, store.row.error_type, store.total.errors) == (status, error_type, 1)
    assert [(group.error_type, group.count) for group in store.groups] == [(error_type, 1)]


def test_a_failure_told_by_the_runtime_and_by_report_is_one(tmp_path: Path) -> None:
    told = {"log_level": "ERROR", "errorMessage": "'order'", "errorType": "KeyError", "stackTrace": ["line 7"]}
    for folder, texts in {
        "both": [began(ONE), json.dumps(told | {"requestId": ONE}), reported(ONE, "error", errorType="KeyError")],
        "runtime": [began(ONE), json.dumps(told | {"requestId": ONE}), reported(ONE, "failure")],
    }.items():
        (tmp_path / folder).mkdir()
        store = Store(tmp_path / folder, at_once(texts))
        assert [(group.error_type, group.message, group.count) for group in store.groups] == [
            ("KeyError", "'order'", 1)
        ]
        assert (store.statuses(), store.result.errors) == (["error"], 1)


def test_an_error_that_was_only_logged_is_no_failure_where_report_says_success(tmp_path: Path) -> None:
    caught = said(ONE, "ERROR", message={"errorType": "TypeError", "errorMessage": "x is undefined", "stackTrace": []})
    store = Store(tmp_path, at_once([began(ONE), caught, reported(ONE)]))
    assert (store.statuses(), store.groups) == (["ok"], [])


def test_a_report_of_a_managed_instance_has_only_a_duration(tmp_path: Path) -> None:
    store = Store(tmp_path, at_once([began(ONE), reported(ONE, metrics={"durationMs": 12.5})]))
    row, total = store.row, store.total
    assert (row.status.label, row.duration_us) == ("ok", 12_500)
    assert (row.billed_ms, row.memory_mb, row.max_memory_mb, row.init_us) == (None, None, None, None)
    assert (total.reports, total.billed_ms, total.max_memory_mb, total.max_duration_us) == (1, 0, None, 12_500)


def test_at_warn_level_there_is_no_start_and_no_report(tmp_path: Path) -> None:
    texts = [
        said(ONE, "WARN", message="slow"),
        said(ONE, "WARN", message="slower"),
        said(TWO, "ERROR", errorType="KeyError", errorMessage="'order'"),
    ]
    store = Store(tmp_path, at_once(texts))
    found = {row.request_id: row for row in store.rows}
    assert {request: row.status.label for request, row in found.items()} == {ONE: "unknown", TWO: "error"}
    assert {(row.duration_us, row.billed_ms, row.memory_mb) for row in store.rows} == {(None, None, None)}
    assert (store.total.invocations, store.total.reports, store.total.errors) == (2, 0, 1)
    assert (store.total.max_duration_us, len(store.lines[ONE])) == (None, 2)


def test_a_trace_id(tmp_path: Path) -> None:
    trace = "1-67ea9a60-0123456789abcdef01234567"
    tracing = {"spanId": "0123456789abcdef", "type": "X-Amzn-Trace-Id", "value": f"Root={trace};Parent=01;Sampled=1"}
    store = Store(tmp_path, at_once([began(ONE), reported(ONE, tracing=tracing)]))
    assert store.row.trace_id == trace


def test_a_snapstart_restore(tmp_path: Path) -> None:
    figures = METRICS | {"restoreDurationMs": 511.25, "billedRestoreDurationMs": 163}
    texts = [
        platform("restoreStart", initializationType="snap-start", runtimeVersion="java:17.v22"),
        platform("restoreReport", initializationType="snap-start", status="success", metrics={"durationMs": 511.25}),
        began(ONE),
        reported(ONE, metrics=figures),
    ]
    store = Store(tmp_path, at_once(texts))
    assert (store.row.restore_us, store.row.billed_restore_ms, store.total.cold_starts) == (511_250, 163, 1)


def test_both_formats_in_one_stream(tmp_path: Path) -> None:
    texts = [began(ONE), reported(ONE), start(TWO), end(TWO), report(TWO)]
    store = Store(tmp_path, at_once(texts))
    assert [(row.request_id, row.billed_ms) for row in store.rows] == [(ONE, 101), (TWO, 100)]


def test_a_programs_own_json_is_its_line(tmp_path: Path) -> None:
    own = json.dumps({"type": "order", "record": {"requestId": TWO}, "message": "REPORT of the day"})
    store = Store(tmp_path, at_once([began(ONE), own, reported(ONE)]))
    assert (store.lines[ONE][1], store.result.rejected, store.statuses()) == (own, 0, ["ok"])


def test_runtime_done_tells_a_failure_where_the_report_has_no_status(tmp_path: Path) -> None:
    texts = [
        began(ONE),
        platform("runtimeDone", requestId=ONE, status="error", errorType="Runtime.ExitError"),
        platform("report", requestId=ONE, metrics={"durationMs": 1.5}),
        began(TWO),
        said(TWO, "ERROR", errorType="KeyError", errorMessage="'x'"),
        platform("runtimeDone", requestId=TWO, status="error", errorType="Runtime.Unknown"),
        platform("report", requestId=TWO, metrics={"durationMs": 1.5}),
    ]
    store = Store(tmp_path, at_once(texts))
    assert {(row.status.label, row.error_type) for row in store.rows} == {
        ("error", "Runtime.ExitError"),
        ("error", "KeyError"),
    }
