"""Platform lines, text and JSON: what Lambda prints is read back, and nothing that it did not print."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.parsing.error_kinds import ErrorText
from collectors.parsing.platform import AppText, End, InitReport, Note, Report, RestoreReport, Start, Unreadable
from collectors.parsing.platform_json import AppJson, read_json
from collectors.parsing.platform_text import (
    parse_end,
    parse_init_report,
    parse_report,
    parse_restore_report,
    parse_start,
    read_text,
)
from tests.support.places import SHARED

ID = "4f1c2b7e-9d3a-4c55-8e21-0a6b7c8d9e0f"
OTHER = "0b9d8c7e-1f2a-4b3c-9d4e-5f6a7b8c9d0e"
CORPUS = SHARED / "logs" / "corpus.jsonl"


def ms(us: int) -> str:
    return f"{Decimal(us) / 1000:.2f} ms"


def printed(report: Report) -> list[str]:
    """The fields of a REPORT as Lambda prints them, XRAY's line last and apart."""
    fields = [f"REPORT RequestId: {report.request_id}", f"Duration: {ms(report.duration_us or 0)}"]
    for label, value in (("Billed Duration", report.billed_ms),):
        if value is not None:
            fields.append(f"{label}: {value} ms")
    for label, value in (("Memory Size", report.memory_mb), ("Max Memory Used", report.max_memory_mb)):
        if value is not None:
            fields.append(f"{label}: {value} MB")
    if report.init_us is not None:
        fields.append(f"Init Duration: {ms(report.init_us)}")
    if report.restore_us is not None:
        fields.append(f"Restore Duration: {ms(report.restore_us)}")
    if report.billed_restore_ms is not None:
        fields.append(f"Billed Restore Duration: {report.billed_restore_ms} ms")
    if report.status is not None:
        fields.append(f"Status: {report.status}")
    if report.error_type is not None:
        fields.append(f"Error Type: {report.error_type}")
    return fields


def xray(report: Report) -> list[str]:
    if report.trace_id is None:
        return []
    fields = [f"XRAY TraceId: {report.trace_id}", f"SegmentId: {report.segment_id}"]
    return [*fields, f"Sampled: {str(report.sampled).lower()}"] if report.sampled is not None else fields


def tabs(report: Report) -> str:
    traced = xray(report)
    return "\t".join(printed(report)) + "\t\n" + ("\t".join(traced) + "\t\n" if traced else "")


hundredths = st.integers(0, 90_000_000).map(lambda value: value * 10)
hexes = st.text("0123456789abcdef", min_size=24, max_size=24)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    traced = draw(st.booleans())
    status = draw(st.sampled_from([None, "timeout", "error"]))
    return Report(
        str(draw(st.uuids())),
        draw(hundredths),
        draw(st.integers(0, 900_000)),
        draw(st.integers(128, 10240)),
        draw(st.integers(0, 10240)),
        draw(st.none() | hundredths),
        restored := draw(st.none() | hundredths),
        None if restored is None else draw(st.integers(0, 900_000)),
        status,
        draw(st.sampled_from([None, "Runtime.ExitError", "Runtime.OutOfMemory"])) if status == "error" else None,
        f"1-{draw(hexes)[:8]}-{draw(hexes)}" if traced else None,
        draw(hexes)[:16] if traced else None,
        draw(st.none() | st.booleans()) if traced else None,
    )


@given(reports())
def test_a_report_is_read_back_in_every_layout(report: Report) -> None:
    text = tabs(report)
    assert parse_report(text) == report
    assert parse_report(text.rstrip()) == report
    assert parse_report(text.replace("\t\n", "\n").replace("\t", " ")) == report
    assert parse_report(text.replace("\t", "    ")) == report
    assert parse_report(text.replace("\n", "\r\n")) == report
    assert parse_report("2024-03-04T17:22:38.033Z " + text) == report
    first, *rest = printed(report)
    assert parse_report("\t".join([first, *reversed(rest)]) + "\n" + "\t".join(xray(report))) == report
    for joint in ("\n", "\r", "\r\n"):
        lines = [f"START RequestId: {report.request_id} Version: 12", "hello", text.strip().replace("\n", joint)]
        start, app, found = read_text(joint.join(lines))
        assert (start, app, found) == (Start(report.request_id or "", "12"), AppText("hello"), report)


@given(reports(), st.data())
def test_a_cut_report_never_gives_another_number(report: Report, data: st.DataObject) -> None:
    text = tabs(report)
    cut = text[: data.draw(st.integers(0, len(text)))]
    for item in read_text(cut):
        assert isinstance(item, Report | AppText | Unreadable)
        if isinstance(item, Report):
            assert all(seen in (None, true) for seen, true in zip(item[:9], report[:9], strict=True))
            assert item.trace_id in (None, report.trace_id)


@given(reports(), st.data())
def test_a_garbled_report_never_raises_and_never_reads_a_number_that_is_not_printed(
    report: Report, data: st.DataObject
) -> None:
    text = tabs(report)
    at = data.draw(st.integers(0, len(text) - 1))
    garbled = text[:at] + data.draw(st.characters(categories=["L", "S", "P", "Cc"])) + text[at + 1 :]
    for item in read_text(garbled):
        if isinstance(item, Report):
            for number, unit in ((item.billed_ms, "ms"), (item.memory_mb, "MB"), (item.max_memory_mb, "MB")):
                assert number is None or f": {number}" in garbled.replace(f"{number}.0", str(number)), (unit, garbled)


@given(st.text())
@settings(max_examples=300)
def test_any_text_is_read_without_an_exception(text: str) -> None:
    assert read_text(text)
    assert read_text(f"REPORT RequestId: {text}")
    assert read_text(f"REPORT RequestId: {ID}\tDuration: {text} ms")
    assert read_text(f"START RequestId: {ID}\n{text}\nEND RequestId: {ID}\n")


def test_layouts_of_emulators_and_terminals() -> None:
    figures, head = (20_650, 21, 128, 66), f"REPORT RequestId: {ID}"
    for text in (
        f"{head}\tDuration: 20.65 ms\tBilled Duration: 21 ms\tMemory Size: 128 MBMax Memory Used: 66 MB\t",
        f"{head}  Duration: 20.65 msBilled Duration: 21 ms   Memory Size: 128 MB\nMax Memory Used: 66 MB",
        f"{head} Duration: 20.65 ms Billed Duration: 21 msM\nemory Size: 128 MB  Max Memory Used: 66 MB",
        f"\x1b[32mREPORT RequestId: {ID}\tDuration: 20.65 ms\tBilled Duration: 21 ms \tMemory Size: 128 MB\t"
        "Max Memory Used: 66 MB\x1b[0m",
        "REPORT Duration: 20.65 ms\tBilled Duration: 21.00 ms Memory Size: 128 MB\tMax Memory Used: 66 MB",
    ):
        [item] = read_text(text)
        assert isinstance(item, Report), item
        assert item[1:5] == figures
    with_future_field = f"REPORT RequestId: {ID}\tDuration: 5.00 ms\tExtension Duration: 9.00 ms\tBilled Duration: 5 ms"
    assert parse_report(with_future_field)[1:3] == (5_000, 5)


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ("Duration: abc ms", "Duration is not a number of ms"),
        ("Duration: 2.4", "Duration is not a number of ms"),
        ("Duration: 2.46 s\tBilled Duration: 3 ms", "Duration is not a number of ms"),
        (
            "Duration: -2.46 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 3 MB\t\n",
            "Duration is negative",
        ),
        ("Duration: 99999999999.00 ms", "a duration longer than a day"),
        ("Duration: 5.00 ms\tMemory Size: 0 MB", "a memory size that Lambda does not have"),
        ("Duration: 5.00 ms\tMemory Size: 9999999 MB", "a memory size that Lambda does not have"),
        ("Duration: 5.00 ms\tDuration: 6.00 ms", "Duration is printed twice"),
        ("Duration: 5.00 ms\tBilled Duration: 5.5 ms", "Billed Duration is not a whole number of ms"),
        ("Billed Duration: 5 ms", "REPORT without Duration"),
    ],
)
def test_reports_that_cannot_be_read_say_why(rest: str, reason: str) -> None:
    text = f"REPORT RequestId: {ID}\t{rest}"
    with pytest.raises(Unreadable, match=reason):
        parse_report(text)
    [item] = read_text(text)
    assert isinstance(item, Unreadable)
    assert (item.reason, item.text) == (reason, text)


@pytest.mark.parametrize(
    "text",
    [
        "REPORT the bug to someone",
        "START the engine",
        "The REPORT RequestId: is printed by Lambda",
        "END of story. RequestId: none",
        "INIT_START",
        "",
        "plain text\nover two lines\n",
    ],
)
def test_what_a_program_prints_stays_its_own(text: str) -> None:
    items = read_text(text)
    assert all(isinstance(item, AppText | Note) for item in items)
    if items != [Note("INIT_START")]:
        assert items == [AppText(text)]


def test_start_and_end() -> None:
    assert parse_start(f"START RequestId: {ID} Version: $LATEST\n") == Start(ID, "$LATEST")
    assert parse_start(f"START RequestId: {ID} Version: $LATEST.PUBLISHED") == Start(ID, "$LATEST.PUBLISHED")
    assert parse_start(f"START RequestId: {ID} Version: $LAT") == Start(ID, None)
    assert parse_start("START RequestId: 123 Version: 7") == Start("123", "7")
    assert parse_end(f"END RequestId: {ID}\n") == End(ID)
    assert parse_end("END RequestId: 123") == End("123")
    for cut in (f"END RequestId: {ID[:20]}", "END RequestId: "):
        with pytest.raises(Unreadable):
            parse_end(cut)
    with pytest.raises(Unreadable):
        parse_start(f"START RequestId: {ID} Version: 1 END RequestId: {ID}")


def test_init_restore_and_notes() -> None:
    assert parse_init_report("INIT_REPORT Init Duration: 83.58 ms\tPhase: init\tStatus: error\tError Type: A.B") == (
        InitReport(83_580, "init", "error", "A.B")
    )
    assert parse_restore_report("RESTORE_REPORT Restore Duration: 511.25 ms") == RestoreReport(511_250)
    assert read_text("INIT_REPORT Phase: init  Status: error  Error Type: Extension.Crash") == [
        InitReport(None, "init", "error", "Extension.Crash")
    ]
    assert read_text(
        "INIT_START Runtime Version: python:3.13.v31\tRuntime Version ARN: arn:aws:lambda:x::runtime:y"
    ) == [Note("INIT_START", "python:3.13.v31")]
    assert read_text("EXTENSION\tName: collector\tState: Ready\tEvents: [INVOKE]") == [
        Note("EXTENSION", name="collector")
    ]
    for text in ("INIT_REPORT Init Duration: 12.", "RESTORE_REPORT Restore Duration: x ms"):
        assert isinstance(read_text(text)[0], Unreadable)


def test_a_pasted_invocation_comes_apart() -> None:
    text = (
        f"2024-03-04T17:22:38.033Z START RequestId: {ID} Version: 3\n\nTraceback:\n  line\n\n"
        f"2024-03-04T17:22:39.033Z END RequestId: {ID}\r\nREPORT RequestId: {ID}\tDuration: 1.50 ms\n"
        f"  Billed Duration: 2 ms\n\nbye\nSTART RequestId: {OTHER} Version: 3"
    )
    assert read_text(text) == [
        Start(ID, "3"),
        AppText("Traceback:\n  line"),
        End(ID),
        Report(ID, 1_500, 2),
        AppText("bye"),
        Start(OTHER, "3"),
    ]


@pytest.mark.parametrize(
    "hostile", ["\n" * 20_000, "REPORT RequestId: x\n" * 2_000, "Duration: " * 2_000, "\x1b[" * 9_000]
)
def test_hostile_text_costs_no_depth_and_little_time(hostile: str) -> None:
    assert read_text(f"REPORT RequestId: {ID}\t{hostile}")


def platform(kind: str, record: object) -> dict[str, object]:
    return {"time": "2024-02-09T08:42:44.080Z", "type": f"platform.{kind}", "record": record}


@given(reports())
def test_a_json_report_is_read_back(report: Report) -> None:
    metrics = {
        "durationMs": (report.duration_us or 0) / 1000,
        "billedDurationMs": report.billed_ms,
        "memorySizeMB": report.memory_mb,
        "maxMemoryUsedMB": report.max_memory_mb,
    }
    if report.init_us is not None:
        metrics["initDurationMs"] = report.init_us / 1000
    if report.restore_us is not None:
        metrics |= {"restoreDurationMs": report.restore_us / 1000, "billedRestoreDurationMs": report.billed_restore_ms}
    record: dict[str, object] = {"requestId": report.request_id, "metrics": metrics, "status": report.status}
    if report.error_type:
        record["errorType"] = report.error_type
    if report.trace_id:
        sampled = "" if report.sampled is None else f";Sampled={int(report.sampled)}"
        value = f"Root={report.trace_id};Parent=35465b3a9e2f7c6a{sampled}"
        record["tracing"] = {"spanId": report.segment_id, "type": "X-Amzn-Trace-Id", "value": value}
    assert read_json(json.loads(json.dumps(platform("report", record)))) == report


def test_json_platform_events() -> None:
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:mine"
    assert read_json(platform("start", {"requestId": ID, "version": "8", "functionArn": arn})) == Start(ID, "8", arn)
    managed = read_json(platform("report", {"requestId": ID, "status": "success", "metrics": {"durationMs": 1.148}}))
    assert managed == Report(ID, 1_148, status="success")
    assert read_json(
        platform("initReport", {"phase": "init", "status": "success", "metrics": {"durationMs": 463.512}})
    ) == (InitReport(463_512, "init", "success"))
    dropped = read_json(platform("logsDropped", {"droppedBytes": 12345, "droppedRecords": 123, "reason": "slow"}))
    assert dropped == Note("platform.logsDropped", dropped_records=123, dropped_bytes=12345, reason="slow")
    restored = platform("restoreReport", {"status": "failure", "errorType": "Boom"})
    assert read_json(restored) == RestoreReport(None, "failure", "Boom")
    assert read_json(platform("fault", "something broke")) == Note("platform.fault")
    fault = read_json(
        platform("fault", f"RequestId: {ID} Error: Runtime exited with error: exit status 3\nRuntime.ExitError")
    )
    assert isinstance(fault, AppJson)
    assert fault.request_id == ID
    assert fault.error == ErrorText("Runtime.ExitError", "Runtime exited with error: exit status 3", "exit")


@pytest.mark.parametrize(
    "record",
    [
        None,
        {"metrics": {"durationMs": 1}},
        {"requestId": ID, "metrics": {"durationMs": "1"}},
        {"requestId": ID, "metrics": {"durationMs": -1}},
        {"requestId": ID, "metrics": {"durationMs": 1, "billedDurationMs": 1.5}},
        {"requestId": ID, "metrics": {"durationMs": float("inf")}},
        {"requestId": ID, "metrics": {"durationMs": True}},
    ],
)
def test_json_reports_that_cannot_be_read(record: object) -> None:
    assert isinstance(read_json(platform("report", record)), Unreadable)


def test_application_lines_in_json() -> None:
    line = {"timestamp": "2026-10-08T07:30:41.808Z", "level": "info", "requestId": ID, "message": {"a": 1}}
    assert read_json(line) == AppJson(ID, "INFO", None, '{"a":1}')
    assert read_json({"AWSRequestId": ID, "message": "x"}) == AppJson(ID, None, None, "x")


def corpus() -> list[dict[str, object]]:
    if not CORPUS.exists():
        pytest.skip(f"the collection of real log lines is not here: {CORPUS}")
    return [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]


def test_real_lines_are_read_as_an_independent_reader_read_them() -> None:
    total, wrong = 0, []
    for row in corpus():
        text, expected = str(row["text"]), row.get("expect")
        if not isinstance(expected, dict):
            assert not any(isinstance(item, Unreadable) for item in read_text(text)), text
            continue
        report = next((item for item in read_text(text) if isinstance(item, Report)), Report(None, None))
        for field, value in expected.items():
            total += 1
            if _field(report, field) != value:
                wrong.append((field, value, text))
    assert total > 2_000
    assert len(wrong) <= total * 0.002, wrong


def _field(report: Report, field: str) -> object:
    if field in ("duration_ms", "init_ms", "restore_ms"):
        us = getattr(report, field.replace("_ms", "_us"))
        return None if us is None else us / 1000
    if field == "xray_sampled":
        return str(report.sampled).lower()
    return getattr(report, field.removeprefix("xray_"))
