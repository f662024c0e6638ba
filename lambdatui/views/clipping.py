"""What is copied: a text, and the same as Markdown with where it comes from. Both are safe to paste.

Copied text is hostile, as logs are. Nothing in it is obeyed by a terminal that it is pasted into, and no fence in it
ends the block that it stands in.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lambdatui.text.plain import plain

Fact = tuple[str, str]
"""A label and its value: ``("Function", "checkout")``."""

_LEAST_BODY_BYTES = 200
"""Of several texts, one for which less room than this is left is left out whole."""


@dataclass(frozen=True, slots=True)
class Clipping:
    """``what`` it is, in words that follow "copied": ``the trace``, ``2 rows``.

    As Markdown, ``facts`` and a fenced block stand for it: of ``markdown_text``, else of ``text``; or, where there is
    one, ``table`` in place of the block; or each of ``parts``. ``more`` are other texts that may be meant.
    """

    what: str
    text: str
    facts: tuple[Fact, ...] = ()
    markdown_text: str = ""
    table: str = ""
    parts: "tuple[Clipping, ...]" = ()
    more: "tuple[Clipping, ...]" = ()


@dataclass(frozen=True, slots=True)
class CopyForm:
    """One of the ways to copy something: ``text`` is what goes onto the clipboard; ``whole_bytes`` it had uncut."""

    what: str
    text: str
    whole_bytes: int
    redacted: bool

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return len(self.text.splitlines())

    @property
    def is_cut(self) -> bool:
        """Whether it was longer than a terminal takes."""
        return _size(self.text) < self.whole_bytes


def forms(clipping: Clipping, clean: Callable[[str], str], most_bytes: int) -> list[CopyForm]:
    """The ways to copy it, the one that is meant first: as text, as Markdown, and what else there is.

    ``clean`` takes secrets out. No form has more than ``most_bytes`` of UTF-8.
    """
    made = [_text_form(clipping, clean, most_bytes), _markdown_form(clipping, clean, most_bytes)]
    return [*made, *(_text_form(other, clean, most_bytes) for other in clipping.more)]


def _text_form(clipping: Clipping, clean: Callable[[str], str], most_bytes: int) -> CopyForm:
    safe = _safe(clipping.text)
    cleaned = clean(safe)
    return CopyForm(clipping.what, _first_bytes(cleaned, most_bytes), _size(cleaned), cleaned != safe)


def _markdown_form(clipping: Clipping, clean: Callable[[str], str], most_bytes: int) -> CopyForm:
    whole, was_cleaned = _markdown(clipping, clean, 1 << 40)
    text = whole if _size(whole) <= most_bytes else _markdown(clipping, clean, most_bytes)[0]
    return CopyForm(f"{clipping.what} as Markdown", text, _size(whole), was_cleaned)


def _markdown(clipping: Clipping, clean: Callable[[str], str], most_bytes: int) -> tuple[str, bool]:
    """The Markdown, its blocks cut so that it has at most ``most_bytes``, and whether a secret was taken out."""
    if clipping.parts:
        texts: list[str] = []
        was_cleaned, left = False, most_bytes
        for part in clipping.parts:
            if left < _LEAST_BODY_BYTES:
                break
            text, part_cleaned = _markdown(part, clean, left)
            texts.append(text)
            was_cleaned, left = was_cleaned or part_cleaned, left - _size(text) - 1
        return "\n".join(texts), was_cleaned
    safe = _safe(clipping.markdown_text or clipping.text)
    body = clean(safe)
    facts = [(label, clean(plain(value))) for label, value in clipping.facts if value]
    head = "".join(f"- {label}: {code_span(value)}\n" for label, value in facts) + ("\n" if facts else "")
    if clipping.table:
        table = clean(_safe(clipping.table))
        return head + _whole_lines(table, most_bytes - _size(head)), table != clipping.table
    fence = "`" * max(3, _longest_run(body) + 1)
    frame = f"{head}{fence}text\n{{}}\n{fence}\n"
    cut = _whole_lines(body, most_bytes - _size(frame))
    changed = body != safe or facts != [(label, plain(value)) for label, value in clipping.facts if value]
    return f"{head}{fence}text\n{cut}\n{fence}\n", changed


def code_span(text: str) -> str:
    """Markdown that shows the text as it is, whatever signs are in it."""
    line = plain(text, tabs=False)
    ticks = "`" * (_longest_run(line) + 1)
    space = " " if line.startswith(("`", " ")) or line.endswith(("`", " ")) else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def markdown_table(titles: Sequence[str], rows: Sequence[Sequence[tuple[str, bool]]]) -> str:
    """A table of cells: their texts, and whether each is a figure, which stands at the right and needs no quoting."""
    right = [all(row[at][1] for row in rows) for at in range(len(titles))]
    lines = ["| " + " | ".join(titles) + " |", "|" + "|".join(" ---: " if one else " --- " for one in right) + "|"]
    for row in rows:
        cells = (text if figure or not text else code_span(text).replace("|", "\\|") for text, figure in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _safe(text: str) -> str:
    return "\n".join(plain(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).rstrip("\n")


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _first_bytes(text: str, most_bytes: int) -> str:
    return text.encode("utf-8", "replace")[: max(0, most_bytes)].decode("utf-8", "ignore")


def _whole_lines(text: str, most_bytes: int) -> str:
    """As many whole lines as have at most that many bytes; of a first line that is longer, its beginning."""
    if _size(text) <= most_bytes:
        return text
    first = _first_bytes(text, most_bytes)
    return first.rpartition("\n")[0] or first
