"""Logs as other tools keep and print them: prefixed, in tables, as CSV, in shippers' and search engines' JSON."""

import json
from base64 import b64encode
from pathlib import Path

import pytest

from tests.support.command_line import rows, run

ID = "4f1c2b7e-9d3a-4c55-8e21-0a6b7c8d9e0f"
OTHER = "5a2d3c8f-0e4b-4d66-9f32-1b7c8d9e0f1a"
STREAM = "2024/03/04/[$LATEST]0123456789abcdef0123456789abcdef"
START, END = f"START RequestId: {ID} Version: $LATEST", f"END RequestId: {ID}"
FIGURES = "Duration: 24.60 ms\tBilled Duration: 25 ms\tMemory Size: 256 MB\tMax Memory Used: 71 MB"
REPORT = f"REPORT RequestId: {ID}\t{FIGURES}\t"
TRACE = "1-65e60000-0123456789abcdef01234567"
DAY, FIRST_MS = "2024-03-04", 1_709_572_958_000
TRACEBACK = [
    "[ERROR] KeyError: 'sku'",
    "Traceback (most recent call last):",
    '  File "/var/task/shop.py", line 7, in sell',
]


def every(prefix: str, *, traceback: bool = False) -> str:
    """An invocation with ``prefix`` before each line."""
    said = TRACEBACK if traceback else ["all is well"]
    return "".join(f"{prefix}{line}\n" for line in (START, *said, END, REPORT))


def timed(form: str) -> str:
    """The same, with a time in the prefix: ``{0}`` is the second."""
    return "".join(f"{form.format(38 + at)}{line}\n" for at, line in enumerate((START, "all is well", END, REPORT)))


PRINTED = {
    "a container's name": every("shop-fn-1  | "),
    "a container's name and time": timed("shop-fn-1  | 2024-03-04T17:22:{}.033000001Z "),
    "quoted": every("> "),
    "an ellipsis for the time": every("... "),
    "a comment": every("# "),
    "the time of day": timed("17:22:{} "),
    "a time and a tab": timed("2024-03-04T17:22:{}.033Z\t"),
    "a time and a bar": timed("2024-03-04T17:22:{}.033+00:00 | "),
    "bars, from the second on": timed("  | 2024-03-04T17:22:{}.033+00:00 | ").removeprefix("  | "),
    "day first, function and stream": timed("04 Mar 2024 17:22:{}.033 <shop 01ab23c> "),
    "a time and a padded name": timed(" 2024-03-04T17:22:{}.033+00:00[             shop-0a1b2c] "),
    "an emulator's debug lines": timed("2024-03-04T17:22:{0}.033 DEBUG --- [worker-{0}] a.b.manager : > "),
    "a bracketed time and a stream's end": timed("[2024-03-04T17:22:{}+00:00] (01ab23c45d) "),
    "a group and a stream": every(f"/aws/lambda/shop {STREAM} "),
    "text of the command line": timed("EVENTS\t17095729{}000\t"),
    "a table": "| timestamp | message |\n|---|---|\n"
    + "".join(f"| 17095729580{at}0 | {line} |\n" for at, line in enumerate((START, "all | is well", END, REPORT))),
    "a table with a column after": "| @timestamp | @message | @log |\n| --- | --- | --- |\n"
    + "".join(f"| 2024-03-04 17:22:38.03{at} | {line} | 123456789012:/aws/lambda/shop |\n" for at, line in enumerate((REPORT, END, START))),
    "unfolded in the console": "".join(f"2024-03-04T17:22:38.033Z\n{line}\n\n{line.replace(chr(9), ' ')}\n" for line in (START, END, REPORT)),
    "times on lines of their own, with a blank": "".join(f"2024-03-04 17:22:38.033\t\n{line}\n" for line in (START, END, REPORT)),
    "without colons, as docker-lambda's .NET": f"{START}\nall is well\nEND  RequestId: {ID}\n"
    + f"REPORT RequestId {ID}\t{FIGURES.replace('Size:', 'Size')}\n",
    "an answer with a program's request id below": f"{START}\n{END}\n{REPORT}\n{{\"result\": 1, \"requestId\": \"request-1\"}}\n",
    "items of a list among others": f"{START}\n{END}\n- {REPORT}\n",
    "an array of lines, blank ones too": json.dumps([f"{START}\n", "\n", f"{END}\n", f"{REPORT}\n", "\n"]),
    "an answer's body, with its words beside": json.dumps({"statusCode": 200, "body": {"message": "fetched", "data": {"events": [
        {"timestamp": FIRST_MS + at, "message": f"{text}\n"} for at, text in enumerate((START, END, REPORT))]}}}),
    "XRAY after a blank line": f"{START}\n{END}\n{REPORT}\n\nXRAY TraceId: {TRACE}\tSegmentId: 0123456789abcdef\tSampled: true\n",
    "a REPORT field by field": f"{START}\n{END}\nREPORT RequestId: {ID}\n" + FIGURES.replace("\t", "\n"),
}  # fmt: skip


@pytest.mark.parametrize("form", PRINTED)
def test_a_prefix_is_no_part_of_the_text(tmp_path: Path, form: str) -> None:
    found = imported(tmp_path, PRINTED[form])
    assert [figures(row) for row in found] == [(ID, "ok", 24.6, 25, 256, 71)]


@pytest.mark.parametrize("prefix", ["shop-fn-1  | ", "> ", f"/aws/lambda/shop {STREAM} "])
def test_a_prefixed_traceback_is_one_failure(tmp_path: Path, prefix: str) -> None:
    (found,) = imported(tmp_path, every(prefix, traceback=True))
    assert (found["status"], found["error_type"]) == ("error", "KeyError")


def test_a_prefix_says_when_and_which_function(tmp_path: Path) -> None:
    text = timed(" 2024-03-04T17:22:{}.033+01:00[         shop-0a1b2c] ")
    text += timed(" 2024-03-04T17:23:{}.033+01:00[  warehouse-3d4e5f] ").replace(ID, OTHER)
    found = imported(tmp_path, text)
    assert sorted((row["function"], row["started_at"]) for row in found) == [
        ("shop-0a1b2c", "2024-03-04T16:22:38.033Z"),
        ("warehouse-3d4e5f", "2024-03-04T16:23:38.033Z"),
    ]


def test_xray_belongs_to_the_report_above_the_blank_line(tmp_path: Path) -> None:
    (found,) = imported(tmp_path, PRINTED["XRAY after a blank line"])
    assert found["trace_id"] == TRACE


def test_what_a_program_prints_of_another_is_no_prefix(tmp_path: Path) -> None:
    """Platform lines that begin their lines: one that stands in a line is a program's text."""
    text = f"{START}\nreceived START RequestId: {OTHER} Version: 3\nreceived END RequestId: {OTHER}\n{END}\n{REPORT}\n"
    assert [figures(row)[0] for row in imported(tmp_path, text)] == [ID]


def test_an_export_in_which_a_program_prints_another_s_report(tmp_path: Path) -> None:
    """The first lines of the file have no platform line of their own."""
    lines = [f"2024-03-04T17:22:{at:02}.033Z forwarded {at} events" for at in range(10, 30)]
    lines.insert(5, f"2024-03-04T17:22:15.033Z forwarding REPORT RequestId: {OTHER}\t{FIGURES}")
    imported(tmp_path, "\n".join(lines))
    listed = rows(run("--db", tmp_path / "store.db", "--from", DAY, "--to", "2024-03-05", "logs", "--json"))
    assert [line["message"] for line in listed][-1] == "forwarded 29 events"
    assert len(listed) == 21


# --- CSV ----------------------------------------------------------------------------------------------------------


def test_csv_of_the_console(tmp_path: Path) -> None:
    text = f'timestamp,message\n{FIRST_MS},"{START}\n"\n'
    text += f'{FIRST_MS + 1},"[ERROR] KeyError: \'sku\'\nTraceback (most recent call last):\n  said ""no"", twice"\n'
    text += f'{FIRST_MS + 2},"{END}\n"\n{FIRST_MS + 3},"{REPORT}\n"\n'
    (found,) = imported(tmp_path, text, name="log-events-viewer-result.csv")
    assert figures(found) == (ID, "error", 24.6, 25, 256, 71)
    assert found["started_at"] == "2024-03-04T17:22:38Z"
    lines = rows(run("--db", tmp_path / "store.db", "--range", "all", "logs", "--json"))
    assert [line["message"] for line in lines if "KeyError" in line["message"]] == [
        "[ERROR] KeyError: 'sku'\nTraceback (most recent call last):\n  said \"no\", twice"
    ]


@pytest.mark.parametrize("headed", [True, False])
def test_csv_of_logs_insights_and_without_a_header(tmp_path: Path, headed: bool) -> None:
    if headed:
        text = "@timestamp,@message,@logStream,@log\n"
        text += "".join(
            f'2024-03-04 17:22:38.03{at},"{line}\n",{STREAM},123456789012:/aws/lambda/shop\n'
            for at, line in enumerate((REPORT, END, START))
        )
    else:
        text = "".join(f'{FIRST_MS + at},"{line}"\r\n' for at, line in enumerate((START, END, REPORT)))
    (found,) = imported(tmp_path, text)
    assert figures(found) == (ID, "ok", 24.6, 25, 256, 71)
    assert not headed or (found["function"], found["log_stream"]) == ("shop", STREAM)


def test_csv_with_a_lost_quote_and_rows_that_cannot_be_read(tmp_path: Path) -> None:
    text = f'timestamp,message\nyesterday,"x"\n{FIRST_MS},"{START}\n{FIRST_MS + 1},"{END}"\n{FIRST_MS + 2},"{REPORT}"\n'
    (found,) = imported(tmp_path, text, rejected=1)
    assert figures(found) == (ID, "ok", 24.6, 25, 256, 71)


def test_a_table_of_other_things_is_no_log(tmp_path: Path) -> None:
    assert imported(tmp_path, "name,price\nshoe,12\n") == []


# --- JSON of shippers and search engines --------------------------------------------------------------------------

LEVELLED = [
    {"level": "info", "timestamp": f"{DAY}T17:22:38Z", "fields": None, "message": line} for line in (START, REPORT)
]
DOCKER = [
    {"log": f"{line}\n", "stream": "stdout" if "ERROR" in line else "stderr", "time": f"{DAY}T17:22:38.00{at}Z"}
    for at, line in enumerate((START, TRACEBACK[0], REPORT))
]
SUBSCRIPTION = {
    "messageType": "DATA_MESSAGE",
    "owner": "123456789012",
    "logGroup": "/aws/lambda/shop",
    "logStream": STREAM,
    "logEvents": [
        {"id": str(at), "timestamp": FIRST_MS + at, "message": line} for at, line in enumerate((START, REPORT))
    ],
}
LOKI = {
    "stream": {"group": "/aws/lambda/shop"},
    "values": [[f"{FIRST_MS + at}000000", line] for at, line in enumerate((START, REPORT))],
}
FOUND = {
    "@timestamp": f"{DAY}T17:22:38.000Z", "message": REPORT, "log_group": "/aws/lambda/shop", "log_stream": STREAM,
}  # fmt: skip
SHIPPED = {
    "with a level of the shipper's": "".join(json.dumps(line) + "\n" for line in LEVELLED),
    "pretty-printed, an event a line": json.dumps(SUBSCRIPTION, indent=2)
    .replace("\n      ", " ")
    .replace("\n    }", " }"),
    "Loki's answer": json.dumps({"status": "success", "data": {"resultType": "streams", "result": [LOKI]}}),
    "Loki's lines": "".join(
        json.dumps({"labels": {}, "line": line, "timestamp": f"{DAY}T17:22:38Z"}) + "\n" for line in (START, REPORT)
    ),
    "Elasticsearch's hits": json.dumps(
        {"took": 1, "hits": {"total": {"value": 1}, "hits": [{"_id": "a", "_source": FOUND}]}}
    ),
    "Splunk's results": json.dumps({"preview": False, "result": {"_raw": REPORT, "_time": f"{DAY}T17:22:38+00:00"}}),
    "Datadog's logs": json.dumps({"data": [{"id": "A", "type": "log", "attributes": {"status": "info", **FOUND}}]}),
}


@pytest.mark.parametrize("form", SHIPPED)
def test_what_a_shipper_wrapped_is_read(tmp_path: Path, form: str) -> None:
    assert [figures(row) for row in imported(tmp_path, SHIPPED[form])] == [(ID, "ok", 24.6, 25, 256, 71)]


def test_a_containers_two_outputs_are_one_environment(tmp_path: Path) -> None:
    (found,) = imported(tmp_path, "".join(json.dumps(line) + "\n" for line in DOCKER))
    assert (found["status"], found["error_type"]) == ("error", "KeyError")


def test_the_telemetry_apis_envelope_is_taken_off(tmp_path: Path) -> None:
    record = {"requestId": ID, "version": "$LATEST"}
    metrics = {"durationMs": 24.6, "billedDurationMs": 25, "memorySizeMB": 256, "maxMemoryUsedMB": 71}
    told = [
        {"time": f"{DAY}T17:22:38.000Z", "type": "platform.start", "record": record},
        {"time": f"{DAY}T17:22:38.001Z", "type": "function", "record": "\n".join(TRACEBACK)},
        {"time": f"{DAY}T17:22:38.002Z", "type": "extension", "record": {"message": "flushed", "level": "INFO"}},
        {"time": f"{DAY}T17:22:38.003Z", "type": "platform.report", "record": {**record, "metrics": metrics}},
    ]
    (found,) = imported(tmp_path, json.dumps(told))
    assert (*figures(found), found["error_type"]) == (ID, "error", 24.6, 25, 256, 71, "KeyError")


def test_a_programs_own_json_stays_a_line(tmp_path: Path) -> None:
    """It may have data, a result or hits of its own, and a line number."""
    own = [
        {"level": "INFO", "data": {"message": "no event"}, "timestamp": f"{DAY}T17:22:38Z"},
        {"level": "INFO", "message": "sold", "line": 88, "hits": [1, 2], "timestamp": f"{DAY}T17:22:38Z"},
    ]
    assert imported(tmp_path, "".join(json.dumps(line) + "\n" for line in own)) == []
    lines = rows(run("--db", tmp_path / "store.db", "--from", DAY, "--to", "2024-03-05", "logs", "--json"))
    assert sorted(line["message"] for line in lines) == sorted(json.dumps(line) for line in own)


def test_empty_files_are_told(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.log").write_text("\n" * number)
    (tmp_path / "8.log").write_text(every(""))
    result = run("--db", tmp_path / "store.db", "import", tmp_path)
    told = result.stderr.splitlines()
    assert result.exit_code == 0
    assert told[0] == f"lambdatui import: {tmp_path}/0.log is empty"
    assert (len(told), told[-1]) == (6, "lambdatui import: 2 more are empty")


def test_a_region_spelled_almost_right_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(every(""))
    told = {
        region: run("--db", tmp_path / "store.db", "import", "--region", region, tmp_path / "a.log").stderr
        for region in ("eu-wset-1", "eu-west-1")
    }
    assert "did you mean eu-west-1? It is kept" in told["eu-wset-1"]
    assert told["eu-west-1"] == ""


def imported(tmp_path: Path, text: str, *, name: str = "export.log", rejected: int = 0) -> list[dict[str, object]]:
    path, store = tmp_path / name, tmp_path / "store.db"
    path.write_text(text, newline="")
    told = json.loads(run("--db", store, "import", path, "--json").stdout)
    assert told["rejected"] == rejected
    return rows(run("--db", store, "--range", "all", "invocations", "--json"))


def figures(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(
        row[name] for name in ("request_id", "status", "duration_ms", "billed_ms", "memory_mb", "max_memory_mb")
    )


def test_serverless_frameworks_ends_are_reports_of_invocations_without_an_id(tmp_path: Path) -> None:
    text = f"START\n2024-03-04 17:22:38.033\tINFO\tall is well\nEND {FIGURES}\nSTART\nEND {FIGURES}\nSTART\nEND {FIGURES}\n"
    (tmp_path / "sls.log").write_text(text)
    db = tmp_path / "s.db"
    for _ in range(2):  # the same text again is the same invocations
        done = run("--db", db, "import", tmp_path / "sls.log", "--function", "shop")
        assert done.exit_code == 0, done.stderr
    found = rows(run("--db", db, "--range", "all", "invocations", "--json"))
    assert [(row["duration_ms"], row["billed_ms"]) for row in found] == [(24.6, 25)] * 3
    assert len({row["request_id"] for row in found}) == 3
    assert min(row["started_at"] for row in found) == "2024-03-04T17:22:38.033Z"


def test_an_answer_printed_by_node_that_begins_with_brackets(tmp_path: Path) -> None:
    fields = f"[\n  [\n    {{\n      field: '@message',\n      value:\n        'REPORT RequestId: {ID}\\t{FIGURES}\\t\\n',\n    }},\n"
    fields += "    { field: '@timestamp', value: '2024-03-04 17:22:38.033' },\n  ]\n]\n"
    (tmp_path / "a.log").write_text(
        fields.replace("\tBilled", "\\tBilled").replace("\tMem", "\\tMem").replace("\tMax", "\\tMax")
    )
    run("--db", tmp_path / "s.db", "import", tmp_path / "a.log", "--function", "shop")
    found = rows(run("--db", tmp_path / "s.db", "--range", "all", "invocations", "--json"))
    assert [(row["request_id"], row["billed_ms"]) for row in found] == [(ID, 25)]


def test_lines_without_a_time_after_start_are_lines_of_their_own(tmp_path: Path) -> None:
    failed = 'ERROR\tInvoke Error \t\n{\n    "errorType": "Denied",\n    "errorMessage": "not yours"\n}'
    text = f"2024-03-04T17:22:38.033Z {START}\n{failed}\n2024-03-04T17:22:39.033Z {END}\n2024-03-04T17:22:39.033Z {REPORT}\n"
    (tmp_path / "a.log").write_text(text)
    run("--db", tmp_path / "s.db", "import", tmp_path / "a.log", "--function", "shop")
    found = rows(run("--db", tmp_path / "s.db", "--range", "all", "errors", "--json"))
    assert [(row["error_type"], row["message"]) for row in found] == [("Denied", "not yours")]


def test_serverless_frameworks_ends_that_tell_no_more_than_memory_used(tmp_path: Path) -> None:
    text = "START\n2024-03-04 17:22:38.033\tINFO\tall is well\nEND Duration: 24.60 ms (init: 198.57 ms) Memory Used: 71 MB\n"
    text += "START\nEND Duration: 2.34 ms Memory Used: 71 MB\n"
    (tmp_path / "sls.log").write_text(text)
    run("--db", tmp_path / "s.db", "import", tmp_path / "sls.log", "--function", "shop")
    found = rows(run("--db", tmp_path / "s.db", "--range", "all", "invocations", "--json"))
    told = [
        (row["status"], row["duration_ms"], row["billed_ms"], row["init_ms"], row["max_memory_mb"]) for row in found
    ]
    assert sorted(told) == [("ok", 2.34, None, None, 71), ("ok", 24.6, None, 198.57, 71)]


def test_csv_whose_messages_stand_before_their_times(tmp_path: Path) -> None:
    lines = [f'"{text}\n",{FIRST_MS + at}\n' for at, text in enumerate((START, 'a ""quoted"", word', END, REPORT))]
    (tmp_path / "a.csv").write_text("message,timestamp\n" + "".join(lines))
    run("--db", tmp_path / "s.db", "import", tmp_path / "a.csv", "--function", "shop")
    found = rows(run("--db", tmp_path / "s.db", "--range", "all", "invocations", "--json"))
    assert [(row["request_id"], row["started_at"]) for row in found] == [(ID, "2024-03-04T17:22:38Z")]


def test_an_answer_that_python_printed_with_an_object_in_it(tmp_path: Path) -> None:
    log = b64encode("\n".join((START, "all is well", END, REPORT, "")).encode()).decode()
    answer = (
        f"{{'StatusCode': 200, 'LogResult': '{log}', 'Payload': <botocore.response.StreamingBody object at 0x7f00aa>}}"
    )
    (tmp_path / "a.log").write_text(f"{answer}\n")
    done = run("--db", tmp_path / "s.db", "import", tmp_path / "a.log", "--function", "shop")
    assert done.exit_code == 0, done.stderr
    found = rows(run("--db", tmp_path / "s.db", "--range", "all", "invocations", "--json"))
    assert [figures(row) for row in found] == [(ID, "ok", 24.6, 25, 256, 71)]


@pytest.mark.parametrize("between", [" | ", "\t"])
def test_the_consoles_button_is_no_part_of_what_was_copied(tmp_path: Path, between: str) -> None:
    late = f"2024-03-04T17:22:41.033Z {ID} Task timed out after 3.03 seconds"
    begins = [f"{'  | ' if at and '|' in between else ''}2024-03-04T17:22:{38 + at}.033+00:00" for at in range(4)]
    lines = [f"{begun}{between}{text}" for begun, text in zip(begins, (START, END, REPORT), strict=False)]
    (found,) = imported(tmp_path, "\n".join([*lines, f"{begins[3]}Copy{late}{between}{late}"]))
    assert (found["request_id"], found["status"]) == (ID, "timeout")


def test_code_that_is_indented_amid_words_is_read_as_it_was_printed(tmp_path: Path) -> None:
    lines = [START, "Unable to import module 'index': Error at Module.require (module.js:353:17)", END, REPORT]
    text = "The log says:\n\n" + "".join(f"    {line}\n" for line in lines) + "\nWhat does it mean?\nIt was fine.\n"
    (found,) = imported(tmp_path, text)
    assert (found["status"], found["error_type"]) == ("init_error", "Runtime.ImportModuleError")


def test_cells_after_the_text_of_a_table_without_a_header_name_its_place(tmp_path: Path) -> None:
    cells = f" | 123456789012:/aws/lambda/shop | {STREAM} |"
    text = "".join(
        f"| 2024-03-04T17:22:{38 + at}.033Z | {line}{cells}\n" for at, line in enumerate((START, "well", END, REPORT))
    )
    (found,) = imported(tmp_path, text)
    assert (found["function"], found["log_stream"], *figures(found)[1:]) == ("shop", STREAM, "ok", 24.6, 25, 256, 71)
    lines = rows(run("--db", tmp_path / "store.db", "--range", "all", "logs", "--json"))
    assert "well" in [line["message"] for line in lines]


def test_insights_rows_of_figures_alone_are_reports(tmp_path: Path) -> None:
    head = "@timestamp,@requestId,@duration,@billedDuration,@memorySize,@maxMemoryUsed,@initDuration"
    rest = f"2024-03-04 17:22:38.033,{ID},24.6,25.0,2.56E8,7.1E7,100.5\n2024-03-04 17:22:39.033,,,,,,\n"
    (tmp_path / "a.csv").write_text(f"{head}\n{rest}2024-03-04 17:22:40.033,{OTHER},x,25,2.56E8,,\n")
    done = run("--db", tmp_path / "s.db", "import", tmp_path / "a.csv", "--function", "shop", "--json")
    assert (json.loads(done.stdout)["invocations"], json.loads(done.stdout)["rejected"]) == (1, 1)
    (found,) = rows(run("--db", tmp_path / "s.db", "--range", "all", "invocations", "--json"))
    figures = ("request_id", "duration_ms", "billed_ms", "memory_mb", "max_memory_mb", "init_ms")
    assert tuple(found[name] for name in figures) == (ID, 24.6, 25, 256, 71, 100.5)
