"""Nothing that is read can end an import: seeds of every known form, cut, mixed, nested and garbled.

4,000 inputs in the tests, always the same; ``LAMBDATUI_FUZZ_SECONDS=3600 pytest tests/unit/collectors/sources/files/test_reader_fuzz.py`` for as long as one likes.
"""

import json
import os
import random
import time
from pathlib import Path

import pytest

from collectors.columnar.assembler import ColumnarAssembler
from collectors.model.records import FunctionKey
from collectors.sources.files.reader import FileReader
from collectors.sources.inputs.input_files import OpenedFile, input_files
from tests.support.command_line import rows, run
from tests.support.log_forms import CSV, FORMS, ONE, PLAIN
from tests.support.log_forms_of_clients import ANSWERS
from tests.support.log_forms_printed import PRINTED

SECONDS = float(os.environ.get("LAMBDATUI_FUZZ_SECONDS", "0"))
INPUTS = 1_000  # of each part, always the same, unless it is hunted for seconds
PARTS = 4  # so that they run side by side
DEEP = "[" * 1_000 + "]" * 1_000
DEEP_OBJECT = '{"a":' * 1_000 + "1" + "}" * 1_000
PIECES = [
    b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b'"', b'""', b"'", b"{", b"}", b"[", b"]", b"\n", b"\r", b"\t", b",",
    b"|", b"`" * 3, b"> ", b"\\", b"\x1b[31m", b"\x1b", b"1762250400000", b"-1", b"1e400", b"9" * 400, b"NaN", b"null",
    b"timestamp,message\n", b"- message: '", b"EVENTS\t", b"RESULTS\t@message\t", b"H4sI", b"@timestamp", b"END RequestId: ",
    b"START RequestId: x Version: ", b"REPORT RequestId: ", b'{"type":"platform.report","record":', b"2025-11-04T10:00:00Z ",
    DEEP.encode(), DEEP_OBJECT.encode(), b"a" * 5_000, "\u2502\u00a0\U0001f600".encode(), b"\xef\xbb\xbf", b": |\n  ", b"1-65e60000-",
]  # fmt: skip


def mutated(seed: bytes, others: list[bytes], chance: random.Random) -> bytes:
    data = seed
    for _ in range(chance.randint(1, 6)):
        at, to = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
        match chance.randint(0, 7):
            case 0:
                data = data[:at] + chance.choice(PIECES) + data[at:]
            case 1:
                data = data[:at] + data[to:]
            case 2:
                data = data[:at]
            case 3:
                data = data[:at] + bytes([chance.randint(0, 255)]) + data[at + 1 :]
            case 4:
                other = chance.choice(others)
                data = data[:at] + other[chance.randint(0, len(other)) :]
            case 5:
                data = data[:to] + data[at:to] * chance.randint(1, 4) + data[to:]
            case 6:
                data = data.replace(
                    chance.choice([b'"', b",", b"\n", b"\t", b":", b" "]),
                    chance.choice(PIECES[:28]),
                    chance.randint(1, 5),
                )
            case _:
                data = data.decode("utf-8", "replace").encode(chance.choice(["utf-16", "utf-16-le", "utf-8-sig", "latin-1", "utf-32"]), "replace")  # fmt: skip
        data = data[:200_000]
    return data


@pytest.mark.parametrize("part", range(PARTS))
def test_no_garbling_of_any_form_ends_an_import(tmp_path: Path, part: int) -> None:
    forms = (FORMS | PRINTED | ANSWERS).values()
    seeds = [form.text if isinstance(form.text, bytes) else form.text.encode() for form in forms]
    number = int(os.environ.get("LAMBDATUI_FUZZ_SEED", str(13 + part * 10_000_000)))
    first, ends = number, time.monotonic() + SECONDS / PARTS
    path = tmp_path / "garbled"
    while number < first + INPUTS if not SECONDS else time.monotonic() < ends:
        chance = random.Random(number)
        path.write_bytes(mutated(chance.choice(seeds), seeds, chance))
        began = time.process_time()
        try:
            faults = read(path)
        except Exception as fault:
            pytest.fail(f"LAMBDATUI_FUZZ_SEED={number}: {fault!r}")
        assert not faults, f"LAMBDATUI_FUZZ_SEED={number}: {faults}"
        assert time.process_time() - began < 20, f"LAMBDATUI_FUZZ_SEED={number} is slow"
        number += 1


def read(path: Path) -> list[str]:
    """Reads and assembles a file as an import does; gives the rejects that hide a fault of a reader's."""
    reader = FileReader(OpenedFile(input_files([str(path)])[0]), FunctionKey("given"))
    assembler = ColumnarAssembler(FunctionKey("given"))
    for block in reader.blocks():
        assembler.feed(block)
        for event in block:
            event.message.encode()
    assembler.take(final=True)
    return [reject.reason for reject in reader.rejects if "cannot be read on" in reject.reason]


BAD = {
    "JSON nested in a line": f"{PLAIN}{DEEP_OBJECT}\n",
    "nested JSON lines": f'{{"timestamp": 1762250400000, "message": "x", "more": {DEEP}}}\n' * 3,
    "a nested message": json.dumps([{"timestamp": 1762250400000, "message": DEEP_OBJECT}]),
    "a nested message that is an object": f'[{{"timestamp": 1762250400000, "message": {DEEP_OBJECT}}}]',
    "a nested document": DEEP,
    "a nested document of objects": DEEP_OBJECT,
    "a document nested between events": f'[{{"timestamp": 1762250400000, "message": "x"}}, {DEEP}, {{"message": "y"}}]',
    "JSON nested in a CSV cell": CSV + f'1762250414000,"{DEEP_OBJECT.replace(chr(34), chr(34) * 2)}"\n',
    "JSON nested in an error's line": f'{PLAIN}{{"level": "ERROR", "errorType": "E", "requestId": "{ONE}", "x": {DEEP}}}\n',
    "CSV cut within a quote": CSV[: CSV.index("first") + 3],
    "CSV cut before a time": f'timestamp,message\nyesterday,"{"x" * 2_000}',
    "a huge CSV cell": f'timestamp,message\n1762250400000,"{"x" * 5_000_000}"\n',
    "many huge CSV cells": 'timestamp,message\n' + f'1762250400000,"{"y" * 900_000}\n' * 6,
    "NULs": PLAIN.replace("first", "fi\0rst"),
    "lone surrogates": '{"timestamp": 1762250400000, "message": "\\ud800 x", "logGroup": "\\udfff"}\n' * 3,
    "surrogates in CSV": CSV.replace("first", "\\ud83d"),
    "a very long number": '[{"timestamp": ' + "9" * 5_000 + ', "message": "x"}]',
    "quotes alone": '"' * 10_001,
    "braces alone": "{" * 10_000,
    "OTLP of nothing": '{"resourceLogs": [null, 1, {"scopeLogs": [3, {"logRecords": [null, {"body": 5}]}]}]}',
    "records of nothing": '{"Records": [{"kinesis": {"data": "H4sIAAAA"}}, {"Data": "%%%"}, {"data": ""}]}',
    "a string that is not closed": '[{:a=>"' + '\\"' * 1_000_000,
    "a field of megabytes": f"Message : {PLAIN}Timestamp : 1\nMessage : START RequestId: x\nMessage : {'z' * 3_000_000}",
    "a page of tags": "<a time=" * 300_000 + PLAIN.split("\n")[0],
    "comments that do not end": "<p>" + "<!--" * 300_000 + PLAIN.split("\n")[0],
    "headers alone": "HTTP/1.1 200 OK\n" + "a: b\n" * 200_000,
    "a mail of nothing": "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" * 2_000,
    "columns of nothing": json.dumps({"columns": [["a"]] * 50, "rows": [None, 1], "schema": {"fields": [{}]}, "data": {"values": [1]}}),
    "types of nothing": '{"timestamp": {"$date": {"$numberLong": {}}}, "message": {"S": {"S": {"S": null}}}}',
    "a cast of nothing": '{"version": 2, "width": 1}\n[1]\n["o", 1, 2]\n[1, "o", null]\n',
    "YAML of nothing": "events:\n- message: 'START RequestId: x\n- message: \"END RequestId: y\n- - - - message:\n",
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_leaves_the_other_files_whole(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.log").write_text(PLAIN)
    (tmp_path / "in" / "b.log").write_bytes(BAD[name].encode())
    (tmp_path / "in" / "c.log").write_text(PLAIN.replace("6b1e5a0c", "7c2f6b1d").replace("c94f7e21", "d05a8f32"))
    result = run("--db", tmp_path / "store.db", "import", "--function", "f", tmp_path / "in", "--json")
    told = 3 if "was read in part" in result.stderr else 0  # b.log was cut: the others are whole
    assert (result.exit_code, json.loads(result.stdout)["files"]) == (told, 3)
    assert "a.log was read in part" not in result.stderr
    assert "c.log was read in part" not in result.stderr
    found = {
        row["request_id"][:8]
        for row in rows(run("--db", tmp_path / "store.db", "--range", "all", "invocations", "--json"))
    }
    assert {"6b1e5a0c", "7c2f6b1d", "c94f7e21", "d05a8f32"} <= found


def test_a_cut_row_is_kept_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "cut.csv"
    path.write_text(CSV[: CSV.index("first") + 3])
    told = json.loads(run("--db", tmp_path / "store.db", "import", path, "--json").stdout)
    assert (told["events"], told["rejected"]) == (2, 0)
