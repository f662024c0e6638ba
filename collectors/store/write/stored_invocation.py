"""One row of the table of invocations, on its way into the store or out of it, with named columns."""

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from operator import attrgetter

from collectors.model.measured import Quantities
from collectors.model.quantities import FIGURES, QUANTITIES
from collectors.model.records import Parts
from collectors.store.integrity.checksums import sum_of
from collectors.store.integrity.table_checksums import added
from collectors.store.tables.column import insert as insert_sql
from collectors.store.tables.invocations import CHECKSUMMED, INVOCATIONS


@dataclass(slots=True)
class StoredInvocation(Quantities):
    """The columns of a row but its checksum. ``parts`` is a mask of ``Parts``, ``status`` a ``Status`` as int."""

    function_id: int
    start_ms: int
    request_id: bytes | str
    stream_id: int
    parts: int
    status: int
    duration_us: int | None
    billed_ms: int | None
    memory_mb: int | None
    max_memory_mb: int | None
    init_us: int | None
    restore_us: int | None
    billed_restore_ms: int | None
    error_id: int | None
    trace_id: str | None
    end_ms: int
    events: int
    chunk_id: int | None

    @property
    def key(self) -> tuple[int, int, bytes | str, int]:
        """The table's primary key."""
        return self.function_id, self.start_ms, self.request_id, self.stream_id

    @property
    def place(self) -> tuple[int, bytes | str]:
        """The key of its lines in their chunk: start (epoch ms) and request id."""
        return self.start_ms, self.request_id

    @property
    def is_whole(self) -> bool:
        """Whether both START and REPORT were seen."""
        return self.parts == Parts.WHOLE


COLUMNS = tuple(field.name for field in fields(StoredInvocation))
"""The columns, in the order of the fields of ``StoredInvocation``."""
INSERT = insert_sql("invocations", (*COLUMNS, "sum"))
WHERE_KEY = f"WHERE {' AND '.join(f'{name} = ?' for name in INVOCATIONS.key)}"
SELECT = f"SELECT {', '.join(COLUMNS)} FROM invocations"
figures_of = attrgetter(*FIGURES)
"""The figures of its REPORT, None where REPORT did not have one."""
_checksummed_of = attrgetter(*CHECKSUMMED)


def select(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> list[StoredInvocation]:
    """The rows that meet a WHERE clause."""
    return [StoredInvocation(*row) for row in connection.execute(f"{SELECT} {where}", values)]


def insert(connection: sqlite3.Connection, row: StoredInvocation) -> None:
    """Writes a row with its checksum."""
    total = sum_of(_checksummed_of(row), [getattr(row, name) for name in QUANTITIES])
    connection.execute(INSERT, (*astuple(row), total))
    added(connection, "invocations", 1, total)


def delete(connection: sqlite3.Connection, row: StoredInvocation) -> None:
    """Deletes the row that has this row's key."""
    connection.execute(f"DELETE FROM invocations {WHERE_KEY}", row.key)
