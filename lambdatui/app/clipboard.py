"""Copying through the terminal (OSC 52): works over SSH, and through tmux and screen."""

import base64
from collections.abc import Mapping

LIMIT_BYTES = 74_994
"""Longest text that is copied: terminals drop an OSC 52 of more than 100,000 bytes, base64 and frame included."""

_SCREEN_CHUNK = 700  # GNU screen takes strings of at most 768 bytes


def osc52(text: str, environ: Mapping[str, str]) -> tuple[str, bool]:
    """The sequence that puts ``text`` on the clipboard, and whether the text had to be cut to ``LIMIT_BYTES``.

    tmux and GNU screen pass on to the terminal what is wrapped in a DCS of theirs; tmux wants every ESC inside doubled.
    """
    raw = text.encode("utf-8", "replace")
    cut = len(raw) > LIMIT_BYTES
    if cut:
        raw = raw[:LIMIT_BYTES].decode("utf-8", "ignore").encode("utf-8")
    sequence = f"\x1b]52;c;{base64.b64encode(raw).decode('ascii')}\x07"
    if environ.get("TMUX"):
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        sequence = f"\x1bPtmux;{doubled}\x1b\\"
    elif environ.get("STY") or environ.get("TERM", "").startswith("screen"):
        pieces = (sequence[at : at + _SCREEN_CHUNK] for at in range(0, len(sequence), _SCREEN_CHUNK))
        sequence = "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence, cut
