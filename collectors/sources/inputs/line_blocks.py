"""Blocks of whole lines from chunks of bytes, with bounded memory however long a line is."""

from collections.abc import Callable, Iterator

LONGEST_LINE = 1 << 20
"""Bytes; CloudWatch Logs takes no event of more than a megabyte."""
TOO_LONG = "line longer than 1 MB"
SHOWN = 500
"""Characters of a rejected line that are kept."""
BLOCK_EVENTS = 5_000
"""Log events that a source of files gives at a time, or some more."""


class LineBlocks:
    """Iterates over blocks of whole lines, each ending with a newline (the last one may not).

    Each block but the last has ``least`` bytes or more. A line longer than ``longest`` bytes that spans chunks is left
    out: ``too_long`` is called with its beginning, and reading continues after it.
    """

    def __init__(self, chunks: Iterator[bytes], longest: int, too_long: Callable[[str], None]) -> None:
        self._chunks = chunks
        self._longest = longest
        self._too_long = too_long
        self.least = 0

    def __iter__(self) -> Iterator[bytes]:
        whole: list[bytes | memoryview] = []
        rest: list[bytes | memoryview] = []
        held = size = 0
        skipping = False
        for chunk in self._chunks:
            cut = chunk.rfind(b"\n") + 1
            if skipping:
                if not cut:
                    continue
                chunk = chunk[chunk.find(b"\n") + 1 :]
                cut = chunk.rfind(b"\n") + 1
                skipping = False
            if not cut:
                rest.append(chunk)
                held += len(chunk)
                if held > self._longest:
                    self._too_long(b"".join(rest)[:SHOWN].decode("utf-8", "replace"))
                    rest, held, skipping = [], 0, True
                continue
            whole += (*rest, memoryview(chunk)[:cut])
            size += held + cut
            rest, held = ([memoryview(chunk)[cut:]], len(chunk) - cut) if cut < len(chunk) else ([], 0)
            if size >= self.least:
                yield b"".join(whole)
                whole, size = [], 0
        if whole:
            yield b"".join(whole)
        if rest:
            yield b"".join(rest)
