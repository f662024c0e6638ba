"""Copying through the terminal (OSC 52): works over SSH, and through tmux and screen."""

import base64
from collections.abc import Mapping

LIMIT_BYTES = 74_994
"""Longest text that is copied: terminals drop an OSC 52 of more than 100,000 bytes, base64 and frame included."""

_SCREEN_CHUNK = 700  # GNU screen takes strings of at most 768 bytes


def give_to_tmux(text: str, environ: Mapping[str, str]) -> None:
    """Hands the text to the tmux that this runs in, if it does: tmux puts it into its buffer and on the clipboard.

    As tmux is usually set, it takes no sequence from within: neither a bare one nor one that is wrapped to pass. One
    before 3.2 cannot be asked so; nobody waits for it, and what fails is silent.
    """
    if not environ.get("TMUX"):
        return
    import threading

    threading.Thread(target=_load_buffer, args=(_capped(text)[0],), name="lambdatui-tmux", daemon=True).start()


def _load_buffer(raw: bytes) -> None:
    import contextlib
    import subprocess

    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            ["tmux", "load-buffer", "-w", "-"], input=raw, timeout=5, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def _capped(text: str) -> tuple[bytes, bool]:
    """The text in UTF-8, at most ``LIMIT_BYTES`` of it, and whether it had to be cut."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= LIMIT_BYTES:
        return raw, False
    return raw[:LIMIT_BYTES].decode("utf-8", "ignore").encode("utf-8"), True


def osc52(text: str, environ: Mapping[str, str]) -> tuple[str, bool]:
    """The sequence that puts ``text`` on the clipboard, and whether the text had to be cut to ``LIMIT_BYTES``.

    tmux and GNU screen pass on to the terminal what is wrapped in a DCS of theirs; tmux wants every ESC inside doubled.
    """
    raw, cut = _capped(text)
    sequence = f"\x1b]52;c;{base64.b64encode(raw).decode('ascii')}\x07"
    if environ.get("TMUX"):
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        sequence = f"\x1bPtmux;{doubled}\x1b\\"
    elif environ.get("STY") or environ.get("TERM", "").startswith("screen"):
        pieces = (sequence[at : at + _SCREEN_CHUNK] for at in range(0, len(sequence), _SCREEN_CHUNK))
        sequence = "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence, cut
