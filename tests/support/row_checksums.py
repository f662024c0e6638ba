"""Checksums of rows that a test wrote by SQL of its own, where it stands for a writer and not for damage."""

import sqlite3
from pathlib import Path

from collectors.store.integrity import cell_checksum, checksums, table_checksums
from collectors.store.schema import GRAINS


def resum(connection: sqlite3.Connection) -> None:
    """Makes all checksums anew."""
    table_checksums.make_ready(connection)
    cell = cell_checksum.cell_sum_sql(latency_sum="blob_sum(latency)")
    for table in GRAINS:
        connection.execute(f"UPDATE {table} SET latency_sum = blob_sum(latency), sum = {cell}")
    connection.execute(f"UPDATE invocations SET sum = {checksums.INVOCATION_SUM}")
    table_checksums.make(connection)


def resum_store(db: Path) -> None:
    with sqlite3.connect(db) as connection:
        resum(connection)
    connection.close()
