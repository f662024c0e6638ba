"""Exported logs in every form, whole and damaged."""

import bz2
import gzip
import io
import json
import lzma
import os
import random
import stat
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.records import FunctionKey, LogEvent, Reject
from collectors.sources.base import SourceFailed
from collectors.sources.files.reader import FileReader
from collectors.sources.inputs.input_files import InputFile, OpenedFile, input_files
from collectors.sources.inputs.timestamps import BadTimestamp, epoch_ms

NOBODY = FunctionKey("")
ID = "4f1c2b7e-9d3a-4c55-8e21-0a6b7c8d9e0f"
T0 = 1_709_572_958_033  # 2024-03-04T17:22:38.033Z
ISO = "2024-03-04T17:22:38.033Z"
STREAM = "2024/03/04/[$LATEST]0123456789abcdef0123456789abcdef"
REPORT = (
    f"REPORT RequestId: {ID}\tDuration: 2.46 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n"
)
INVOCATION = [f"START RequestId: {ID} Version: $LATEST\n", "hello\n", f"END RequestId: {ID}\n", REPORT]


def read(path: Path, defaults: FunctionKey = NOBODY) -> tuple[list[LogEvent], list[Reject]]:
    events: list[LogEvent] = []
    rejects: list[Reject] = []
    for source in input_files([str(path)]):
        reader = FileReader(OpenedFile(source), defaults)
        for block in reader.blocks():
            events.extend(block)
            rejects += reader.rejects
            reader.rejects.clear()
        rejects += reader.rejects
        assert reader.events <= len(events)
    return events, rejects


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(content: str | bytes, name: str = "export.txt") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def lines(objects: Iterable[object]) -> str:
    return "".join(json.dumps(line) + "\n" for line in objects)


def filtered(number: int = 3, **more: Any) -> list[dict[str, Any]]:
    """Events as FilterLogEvents gives them."""
    return [
        {"logStreamName": STREAM, "timestamp": T0 + at, "message": f"m{at}", "ingestionTime": T0, "eventId": str(at)}
        | more
        for at in range(number)
    ]


def seen(events: Iterable[LogEvent]) -> list[tuple[int, str]]:
    return [(event.timestamp_ms - T0, event.message) for event in events]


THREE = [(0, "m0"), (1, "m1"), (2, "m2")]


# --- JSON lines ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group_key", ["logGroup", "logGroupName", "log_group"])
def test_json_lines_of_filter_log_events(file: Callable[..., Path], group_key: str) -> None:
    events, rejects = read(file(lines(event | {group_key: "/aws/lambda/mine"} for event in filtered())))
    assert seen(events) == THREE
    assert {(e.log_group, e.log_stream, e.function) for e in events} == {("/aws/lambda/mine", STREAM, "")}
    assert [e.event_id for e in events] == ["0", "1", "2"]
    assert not rejects


@pytest.mark.parametrize(
    "line",
    [
        {
            "@timestamp": "2024-03-04 17:22:38.033",
            "@message": "m",
            "@logStream": STREAM,
            "@log": "123456789012:/aws/lambda/mine",
        },
        {"function": "mine", "timestamp": "2024-03-04T17:22:38.033000", "message": "m"},
        {"timestamp": ISO, "message": "m", "log_stream": STREAM, "log_group": "/aws/lambda/mine"},
        {"time": T0 * 1000, "log": "m", "functionName": "mine"},
        {"timestamp": T0 / 1000, "message": "m", "function_name": "mine"},
        {"timestamp": str(T0), "message": "m", "function": "mine"},
    ],
)
def test_other_spellings(file: Callable[..., Path], line: dict[str, Any]) -> None:
    events, rejects = read(file(lines([line, line])))
    assert seen(events) == [(0, "m"), (0, "m")]
    assert {e.function or e.log_group.removeprefix("123456789012:") for e in events} <= {"mine", "/aws/lambda/mine"}
    assert not rejects


def test_lambdas_own_json_lines_are_the_messages(file: Callable[..., Path]) -> None:
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:mine"
    written = [
        {"time": ISO, "type": "platform.initStart", "record": {"phase": "init"}},
        {"time": ISO, "type": "platform.start", "record": {"requestId": ID, "functionArn": arn}},
        {"timestamp": ISO, "level": "INFO", "requestId": ID, "message": "hello"},
        {"timestamp": ISO, "log_level": "ERROR", "errorMessage": "x", "errorType": "KeyError", "requestId": ID},
    ]
    events, rejects = read(file(lines(written)))
    assert [json.loads(e.message) for e in events] == written
    assert [e.function for e in events] == ["mine"] * 4
    assert (events[1].account, events[1].region) == ("123456789012", "eu-central-1")
    assert {e.timestamp_ms for e in events} == {T0}
    assert not rejects


def test_a_surprise_sends_its_block_down_the_slow_path_and_loses_nothing(file: Callable[..., Path]) -> None:
    good = filtered(3, logGroup="g")
    odd = [
        good[0] | {"timestamp": T0 // 1000},
        good[0] | {"timestamp": 0},
        {"nothing": 1},
        good[0] | {"message": {"a": 1}},
    ]
    events, rejects = read(file(lines(good + odd) + '{"timestamp": 17, "mess\n' + lines(good)))
    assert [e.message for e in events] == ["m0", "m1", "m2", "m0", '{"a":1}', "m0", "m1", "m2"]
    assert [(r.reason, r.line) for r in rejects] == [
        ("timestamp out of range", 5),
        ("JSON without a message", 6),
        ("not JSON", 8),
    ]


@given(st.lists(st.tuples(st.text(), st.integers(T0, T0 + 10**9)), max_size=20), st.booleans())
@settings(max_examples=60)
def test_whatever_a_message_holds_it_comes_back(
    tmp_path_factory: pytest.TempPathFactory, messages: list[tuple[str, int]], quick: bool
) -> None:
    path = tmp_path_factory.mktemp("round") / "x"
    group = {"logGroup": "/aws/lambda/f"} if quick else {}
    path.write_text(lines({"timestamp": at, "message": text, "logStream": "s", **group} for text, at in messages))
    events, rejects = read(path)
    wanted = [(at, text) for text, at in messages]
    assert [(e.timestamp_ms, e.message.replace("\ufffd", "?")) for e in events] == [
        (at, text.encode("utf-8", "replace").decode().replace("\ufffd", "?")) for at, text in wanted
    ]
    assert not rejects


# --- documents ----------------------------------------------------------------------------------------------------


def test_cli_output(file: Callable[..., Path]) -> None:
    document = {"events": filtered(), "searchedLogStreams": [], "nextToken": "x"}
    for text in (json.dumps(document), json.dumps(document, indent=4)):
        events, rejects = read(file(text, "mine.json"))
        assert seen(events) == THREE
        assert {e.function for e in events} == {"mine"}
        assert not rejects
        events, _ = read(file(text + "\n" + text), FunctionKey("other"))
        assert seen(events) == THREE + THREE
        assert {e.function for e in events} == {"other"}


def test_arrays_and_insights_results(file: Callable[..., Path]) -> None:
    assert seen(read(file(json.dumps(filtered())))[0]) == THREE
    row = [
        {"field": "@timestamp", "value": "2024-03-04 17:22:38.033"},
        {"field": "@message", "value": "m0"},
        {"field": "@ptr", "value": "p"},
    ]
    events, rejects = read(
        file(json.dumps({"results": [row, row], "statistics": {"bytesScanned": 1.0}, "status": "Complete"}))
    )
    assert seen(events) == [(0, "m0")] * 2
    assert not rejects


@pytest.mark.parametrize("sort_keys", [False, True])
@pytest.mark.parametrize("joint", ["", "\n"])
def test_subscription_records(file: Callable[..., Path], joint: str, sort_keys: bool) -> None:
    record = {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/lambda/mine",
        "logStream": STREAM,
        "subscriptionFilters": ["f"],
        "logEvents": [{"id": str(at), "timestamp": T0 + at, "message": f"m{at}"} for at in range(3)],
    }
    control = {"messageType": "CONTROL_MESSAGE", "logEvents": [{"id": "", "timestamp": T0, "message": "check"}]}
    text = joint.join(json.dumps(part, sort_keys=sort_keys) for part in (record, control, record))
    events, rejects = read(file(gzip.compress(text.encode()), "firehose"))
    assert seen(events) == THREE + THREE
    assert {(e.log_group, e.log_stream, e.account) for e in events} == {("/aws/lambda/mine", STREAM, "123456789012")}
    assert not rejects


def test_a_document_is_read_in_bounded_pieces(file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.sources.files.documents.LARGEST_VALUE", 2_000)
    text = json.dumps({"logGroup": "/aws/lambda/mine", "events": filtered(2_000)}, indent=2)
    events, rejects = read(file(text))
    assert [e.message for e in events] == [f"m{at}" for at in range(2_000)]
    assert {e.log_group for e in events} == {"/aws/lambda/mine"}
    assert not rejects


@pytest.mark.parametrize("wrap", ["[{}", '{{"events": [{}'])
def test_an_array_cut_in_the_middle_keeps_its_whole_elements(file: Callable[..., Path], wrap: str) -> None:
    events, rejects = read(file(wrap.format(json.dumps(filtered())[1:-20])))
    assert seen(events) == THREE[:2]
    assert [r.reason for r in rejects] == ["the JSON document is cut off"]


@pytest.mark.parametrize(
    "text",
    ["[" * 200_000, '{"events": [1, "x", null, nonsense]}', '{"events": [{"timestamp": ' + "9" * 9_000],
    ids=["nested", "nonsense", "number"],
)
def test_documents_that_are_nonsense(file: Callable[..., Path], text: str) -> None:
    events, rejects = read(file(text))
    assert not events
    assert rejects


# --- text ---------------------------------------------------------------------------------------------------------


def test_an_s3_export(tmp_path: Path) -> None:
    folder = (
        tmp_path
        / "mine"
        / "0b9d8c7e-1f2a-4b3c-9d4e-5f6a7b8c9d0e"
        / "2024-03-04-[$LATEST]0123456789abcdef0123456789abcdef"
    )
    folder.mkdir(parents=True)
    text = "".join(f"{ISO} {message}" + ("" if at == 1 else "\n") for at, message in enumerate(INVOCATION))
    text += f"{ISO} [ERROR] KeyError: 'x'\nTraceback (most recent call last):\n\u00a0\u00a0File\n"
    (folder / "000000.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "mine" / "aws-logs-write-test").write_text("Permission Check Successful")
    events, rejects = read(tmp_path)
    assert [e.message for e in events] == [
        *(m.rstrip("\n") for m in INVOCATION),
        "[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n\u00a0\u00a0File",
    ]
    assert {(e.timestamp_ms, e.log_stream, e.function) for e in events} == {(T0, STREAM, "mine")}
    assert not rejects


def test_an_s3_export_of_a_shared_group(tmp_path: Path) -> None:
    folder = tmp_path / "p" / "task" / "2024-03-04-mine[7]0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "000000.gz").write_bytes(gzip.compress(f"{ISO} hello\n".encode()))
    [event], _ = read(tmp_path)
    assert (event.log_stream, event.function) == ("2024/03/04/mine[7]0123456789abcdef", "")


@pytest.mark.parametrize("coloured", [False, True])
def test_aws_logs_tail(file: Callable[..., Path], coloured: bool) -> None:
    moment, stream = "2024-03-04T17:22:38.033000+00:00", STREAM
    if coloured:
        moment, stream = f"\x1b[32m{moment}\x1b[0m", f"\x1b[36m{stream}\x1b[0m"
    text = "".join(f"{moment} {stream} {message}" for message in INVOCATION)
    events, rejects = read(file(text, "mine.log"))
    assert [(e.timestamp_ms, e.log_stream, e.message, e.function) for e in events] == [
        (T0, STREAM, message.rstrip("\n"), "mine") for message in INVOCATION
    ]
    assert not rejects
    short = "".join(f"2024-03-04T17:22:38 {message}" for message in INVOCATION)
    events, _ = read(file(short))
    assert [(e.timestamp_ms, e.message) for e in events] == [(T0 - 33, m.rstrip("\n")) for m in INVOCATION]


def test_sam_logs(file: Callable[..., Path]) -> None:
    text = "".join(
        f"\x1b[36m{STREAM}\x1b[0m \x1b[33m2024-03-04T17:22:38.033000\x1b[0m {message}" for message in INVOCATION
    )
    events, _ = read(file(text))
    assert [(e.timestamp_ms, e.log_stream, e.message) for e in events] == [
        (T0, STREAM, m.rstrip("\n")) for m in INVOCATION
    ]


def test_pasted_text_takes_its_times_from_the_lines_that_have_one(file: Callable[..., Path]) -> None:
    text = (
        f"START RequestId: {ID} Version: $LATEST\n{ISO}\t{ID}\tINFO\thello\n"
        f"[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File\nEND RequestId: {ID}\n{REPORT}"
    )
    events, rejects = read(file(text, "mine.txt"))
    assert [e.message.split("\n")[0][:12] for e in events] == [
        "START Reques",
        "2024-03-04T1",
        "[ERROR] KeyE",
        "END RequestI",
        "REPORT Reque",
    ]
    assert {(e.timestamp_ms, e.function) for e in events} == {(T0, "mine")}
    assert events[2].message.endswith("\n  File")
    assert not rejects


def test_pasted_text_takes_its_time_from_the_trace(file: Callable[..., Path]) -> None:
    began = T0 // 1000
    traced = (
        REPORT + f"XRAY TraceId: 1-{began:08x}-0123456789abcdef01234567\tSegmentId: 0123456789abcdef\tSampled: true\n"
    )
    events, _ = read(file("".join(INVOCATION[:3]) + traced.replace("2.46", "1500.00")))
    assert [e.timestamp_ms - began * 1000 for e in events] == [0, 0, 0, 1500]


def test_pasted_text_without_any_time_takes_the_files(file: Callable[..., Path]) -> None:
    path = file("\x1b[32m" + "".join(INVOCATION * 2))
    os.utime(path, (T0 / 1000, T0 / 1000))
    events, _ = read(path)
    times = [e.timestamp_ms for e in events]
    assert len(times) == 8
    assert times == sorted(set(times))
    assert abs(times[0] - T0) < 10


def test_pasted_text_of_a_program_that_logs_in_json(file: Callable[..., Path]) -> None:
    logged = json.dumps({"time": ISO, "level": "INFO", "msg": "hello"})
    text = INVOCATION[0] + f"{logged}\n" * 9 + "".join(INVOCATION[2:])
    events, rejects = read(file(text))
    assert [e.message for e in events] == [
        INVOCATION[0].strip(),
        *[logged] * 9,
        INVOCATION[2].strip(),
        REPORT.strip("\n"),
    ]
    assert {e.timestamp_ms for e in events} == {T0}
    assert not rejects


# --- damage -------------------------------------------------------------------------------------------------------


def test_an_empty_file_is_a_note(file: Callable[..., Path]) -> None:
    for content in ("", "\n\n", "\ufeff", gzip.compress(b"")):
        path = file(content)
        reader = FileReader(OpenedFile(input_files([str(path)])[0]), NOBODY)
        assert list(reader.blocks()) == []
        assert reader.rejects == []
        assert reader.note.endswith("is empty")


@pytest.mark.parametrize(
    "content",
    [
        b"\0\1\2" * 999,
        b"\x7fELF x",
        bytes(range(256)),
        gzip.compress(b"\0\1" * 99, mtime=0),
        random.Random(1).randbytes(9999),
    ],
    ids=["zeros", "program", "bytes", "gzip", "random"],
)
def test_a_binary_file_is_one_reject(file: Callable[..., Path], content: bytes) -> None:
    events, rejects = read(file(content))
    assert not events
    assert [r.reason.partition(" (")[0] for r in rejects] == ["binary file"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 zip", "is a zip archive; unpack it and import the folder"),
        (b"a.log".ljust(257, b"\0") + b"ustar\0", "is a tar archive; unpack it and import the folder"),
        (gzip.compress(b"a.log".ljust(257, b"\0") + b"ustar\0"), "is a tar archive; unpack it and import the folder"),
        (b"\x28\xb5\x2f\xfd zstd", "is compressed by zstd; decompress it with zstd -d"),
    ],
    ids=["zip", "tar", "gzipped tar", "zstd"],
)
def test_an_archive_is_an_error_that_says_what_to_do(file: Callable[..., Path], content: bytes, reason: str) -> None:
    with pytest.raises(SourceFailed, match=reason):
        read(file(content))


@pytest.mark.parametrize(("pack", "name"), [(bz2.compress, "bzip2"), (lzma.compress, "xz")])
def test_bzip2_and_xz_whole_joined_cut_and_garbled(
    file: Callable[..., Path], pack: Callable[[bytes], bytes], name: str
) -> None:
    packed = pack(lines(filtered(3, logGroup="g")).encode())
    assert seen(read(file(packed))[0]) == THREE
    assert seen(read(file(packed + packed))[0]) == THREE + THREE
    assert seen(read(file(gzip.compress(packed)))[0]) == THREE
    assert [each.reason for each in read(file(packed[:-12]))[1]][-1:] == [f"truncated {name} data"]
    garbled = packed[: len(packed) // 2] + b"XXXXXX" + packed[len(packed) // 2 + 6 :]
    assert [each.reason for each in read(file(garbled))[1]][-1:] == [f"damaged {name} data"]


def test_a_stray_nul_makes_no_log_binary(file: Callable[..., Path]) -> None:
    events, rejects = read(file("".join(INVOCATION).replace("hello", "hel\0lo")))
    assert [event.message for event in events][1] == "hel\0lo"
    text = lines(filtered(3, logGroup="g"))
    events, rejects = read(file(text + '{"mess\0age": 1}\n'))
    assert (seen(events), [each.reason for each in rejects]) == (THREE, ["not JSON"])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_wide_text_without_a_mark_and_of_four_bytes(file: Callable[..., Path], encoding: str) -> None:
    events, rejects = read(file(lines(filtered(3, logGroup="g")).encode(encoding)))
    assert (seen(events), rejects) == (THREE, [])


@pytest.mark.parametrize("form", ["lines", "document", "text"])
def test_rejects_do_not_pile_up(file: Callable[..., Path], form: str) -> None:
    """A file may hold nothing else: whoever reads gets to empty them on the way."""
    bad = [{"timestamp": 17, "message": "x" * 90, "logGroup": "g"}] * 40_000
    text = lines(bad) if form == "lines" else json.dumps(bad)
    if form == "text":
        text = f"2024-03-04T17:22:38.033Z hello\n{'1970-01-01T00:00:00.000Z never' * 3}\n" * 40_000
    reader, most, number = FileReader(OpenedFile(input_files([str(file(text))])[0]), NOBODY), 0, 0
    for _ in reader.blocks():
        most, number = max(most, len(reader.rejects)), number + len(reader.rejects)
        reader.rejects.clear()
    assert number + len(reader.rejects) == 40_000
    assert most < 20_000


def test_documents_after_a_damaged_one_are_read(file: Callable[..., Path]) -> None:
    def record(at: int) -> str:
        return json.dumps(
            {"messageType": "DATA_MESSAGE", "logGroup": "g", "logEvents": [{"timestamp": T0 + at, "message": f"m{at}"}]}
        )

    events, rejects = read(file(f"{record(0)}{record(1)}\n{record(7)[:-30]}\n{record(2)}\n"))
    assert seen(events) == THREE
    assert len(rejects) == 1
    deep = '{"a":' * 50_000 + "1" + "}" * 50_000
    events, rejects = read(file(f"{deep}\n{lines(filtered(3, logGroup='g'))}"))
    assert (seen(events), [each.reason for each in rejects]) == (THREE, ["JSON nested too deeply"])


def test_gzip_members_truncated_and_damaged(file: Callable[..., Path]) -> None:
    one, two = (gzip.compress(lines(filtered(3, logGroup="g")).encode()) for _ in range(2))
    assert seen(read(file(one + two))[0]) == THREE + THREE
    assert seen(read(file(gzip.compress(one + two)))[0]) == THREE + THREE
    assert seen(read(file(one + b"\0" * 99))[0]) == THREE
    big = gzip.compress(lines(filtered(50_000, logGroup="g")).encode())
    events, rejects = read(file(big[: len(big) // 2]))
    assert 10_000 < len(events) < 50_000
    assert [r.reason for r in rejects if "JSON" not in r.reason] == ["truncated gzip data"]
    assert len(rejects) <= 2  # the line that the cut went through
    _, rejects = read(file(one[:30] + b"\xff" * 30 + one[60:]))
    assert "damaged gzip data" in [r.reason for r in rejects]


@pytest.mark.parametrize(
    "longest", [b"x" * 10_000_000, b'{"message": "' + b"x" * 10_000_000 + b'"}'], ids=["text", "json"]
)
def test_a_line_of_ten_megabytes_is_one_reject(file: Callable[..., Path], longest: bytes) -> None:
    good = lines(filtered(3, logGroup="g")).encode()
    events, rejects = read(file(good + longest + b"\n" + good))
    assert seen(events) == THREE + THREE
    assert [r.reason for r in rejects] == ["line longer than 1 MB"]
    assert len(rejects[0].text) <= 500
    text = f"{ISO} a\n".encode()
    events, rejects = read(file(text + longest + b"\n" + text))
    assert [e.message for e in events] == ["a", "a"]
    assert [r.reason for r in rejects] == ["line longer than 1 MB"]


def test_invalid_utf8_and_lone_surrogates_are_kept_with_a_mark(file: Callable[..., Path]) -> None:
    line = b'{"timestamp": 1709572958033, "message": "a\xff\xfeb", "logGroup": "g"}\n'
    [event], rejects = read(file(line))
    assert event.message == "a\ufffd\ufffdb"
    [event], more = read(file(line.replace(b"\xff\xfe", b"\\ud800")))
    assert event.message.encode()
    assert not rejects + more


def test_utf16_of_powershell(file: Callable[..., Path]) -> None:
    assert seen(read(file(lines(filtered()).encode("utf-16")))[0]) == THREE


def test_paths_that_cannot_be_read(file: Callable[..., Path], tmp_path: Path) -> None:
    file("{}", "exports/checkout.jsonl")
    with pytest.raises(SourceFailed, match=r"is not there; did you mean .*exports/checkout\.jsonl"):
        read(tmp_path / "exports" / "chekout.jsonl")
    with pytest.raises(SourceFailed, match="is not there; check the path"):
        read(tmp_path / "gone")
    with pytest.raises(SourceFailed, match="is a device"):
        read(Path("/dev/null"))
    locked = tmp_path / "locked"
    locked.write_text("x")
    locked.chmod(0)
    if not os.access(locked, os.R_OK):
        with pytest.raises(SourceFailed, match="may not be read"):
            read(locked)


def test_a_file_that_vanishes_or_shrinks(file: Callable[..., Path]) -> None:
    path = file(lines(filtered(30_000, logGroup="g")))
    [source] = input_files([str(path)])
    blocks = FileReader(OpenedFile(source), NOBODY)
    reading = blocks.blocks()
    assert next(reading)
    os.truncate(path, 10)
    list(reading)
    assert "the file became shorter while it was read" in [r.reason for r in blocks.rejects]
    path.unlink()
    with pytest.raises(SourceFailed, match="is not there"):
        list(FileReader(OpenedFile(source), NOBODY).blocks())


def test_folders_in_order_links_once_and_no_loops(tmp_path: Path) -> None:
    for name in ("b.log", "a/x.log", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("hello\n")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "again.log").symlink_to(tmp_path / "b.log")
    os.mkfifo(tmp_path / "pipe")
    sources = input_files([str(tmp_path), str(tmp_path / "b.log")])
    assert [Path(source.path).name for source in sources] == ["x.log", "again.log", "pipe"]
    with pytest.raises(SourceFailed, match="is a pipe in a folder"):  # told of, not waited for
        list(FileReader(OpenedFile(sources[-1]), NOBODY).blocks())


def test_a_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(lines(filtered()),))
    writer.start()
    [source] = input_files([str(pipe)])
    assert source.size is None
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert seen(read(pipe)[0]) == THREE
    writer.join()


def test_standard_input(monkeypatch: pytest.MonkeyPatch, file: Callable[..., Path]) -> None:
    with file("".join(INVOCATION)).open("rb") as stdin:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(stdin))
        [source] = input_files(["-"])
        assert source == InputFile("stdin", "-", None)
        events = [event for block in FileReader(OpenedFile(source), NOBODY).blocks() for event in block]
    assert {event.function for event in events} == {"stdin"}
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines(filtered()).encode())))
    assert seen(event for block in FileReader(OpenedFile(source), NOBODY).blocks() for event in block) == THREE


@given(st.binary(max_size=300) | st.text('[]{}":,\\ \nT2024-0:Z.abSTARTREPOEND', max_size=300).map(str.encode))
@settings(max_examples=300)
def test_no_file_raises(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    try:
        events, _ = read(path)
    except SourceFailed:  # an archive's beginning
        return
    assert all(
        event.message.encode() and event.timestamp_ms > 0 and event.function for event in events if not event.log_group
    )


# --- times --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        T0 // 1000 + 0.033,
        T0,
        T0 * 1000,
        T0 * 1_000_000,
        str(T0),
        ISO,
        "2024-03-04 17:22:38.033",
        "2024-03-04T18:22:38.033+01:00",
        "2024-03-04T17:22:38.033000000Z",
        "2024/03/04 17:22:38.033",
        "2024-03-04T17:22:38,033+0000",
        "2024-03-04 17:22:38.033 UTC",
    ],
)
def test_times_in_every_unit(value: object) -> None:
    assert epoch_ms(value) == T0


@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        "1970-01-01T00:00:00Z",
        "2262-04-11T23:47:16Z",
        2**63 - 1,
        1e300,
        float("nan"),
        "yesterday",
        "",
        None,
        True,
        [],
    ],
)
def test_times_that_cannot_be(value: object) -> None:
    with pytest.raises(BadTimestamp):
        epoch_ms(value)
