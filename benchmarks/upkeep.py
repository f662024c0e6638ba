"""What keeping the rollups adds to writing the rows: the same batches, written with them, without them, and bare.

    python -m benchmarks.upkeep FILE [--repeat 3]

Prints JSON: for each of ``bare`` (the executemany into ``invocations`` alone), ``rows`` (the whole writer but its
rollups) and ``rollups`` (the whole writer, and the packs of more than 50 functions), the runs as [wall seconds, CPU
seconds], and the number of invocations. Lines are not kept. Run by ``ingest.py`` as a process of its own.
"""

import argparse
import contextlib
import gc
import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast
from unittest import mock

from collectors.ingest import engine
from collectors.model.invocation_columns import Batch
from collectors.model.records import FunctionKey
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.rollups import packs
from collectors.store.rollups.dirty_packs import any_dirty
from collectors.store.write import new_rows
from collectors.store.write import writer as writer_module
from collectors.store.write.writer import Writer, Written

Insert = tuple[str, list[Any]]


def batches_of(file: str, folder: Path) -> list[Batch]:
    """Every batch that an import of the file, without lines, would write."""
    given: list[Batch] = []

    class Recorder(Writer):
        def add(self, batch: Batch) -> None:
            given.append(batch)

        def flush(self) -> Written:
            return Written()

    # An input of any size is read in this process: there the batches can be had.
    with mock.patch.multiple(engine, Writer=Recorder, ALONE_BYTES=1 << 62):
        result = engine.import_files([file], db=folder / "read.db", defaults=FunctionKey(""), keep_lines=False)
    if result.failures:
        raise SystemExit(result.failures[0])
    return given


class Watched:
    """A writer's connection, of which one can have the rows it inserts, or leave the rollups' statements out."""

    def __init__(self, connection: sqlite3.Connection, *, rollups: bool, kept: list[Insert] | None = None) -> None:
        self._connection = connection
        self._rollups = rollups
        self._kept = kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def executemany(self, sql: str, rows: Iterable[Any]) -> Any:
        if not self._rollups and "_cells" in sql:
            return None
        if self._kept is not None and "INTO invocations" in sql:
            rows = list(rows)
            self._kept.append((sql, rows))
        return self._connection.executemany(sql, rows)


class NoCells:
    """Stands where the writer looks for its rollups: every sum is of nothing."""

    def __getattr__(self, name: str) -> Callable[..., tuple[()]]:
        return lambda *_, **__: ()


def written(
    batches: list[Batch], connection: sqlite3.Connection, *, rollups: bool, kept: list[Insert] | None = None
) -> int:
    """Writes the batches; how many invocations that came to."""
    watched = Watched(connection, rollups=rollups, kept=kept)
    writer = Writer(cast(sqlite3.Connection, watched), fingerprint)
    with contextlib.ExitStack() as patches:
        if not rollups:
            nothing = NoCells()
            patches.enter_context(mock.patch.object(writer_module, "cells", nothing))
            patches.enter_context(mock.patch.multiple(new_rows, cells=nothing, aggregate=nothing.aggregate))
        for batch in batches:
            writer.add(batch)
        count = writer.flush().invocations
    if rollups and any_dirty(connection):
        packs.renew(connection)  # as when the writer leaves
    return count


def inserted(inserts: list[Insert], connection: sqlite3.Connection) -> int:
    """The rows alone, a transaction a batch."""
    for sql, rows in inserts:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(sql, rows)
        connection.execute("COMMIT")
    (count,) = connection.execute("SELECT count(*) FROM invocations").fetchone()
    return int(count)


def timed(job: Callable[[sqlite3.Connection], int], folder: Path) -> tuple[list[float], int]:
    """Wall and CPU seconds of a job on a fresh store, and what it counted."""
    store = folder / "store"
    shutil.rmtree(store, ignore_errors=True)
    with writing(store / "store.db") as connection:
        wall, cpu = time.perf_counter(), time.process_time()
        count = job(connection)
        return [time.perf_counter() - wall, time.process_time() - cpu], count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    gc.disable()  # as the pipeline does
    with tempfile.TemporaryDirectory(prefix="lambdatui-bench-") as name:
        folder = Path(name)
        batches = batches_of(args.file, folder)
        inserts: list[Insert] = []
        _, count = timed(lambda connection: written(batches, connection, rollups=True, kept=inserts), folder)
        jobs: dict[str, Callable[[sqlite3.Connection], int]] = {
            "bare": lambda connection: inserted(inserts, connection),
            "rows": lambda connection: written(batches, connection, rollups=False),
            "rollups": lambda connection: written(batches, connection, rollups=True),
        }
        runs: dict[str, list[list[float]]] = {job: [] for job in jobs}
        for _ in range(args.repeat):
            for job, work in jobs.items():
                cost, seen = timed(work, folder)
                if abs(seen - count) > count // 1000:  # rows that are joined one by one are in no bulk insert
                    raise SystemExit(f"{job} wrote {seen} invocations, not {count}")
                runs[job].append(cost)
    print(json.dumps({"invocations": count, **runs}))


if __name__ == "__main__":
    main()
