"""Logs Insights queries that were started and have not ended, so that after a kill they are found, not paid twice.

They are notes of the collection that started them, until their results are committed.
"""

import json
import sqlite3
from collections.abc import Iterable

from collectors.model.account import RunningQuery
from collectors.model.units import WEEK_MS
from collectors.store.tables.ledger import COLLECTION_NOTES
from collectors.untrusted_json import json_value

KIND = "query"
"""The kind of such a note: its ``about`` is the query's id, its ``bytes`` what the query was estimated to scan."""

_KEPT_MS = WEEK_MS  # AWS keeps the results of a query so long (CloudWatch Logs quotas)


def keep(connection: sqlite3.Connection, collection: int, queries: Iterable[RunningQuery]) -> None:
    """Stores running queries, and deletes those that have ended, in the caller's transaction."""
    for each in queries:
        of = collection if each.collection is None else each.collection
        if each.ended:
            connection.execute(
                "DELETE FROM collection_notes WHERE collection_id = ? AND kind = ? AND about = ?",
                (of, KIND, each.query_id),
            )
        else:
            text = json.dumps([each.account, each.region, each.kind, each.start_ms, *each.log_groups])
            connection.execute(
                COLLECTION_NOTES.insert(instead="OR REPLACE"),
                (of, KIND, each.query_id, text, each.estimated_bytes),
            )


def left_running(connection: sqlite3.Connection, account: str, region: str) -> list[RunningQuery]:
    """An account and region's queries whose end no earlier collection saw, oldest first."""
    rows = connection.execute(
        "SELECT n.collection_id, n.about, n.text, n.bytes FROM collections c CROSS JOIN collection_notes n"
        " ON n.collection_id = c.id AND n.kind = ? WHERE c.started_ms >= (SELECT max(started_ms) FROM collections) - ?"
        " ORDER BY c.id",
        (KIND, _KEPT_MS),
    )
    queries = []
    for collection, query_id, text, estimated_bytes in rows:
        its_account, its_region, kind, start_ms, *log_groups = json_value(text)
        if (its_account, its_region) == (account, region):
            queries.append(
                RunningQuery(
                    account, region, query_id, kind, start_ms, tuple(log_groups), estimated_bytes or 0,
                    collection=collection,
                )
            )  # fmt: skip
    return queries
