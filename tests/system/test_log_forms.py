"""Every form in which people hold logs: the same two invocations come out of each, with the names that it says."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import rows, run
from tests.support.log_forms import FORMS, ONE, STREAM, TWO, iso, jsonl, lines
from tests.support.log_forms_of_clients import ANSWERS
from tests.support.log_forms_printed import ARCHIVES, PRINTED

ALL = FORMS | PRINTED | ANSWERS


@pytest.mark.parametrize("name", ALL)
def test_two_invocations_in_every_form(tmp_path: Path, name: str) -> None:
    form = ALL[name]
    path, store = tmp_path / "export.log", tmp_path / "store.db"
    path.write_bytes(form.text if isinstance(form.text, bytes) else form.text.encode())
    result = run("--db", store, "import", "--function", "given", path, "--json")
    assert (result.exit_code, json.loads(result.stdout)["rejected"], result.stderr) == (0, 0, "")
    found = sorted(
        rows(run("--db", store, "--range", "all", "invocations", "--json")), key=lambda row: row["started_at"]
    )
    names = ("request_id", "status", "duration_ms", "billed_ms", "memory_mb", "max_memory_mb", "function")
    assert sorted(tuple(row[name] for name in names) for row in found) == sorted(
        (request, "ok", 12.34, 13, 128, 40, form.function) for request in (ONE, TWO)
    )
    if form.stream:
        assert {row["log_stream"] for row in found} == {STREAM}
    if form.at:
        assert [row["started_at"] for row in found] == ["2025-11-04T10:00:00Z", "2025-11-04T10:00:10Z"]
    said = rows(run("--db", store, "--range", "all", "logs", "--json", "--limit", 100))
    owners = {row["message"].strip(): row["request_id"] for row in said if "said" in row["message"]}
    assert sorted((text.split("\t")[-1], owner) for text, owner in owners.items()) == [
        ("first said", ONE),
        ("second said", TWO),
    ]


@pytest.mark.parametrize("name", ARCHIVES)
def test_what_an_archive_holds_is_read(tmp_path: Path, name: str) -> None:
    called, data = ARCHIVES[name]
    path, store = tmp_path / called, tmp_path / "store.db"
    path.write_bytes(data)
    result = run("--db", store, "import", "--function", "given", path, "--json")
    assert (result.exit_code, json.loads(result.stdout)["rejected"], result.stderr) == (0, 0, "")
    found = rows(run("--db", store, "--range", "all", "invocations", "--json"))
    assert {row["request_id"] for row in found} == {ONE, TWO}
    assert {row["started_at"] for row in found} == {"2025-11-04T10:00:00Z", "2025-11-04T10:00:10Z"}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_is_cut_leaves_the_other_files_whole(tmp_path: Path, name: str) -> None:
    called, data = ARCHIVES[name]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / called).write_bytes(data[: len(data) // 2])
    (tmp_path / "in" / "zz.log").write_text(str(FORMS["aws logs tail --format short"].text))
    result = run("--db", tmp_path / "store.db", "import", "--function", "given", tmp_path / "in", "--json")
    assert (result.exit_code, json.loads(result.stdout)["invocations"]) == (3, 2)
    assert called in result.stderr


XRAY = "XRAY TraceId: 1-6909cf40-0123456789abcdef01234567\tSegmentId: 0123456789abcdef\tSampled: true\t"


@pytest.mark.parametrize("form", ["aws logs tail --format short", "events"])
def test_a_trace_on_a_line_of_its_own_is_its_reports(tmp_path: Path, form: str) -> None:
    path, store = tmp_path / "export.log", tmp_path / "store.db"
    said = [*lines()[:4], (lines()[3][0], XRAY), *lines()[4:]]
    if form == "events":
        path.write_text(
            jsonl([{"timestamp": ms, "message": line, "eventId": f"{at:056}"} for at, (ms, line) in enumerate(said)])
        )
    else:
        path.write_text("".join(f"{iso(ms)} {line}\n" for ms, line in said))
    run("--db", store, "import", "--function", "given", path)
    found = rows(run("--db", store, "--range", "all", "invocations", "--json"))
    assert {row["request_id"]: row["trace_id"] for row in found} == {ONE: XRAY[14:49], TWO: None}


def test_all_log_lines_are_those_before_and_after_the_invocations_too(tmp_path: Path) -> None:
    path, store = tmp_path / "export.log", tmp_path / "store.db"
    text = FORMS["aws logs tail --format short"].text
    assert isinstance(text, str)
    path.write_text(f"2025-11-01T00:00:00 early\n{text}2025-11-05T00:00:00 late\n")
    run("--db", store, "import", "--function", "given", path)
    said = [row["message"] for row in rows(run("--db", store, "--range", "all", "logs", "--json", "--limit", 100))]
    assert (said[0], said[-1], len(said)) == ("early", "late", 10)


UNMADE = 'received "REPORT RequestId: 6b1e5a0c-3f7d-4b62-9a4e-1d2c3b4a5f60 was lost\n'
REFUSED = {
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0", "binary file (picture): copy the text"),
    "Parquet": (b"PAR1\x15\0", "binary file (Parquet): export it as JSON lines or CSV first"),
    "a web page": (b"<!DOCTYPE html>\n<title>Sign in</title>\n", "this is a web page, not a log"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a Git LFS pointer"),
    "metrics": (json.dumps({"Label": "Duration", "Datapoints": []}).encode(), "CloudWatch metrics, not log lines"),
    "results without messages": (b'{"results": [{"@timestamp": "2025-11-04 10:00:00"}]}', "add @timestamp, @message"),
    "an invoke without its log": (b'{"StatusCode": 200, "ExecutedVersion": "1"}', "invoke with --log-type Tail"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    path, store = tmp_path / "other", tmp_path / "store.db"
    path.write_bytes(REFUSED[name][0])
    told = json.loads(run("--db", store, "import", path, "--json").stdout)
    assert (told["events"], told["rejected"]) == (0, 1)
    assert REFUSED[name][1] in run("--db", store, "db", "info").stdout


def test_platform_lines_that_make_no_invocation_are_told(tmp_path: Path) -> None:
    path, store = tmp_path / "odd.log", tmp_path / "store.db"
    path.write_text(UNMADE)
    result = run("--db", store, "import", "--function", "f", path)
    assert result.exit_code == 3
    assert f"{path} (text) holds START and REPORT lines, but none" in result.stderr


PROGRAMS = {
    "numbers with colons": "1: one\n2: two\n3: three\n",
    "a quoted line": "> prompt\nanswer\n> prompt\nanswer\n",
    "a list": "- first\n- second\n- third\n",
    "a table of its own": "| name | price |\n|---|---|\n| shoe | 12 |\n",
    "a dict": "{'name': 'shoe'\n",
    "a fence": "before\n```\nno log\n```\nafter\n",
    "commas": "one, two\nthree, four\n",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_programs_print_stays_as_it_is(tmp_path: Path, name: str) -> None:
    """Between platform lines that stand alone."""
    path, store = tmp_path / "export.log", tmp_path / "store.db"
    path.write_text(f"START RequestId: {ONE} Version: $LATEST\n{PROGRAMS[name]}END RequestId: {ONE}\n")
    told = json.loads(run("--db", store, "import", "--function", "f", path, "--json").stdout)
    assert (told["invocations"], told["rejected"]) == (1, 0)
    said = rows(run("--db", store, "--range", "all", "logs", "--json", "--limit", 100))
    printed = "\n".join(row["message"] for row in said)
    assert all(line in printed for line in PROGRAMS[name].splitlines())
    assert {row["request_id"] for row in said} == {ONE}
