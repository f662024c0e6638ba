"""What else reads a file of Lambda log events: lnav, DuckDB, and sqlite-utils for the rows alone.

Run by ``ingest.py``; each job is a process of its own, so that its CPU and memory are its own:

    python -m benchmarks.rivals duckdb FILE DATABASE         prints "reports,billed_ms"
    python -m benchmarks.rivals sqlite-utils STORE DATABASE  prints {"wall_s", "cpu_s"} of insert_all alone
"""

import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

# lnav's own format for the generator's lines: without it, lnav would not parse their JSON.
LNAV_FORMAT = {
    "$schema": "https://lnav.org/schemas/format-v1.schema.json",
    "lambda_events": {
        "title": "Lambda log events",
        "description": "Log events as CloudWatch's FilterLogEvents returns them, one JSON object a line",
        "json": True,
        "timestamp-field": "timestamp",
        "timestamp-divisor": 1000,
        "body-field": "message",
        "value": {
            "logGroup": {"kind": "string", "identifier": True},
            "logStreamName": {"kind": "string", "hidden": True},
            "ingestionTime": {"kind": "integer", "hidden": True},
            "eventId": {"kind": "string", "hidden": True},
        },
        "line-format": [{"field": "__timestamp__"}, " ", {"field": "logGroup"}, " ", {"field": "message"}],
    },
}
LNAV_QUERY = (
    "SELECT logGroup, count(*) AS reports, sum(regexp_match('Billed Duration: (\\d+) ms', log_body)) AS billed_ms"
    " FROM lambda_events WHERE log_body LIKE 'REPORT RequestId: %' GROUP BY logGroup"
)

_REPORT = (
    r"REPORT RequestId: (\S+)\s+Duration: ([0-9.]+) ms\s+Billed Duration: (\d+) ms\s+Memory Size: (\d+) MB\s+"
    r"Max Memory Used: (\d+) MB(?:\s+Init Duration: ([0-9.]+) ms)?"
)
_DUCKDB_TABLE = """
CREATE TABLE reports AS
SELECT log_group, stream, timestamp_ms, report.request_id, report.duration_ms::DOUBLE AS duration_ms,
    report.billed_ms::INTEGER AS billed_ms, report.memory_mb::INTEGER AS memory_mb,
    report.max_memory_mb::INTEGER AS max_memory_mb, nullif(report.init_ms, '')::DOUBLE AS init_ms
FROM (
    SELECT logGroup AS log_group, logStreamName AS stream, "timestamp" AS timestamp_ms, regexp_extract(message, ?,
        ['request_id', 'duration_ms', 'billed_ms', 'memory_mb', 'max_memory_mb', 'init_ms']) AS report
    FROM read_json(?, format = 'newline_delimited', columns = {
        logGroup: 'VARCHAR', logStreamName: 'VARCHAR', "timestamp": 'BIGINT', message: 'VARCHAR'})
    WHERE message LIKE 'REPORT RequestId: %'
)
"""

_ROWS = """
SELECT f.name, s.name, i.request_id, i.start_ms, i.status, i.duration_us, i.billed_ms, i.memory_mb, i.max_memory_mb,
    i.init_us
FROM invocations i JOIN functions f ON f.id = i.function_id JOIN streams s ON s.id = i.stream_id
"""


def lnav_home(folder: Path) -> Path:
    """A home of lnav's own that holds the format and nothing of the user's."""
    home = folder / "lnav-home"
    formats = home / ".config" / "lnav" / "formats" / "lambda_events"
    formats.mkdir(parents=True, exist_ok=True)
    (formats / "format.json").write_text(json.dumps(LNAV_FORMAT))
    return home


def duckdb_table(file: str, database: str) -> None:
    """Reads the file's REPORT lines into a table of a new database."""
    import duckdb

    with duckdb.connect(database) as connection:
        connection.execute(_DUCKDB_TABLE, [_REPORT, file])
        found = connection.execute("SELECT count(*), sum(billed_ms) FROM reports").fetchone()
    if found is not None:
        print(f"{found[0]},{found[1]}")


def sqlite_utils_rows(store: str, database: str) -> None:
    """Inserts the invocations of a store, as the plain rows a script would have made of them, with the defaults."""
    import sqlite_utils

    rows = _parsed(store)
    plain = sqlite_utils.Database(database)
    wall, cpu = time.perf_counter(), time.process_time()
    plain.table("invocations").insert_all(rows)
    plain.close()
    print(json.dumps({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}))


def _parsed(store: str) -> list[dict[str, object]]:
    from collectors.model.records import id_text

    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        return [
            {
                "function": row[0],
                "log_stream": row[1],
                "request_id": id_text(row[2]),
                "started_at": row[3],
                "status": row[4],
                "duration_ms": _ms(row[5]),
                "billed_ms": row[6],
                "memory_mb": row[7],
                "max_memory_mb": row[8],
                "init_ms": _ms(row[9]),
            }
            for row in connection.execute(_ROWS)
        ]


def _ms(duration_us: int | None) -> float | None:
    return None if duration_us is None else duration_us / 1000


if __name__ == "__main__":
    {"duckdb": duckdb_table, "sqlite-utils": sqlite_utils_rows}[sys.argv[1]](*sys.argv[2:])
