"""Copying what is meant: traces, arithmetic, names, chosen lines; as text and as Markdown; through any terminal."""

import base64
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdatui.app.application import LambdaTui
from lambdatui.app.clipboard import LIMIT_BYTES, osc52
from lambdatui.screens.errors import ErrorsScreen
from lambdatui.screens.invocation import InvocationScreen
from lambdatui.views.clipping import Clipping, code_span, forms, markdown_table
from lambdatui.widgets.log_pane import LogPane
from tests.support.command_line import PROGRAM
from tests.support.screens import notice_of, press, settle, shown_lines, small_app, table_of
from tests.support.small_store import request_id
from tests.support.under_terminal import UnderTerminal
from tests.support.waiting import wait_for

SIZE = (200, 40)
TRACE = (
    "[ERROR] ValueError: bad order 42\nTraceback (most recent call last):\n"
    '  File "/var/task/app.py", line 7, in handler\n    raise ValueError(EVIL)'
)


async def opened(app: LambdaTui, pilot: Any, *keys: str) -> None:
    await settle(pilot)
    await press(pilot, *keys)


# What is meant --------------------------------------------------------------------------------------------------------


async def test_a_trace_is_one_key_away_from_its_invocation(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, "E")
        assert isinstance(app.screen, ErrorsScreen)
        rows = [table_of(app).row_at(at) for at in range(table_of(app).row_count)]
        at = next(number for number, row in enumerate(rows) if row is not None and row.error_type == "ValueError")
        await press(pilot, "g", *["j"] * at, "c")
        assert app.clipboard == TRACE
        assert "copied the trace: 4 lines, " in notice_of(app)
        assert "c again: the trace as Markdown" in notice_of(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, InvocationScreen)
        app.copy_to_clipboard("")
        await press(pilot, "c")
        assert app.clipboard == TRACE


async def test_a_second_press_copies_markdown_and_a_third_all_lines(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, "i")
        rows = [table_of(app).row_at(at) for at in range(table_of(app).row_count)]
        at = next(number for number, row in enumerate(rows) if row is not None and row.request_id == request_id(5))
        await press(pilot, "g", *["j"] * at, "c", "c")
        assert app.clipboard == (
            f"- Function: `checkout`\n- Request id: `{request_id(5)}`\n- Time: `2025-03-31T10:05:00Z`\n"
            f"- Error: `ValueError`\n\n```text\n{TRACE}\n```\n"
        )
        assert "copied the trace as Markdown: 11 lines" in notice_of(app)
        await press(pilot, "c")
        assert app.clipboard.startswith(f"START RequestId: {request_id(5)}")
        assert "REPORT RequestId" in app.clipboard
        await press(pilot, "c")
        assert app.clipboard == TRACE
        await press(pilot, "k", "c")  # another row: its first form
        assert "START" in app.clipboard or "Task timed out" in app.clipboard


async def test_marked_invocations_are_copied_with_whose_each_trace_is(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, "i", "x")
        assert table_of(app).row_count == 2
        await press(pilot, "g", "space", "space", "c")
        assert TRACE in app.clipboard
        assert f"checkout {request_id(6)} 2025-03-31T10:10:00Z" in app.clipboard
        assert "copied 2 traces: " in notice_of(app)
        await press(pilot, "c")
        assert app.clipboard.count("```text\n") == 2
        assert app.clipboard.count("- Request id: ") == 2


async def test_each_row_is_copied_as_what_is_meant_by_it(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        row = table_of(app).row
        assert row is not None
        await press(pilot, "c")
        assert app.clipboard == row.function
        assert "copied 1 name: 1 line, " in notice_of(app)
        await press(pilot, "c")
        assert app.clipboard.splitlines()[0].startswith("| Function |")
        assert f"| `{row.function}` |" in app.clipboard
        await press(pilot, "space", "space", "c")
        assert set(app.clipboard.splitlines()) == {"checkout", "resize"}
        await press(pilot, "escape", "dollar_sign", "c")
        line = table_of(app).row
        assert line is not None
        assert app.clipboard.startswith(f"{line.function} {line.dimension}: {line.formula} = $")


async def test_a_table_without_rows_copies_nothing_and_says_so(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, "a", "c")
        assert app.clipboard == ""
        assert "nothing here to copy" in notice_of(app)


# Chosen lines ---------------------------------------------------------------------------------------------------------


async def test_lines_are_chosen_with_shift_and_arrows_and_copied_with_ctrl_c(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, "W", "g", "shift+down", "shift+down", "shift+down")
        pane = app.screen.query_one(LogPane)
        assert pane.chosen_lines() == [0, 1, 2]
        assert [line[1] for line in shown_lines(pane)[:4]] == ["|", "|", "|", " "]
        await press(pilot, "ctrl+c")
        assert app.is_running
        assert app.clipboard == "\n".join(line.text.rstrip() for line in pane.lines_shown[:3])
        assert "copied 3 chosen lines: 3 lines" in notice_of(app)
        await press(pilot, "ctrl+c")
        assert "```text\n2025-03-31T10:00:00Z checkout  START" in app.clipboard
        assert app.clipboard.startswith(
            f"- Function: `checkout`\n- Request id: `{request_id(1)}`\n- Time: `2025-03-31T10:00:00Z to 2025-03-31T10:00:00.002Z`"
        )
        await press(pilot, "shift+up")
        assert pane.chosen_lines() == [0, 1]
        await press(pilot, "escape")
        assert pane.chosen_lines() == []
        await press(pilot, "ctrl+c")
    assert app.return_code == 0


async def test_upwards_lines_are_chosen_from_the_end(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, "W", "G", "shift+up", "shift+up")
        pane = app.screen.query_one(LogPane)
        last = len(pane.lines_shown) - 1
        assert pane.chosen_lines() == [last - 1, last]
        await press(pilot, "c")
        assert "chosen lines" in notice_of(app)
        assert app.clipboard.startswith("resize  END RequestId")


async def test_chosen_lines_stay_chosen_when_lines_come_and_hidden_ones_are_left_out(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, "W", "g", "shift+down", "shift+down")
        pane = app.screen.query_one(LogPane)
        texts = [pane.lines_shown[at].text for at in pane.chosen_lines()]
        pane.show_lines(list(pane.lines_shown)[1:])
        assert pane.chosen_lines() == []  # one of them is gone
        await press(pilot, "ctrl+r", "g", "shift+down", "shift+down")
        pane.show_lines([*pane.lines_shown, *pane.lines_shown[:0]])
        assert [pane.lines_shown[at].text for at in pane.chosen_lines()] == texts
        await press(pilot, "escape", "x", "g", *["shift+down"] * 9)
        assert all(pane.lines_shown[at].kind == "error" for at in pane.chosen_lines())


# Forms ----------------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.sampled_from("`~a \n\\|\x1b[]P\x07\u202e_*#-"), max_size=60)


@given(TEXTS, TEXTS)
def test_no_text_leaves_its_fence_or_is_obeyed(text: str, value: str) -> None:
    plain, markdown = forms(Clipping("it", text, (("Function", value),)), str, LIMIT_BYTES)
    for form in (plain, markdown):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", form.text)
    lines = markdown.text.splitlines()
    fences = [line for line in lines if re.fullmatch("`{3,}(text)?", line)]
    fence = lines[-1]
    assert fence.strip("`") == ""
    opening = lines.index(f"{fence}text")
    assert all(fence not in line for line in lines[opening + 1 : -1])
    assert len(fences) >= 2


@given(TEXTS)
def test_a_code_span_ends_where_it_shall(text: str) -> None:
    span = code_span(text)
    ticks = re.match("`+", span)
    assert ticks is not None
    assert "\n" not in span
    assert span.endswith(ticks[0])
    inner = span[len(ticks[0]) : -len(ticks[0])]
    assert all(len(run) != len(ticks[0]) for run in re.findall("`+", inner))


@given(st.text(st.sampled_from("ä€a\n`"), max_size=400), st.integers(200, 600))
def test_a_long_text_is_cut_to_what_a_terminal_takes_and_its_block_still_ends(text: str, most_bytes: int) -> None:
    for form in forms(Clipping("it", text, (("Function", "f"),)), str, most_bytes):
        assert len(form.text.encode()) <= most_bytes
        assert form.is_cut == (len(form.text.encode()) < form.whole_bytes)
    assert form.text.endswith("`\n")


def test_secrets_are_taken_out_before_anything_is_cut_or_fenced() -> None:
    def clean(text: str) -> str:
        return text.replace("hunter2", "[redacted]")

    clipping = Clipping("it", "password hunter2", (("Request id", "hunter2"),), table="")
    plain, markdown = forms(clipping, clean, LIMIT_BYTES)
    assert plain.redacted
    assert markdown.redacted
    assert "hunter2" not in plain.text + markdown.text


def test_a_tables_cells_end_where_columns_do() -> None:
    table = markdown_table(["Name", "n"], [[("a|b`c\n<img>", False), ("1,204", True)]])
    assert table == "| Name | n |\n| --- | ---: |\n| ``a\\|b`c <img>`` | 1,204 |\n"


async def test_the_notice_says_what_was_cut(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        screen: Any = app.screen
        screen.take_clipping(Clipping("the trace", "0123456789\n" * 10_000))
        await settle(pilot)
        assert "copied the trace: the first 6,818 lines, 74,994 bytes of 109,999: terminals take no more" in notice_of(
            app
        )


# Through the terminal -------------------------------------------------------------------------------------------------


def copied(seen: bytes) -> list[str]:
    """What the sequences in the bytes put on the clipboard."""
    return [base64.b64decode(part).decode() for part in re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", seen)]


def unwrapped_by_screen(seen: bytes) -> bytes:
    """What GNU screen hands on of DCS strings; one of more than 768 bytes it does not take."""
    strings = re.findall(rb"\x1bP(.*?)\x1b\\", seen, re.DOTALL)
    assert all(len(one) <= 768 for one in strings)
    return b"".join(strings)


@pytest.mark.parametrize("wrapped", ["bare", "tmux", "screen"])
def test_a_copy_reaches_the_terminal_in_the_form_that_passes(db: Path, wrapped: str) -> None:
    environ = {"bare": {}, "tmux": {"TMUX": "/nowhere,1,0"}, "screen": {"STY": "1.pts"}}[wrapped]
    with UnderTerminal(["--db", str(db), "--range", "all"], columns=120, lines=30, **environ) as terminal:
        terminal.until(b" help")
        terminal.quiet()
        terminal.send("i")
        terminal.until(b"Invocations")
        terminal.quiet()
        before = len(terminal.seen)
        terminal.send("x")
        terminal.quiet()
        terminal.send("Gc")
        terminal.until(b"copied")
        terminal.quiet()
        seen = terminal.seen[before:]
    if wrapped == "tmux":
        (inner,) = re.findall(rb"\x1bPtmux;(.*?\x07)\x1b\\", seen, re.DOTALL)
        assert copied(inner.replace(b"\x1b\x1b", b"\x1b")) == [TRACE]
    else:
        assert copied(unwrapped_by_screen(seen) if wrapped == "screen" else seen) == [TRACE]
    assert b"EVIL)\x1b]52" not in seen


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_tmux_as_it_is_usually_set_takes_the_copy(db: Path, tmp_path: Path) -> None:
    """Without a setting it lets no sequence through: it is asked itself, and has the text in its buffer."""
    env = {**os.environ, "XDG_STATE_HOME": "/dev/null", "XDG_CONFIG_HOME": "/nowhere", "TERM": "xterm-256color"}
    env.pop("TMUX", None)

    def tmux(*arguments: str) -> str:
        command = ["tmux", "-f", "/dev/null", "-S", str(tmp_path / "tmux"), *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout

    shell = f"{sys.executable} -m lambdatui --db {db} --range all"
    tmux("new-session", "-d", "-x", "80", "-y", "24", shell)
    try:
        wait_for(lambda: "help" in tmux("capture-pane", "-p"))
        tmux("send-keys", "c")
        wait_for(lambda: tmux("show-buffer") == "checkout")
    finally:
        tmux("kill-server")


def test_a_browser_gets_the_bare_sequence_whatever_the_server_runs_in(db: Path) -> None:
    """At the level of the driver's protocol: a packet of data, which the page's terminal obeys."""
    env = {
        **os.environ, "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver", "TMUX": "/nowhere,1,0", "COLUMNS": "100",
        "ROWS": "30", "TERM": "xterm-256color", "XDG_STATE_HOME": "/dev/null", "XDG_CONFIG_HOME": "/nowhere",
    }  # fmt: skip
    with subprocess.Popen(
        [*PROGRAM, "--db", str(db), "--range", "all"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"__GANGLION__\n"
        seen = b""
        sent = False
        while b"\x1b]52;c;" not in seen:
            kind, size = process.stdout.read(1), int.from_bytes(process.stdout.read(4), "big")
            payload = process.stdout.read(size)
            seen += payload if kind == b"D" else b""
            if not sent and b"checkout" in seen:
                sent = True
                process.stdin.write(b"D" + (1).to_bytes(4, "big") + b"c")
                process.stdin.flush()
        process.kill()
    assert copied(seen) == ["checkout"]
    assert b"\x1bPtmux" not in seen


def test_what_is_copied_stays_within_what_a_terminal_takes() -> None:
    sequence, cut = osc52("x" * (LIMIT_BYTES + 1), {"STY": "1.pts"})
    assert cut
    assert len(copied(unwrapped_by_screen(sequence.encode()))[0]) == LIMIT_BYTES
