"""Gives the terminal back whenever a signal ends or stops the program while it has the screen.

Installed before the first byte of the first frame, so it imports next to nothing. A signal's handler runs between any
two steps of Python: it must not wait for a lock.
"""

import os
import select
import sys
import termios
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Mapping
    from types import FrameType
    from typing import Any, Protocol

    class ScreenHolder(Protocol):
        """What a signal asks of whoever has the screen."""

        has_screen: bool

        def give_back(self) -> None: ...

        def stop(self) -> None: ...

else:
    try:
        import _signal as signal  # what signal adds are enumerations: their modules are a tenth of the whole start
    except ImportError:
        import signal

ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
LEAVE = "\x1b[?25h\x1b[?1049l"
# Ends synchronized output, the kitty keyboard, and reports of paste, focus, resize and mouse; then lines wrap, colours
# are the terminal's own, and the main screen and the cursor are shown.
LEAVE_ALL = (
    "\x1b[?2026l\x1b[<u\x1b[?2004l\x1b[?1004l\x1b[?2048l\x1b[?1016l\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1000l"
    "\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"
)
# The background's colour (OSC 11), then what the terminal is (DA1), which every one of those below answers: the end.
ASK_BACKGROUND = "\x1b]11;?\x07\x1b[c"
_ANSWERING = (
    "alacritty", "contour", "foot", "gnome", "iterm", "kitty", "konsole", "mintty", "mlterm", "rio", "rxvt", "screen",
    "st-", "tmux", "vte", "wezterm", "xterm",
)  # fmt: skip
_ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


class _TerminalState:
    """What is on the terminal now, and how it was before."""

    def __init__(self) -> None:
        self.before: dict[int, Any] = {}  # the handlers
        self.attributes: list[Any] | None = None
        self.frame = ""  # of the first frame; empty where it does not stand
        self.screen: ScreenHolder | None = None  # Textual's driver, once there is one
        self.at_the_end: list[Callable[[], None]] = []
        self.asked_at: float | None = None  # of the monotonic clock: when the terminal was asked for its background


_state = _TerminalState()


def install() -> None:
    """Handles the signals until ``uninstall``. Only the main thread can; others do nothing."""
    if _state.before:
        return
    try:
        for number in (*_ENDING, signal.SIGTSTP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup or a shell has set it
                _state.before[number] = signal.signal(number, _stop if number == signal.SIGTSTP else _end)
    except ValueError:
        return
    try:
        _state.attributes = termios.tcgetattr(0)
    except termios.error:
        _state.attributes = None


def installed() -> bool:
    """Whether the signals are handled here."""
    return bool(_state.before)


def attributes() -> "list[Any] | None":
    """The terminal's line discipline (termios) as it was found; None where there is no terminal."""
    return _state.attributes


def uninstall() -> None:
    """Restores the handlers that were there before, and what ``ask_background`` changed. The screen must have been
    given back.
    """
    if _state.asked_at is not None:
        _restore_attributes()
    for number, handler in _state.before.items():
        signal.signal(number, handler)
    _state.before.clear()
    _state.frame, _state.screen, _state.asked_at = "", None, None
    _state.at_the_end.clear()


def remember_frame(frame: str) -> None:
    """Notes the first frame's text, which is painted again after a stop; "" once Textual paints."""
    _state.frame = frame


def ask_background(environ: "Mapping[str, str]") -> None:
    """Asks the terminal for its background, once, where it is one that answers; ``start.background`` reads the answer.

    Keys that are typed meanwhile wait, and neither they nor the answer are echoed. ``install`` was called before.
    """
    if _state.asked_at is None and _state.attributes is not None and environ.get("TERM", "").startswith(_ANSWERING):
        _keep_quiet()
        _state.asked_at = time.monotonic()
        write(ASK_BACKGROUND)


def asked_at() -> float | None:
    """When the terminal was asked for its background, by the monotonic clock; None where it was not."""
    return _state.asked_at


def _keep_quiet() -> None:
    """The terminal echoes nothing and hands over every byte at once; signals by keys stay."""
    if _state.attributes is None:
        return
    quiet = [*_state.attributes[:6], list(_state.attributes[6])]
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    quiet[6][termios.VMIN], quiet[6][termios.VTIME] = 1, 0
    try:  # noqa: SIM105 - without contextlib, this early
        termios.tcsetattr(0, termios.TCSANOW, quiet)
    except termios.error:
        pass


def set_driver(screen: "ScreenHolder | None") -> None:
    """Notes Textual's driver: it has the terminal from now on, and gives it back."""
    _state.screen = screen


def call_before_end(run: "Callable[[], None]") -> None:
    """Notes a function that a signal that ends the program is to call, once the screen is given back."""
    _state.at_the_end.append(run)


def give_back() -> None:
    """Restores the main screen, the cursor and the line discipline."""
    if _state.frame:
        write(LEAVE_ALL)
    if _state.screen is not None and _state.screen.has_screen:
        _state.screen.give_back()
    _restore_attributes()


def _restore_attributes() -> None:
    if _state.attributes is None:
        return
    try:
        if _state.asked_at is not None:
            termios.tcflush(0, termios.TCIFLUSH)  # what came as an answer is no key for the shell
        termios.tcsetattr(0, termios.TCSANOW, _state.attributes)
    except termios.error:
        pass  # the terminal is gone


def write(text: str) -> None:
    """Writes past all buffers, and drops the text where the terminal takes nothing for 50 ms."""
    try:
        # A terminal that takes nothing (ctrl-s) is not waited for.
        if select.select([], [1], [], 0.05)[1]:
            os.write(1, text.encode())
    except (OSError, ValueError):
        pass


def _end(number: int, _: "FrameType | None") -> None:
    signal.signal(number, signal.SIG_IGN)
    give_back()
    for run in _state.at_the_end:
        try:
            run()
        except BaseException:
            continue
    os._exit(128 + number)


def _stop(_: int, __: "FrameType | None") -> None:
    """ctrl-z before Textual has the screen. What follows the SIGSTOP runs when the shell says ``fg``."""
    if _state.screen is not None and _state.screen.has_screen:
        give_back()
        _state.screen.stop()
        return
    give_back()
    os.kill(os.getpid(), signal.SIGSTOP)
    if _state.frame:
        if _state.asked_at is not None:
            _keep_quiet()
        try:
            sys.stdout.write(_state.frame)
            sys.stdout.flush()
        except (OSError, RuntimeError):  # it was in the middle of writing the frame, and goes on with it
            write(_state.frame)
