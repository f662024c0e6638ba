"""Gives the terminal back whenever a signal ends or stops the program while it has the screen.

Installed before the first byte of the first frame, so it imports next to nothing. A signal's handler runs between any
two steps of Python: it must not wait for a lock.
"""

import os
import select
import sys
import termios

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
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
_ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


class _TerminalState:
    """What is on the terminal now, and how it was before."""

    def __init__(self) -> None:
        self.before: dict[int, Any] = {}  # the handlers
        self.attributes: list[Any] | None = None
        self.frame = ""  # of the first frame; empty where it does not stand
        self.screen: ScreenHolder | None = None  # Textual's driver, once there is one
        self.at_the_end: list[Callable[[], None]] = []


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
    """Restores the handlers that were there before. The screen must have been given back."""
    for number, handler in _state.before.items():
        signal.signal(number, handler)
    _state.before.clear()
    _state.frame, _state.screen = "", None
    _state.at_the_end.clear()


def remember_frame(frame: str) -> None:
    """Notes the first frame's text, which is painted again after a stop; "" once Textual paints."""
    _state.frame = frame


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
    if _state.attributes is not None:
        try:  # noqa: SIM105 - without contextlib, this early
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
        try:
            sys.stdout.write(_state.frame)
            sys.stdout.flush()
        except (OSError, RuntimeError):  # it was in the middle of writing the frame, and goes on with it
            write(_state.frame)
