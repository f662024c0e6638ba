"""The check of a whole store now and then, while nobody waits for it: it finds damage that no single read can.

A read notices that a row has changed. That a row is missing from an index or a large table shows only when all of it is
read. This takes about two milliseconds a megabyte, and is done by ``collect --watch`` once a day and by a viewer some
time after its start. What is found is stored in a file beside the store, so that every later command reports it;
``lambdatui db check`` deletes that file when the store is intact.
"""

import sqlite3
from pathlib import Path

from collectors.store.connection import open_reader
from collectors.store.errors import explained, is_of_damage
from collectors.store.integrity import table_checksums
from collectors.store.integrity.damage_note import remember


def scrub(path: Path) -> str | None:
    """What is wrong with a store, in a line that is also stored beside it; None where nothing is.

    Checks pages, indexes and the checksums of all tables; rows and lines have checksums of their own, which every read
    checks. Raises StoreError where the store cannot be opened.
    """
    connection = open_reader(path)
    try:
        with explained(path):
            table_checksums.make_ready(connection)
            connection.execute("BEGIN")
            try:
                (said,) = connection.execute("PRAGMA main.integrity_check(1)").fetchone()
                problem = None if said == "ok" else str(said).splitlines()[0]
                if problem is None:
                    table = next(table_checksums.differing(connection), None)
                    problem = None if table is None else f"{table} does not agree with its checksum"
            except sqlite3.DatabaseError as error:
                if not is_of_damage(error):
                    raise
                problem = str(error)
    finally:
        connection.close()
    if problem is not None:
        remember(path, problem)
    return problem
