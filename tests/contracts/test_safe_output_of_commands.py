"""No character of data that a terminal would obey leaves any command, to a pipe or a terminal, unless ``--raw``."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from lambdatui.text.plain import escaped_json, pictures

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from lambdatui.text.safe_output import SafeOutput
from tests.support.printed_statements import T0, request_id

HOSTILE = "a\x1b]0;owned\x07\x1b[2J\x9b31m\x1b]52;c;b3duZWQ=\x07\x08\x7f\x00\u202egnp\u2066"
NO_NUL = HOSTILE.replace("\0", "")  # CSV has none: spreadsheets end there
FORBIDDEN = set(map(chr, [*range(9), *range(11, 32), *range(127, 160), 0x202E, 0x2066, 0x200B]))


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("safe")
    request = request_id(1)
    lines = [f"START RequestId: {request} Version: 1\n", f"{HOSTILE}\n", f"[ERROR] {HOSTILE}: {HOSTILE}\n",
             f"END RequestId: {request}\n",
             f"REPORT RequestId: {request}\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n"]  # fmt: skip
    events = [
        {"logGroup": f"/aws/lambda/{HOSTILE}", "logStreamName": HOSTILE, "timestamp": T0 + at, "message": line,
         "region": "eu-central-1", "account": "111122223333"}
        for at, line in enumerate(lines)
    ]  # fmt: skip
    (folder / "e.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    import_files([str(folder / "e.jsonl")], db=folder / "s.db", defaults=FunctionKey(""))
    return folder / "s.db"


def run(*arguments: str | bytes, db: Path | None = None, **env: str) -> "subprocess.CompletedProcess[bytes]":
    at = ["--range", "all", "--utc"] if db else []
    command = [sys.executable, "-m", "lambdatui", *(["--db", str(db)] if db else []), *at, *arguments]
    whole = {**os.environ, "XDG_CONFIG_HOME": "/nowhere", "XDG_STATE_HOME": "/dev/null", **env}
    return subprocess.run(command, capture_output=True, env=whole, timeout=120, check=False, stdin=subprocess.DEVNULL)


COMMANDS = [
    ["functions"], ["functions", "--csv"], ["functions", "--json"], ["logs"], ["logs", "--csv"], ["logs", "--json"],
    ["errors"], ["errors", "--csv"], ["errors", "--json"], ["invocations"], ["invocations", "--csv"],
    ["invocation", request_id(1)], ["patterns", "--csv"], ["patterns"], ["costs", "--csv"], ["costs", "--json"],
    ["costs"], ["metrics", "--csv"], ["advice"], ["function", HOSTILE.replace("\0", "")], ["function", "*owned*"],
    ["db", "query", "SELECT * FROM functions"], ["db", "query", "--csv", "SELECT * FROM functions"],
    ["db", "query", "--json", "SELECT * FROM functions"], ["db", "query", "--csv", f"SELECT '{HOSTILE[:20]}' AS \"{HOSTILE[:9]}\""],
    ["db", "query", f"SELECT {HOSTILE[:20]}"], ["db", "info"], ["db", "check"], ["functions", "--filter", "x" + HOSTILE[:30]],
    ["functions", "--sort", HOSTILE[:30]], [HOSTILE[:30]], ["--" + HOSTILE[:30]], ["import", "/nowhere/" + HOSTILE[:30]],
    ["logs", "--filter", "/(" + HOSTILE[:30]], ["functions", "--limit", HOSTILE[:20]], ["--at", HOSTILE[:20], "functions"],
    ["--config", "/nowhere/" + HOSTILE[:20], "functions"], ["db", "export", "/nowhere/" + HOSTILE[:20] + "/x"],
    ["cost-estimate", "--plan", "/nowhere/" + HOSTILE[:30]], ["cost-estimate", "--requests", HOSTILE[:20]],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=[repr(" ".join(one))[:40] for one in COMMANDS])
def test_no_command_writes_what_a_terminal_obeys(db: Path, command: list[str]) -> None:
    done = run(*(one.replace("\0", "") for one in command), db=db)
    for stream in (done.stdout, done.stderr):
        assert not FORBIDDEN & set(stream.decode("utf-8"))
        assert b"Traceback" not in stream
    if "--json" in command:
        assert json.loads(done.stdout)
        assert HOSTILE[:4].encode() not in done.stdout


def test_json_and_cells_keep_their_meaning(db: Path) -> None:
    rows = json.loads(run("functions", "--json", db=db).stdout)["rows"]
    assert rows[0]["function"] == HOSTILE
    table = list(csv.DictReader(io.StringIO(run("functions", "--csv", db=db).stdout.decode(), newline="")))
    assert table[0]["function"] == pictures(NO_NUL)  # and no cell swallowed its neighbours
    assert table[0]["invocations"] == "1"


def test_raw_gives_the_bytes(db: Path) -> None:
    for command in (
        ["functions", "--csv"],
        ["logs"],
        ["logs", "--csv"],
        ["db", "query", "--csv", "SELECT name FROM functions"],
    ):
        assert NO_NUL.encode() in run(*command, "--raw", db=db).stdout.replace(b"\0", b""), command
    assert NO_NUL.encode() in run("--raw", "functions", "--csv", db=db).stdout
    assert HOSTILE[:4].encode() not in run("functions", "--json", "--raw", db=db).stdout


@pytest.mark.parametrize(
    "arguments",
    [[b"--function", b"caf\xe9", b"functions"], [b"functions", b"--filter", b"\xff"], [b"\xfe\xff"], [b"--db", b"\xed\xa0\x80"],
     [b"import", b"caf\xe9.log"], [b"db", b"query", b"SELECT '\xff'"], [b"--theme", b"\xc3\x28"]],
)  # fmt: skip
def test_arguments_that_are_no_utf_8_get_one_line(db: Path, arguments: list[bytes]) -> None:
    done = run(*arguments, db=db)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"no UTF-8" in done.stderr
    assert done.stdout == b""


def test_pieces_of_a_sequence_do_not_add_up() -> None:
    written = io.StringIO()
    out = SafeOutput(written)
    for one in ("\x1b", "[2J", "\r12%\r", "a\r\nb", "\ud800"):
        out.write(one)
    assert written.getvalue() == "␛[2J\r12%\ra\nb�"


def test_json_of_a_function_keeps_its_meaning() -> None:
    document = json.dumps({"a": "x\u202ey\x7f\u200d\U000e0041"}, ensure_ascii=False)
    assert json.loads(escaped_json(document)) == json.loads(document)
    assert escaped_json(document).isascii()
