"""The terminal is asked for its background: what it answers chooses the theme, and is never a key."""

import signal
import termios
import time
from pathlib import Path

import pytest

from tests.support.under_terminal import UnderTerminal

ASKED = b"\x1b]11;?\x07\x1b[c"
DEVICE = b"\x1b[?62;22c"
WHITE, BLACK = b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\", b"\x1b]11;rgb:0000/0000/0000\x07"
FOOTER = b" help"
LIGHT_GROUND, DARK_GROUND = b"48;2;251;251;249", b"48;2;13;17;23"
LEFT = b"\x1b[?1049l"


def asked(store: Path, *arguments: str, **changes: str) -> UnderTerminal:
    """The program, once it has asked."""
    terminal = UnderTerminal(["--db", str(store), *arguments], COLORTERM="truecolor", **changes)
    terminal.until(ASKED)
    return terminal


def painted(terminal: UnderTerminal) -> bytes:
    return terminal.until(FOOTER) + terminal.quiet(0.6)


@pytest.mark.parametrize(
    ("answers", "ground"),
    [
        ([WHITE + DEVICE], LIGHT_GROUND),
        ([BLACK + DEVICE], DARK_GROUND),
        ([DEVICE], DARK_GROUND),
        ([], DARK_GROUND),
        ([b"\x1b]11;nonsense\x07" + DEVICE], DARK_GROUND),
        ([WHITE[:9], WHITE[9:] + DEVICE[:3], DEVICE[3:]], LIGHT_GROUND),
        ([WHITE[:1], WHITE[1:], DEVICE], LIGHT_GROUND),
        ([WHITE], LIGHT_GROUND),
    ],
    ids=["light", "dark", "none but the fence", "nothing", "garbage", "split", "split after Esc", "without the fence"],
)
def test_the_answer_chooses_the_theme_and_is_no_key(store: Path, answers: list[bytes], ground: bytes) -> None:
    with asked(store) as terminal:
        for part in answers:
            terminal.send(part)
            time.sleep(0.005)
        seen = painted(terminal)
        assert ground in seen
        assert (DARK_GROUND if ground == LIGHT_GROUND else LIGHT_GROUND) not in seen
        assert b"rgb:" not in terminal.seen, "the answer is not echoed"
        assert b"filter" not in seen.split(FOOTER)[-1], "no filter line was opened by a /"
        assert terminal.process.poll() is None


@pytest.mark.parametrize("late", [WHITE + DEVICE, DEVICE, WHITE], ids=["all", "the fence", "the colour"])
def test_a_late_answer_is_no_key_and_changes_nothing(store: Path, late: bytes) -> None:
    with asked(store) as terminal:
        painted(terminal)
        terminal.send(late)
        assert terminal.quiet(0.6) == b""
        for part in (late[:1], late[1:7], late[7:]):
            terminal.send(part)
            time.sleep(0.02)
        assert terminal.quiet(0.6) == b""
        terminal.send("E")
        assert b"KeyError" in terminal.quiet(0.6)


def test_an_answer_that_never_ends_is_dropped_and_esc_still_is_a_key(store: Path) -> None:
    with asked(store) as terminal:
        painted(terminal)
        terminal.send(WHITE[:12])
        assert terminal.quiet(0.6) == b""
        terminal.send("E")
        terminal.until(b"KeyError")
        terminal.quiet(0.6)
        terminal.send("\x1b")
        assert b"checkout-api" in terminal.until(b"checkout-api")


def test_keys_typed_meanwhile_are_neither_lost_nor_echoed(store: Path) -> None:
    with asked(store) as terminal:
        terminal.send(b"E" + WHITE[:8])
        terminal.send(WHITE[8:] + DEVICE)
        seen = terminal.until(b"KeyError")
        assert LIGHT_GROUND in seen
        assert not seen.startswith(b"E")
        assert b"rgb:" not in seen


def test_keys_typed_without_an_answer_are_not_lost(store: Path) -> None:
    with asked(store) as terminal:
        terminal.send(b"E")
        terminal.until(b"KeyError")


def test_the_terminal_is_given_back_as_it_was(store: Path) -> None:
    with asked(store) as terminal:
        terminal.send(WHITE + DEVICE)
        painted(terminal)
        terminal.send("q")
        terminal.until(LEFT)
        assert terminal.process.wait(60) == 0
        flags = termios.tcgetattr(terminal.fileno())[3]
        assert flags & termios.ECHO
        assert flags & termios.ICANON


def test_a_theme_that_cannot_be_had_gives_the_terminal_back(store: Path) -> None:
    with UnderTerminal(["--db", str(store), "--theme", "none-such"]) as terminal:
        assert terminal.process.wait(60) == 2
        assert termios.tcgetattr(terminal.fileno())[3] & termios.ECHO


def test_a_signal_while_it_starts_leaves_no_answer_to_the_shell(store: Path) -> None:
    with asked(store) as terminal:
        terminal.send(WHITE + DEVICE)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.process.wait(60) == 130
        flags = termios.tcgetattr(terminal.fileno())[3]
        assert flags & termios.ECHO
        assert flags & termios.ICANON


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        (("--theme", "lambdatui-dark"), {}), ((), {"NO_COLOR": "1"}), ((), {"term": "linux"}), ((), {"term": "vt220"}),
    ],
)  # fmt: skip
def test_it_is_asked_only_where_that_matters_and_is_understood(
    store: Path, arguments: tuple[str, ...], changes: dict[str, str]
) -> None:
    with UnderTerminal(["--db", str(store), *arguments], **changes) as terminal:
        terminal.until(b"checkout-api")
        assert b"\x1b]11" not in terminal.seen + terminal.quiet(0.6)


def test_the_configurations_theme_goes_before(store: Path, tmp_path: Path) -> None:
    (tmp_path / "lambdatui").mkdir()
    (tmp_path / "lambdatui" / "config.toml").write_text('theme = "lambdatui-light"\n')
    with UnderTerminal(["--db", str(store)], COLORTERM="truecolor", XDG_CONFIG_HOME=str(tmp_path)) as terminal:
        assert LIGHT_GROUND in painted(terminal)
        assert b"\x1b]11" not in terminal.seen


def test_colorfgbg_decides_where_nothing_is_answered(store: Path) -> None:
    with asked(store, COLORFGBG="0;15") as terminal:
        terminal.send(DEVICE)
        assert LIGHT_GROUND in painted(terminal)
    with asked(store, COLORFGBG="0;15") as terminal:
        terminal.send(BLACK + DEVICE)
        assert DARK_GROUND in painted(terminal)


def test_over_ssh_the_ansi_theme_is_light_too_and_more_time_is_given(store: Path) -> None:
    """Its table's text is the terminal's own: what differs is Textual's ``ansi-light``, seen in nothing but its name."""
    with asked(store, SSH_CONNECTION="1 2 3 4") as terminal:
        time.sleep(0.2)
        terminal.send(WHITE + DEVICE)
        seen = painted(terminal)
        assert b"48;2" not in seen
        assert terminal.process.poll() is None
