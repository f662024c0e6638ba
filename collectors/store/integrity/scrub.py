"""Looking through a whole store now and then, while nobody waits: what no single read can see is found, and remembered.

A read sees that a row is not as it was written; that one is missing from an index or a large table is seen only by who
goes through all of it. That takes some two milliseconds a megabyte, and is done by ``collect --watch`` once a day and
by a viewer some time after its start. What is found is kept in a file beside the store, so that from then on every
command says so; ``lambdatui db check`` takes it away where nothing is wrong.
"""

import sqlite3
from pathlib import Path

from collectors.store.connection import open_reader
from collectors.store.errors import explained, is_of_damage
from collectors.store.integrity import table_checksums
from collectors.store.integrity.damage_note import remember


def scrub(path: Path) -> str | None:
    """What is wrong with a store, in a line, remembered; None where nothing is. Raises StoreError where it cannot look.

    Pages, indexes and the sums of all tables; rows and lines have checksums of their own, which reads look at.
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
