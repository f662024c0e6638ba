"""The real program under pseudo-terminals of every kind: its bytes counted, its manners watched."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.model.units import MINUTE_MS
from screenshots import sample_log
from tests.support import small_store
from tests.support.command_line import PROGRAM
from tests.support.under_terminal import UnderTerminal

FOOTER = b" help"
_COLOUR = re.compile(rb"\x1b\[[0-9;:]*?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[0-9;:]*m")


def painted(terminal: UnderTerminal) -> bytes:
    first = terminal.until(FOOTER)
    return first + terminal.quiet()


def add_a_call(db: Path, folder: Path) -> None:
    """One more invocation of a function that has some: its row changes, and nothing else does."""
    event = {
        "timestamp": sample_log.END_MS - 61_000, "message": "START RequestId: 11111111-2222-4333-8444-555555555555 Version: 1",
        "logGroup": "/aws/lambda/auth-token", "logStream": "a", "region": "eu-central-1", "account": "111122223333",
    }  # fmt: skip
    (folder / "one.jsonl").write_text(json.dumps(event) + "\n")
    import_files([str(folder / "one.jsonl")], db=db, defaults=FunctionKey(""))


def test_bytes_of_a_step_of_a_refresh_and_of_a_changed_row_in_truecolor(store: Path, tmp_path: Path) -> None:
    """The limits are of the issue: 1.5 KB a step, 300 bytes for nothing new, 1 KB for one cell."""
    db = tmp_path / "shop.db"
    shutil.copy(store, db)
    with UnderTerminal(["--db", str(db), "--utc"], COLORTERM="truecolor") as terminal:
        painted(terminal)
        terminal.send("j")
        assert 0 < len(terminal.quiet()) < 1_500
        terminal.send("\x12")  # ctrl-r
        assert len(terminal.quiet()) < 300
        add_a_call(db, tmp_path)
        changed = terminal.until(b"\x1b[") + terminal.quiet()
        assert len(changed) < 500
        assert b"auth-token" not in changed, "the name stands there already"
        assert terminal.during(3.0) == b""


def test_what_stands_is_not_written_again(store: Path) -> None:
    """A screen is painted empty, laid out, and with its rows; of all that only what differs goes out, once."""
    with UnderTerminal(["--db", str(store), "--utc"], COLORTERM="truecolor") as terminal:
        first = painted(terminal)
        assert len(first) < 10_000
        for key, most in (("i", 8_000), ("\x1b", 6_000), ("x", 4_000), ("x", 4_000), ("\r", 12_000), ("\x1b", 8_000)):
            terminal.send(key)
            written = terminal.quiet()
            assert 0 < len(written) < most, (key, len(written))
        terminal.send("\x0c")  # ctrl-l: another program has written over it
        assert 2_000 < len(terminal.quiet()) < 10_000


def test_a_dialog_costs_no_more_than_a_screen(store: Path) -> None:
    """The table beneath is dimmed in one look, so that its lines are written without a change of colour."""
    for changes, most in (({"COLORTERM": "truecolor"}, 6_500), ({"SSH_CONNECTION": "1 2 3 4"}, 4_500)):
        with UnderTerminal(["--db", str(store), "--utc"], **changes) as terminal:
            painted(terminal)
            for key in ("?", "!", "R", ":", "S", "o", "H"):
                for one in (key, "\x1b"):
                    terminal.send(one)
                    written = terminal.during(1.0)  # a cursor blinks: there is no silence to wait for
                    assert 0 < len(written) < most, (changes, key, one, len(written))


def test_the_first_paint_of_a_large_terminal_is_small(store: Path) -> None:
    with UnderTerminal(["--db", str(store)], columns=200, lines=50, COLORTERM="truecolor") as terminal:
        assert len(painted(terminal)) <= MINUTE_MS


def test_five_changed_rows_of_fifty_are_few_bytes(tmp_path: Path) -> None:
    """Beside htop, which writes 489 bytes a second at 200x50 (facts of the issue): at most three times that."""
    names = [f"function-{number:02d}" for number in range(50)]
    base = small_store.T0

    def write(chosen: list[str], minute: int, db: Path) -> None:
        lines = []
        for number, name in enumerate(chosen):
            key = FunctionKey(name, "111122223333", "us-east-1")
            found = small_store.invocation_events(key, minute * 100 + number, base + minute * 1000, duration_ms=50.0)
            lines += [
                {"timestamp": one.timestamp_ms, "message": one.message, "logGroup": f"/aws/lambda/{name}",
                 "logStream": one.log_stream, "region": "us-east-1", "eventId": f"{name}{one.event_id}"[-56:]}
                for one in found
            ]  # fmt: skip
        (tmp_path / "e.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
        import_files([str(tmp_path / "e.jsonl")], db=db, defaults=FunctionKey(""))

    db = tmp_path / "fifty.db"
    write(names, 0, db)
    arguments = ["--db", str(db), "--utc", "--at", str(base + 600_000), "--range", "1h"]
    with UnderTerminal(arguments, columns=200, lines=55, COLORTERM="truecolor") as terminal:
        painted(terminal)
        write(names[10:15], 1, db)
        changed = terminal.until(b"\x1b[") + terminal.quiet(2.5)
    assert len(changed) <= 3 * 489


@pytest.mark.parametrize(
    "term", ["linux", "screen", "screen-256color", "tmux-256color", "xterm", "xterm-256color", "vt220"]
)
def test_it_opens_walks_and_leaves_on_any_terminal(store: Path, term: str) -> None:
    with UnderTerminal(["--db", str(store)], term=term) as terminal:
        seen = painted(terminal)
        assert b"checkout-api" in seen
        if term == "linux":
            text = re.sub(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|.)", b"", seen)
            assert text.isascii()
        terminal.send("E")
        terminal.until(b"KeyError")
        terminal.send("qq")
        terminal.until(b"\x1b[?1049l")
        assert terminal.process.wait(60) == 0


def test_no_color_is_no_colour(store: Path) -> None:
    with UnderTerminal(["--db", str(store)], NO_COLOR="1", COLORTERM="truecolor") as terminal:
        assert not _COLOUR.search(painted(terminal))


def test_sixteen_colours_stay_sixteen(store: Path) -> None:
    with UnderTerminal(["--db", str(store)], term="xterm") as terminal:
        assert not re.search(rb"\x1b\[[0-9;]*[34]8[;:][25]", painted(terminal))


def test_the_mouse_is_left_alone_where_asked(store: Path) -> None:
    with UnderTerminal(["--db", str(store)]) as terminal:
        assert b"\x1b[?1000h" in painted(terminal)
    with UnderTerminal(["--db", str(store), "--no-mouse"]) as terminal:
        assert b"\x1b[?1000h" not in painted(terminal)


def test_ascii_is_ascii_on_every_screen(store: Path) -> None:
    with UnderTerminal(["--db", str(store), "--ascii"]) as terminal:
        seen = painted(terminal)
        for key in (
            "E",
            "d",
            "\x1b",
            "T",
            "$",
            "b",
            "A",
            "C",
            "d",
            "l",
            "q",
            "F",
            ":",
            "\x1b",
            "P",
            "\x1b",
            "S",
            "\x1b",
            "?",
            "\x1b",
            "o",
            "\x1b",
            "H",
            "\x1b",
            "@",
        ):
            terminal.send(key)
            seen += terminal.quiet(0.7)
    text = re.sub(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|.)", b"", seen)
    assert text.isascii(), re.findall(rb"[^\x00-\x7f]{1,4}", text)[:5]


def test_a_dumb_terminal_is_refused_in_a_sentence(store: Path) -> None:
    with UnderTerminal(["--db", str(store)], term="dumb") as terminal:
        assert b"cannot show screens: set TERM" in terminal.quiet(5.0)
        assert terminal.process.wait(60) == 1


def test_a_storm_of_resizes_ends_in_a_whole_picture(store: Path) -> None:
    with UnderTerminal(["--db", str(store)]) as terminal:
        painted(terminal)
        for number in range(40):
            terminal.resize(20 + 7 * number % 190, 3 + 5 * number % 60)
        terminal.resize(100, 30)
        terminal.quiet()
        terminal.send("E")
        assert b"KeyError" in terminal.quiet()
        assert terminal.process.poll() is None


def test_a_terminal_that_goes_away_ends_it(store: Path) -> None:
    with UnderTerminal(["--db", str(store)]) as terminal:
        painted(terminal)
        terminal.hang_up()
        terminal.process.wait(30)


def test_state_is_kept_from_run_to_run(store: Path, tmp_path: Path) -> None:
    kept = {"XDG_STATE_HOME": str(tmp_path)}
    with UnderTerminal(["--db", str(store)], **kept) as terminal:
        painted(terminal)
        terminal.send("6$")
        terminal.until(b"Costs")
        terminal.quiet()
        terminal.send("\x11")  # ctrl-q
        assert terminal.process.wait(60) == 0
    assert (tmp_path / "lambdatui" / "screens").read_text() == "range all\nscreen costs\n"
    with UnderTerminal(["--db", str(store)], **kept) as terminal:
        terminal.until(b"Costs")
        assert b"all data" in terminal.seen + terminal.quiet()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_a_copy_inside_tmux_reaches_the_terminal_around_it(store: Path, tmp_path: Path) -> None:
    """tmux itself unwraps what was wrapped, and hands it on to the terminal that it runs in."""
    socket = str(tmp_path / "tmux")
    env = {**os.environ, "XDG_STATE_HOME": "/dev/null", "XDG_CONFIG_HOME": "/nowhere", "TERM": "xterm-256color"}
    env.pop("TMUX", None)
    shell = f"{sys.executable} -m lambdatui --db {store}"
    (tmp_path / "conf").write_text("set -g allow-passthrough on\nset -g set-clipboard on\n")

    def tmux(*arguments: str) -> str:
        done = subprocess.run(["tmux", "-S", socket, *arguments], env=env, capture_output=True, text=True, check=True)
        return done.stdout

    tmux("-f", str(tmp_path / "conf"), "new-session", "-d", "-x", "80", "-y", "24", shell)
    try:
        for _ in range(200):
            if " help" in tmux("capture-pane", "-p"):
                break
            subprocess.run(["sleep", "0.1"], check=True)
        assert "checkout-api" in tmux("capture-pane", "-p")
        tmux("send-keys", "c")
        for _ in range(50):
            if "copied" in tmux("capture-pane", "-p"):
                break
            subprocess.run(["sleep", "0.1"], check=True)
        assert "copied" in tmux("capture-pane", "-p")
    finally:
        subprocess.run(["tmux", "-S", socket, "kill-server"], env=env, capture_output=True, check=False)


@pytest.mark.skipif(shutil.which("screen") is None, reason="GNU screen is not installed")
def test_a_copy_inside_gnu_screen_reaches_the_terminal_around_it(store: Path, tmp_path: Path) -> None:
    """screen takes strings of some hundred bytes only: it unwraps each piece and hands it on."""
    (tmp_path / "sockets").mkdir(mode=0o700)
    inner = [*PROGRAM, "--db", str(store)]
    keep = {"SCREENDIR": str(tmp_path / "sockets"), "LC_ALL": "C.UTF-8", "STY": ""}
    with UnderTerminal(["-U", "-c", "/dev/null", *inner], program=["screen"], **keep) as terminal:
        assert b"checkout-api" in painted(terminal)
        terminal.send("c")
        seen = terminal.until(b"copied") + terminal.quiet()
        assert b"\x1b]52;c;" in seen
        terminal.send("q")
        terminal.quiet()
