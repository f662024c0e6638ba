"""Logs within other text: fenced blocks of Markdown, Slack and Jira. Each block is read as a file of its own."""

import re
from collections.abc import Iterator

LARGEST_BLOCK = 8 << 20  # characters
_OPEN = re.compile(
    r"\s*(?:`{3,}|~{3,}|\{(?:code|noformat)[^}\n]*\}|<pre[^>\n]*>(?:<code[^>\n]*>)?|\[code\])(?:[\w+.-]{1,16}\s*$)?"
)
_CLOSE = re.compile(r"(.*?)(?:`{3,}|~{3,}|\{(?:code|noformat)\}|(?:</code>)?</pre>|\[/code\])\s*$")
_LOG = re.compile(r'RequestId: |INIT_START |"?@?timestamp"?,|@message|"platform\.')


def holds_fences(lines: list[str]) -> bool:
    """Whether everything in these lines that looks like a log stands within fences."""
    inside, within, outside = False, 0, 0
    for line in lines:
        if not inside and (found := _OPEN.match(line)):
            rest = line[found.end() :]
            inside = not (rest and _CLOSE.match(rest))
            within += bool(_LOG.search(rest))
        elif inside and (closed := _CLOSE.match(line)):
            inside = False
            within += bool(_LOG.search(closed.group(1)))
        elif _LOG.search(line):
            within, outside = (within + 1, outside) if inside else (within, outside + 1)
    return within > 0 and outside == 0


def fenced(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of the fenced blocks, without the text around them."""
    inside = False
    block: list[str] = []
    size = 0
    for line in _lines(chunks):
        if not inside:
            if found := _OPEN.match(line):
                rest = line[found.end() :]
                if rest and (closed := _CLOSE.match(rest)):
                    yield closed.group(1).encode("utf-8", "replace")
                    continue
                inside = True
                if rest.strip():
                    block.append(rest)
            continue
        closed = _CLOSE.match(line)
        block.append(closed.group(1) if closed else line)
        size += len(line) + 1
        if closed or size > LARGEST_BLOCK:
            yield "\n".join(block).encode("utf-8", "replace")
            block, size, inside = [], 0, closed is None
    if block:
        yield "\n".join(block).encode("utf-8", "replace")


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").removesuffix("\r")
        if len(rest) > LARGEST_BLOCK:
            yield rest.decode("utf-8", "replace")
            rest = b""
    if rest:
        yield rest.decode("utf-8", "replace").removesuffix("\r")
