"""What people and tools do to a whole text that is a log: quoting, grep's file names, a terminal's width, tabs.

A layer undoes that, line by line. It knows nothing of logs but how their lines begin; the text below may have any form.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial

from collectors.parsing.platform_text import without_escapes
from collectors.sources.files.markup import Cut, Layer, markup_of
from collectors.sources.inputs.line_blocks import LONGEST_LINE, TOO_LONG, LineBlocks
from collectors.sources.inputs.platform_heads import HEADS

_QUOTED = re.compile(r"[ \t]{0,3}(?:(?:>|&gt;)[ \t]?)+")
_NAME = r"[^\s:\"'{}|<>()\[\]=,]*"
_FILE = rf"(?!\d{{4}}[-/]|/aws/)(?:[A-Za-z]:(?=\\))?(?:[\w~^]+:(?=[^\s:]*[./]))?{_NAME}[./\\]{_NAME}?"
_PLACES = (  # what grep, ripgrep, ag, findstr and cat -n put before a line; with - for its neighbours
    re.compile(rf"{_FILE}(?::\d+:(?:\d+:(?!\d\d))?|-\d+-)"),
    re.compile(rf"{_FILE}:(?!\d(?!\d{{3}}-\d\d-\d\d|\d{{12}}\b))"),
    re.compile(r"(?!\d{4}-\d\d|\d\d:\d\d:\d\d)\d{1,9}[:-](?:\d{1,5}:(?=[A-Z{]))?"),
    re.compile(r" {0,8}\d{1,9}\t"),
)
_LOG = re.compile(
    rf"\s*(?:{HEADS}|\{{\"|\{{'|\[|\d{{4}}[-/]\d\d[-/]\d\d[T ]\d\d:|\d{{13}}[,\t ]|@?timestamp,|EVENTS\t"
    r"|/aws/lambda/|>)"
)
_RUN_TOGETHER = re.compile(rf"(?m)^(?:{HEADS})[^\n]*\t(?:{HEADS})|^\t(?:{HEADS})")
_BETWEEN = re.compile(rf"\t+(?={HEADS})|(?<=Version: \$LATEST)\t+|^\t")
_ONE_LINE = re.compile(r"(?m)^[ \t]*START RequestId: (\S+) Version: [^\n]*? END RequestId: \1 +REPORT RequestId: \1 ")
_BETWEEN_BLANKS = re.compile(rf"[ \t]+(?={HEADS})|(?<=Version: \$LATEST)[ \t]+")
_INSERTED = re.compile(r"(?i)\A\s*INSERT INTO [^\n(]{1,200}(?:\([^\n()]{1,500}\))?\s*VALUES\s*\([^\n]*'\),\s*\(")
_ROWS = re.compile(r"'\),\s*\(|(?i:\bVALUES\s*\()")
_ESCAPED = re.compile(rf"(?m)^(?:{HEADS})[^\n]*?\\n(?:{HEADS})")  # one line, as JSON or a program spelled it
_ESCAPES = re.compile(r"\\r\\n|\\[nt]")
_BEGINS = re.compile(rf"\s*(?:{HEADS}|\d{{4}}-\d\d-\d\dT\d\d:\d\d|\[(?:INFO|ERROR|WARN|WARNING|DEBUG)\])")
_WHOLE_REPORT = re.compile(r"REPORT RequestId: ?\S+\s+.*?Max Memory Used: ?\d+ MB")
# The console's button beside an unfolded event, whose text then stands twice.
_BUTTON = re.compile(r"(\A[ \t|]*\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:\d\d))Copy(?=\S)")
_TWICE = re.compile(r"(.+?)[ \t|]+\1\s*\Z", re.DOTALL)
# As docker-lambda's .NET images write them.
_NO_COLONS = re.compile(r"(?m)\b(?:END {2}RequestId: |REPORT RequestId (?=[0-9a-f]{8}-))")
_UNCOLONED = re.compile(r"\b(END) {2}(?=RequestId: )|(\bREPORT RequestId|\bMemory Size) (?=[0-9a-f]{8}-|\d+ MB)")
_HEADING = re.compile(r"\S+\.(?:log|txt|jsonl?|csv|gz)")
_RULE = re.compile(r"-{2,3}\s*|\s*")
NARROWEST, WIDEST = 40, 400


def layer_of(head: bytes) -> Layer | None:
    """The layer over a text that begins with ``head``; None where it has none."""
    if (markup := markup_of(head)) is not None:
        return markup
    if head[:1] in b"{[" and not head.startswith(b"["):
        return None
    text = head.decode("utf-8", "replace")
    lines = [without_escapes(line).rstrip("\r") for line in text.split("\n")[:2_000]]
    texts = [line for line in lines if not _RULE.fullmatch(line)]
    if len(texts) > 3 and len(text) >= 1 << 16:
        texts.pop()  # it may be cut
    if not texts:
        return None
    quoted = [line for line in texts if _QUOTED.match(line)]
    if len(quoted) >= 0.7 * len(texts) and any(
        "RequestId" in line or _LOG.match(_QUOTED.sub("", line, count=1)) for line in quoted
    ):
        return partial(_changed, change=_unquoted)
    for place in _PLACES:
        matches = [match for line in texts if (match := place.match(line)) is not None]
        rest = [match.string[match.end() :] for match in matches]
        if place is _PLACES[-1] and "\t" in texts[0] and not place.match(texts[0]):
            continue  # a table's first column, with its header
        if len(matches) >= 0.95 * len(texts) - 1 and len(matches) > len(texts) / 2 and any(map(_LOG.match, rest)):
            return partial(_changed, change=partial(_unplaced, place=place))
    if any(map(_BUTTON.match, texts)):
        return partial(_changed, change=_without_button)
    if _NO_COLONS.search(text):
        return partial(_changed, change=_with_colons)
    if _RUN_TOGETHER.search(text):
        return partial(_changed, change=lambda line: _BETWEEN.sub("\n", line).lstrip("\n"))
    if _ONE_LINE.search(text):
        return partial(_changed, change=lambda line: _BETWEEN_BLANKS.sub("\n", line).lstrip("\n"))
    if _INSERTED.match(text):
        return partial(_changed, change=lambda line: _ROWS.sub("'\n", line).replace("\\t", "\t"))
    if _ESCAPED.search(text):
        return partial(
            _changed, change=lambda line: _ESCAPES.sub(lambda each: "\t" if each[0][-1] == "t" else "\n", line)
        )
    width = wrapped_at(lines)
    return partial(_unwrapped, width=width) if width else None


def wrapped_at(lines: list[str]) -> int:
    """The width at which a terminal broke the lines, even within words; 0 where it did not."""
    width = max(map(len, lines))
    if not NARROWEST <= width <= WIDEST:
        return 0
    for number, line in enumerate(lines):
        if len(line) != width or "REPORT RequestId:" not in line or _WHOLE_REPORT.search(line):
            continue
        joined = line
        for after in lines[number + 1 : number + 12]:
            joined += after
            if _WHOLE_REPORT.search(joined):
                return width
            if len(after) != width:
                break
    return 0


def _unquoted(line: str) -> str | None:
    match = _QUOTED.match(line)
    if match is None:
        return None if line.strip() else line
    rest = line[match.end() :]
    return rest.replace("&gt;", ">").replace("&lt;", "<").replace("&quot;", '"') if "&" in rest else rest


def _unplaced(line: str, place: re.Pattern[str]) -> str | None:
    clean = without_escapes(line)
    found = place.match(clean)
    if found is not None:
        return clean[found.end() :]
    return None if clean.startswith("--") or _HEADING.fullmatch(clean) else clean


def _without_button(line: str) -> str:
    match = _BUTTON.match(line)
    if match is None:
        return line
    text = line[match.end() :]
    twice = _TWICE.fullmatch(text) if len(text) < 20_000 else None
    between = " | " if "|" in match.group(1) else "\t"
    return f"{match.group(1)}{between}{twice.group(1) if twice is not None else text}"


def _with_colons(line: str) -> str:
    return _UNCOLONED.sub(lambda each: "END " if each.group(1) else f"{each.group(2)}: ", line)


def _changed(chunks: Iterator[bytes], cut: Cut, change: Callable[[str], str | None]) -> Iterator[bytes]:
    for block in LineBlocks(chunks, 4 * LONGEST_LINE, partial(cut, TOO_LONG)):
        ended = block.endswith(b"\n")
        pieces = (
            change(raw.decode("utf-8", "replace").removesuffix("\r")) for raw in block.removesuffix(b"\n").split(b"\n")
        )
        text = "\n".join(piece for piece in pieces if piece is not None)
        yield (text + "\n" if ended else text).encode("utf-8", "replace")


def _unwrapped(chunks: Iterator[bytes], cut: Cut, width: int) -> Iterator[bytes]:
    waiting: list[str] = []
    for block in LineBlocks(chunks, 4 * LONGEST_LINE, partial(cut, TOO_LONG)):
        done: list[str] = []
        for raw in block.removesuffix(b"\n").split(b"\n"):
            line = raw.decode("utf-8", "replace").removesuffix("\r")
            if waiting and _BEGINS.match(line):
                done.append("".join(waiting))
                waiting = []
            waiting.append(line)
            if len(without_escapes(line)) != width or len(waiting) > 10_000:
                done.append("".join(waiting))
                waiting = []
        yield "".join(f"{line}\n" for line in done).encode("utf-8", "replace")
    yield "".join(waiting).encode("utf-8", "replace")
