"""Checksums of rows: a row that has changed since it was written is an error when it is read.

Each row of ``invocations`` and of the cells has a column ``sum``: the weighted sum of its numbers modulo a prime, which
differs whenever one column does (``cell_checksum`` has the formula). SQLite computes it too: readers see cells through
views that check it, and their query ends with an error at the first row that does not agree. Each other table has one
checksum for all of its rows, in ``table_sums``.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from collectors.model.errors import CaughtError
from collectors.model.quantities import QUANTITIES
from collectors.store.integrity.cell_checksum import CELL_SUM, CELL_SUMMED, NULL_NUMBER, PRIME, WEIGHTS
from collectors.store.schema import GRAINS
from collectors.store.tables.cells import MINUTE_CELLS
from collectors.store.tables.column import BLOB, INTEGER
from collectors.store.tables.invocations import CHECKSUMMED, INVOCATIONS

INVOCATION = (*CHECKSUMMED, *QUANTITIES)
"""The columns of an invocation that its checksum covers, as ``invocation_sum`` takes them."""
INVOCATION_SUM = f"invocation_sum({', '.join(INVOCATION)})"
"""The SQL of an invocation's checksum, for a connection that ``register`` was called with."""
Number = int | None


class Damaged(CaughtError, sqlite3.DatabaseError):
    """What was read does not agree with its checksum."""


def sum_of(values: Iterable[object], quantities: Iterable[object] = ()) -> int:
    """The checksum of a row of cells or invocations; ``values`` are the first version's columns, in order."""
    total = 0
    for weight, value in zip(WEIGHTS, values, strict=False):
        total += weight * _remainder(number_of(value))
    for weight, value in zip(WEIGHTS, quantities, strict=False):
        total += 0 if value is None else weight * _remainder(number_of(value) + NULL_NUMBER)
    return _remainder(total)


def _remainder(number: int) -> int:
    """The remainder with the sign of the number, as SQLite and numpy's fmod compute it."""
    return number % PRIME if number >= 0 else -(-number % PRIME)


def number_of(value: object) -> int:
    """The number that a value of a row adds to its checksum: itself, or the CRC-32 of text and bytes."""
    if value is None:
        return NULL_NUMBER
    if isinstance(value, int):
        return value
    return zlib.crc32(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value))  # type: ignore[call-overload]


def exact_cell_sum(numbers: Sequence[Number], quantities: Sequence[Number] = ()) -> int:
    """A cell's checksum as SQLite computes it, also of numbers so large that SQLite continues with floats.

    ``numbers`` are the values of ``CELL_SUMMED``; ``quantities`` those of ``QUANTITIES``, either all of them or none.
    """
    connection = sqlite3.connect(":memory:")
    try:
        row = ", ".join(f"? AS {name}" for name in (*CELL_SUMMED, *QUANTITIES))
        values = (*numbers, *(quantities or (None,) * len(QUANTITIES)))
        return int(connection.execute(f"SELECT {CELL_SUM} FROM (SELECT {row})", values).fetchone()[0])
    finally:
        connection.close()


def register(connection: sqlite3.Connection) -> None:
    """Gives a connection the SQL functions that the checksums of this room need."""
    connection.create_function("blob_sum", 1, zlib.crc32, deterministic=True)
    connection.create_function("sound_blob", 2, _sound, deterministic=True)
    connection.create_function("invocation_sum", len(INVOCATION), _invocation_sum, deterministic=True)


def _sound(content: bytes, crc: int) -> bytes:
    if zlib.crc32(content) != crc:
        raise Damaged("malformed: a blob does not agree with its checksum")
    return content


def _invocation_sum(*values: object) -> int:
    base = len(CHECKSUMMED)
    return sum_of(values[:base], values[base:])


def show_sound_cells(connection: sqlite3.Connection) -> None:
    """Replaces the connection's cells by views that fail at the first cell which does not agree with its checksum."""
    register(connection)
    columns = ", ".join(
        name if name != "latency" else "sound_blob(latency, latency_sum) AS latency" for name in MINUTE_CELLS.names
    )
    for table in GRAINS:
        connection.execute(
            f"CREATE TEMP VIEW {table} AS SELECT {columns} FROM main.{table} WHERE sum = {CELL_SUM}"
            # The smallest number has no absolute value, so abs() ends the query with an error.
            " OR abs(-9223372036854775807 - 1)"
        )


def _quick_test() -> Callable[..., bool]:
    """Makes the test whether an invocation's columns, as ``INVOCATION`` orders them, have the checksum after them.

    It computes what ``sum_of`` does, but written out column by column: a page has a thousand rows, and a loop over the
    columns takes four times as long. Stored numbers are never negative; anything but a whole number where one belongs
    raises a TypeError.
    """
    terms: dict[int, list[str]] = {}
    for weight, name in zip(WEIGHTS, CHECKSUMMED, strict=False):
        column = next(column for column in INVOCATIONS if column.name == name)
        number = name
        if column.type == BLOB:
            number = f"crc32({name}) if type({name}) is bytes else number_of({name})"
        elif column.type != INTEGER:
            number = f"number_of({name})"
        terms.setdefault(weight, []).append(
            f"({NULL_NUMBER} if {name} is None else {number})" if column.null else f"({number})"
        )
    for weight, name in zip(WEIGHTS, QUANTITIES, strict=False):
        terms.setdefault(weight, []).append(f"(0 if {name} is None else {name} + {NULL_NUMBER})")
    total = " + ".join(f"{weight} * ({' + '.join(of_weight)})" for weight, of_weight in terms.items())
    test: Callable[..., bool] = eval(
        f"lambda {', '.join(INVOCATION)}, checksum: not ({total}) % {PRIME} ^ checksum",
        {"crc32": zlib.crc32, "number_of": number_of},
    )
    return test


_is_quickly_sound = _quick_test()


def is_sound(stored: Sequence[Any], checksum: object) -> bool:
    """Whether an invocation agrees with its checksum; ``stored`` are its columns in the order of ``INVOCATION``."""
    try:
        if _is_quickly_sound(*stored, checksum):
            return True
    except (TypeError, AttributeError):
        pass
    return _invocation_sum(*stored) == checksum


SEAL_BYTES = 4


def sealed(content: bytes, *about: int) -> bytes:
    """``content`` with a CRC-32 (4 bytes) over itself and ``about``, the numbers that its row has beside it."""
    return content + _seal(content, about)


def unsealed(content: bytes, *about: int) -> bytes:
    """The content of a sealed blob. Raises Damaged where the checksum does not agree."""
    if (
        not isinstance(content, bytes)
        or len(content) < SEAL_BYTES
        or content[-SEAL_BYTES:] != _seal(content[:-SEAL_BYTES], about)
    ):
        raise Damaged("malformed: a row does not agree with its checksum")
    return content[:-SEAL_BYTES]


def _seal(content: bytes, about: Sequence[int]) -> bytes:
    return zlib.crc32(content, zlib.crc32(repr(about).encode())).to_bytes(SEAL_BYTES, "little")
