"""Checksums of rows: what was written is what is read, or there is an error.

A row of ``invocations`` and of the cells has a ``sum``: its columns' numbers, weighted and added, modulo a prime, so
that no change of one column can leave it as it is (``cell_checksum`` has the formula). SQLite computes it too: readers
see cells through views that do, and end a query with an error at the first row that is not as it was written. Of all
other tables ``table_sums`` has one sum.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

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


class Damaged(sqlite3.DatabaseError):
    """What was read is not what was written."""


def sum_of(values: Iterable[object], quantities: Iterable[object] = ()) -> int:
    """The checksum of a row of cells or invocations: of the columns of the first version, and of later quantities."""
    total = 0
    for weight, value in zip(WEIGHTS, values, strict=False):
        total += weight * _remainder(number_of(value))
    for weight, value in zip(WEIGHTS, quantities, strict=False):
        total += 0 if value is None else weight * _remainder(number_of(value) + NULL_NUMBER)
    return _remainder(total)


def _remainder(number: int) -> int:
    """As SQLite and numpy's fmod have it: with the sign of the number."""
    return number % PRIME if number >= 0 else -(-number % PRIME)


def number_of(value: object) -> int:
    """What a value of a row counts as."""
    if value is None:
        return NULL_NUMBER
    if isinstance(value, int):
        return value
    return zlib.crc32(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value))  # type: ignore[call-overload]


def exact_cell_sum(numbers: Sequence[Number], quantities: Sequence[Number] = ()) -> int:
    """As SQLite computes it, also of numbers so large that it goes on with fractions.

    ``numbers`` are those of ``CELL_SUMMED``, ``quantities`` those of ``QUANTITIES``: all of them, or none.
    """
    connection = sqlite3.connect(":memory:")
    try:
        row = ", ".join(f"? AS {name}" for name in (*CELL_SUMMED, *QUANTITIES))
        values = (*numbers, *(quantities or (None,) * len(QUANTITIES)))
        return int(connection.execute(f"SELECT {CELL_SUM} FROM (SELECT {row})", values).fetchone()[0])
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
    base = len(CHECKSUMMED)
    return sum_of(values[:base], values[base:])


def show_sound_cells(connection: sqlite3.Connection) -> None:
    """From here on the connection reads no cell that does not agree with its sum."""
    register(connection)
    columns = ", ".join(
        name if name != "latency" else "sound_blob(latency, latency_sum) AS latency" for name in MINUTE_CELLS.names
    )
    for table in GRAINS:
        connection.execute(
            f"CREATE TEMP VIEW {table} AS SELECT {columns} FROM main.{table} WHERE sum = {CELL_SUM}"
            # The smallest number has no absolute value: SQLite stops there.
            " OR abs(-9223372036854775807 - 1)"
        )


def _quick_test() -> Callable[..., bool]:
    """Whether an invocation's columns, in the order of ``INVOCATION``, have the checksum that follows them.

    As ``sum_of`` computes it, but written out column by column: a page has a thousand rows, and a loop over their
    columns takes four times as long. Nothing negative is in a row that was written; what is no whole number where
    there should be one ends in a TypeError.
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
    """Whether an invocation agrees with its checksum; ``stored`` are its columns as ``INVOCATION`` names them."""
    try:
        if _is_quickly_sound(*stored, checksum):
            return True
    except (TypeError, AttributeError):
        pass
    return _invocation_sum(*stored) == checksum


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
