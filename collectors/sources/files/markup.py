"""What programs make of a text that is a log: web pages, mail, entities, non-breaking spaces, recordings of a terminal,
strings of a programming language, indentation, and lines that containers cut.

Each is a layer like those of ``layers``. A layer calls ``cut(reason, beginning)`` with what it leaves out.
"""

import html
import quopri
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from collectors.parsing.platform_text import without_escapes
from collectors.sources.files.notations import LARGEST, literal
from collectors.sources.inputs.line_blocks import LONGEST_LINE, TOO_LONG, LineBlocks
from collectors.sources.inputs.platform_heads import HEADS
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_value

Cut = Callable[[str, str], None]
Layer = Callable[[Iterator[bytes], Cut], Iterator[bytes]]

_PLATFORM = re.compile(HEADS)
_LINES = re.compile(rb"(?m)^(?:%s|\d{4}-\d\d-\d\d)" % HEADS.encode())
_TAGGED = re.compile(r"\s*(?:<!DOCTYPE|<\?xml|<[a-zA-Z][\w-]*(?:\s[^<>]*)?/?>)", re.IGNORECASE)
_ENTITIES = re.compile(r"&(?:quot|#34|#x22|apos|#39|#x27|nbsp|#160);")
_NO_BREAK = re.compile(r"(?:START|END|REPORT)(?:\u00a0RequestId|[ \u00a0]RequestId:\u00a0)")
_BREAKS = re.compile(r"<br\s*/?>\s*|</(?:p|div|tr|li|result|event|entry|row|h\d|table)\s*>\s*", re.IGNORECASE)
_CELLS = re.compile(r"</(?:td|th|field|span|b|strong|time|timestamp|message)\s*>", re.IGNORECASE)
_TAGS = re.compile(r"<(?:/?[a-zA-Z][^<>]*|[!?][^<>]*)>")
_PRINTABLE = re.compile(rb"(?m)^REPORT RequestId: \S{1,80}?(?:=09|=20| )[^\n]{0,400}?(?:=09| =\r?$)")
_UNSEEN = (("<script", "</script"), ("<style", "</style"), ("<head", "</head"), ("<!--", "--"))
_BARE = re.compile(r"<(?:p|div|li|h\d)\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTED = re.compile(r"<\w+\s[^<>]{0,500}?\b(?:time|timestamp|date)=[\"']([^\"'<>]+)[\"'][^<>]*>", re.IGNORECASE)
_RICH_TABLES = re.compile(r"\{\\(?:fonttbl|colortbl|stylesheet|info|\*)(?:[^{}]|\{[^{}]*\})*\}\n?")
_RICH = re.compile(r"\\(?:([a-z]{1,32})(-?\d{1,9})?(?: |(?<=u)\?)?|'([0-9a-f]{2})|([\\{}\r\n]))|[{}\r\n]")
_NOISE = rb"(?:[*>] ?[^\n]*+\n|[{}] \[[^\n]*+\n|\r?\n)*+"
_AFTER = rb"(?:[*<>] ?[^\n]*+\n|[{}] \[[^\n]*+\n|\r?\n)*+"
_HEADERS = rb"HTTP/[\d.]+ \d{3}[^\n]*+\n(?:[A-Za-z][\w-]*+:[^\n]*+\n)*+\r?\n"
_ANSWER = re.compile(rb"%s(?:(?:%s)++|< HTTP/[\d.]+ \d{3}[^\n]*+\n%s)" % (_NOISE, _HEADERS, _AFTER))
_LOG_RESULT = re.compile(rb"(?i)x-amz-log-result")
_DEBUGGED = re.compile(rb"botocore\.parsers - DEBUG - Response body:\r?\n(?=b['\"])")
_MAIL = re.compile(rb"(?:[A-Za-z][\w-]*+: ?[^\n]*+\n(?:[ \t][^\n]*+\n)*+)++\r?\n")
_ENCODED_MAIL = re.compile(rb"^(?:MIME-Version|Content-Transfer-Encoding): ", re.IGNORECASE | re.MULTILINE)
_CAST = re.compile(rb"\s*\{\"version\": ?[123],[^\n]*\"(?:width|term)\"")
_ESCAPE = re.compile(rb"\x1b\[[0-9;]*m")
_COLOURED = re.compile(rb"\s*(?:\[\s*)?\{\s*\"")  # JSON as jq colours it
_ASSIGNED = re.compile(  # to a variable, or the argument of a call
    rb"\s*(?:(?:export\s+)?(?:default\s+|(?:(?:const|let|var)\s+)?[\w$.]+\s*=\s*)|[\w$.]+\()(?=(?:\[\s*)?\{\s*\"[^{}\n]*\")"
)
_SPELLED = re.compile(rb"\s*\"(?:\\n|\\t|\s)*(?:\{|\[)(?:\\n|\\t|\s)*[\\{\[]")
_PARTED = re.compile(r"(\S+) (?:stdout|stderr) ([PF]) ?(.*)", re.DOTALL)
_PAYLOAD = re.compile(r".*?(\[\{\"time\": ?\".*\"type\": ?\"(?:platform\.|function|extension).*\}\])\s*", re.DOTALL)


def outer_layer_of(head: bytes) -> Layer | None:
    """The layer over a whole file, of any form, that begins with ``head``."""
    if _CAST.match(head):
        return _recorded
    if b"\x1b[" in head[:400] and _COLOURED.match(_ESCAPE.sub(b"", head[:2_000])):
        return _each(without_escapes)
    if _SPELLED.match(head):
        return _spelled
    if _ASSIGNED.match(head) and not _LINES.search(head) and b"RequestId: " in head:
        return _assigned
    return None


def markup_of(head: bytes) -> Layer | None:
    """The layer over a text that begins with ``head``; None where there is none of these."""
    if _ENCODED_MAIL.search(head[:8192]) and _MAIL.match(head):
        return _mailed
    if _PRINTABLE.search(head):
        return _unprintable
    if (answered := _ANSWER.match(head)) is not None and not _LOG_RESULT.search(answered.group()):
        return _answered
    if _DEBUGGED.search(head) and not _LOG_RESULT.search(head):
        return _debugged
    if head.startswith(b"{\\rtf") and b"RequestId" in head:
        return _rich
    text = head.decode("utf-8", "replace")
    if _TAGGED.match(text):
        plain = _untagged(text)
        return _paged if _PLATFORM.search(plain) or '"platform.' in plain else None
    if _ENTITIES.search(text) and '"' not in text and _PLATFORM.search(html.unescape(text)):
        return _each(html.unescape)
    if _NO_BREAK.search(text):
        return _each(lambda line: line.replace("\u00a0", " "))
    lines = [line.rstrip("\r") for line in text.split("\n")[:2_000] if line.strip()]
    if len(lines) > 3 and len(head) >= 1 << 16:
        lines.pop()  # it may be cut
    return _of_lines(lines) if lines else None


def _of_lines(lines: list[str]) -> Layer | None:
    if lines[0].lstrip()[:1] in ("b", "'", '"'):
        told: list[str] = [text for line in lines if (text := literal(line)) is not None]
        if len(told) >= 0.9 * len(lines) and any(map(_PLATFORM.search, told)):
            return _each(lambda line: line if (text := literal(line)) is None else text.removesuffix("\n"))
    parted = [match[2] for line in lines if (match := _PARTED.fullmatch(line)) is not None]
    if "P" in parted and len(parted) >= 0.9 * len(lines):
        return _whole
    if sum(_PAYLOAD.fullmatch(line) is not None for line in lines) >= 0.9 * len(lines):
        return _each(lambda line: _PAYLOAD.sub(r"\1", line))
    shown = [line for line in lines if line.endswith("$")]  # cat -A
    if len(shown) >= 0.9 * len(lines) and any("^I" in line for line in shown):
        return _each(lambda line: _shown(line))
    indents = {line[: match.start()] for line in lines if (match := _PLATFORM.search(line)) is not None}
    if len(indents) == 1 and (indent := indents.pop()) and not indent.strip():
        within = sum(line.startswith(indent) for line in lines)
        if within >= 0.7 * len(lines) or _is_code(lines, indent):
            return _each(lambda line: line.removeprefix(indent))
    return None


def _is_code(lines: Sequence[str], indent: str) -> bool:
    """Whether the log stands as Markdown's code amid words: indented from its first platform line to its last."""
    if indent[:1] != "\t" and indent[:4] != "    ":
        return False
    told = [at for at, line in enumerate(lines) if _PLATFORM.search(line)]
    return len(told) > 2 and all(line.startswith(indent) for line in lines[told[0] : told[-1] + 1])


def _answered(chunks: Iterator[bytes], cut: Cut) -> Iterator[bytes]:
    """The body of an HTTP answer, without its headers and what curl says of it."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= 1 << 16:
            break
    found = _ANSWER.match(head)
    yield head[found.end() :] if found is not None else head
    yield from chunks


def _debugged(chunks: Iterator[bytes], cut: Cut) -> Iterator[bytes]:
    """The bodies of the answers that ``aws --debug`` printed, without all else."""
    for block in LineBlocks(chunks, 4 * LARGEST, partial(cut, TOO_LONG)):
        for line in block.decode("utf-8", "replace").split("\n"):
            if line[:2] in ("b'", 'b"') and (body := literal(line)) is not None and body[:1] in ("{", "["):
                yield f"{body}\n".encode("utf-8", "replace")


def _shown(line: str) -> str:
    return line.removesuffix("$").removesuffix("^M").replace("^I", "\t").replace("M-BM- ", "\u00a0")


def _each(change: Callable[[str], str]) -> Layer:
    """A layer that changes every line by ``change``."""

    def changed(chunks: Iterator[bytes], cut: Cut) -> Iterator[bytes]:
        for block in LineBlocks(chunks, 4 * LONGEST_LINE, partial(cut, TOO_LONG)):
            lines = block.decode("utf-8", "replace").split("\n")
            yield "\n".join(change(line.removesuffix("\r")) for line in lines).encode("utf-8", "replace")

    return changed


def all_of(chunks: Iterator[bytes], cut: Cut) -> bytes:
    """All chunks joined, at most as many bytes as are read as one text; ``cut`` is called where there are more."""
    pieces: list[bytes] = []
    size = 0
    for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size > 4 * LARGEST:
            if next(chunks, b""):
                cut("longer than 64 MB: read to there", "")
            break
    return b"".join(pieces)


def _paged(chunks: Iterator[bytes], cut: Cut) -> Iterator[bytes]:
    yield _untagged(all_of(chunks, cut).decode("utf-8", "replace")).encode("utf-8", "replace")


def _untagged(text: str) -> str:
    for begin, end in _UNSEEN:
        text = _without(text, begin, end)
    text = _ATTRIBUTED.sub(r"\1 ", text)
    text = _TAGS.sub("", _BARE.sub("\n", _CELLS.sub(" ", _BREAKS.sub("\n", text))))
    return html.unescape(text).replace("\u00a0", " ")


def _rich(chunks: Iterator[bytes], cut: Cut) -> Iterator[bytes]:
    """The text of a rich text document, as word processors and macOS's TextEdit save what was pasted."""
    text = _RICH_TABLES.sub("", all_of(chunks, cut).decode("latin-1"))
    yield _RICH.sub(_rich_text, text).replace("\r", "").encode("utf-8", "replace")


def _rich_text(found: re.Match[str]) -> str:
    code, number, byte, literally = found.groups()
    if literally:
        return "\n" if literally in "\r\n" else literally
    if byte:
        return bytes.fromhex(byte).decode("cp1252", "replace")
    if code == "u" and number:
        return chr(int(number) % 0x10000).encode("utf-8", "replace").decode("utf-8", "replace")
    return {"par": "\n", "line": "\n", "tab": "\t", "row": "\n", "cell": "\t"}.get(code or "", "")


def _without(text: str, begin: str, end: str) -> str:
    """``text`` without the parts from ``begin`` to ``end``; a part without an end is kept."""
    pieces: list[str] = []
    kept_from = 0
    while (begun := text.find(begin, kept_from)) >= 0 and (ended := text.find(end, begun)) >= 0:
        pieces.append(text[kept_from:begun])
        kept_from = max(text.find(">", ended), ended) + 1
    return "".join((*pieces, text[kept_from:]))


def _mailed(chunks: Iterator[bytes], cut: Cut) -> Iterator[bytes]:
    """The texts of a mail, and of what was sent with it."""
    from email import message_from_bytes, policy  # of many modules, which nearly no import needs

    for part in message_from_bytes(all_of(chunks, cut), policy=policy.compat32).walk():
        if part.is_multipart() or part.get_content_type() == "text/html":
            continue
        data = part.get_payload(decode=True)
        if isinstance(data, bytes):
            yield data.rstrip(b"\n") + b"\n"


def _unprintable(chunks: Iterator[bytes], cut: Cut) -> Iterator[bytes]:
    """The text of a mail that came as quoted-printable, without its headers. Source: RFC 2045, 6.7."""
    yield quopri.decodestring(all_of(chunks, cut))


def _recorded(chunks: Iterator[bytes], cut: Cut) -> Iterator[bytes]:
    """What a recording of asciinema shows. Source: its documentation, "asciicast file format"."""
    for block in LineBlocks(chunks, 4 * LONGEST_LINE, partial(cut, TOO_LONG)):
        shown: list[str] = []
        for line in block.split(b"\n"):
            try:
                row = json_value(line)
            except Unparsable:
                continue
            if isinstance(row, list) and len(row) == 3 and row[1] == "o" and isinstance(row[2], str):
                shown.append(row[2])
        yield "".join(shown).encode("utf-8", "replace")


def _spelled(chunks: Iterator[bytes], cut: Cut) -> Iterator[bytes]:
    """The JSON that somebody encoded once more, as one string."""
    data = all_of(chunks, cut)
    try:
        text = json_value(data)
    except Unparsable:
        text = None
    yield text.encode("utf-8", "replace") if isinstance(text, str) else b" " + data


def _assigned(chunks: Iterator[bytes], cut: Cut) -> Iterator[bytes]:
    """The JSON that JavaScript gives a name, or a callback."""
    last = _ASSIGNED.sub(b"", next(chunks, b""), count=1)
    for chunk in chunks:
        yield last
        last = chunk
    yield last.rstrip(b"); \t\r\n")


def _whole(chunks: Iterator[bytes], cut: Cut) -> Iterator[bytes]:
    """The lines of a container's log, whose parts the runtime marked P but for the last. Source: Kubernetes' CRI."""
    begun: list[str] = []
    for block in LineBlocks(chunks, 4 * LONGEST_LINE, partial(cut, TOO_LONG)):
        done: list[str] = []
        for line in block.decode("utf-8", "replace").removesuffix("\n").split("\n"):
            match = _PARTED.fullmatch(line)
            if match is None:
                done.append(line)
                continue
            begun.append(match[3] if begun else f"{match[1]} {match[3]}")
            if match[2] == "F" or len(begun) > 10_000:
                done.append("".join(begun))
                begun = []
        yield "".join(f"{line}\n" for line in done).encode("utf-8", "replace")
    yield "".join(begun).encode("utf-8", "replace")
