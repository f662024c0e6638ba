"""Checksums of rows: what was written is what is read, or there is an error.

A row of ``invocations`` and of the cells ends in ``sum``: its columns' numbers, weighted and added, modulo a prime, so
that no change of one column can leave it as it is. SQLite reckons it too: readers see cells through views that do, and
end a query with an error at the first row that is not whole. Of all other tables ``table_sums`` keeps one sum.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from collectors.model.errors import CaughtError
from collectors.store.integrity.cell_checksum import CELL_NUMBERS, CELL_SUM, NOTHING, PRIME, WEIGHTS
from collectors.store.schema import GRAINS

INVOCATION = (
    "function_id", "start_ms", "request_id", "stream_id", "parts", "status", "duration_us", "billed_ms", "memory_mb",
    "max_memory_mb", "init_us", "restore_us", "billed_restore_ms", "error_id", "trace_id", "end_ms", "events",
    "chunk_id",
)  # fmt: skip


class Damaged(CaughtError, sqlite3.DatabaseError):
    """What was read is not what was written."""


def sum_of(values: Iterable[object]) -> int:
    """The sum of a row of cells or invocations, of all its columns before ``sum``."""
    total = 0
    for weight, value in zip(WEIGHTS, values, strict=False):
        total += weight * _remainder(number_of(value))
    return _remainder(total)


def _remainder(number: int) -> int:
    """As SQLite and numpy's fmod have it: with the sign of the number."""
    return number % PRIME if number >= 0 else -(-number % PRIME)


def number_of(value: object) -> int:
    """What a value of a row counts as."""
    if value is None:
        return NOTHING
    if isinstance(value, int):
        return value
    return zlib.crc32(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value))  # type: ignore[call-overload]


def exact_cell_sum(numbers: Sequence[int | None]) -> int:
    """As SQLite reckons it, also of numbers so large that it goes on with fractions."""
    connection = sqlite3.connect(":memory:")
    try:
        row = ", ".join(f"? AS {name}" for name in (*CELL_NUMBERS, "latency_sum"))
        return int(connection.execute(f"SELECT {CELL_SUM} FROM (SELECT {row})", numbers).fetchone()[0])
    finally:
        connection.close()


def register(connection: sqlite3.Connection) -> None:
    """Gives a connection the functions that the SQL of this room needs."""
    connection.create_function("blob_sum", 1, zlib.crc32, deterministic=True)
    connection.create_function("sound_blob", 2, _sound, deterministic=True)
    connection.create_function("invocation_sum", len(INVOCATION), _invocation_sum, deterministic=True)


def _sound(content: bytes, crc: int) -> bytes:
    if zlib.crc32(content) != crc:
        raise Damaged("malformed: a blob does not agree with its checksum")
    return content


def _invocation_sum(*values: object) -> int:
    return sum_of(values)


def show_sound_cells(connection: sqlite3.Connection) -> None:
    """From here on the connection reads no cell that does not agree with its sum."""
    register(connection)
    for table in GRAINS:
        connection.execute(
            f"CREATE TEMP VIEW {table} AS SELECT {', '.join(CELL_NUMBERS)},"
            " sound_blob(latency, latency_sum) AS latency,"
            # The smallest number has no absolute value: SQLite stops there.
            f" latency_sum, sum FROM main.{table} WHERE sum = {CELL_SUM} OR abs(-9223372036854775807 - 1)"
        )


def is_sound(row: tuple[Any, ...]) -> bool:
    """Whether a row of ``SELECT *`` from invocations agrees with its sum."""
    return _quickly_sound(row) or bool(sum_of(row[:-1]) == row[-1])


def _quickly_sound(row: tuple[Any, ...]) -> bool:
    """Whether a row agrees with its sum, with few steps; False also where that takes more of them to see.

    As ``sum_of``, column by column by their weights: nothing negative is in a row that was written. What is no whole
    number ends in a TypeError.
    """
    function, start, request, stream, parts, status, duration, billed, memory, most, *others = row
    init, restore, billed_restore, error, trace, end, events, chunk, kept = others
    try:
        total = function + parts + (NOTHING if memory is None else memory) + events
        total += NOTHING if billed_restore is None else billed_restore
        total += 3 * (
            start
            + status
            + (NOTHING if most is None else most)
            + (NOTHING if error is None else error)
            + (NOTHING if chunk is None else chunk)
        )
        total += 5 * (
            zlib.crc32(request if isinstance(request, bytes) else request.encode("utf-8", "surrogatepass"))
            + (NOTHING if duration is None else duration)
            + (NOTHING if init is None else init)
            + (NOTHING if trace is None else number_of(trace))
        )
        total += 7 * (
            (NOTHING if stream is None else stream)
            + (NOTHING if billed is None else billed)
            + (NOTHING if restore is None else restore)
            + end
        )
        return not (total % PRIME) ^ kept
    except (TypeError, AttributeError):
        return False


SEAL_BYTES = 4


def sealed(content: bytes, *about: int) -> bytes:
    """A blob with the checksum of itself and of what its row says beside it."""
    return content + _seal(content, about)


def unsealed(content: bytes, *about: int) -> bytes:
    """What was sealed. Raises Damaged."""
    if (
        not isinstance(content, bytes)
        or len(content) < SEAL_BYTES
        or content[-SEAL_BYTES:] != _seal(content[:-SEAL_BYTES], about)
    ):
        raise Damaged("malformed: a row does not agree with its checksum")
    return content[:-SEAL_BYTES]


def _seal(content: bytes, about: Sequence[int]) -> bytes:
    return zlib.crc32(content, zlib.crc32(repr(about).encode())).to_bytes(SEAL_BYTES, "little")
