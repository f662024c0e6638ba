"""Whether the terminal's background is light: its own answer, read beside the keys that are typed meanwhile."""

import os
import re
import select
import time
from collections.abc import Mapping

from lambdatui.start import terminal_signals

_PATIENCE_S, _REMOTE_PATIENCE_S = 0.1, 0.3
_BACKGROUND = re.compile(rb"\x1b\]11;([^\x07\x1b]*)(?:\x07|\x1b\\)")
_DEVICE = re.compile(rb"\x1b\[\?[\d;]*c")
_COLOUR = re.compile(r"rgba?:([0-9a-f]{1,4})/([0-9a-f]{1,4})/([0-9a-f]{1,4})(?:/[0-9a-f]{1,4})?", re.IGNORECASE)
_HEX = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", re.IGNORECASE)
_LIGHT_INDICES = frozenset((7, *range(9, 16)))  # of the 16 colours, as COLORFGBG counts them


class TypedAhead:
    """What came from the terminal and is no answer: keys that were typed before anybody read them."""

    text = ""


def is_light(environ: Mapping[str, str], *, remote: bool) -> bool:
    """Whether the background is light, as the terminal says within its time, else as COLORFGBG says; else false.

    What else was typed is left in ``TypedAhead``. Waits only where the terminal was asked, and until it has answered.
    """
    asked_at = terminal_signals.asked_at()
    answer = None
    if asked_at is not None:
        came = _read_until(asked_at + (_REMOTE_PATIENCE_S if remote else _PATIENCE_S))
        answer = _BACKGROUND.search(came)
        TypedAhead.text += _DEVICE.sub(b"", _BACKGROUND.sub(b"", came)).decode("utf-8", "replace")
    by_answer = colour_is_light(answer[1].decode("ascii", "replace")) if answer else None
    return by_answer if by_answer is not None else bool(colorfgbg_is_light(environ.get("COLORFGBG", "")))


def colour_is_light(text: str) -> bool | None:
    """Whether ``rgb:ffff/ffff/dddd`` or ``#ffffdd`` is nearer to white than to black; None for other text."""
    match = _COLOUR.fullmatch(text) or _HEX.fullmatch(text)
    if match is None:
        return None
    red, green, blue = (int(part, 16) / (int("f" * len(part), 16)) for part in match.groups())
    return 0.299 * red + 0.587 * green + 0.114 * blue > 0.5


def colorfgbg_is_light(text: str) -> bool | None:
    """What ``0;15`` (rxvt, Konsole) says of the background; None where it says nothing."""
    last = text.rpartition(";")[2]
    return int(last) in _LIGHT_INDICES if ";" in text and last.isascii() and last.isdigit() else None


def _read_until(end_s: float) -> bytes:
    """What comes until the terminal has answered what it is, or until that time of the monotonic clock."""
    came = b""
    while not _DEVICE.search(came):
        try:
            if not select.select([0], [], [], max(0.0, end_s - time.monotonic()))[0]:
                break
            more = os.read(0, 4096)
        except (OSError, ValueError):
            break
        if not more:
            break
        came += more
    return came
