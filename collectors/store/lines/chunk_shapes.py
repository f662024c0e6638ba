"""The shapes of a chunk's lines, each once: a regular expression that matches no shape matches none of its lines.

A shape is a line whose digits are all replaced by 0, and whose hexadecimal digits by one special character where they
stand in long runs, as in ids and hashes. Every character keeps its place, blanks stay blanks and parts of words stay
parts of words, so a regular expression that is widened to these two signs matches the shape of every line that it
matches.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import zstandard

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DIGIT = "0"
HEX = "\u01bb"
"""Stands for any of 0-9a-f in a shape's text. It is a letter without case, of an alphabet that no log uses."""

_HEX_BYTE = b"\1"  # stands for HEX in stored shapes: one byte, like the digit it replaces
_BETWEEN = b"\0"
_LONGEST_RUN, _LONGEST_WITH_DASHES = 8, 16  # runs of at least so many characters are taken for ids
_MOST_SHARE = 4  # shapes that need more than a quarter of their lines' bytes are not stored,
_FEW_BYTES = 4_096  # unless they are this short
_HEX_OR_DASH = bytes(2 if byte in b"0123456789abcdef" else byte == ord("-") for byte in range(256))
_DIGITS = bytes.maketrans(b"0123456789", DIGIT.encode() * 10)
_texts = msgspec.msgpack.Decoder(tuple[msgspec.Raw, list[str]]).decode
_compress = zstandard.ZstdCompressor(level=1).compress


def shapes_of(lines: Sequence[bytes]) -> bytes:
    """The shapes of packed lines, each once and compressed; b"" where they would take too many bytes."""
    texts: list[str] = []
    for packed in lines:
        if packed:
            _, of_one = _texts(packed)
            texts += of_one
    joined = "\0".join(texts)
    if not texts or "\1" in joined or joined.count("\0") >= len(texts):
        return b""
    content = joined.encode()
    found = _BETWEEN.join(dict.fromkeys(_masked(content).split(_BETWEEN)))
    return _compress(found) if len(found) <= max(_FEW_BYTES, len(content) // _MOST_SHARE) else b""


def shapes(unpacked: bytes) -> list[bytes]:
    """The shapes in the decompressed result of ``shapes_of``; ``shape_text`` makes text of each."""
    return unpacked.split(_BETWEEN)


def shape_text(shape: bytes) -> str:
    """A shape as text for a regular expression: ``HEX`` stands for each hexadecimal digit of an id."""
    return shape.replace(_HEX_BYTE, HEX.encode()).decode()


def _masked(content: bytes) -> bytes:
    import numpy as np  # searching makes no shapes, and does not import numpy

    kinds = np.frombuffer(content.translate(_HEX_OR_DASH), np.uint8)
    digits = _bits(kinds >> np.uint8(1))
    ids = _runs(digits, _LONGEST_RUN) | _runs(_bits(kinds), _LONGEST_WITH_DASHES) & digits
    where = np.frombuffer(ids.to_bytes(len(content) // 8 + 1, "little"), np.uint8)
    masked = np.unpackbits(where, count=len(content), bitorder="little")
    shaped = np.frombuffer(content.translate(_DIGITS), np.uint8) & (masked - np.uint8(1))
    shaped |= masked  # masked places are all 0 until here: they become 1, which is _HEX_BYTE
    return shaped.tobytes()


def _bits(flags: "npt.NDArray[np.uint8]") -> int:
    """The flags as one integer, a bit each; the first flag is the lowest bit."""
    import numpy as np

    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")


def _runs(bits: int, least: int) -> int:
    """Those bits that stand in runs of at least ``least`` set bits."""
    begins, done = bits, 1
    while done < least:
        step = min(done, least - done)
        begins &= begins >> step
        done += step
    runs, done = begins, 1
    while done < least:
        step = min(done, least - done)
        runs |= runs << step
        done += step
    return runs
