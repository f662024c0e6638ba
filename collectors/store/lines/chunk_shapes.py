"""What the lines of a chunk look like, each look once: a pattern that no shape passes is in none of its lines.

A shape is a line in which every digit is 0, and every hexadecimal digit of a long run of them, as ids and hashes have,
is one sign more. Characters stay in their places, blanks stay blanks, and what makes a word stays part of one, so that
a regular expression, widened to these two signs, finds in a shape all that it finds in a line.
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
"""Stands for any of 0-9a-f. A letter that has no case, of a writing that nobody logs."""

_HEX_BYTE = b"\1"  # stands for it in what is kept: one byte, as what it replaces
_BETWEEN = b"\0"
_LONGEST_RUN, _LONGEST_WITH_DASHES = 8, 16  # from these on, they are taken for ids
_MOST_SHARE = 4  # shapes that take a quarter of their lines would save little,
_FEW_BYTES = 4_096  # unless they are few
_HEX_OR_DASH = bytes(2 if byte in b"0123456789abcdef" else byte == ord("-") for byte in range(256))
_DIGITS = bytes.maketrans(b"0123456789", DIGIT.encode() * 10)
_texts = msgspec.msgpack.Decoder(tuple[msgspec.Raw, list[str]]).decode
_compress = zstandard.ZstdCompressor(level=1).compress


def shapes_of(lines: Sequence[bytes]) -> bytes:
    """The shapes of packed lines, packed themselves; b"" where they are too many to be worth it."""
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
    """The shapes in what was packed by ``shapes_of`` (zstd), to be read by ``shape_text``."""
    return unpacked.split(_BETWEEN)


def shape_text(shape: bytes) -> str:
    """A shape as a regular expression reads it: ``HEX`` stands for each hexadecimal digit of an id."""
    return shape.replace(_HEX_BYTE, HEX.encode()).decode()


def _masked(content: bytes) -> bytes:
    import numpy as np  # a search, which makes none, does without it

    kinds = np.frombuffer(content.translate(_HEX_OR_DASH), np.uint8)
    digits = _bits(kinds >> np.uint8(1))
    ids = _runs(digits, _LONGEST_RUN) | _runs(_bits(kinds), _LONGEST_WITH_DASHES) & digits
    where = np.frombuffer(ids.to_bytes(len(content) // 8 + 1, "little"), np.uint8)
    masked = np.unpackbits(where, count=len(content), bitorder="little")
    shaped = np.frombuffer(content.translate(_DIGITS), np.uint8) & (masked - np.uint8(1))
    shaped |= masked  # where masked, all bits were taken: 1 is _HEX_BYTE
    return shaped.tobytes()


def _bits(flags: "npt.NDArray[np.uint8]") -> int:
    """Bit by bit, whether each is something."""
    import numpy as np

    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")


def _runs(bits: int, least: int) -> int:
    """The bits that stand in runs of ``least`` and more: those where such a run begins, then all after each."""
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
