"""Hostile text made plain: what log lines and names hold is shown, never obeyed, by terminals, JSON and spreadsheets.

Nothing is imported before it is needed: the first frame is written with it.
"""

from lambdatui.text.figures import UNKNOWN, decimal_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

# Whole escape sequences first, so that nothing of their payload is left as text: OSC, DCS, SOS, PM and APC strings
# (ended by BEL or ST, or cut), CSI, then any two-character escape. C1 controls do the same in one character.
_ESCAPES = (
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c|(?=[\x1b\n])|$)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROLS = "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
# Bidirectional overrides and isolates can show a line in another order than it was written; zero-width characters hide.
INVISIBLE = "[\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
OBEYED = f"{_CONTROLS}|{INVISIBLE}"


def plain(text: str, *, newlines: bool = False, tabs: bool = True) -> str:
    """``text`` without anything that a terminal obeys.

    Escape sequences vanish; other control characters become their visible pictures (NUL is ``␀``), invisible and
    bidirectional ones ``�``. Line ends become spaces unless ``newlines``; a tab becomes a space unless ``tabs``.
    A lone carriage return ends a line too: the Python runtime writes its tracebacks so.
    """
    if text.isprintable():
        return text
    import re

    text = re.sub(_ESCAPES, "", text)
    if newlines:
        text = text.replace("\r\n", "\n").rstrip("\r").replace("\r", "\n")
    else:
        text = re.sub(r"[\r\n]+", " ", text.rstrip("\r\n"))
    if not tabs:
        text = text.replace("\t", " ")
    return pictures(text)


def pictures(text: str) -> str:
    """The text with every character that a terminal obeys as its picture; line ends and tabs stay."""
    import re

    return re.sub(INVISIBLE, "�", re.sub(_CONTROLS, _picture, text.replace("\r\n", "\n")))


def _picture(match: "re.Match[str]") -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "�"


def json_text(document: object) -> str:
    """Indented JSON that a terminal shows as it is: what JSON leaves unescaped but a terminal obeys is escaped too."""
    import json

    return escaped_json(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def escaped_json(text: str) -> str:
    """JSON of the same meaning, without characters that a terminal obeys."""
    import json
    import re

    def escaped(match: "re.Match[str]") -> str:
        return json.dumps(match[0])[1:-1].replace("\x7f", "\\u007f")

    if text.isascii() and "\x7f" not in text:
        return text
    return re.sub(f"[\x7f-\x9f\ud800-\udfff]|{INVISIBLE}", escaped, text)


def csv_cell(value: object) -> str:
    """A cell that a spreadsheet takes for text, not for a formula; ``None`` is empty.

    Text that begins with ``= + - @``, a tab or a line end gets a leading apostrophe (OWASP, "CSV Injection");
    figures stay figures.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    from decimal import Decimal

    if isinstance(value, int | float | Decimal):
        return decimal_text(value) if isinstance(value, Decimal) else repr(value)
    text = str(value).replace("\x00", "")
    lead = text.lstrip(" \u00a0")
    if lead[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20") and text != UNKNOWN:
        return f"'{text}"
    return text
