"""Breaks stores in many ways, and asks everything of each: what is told is right, or there is one line and an exit code.

    LAMBDATUI_FAULTS_SECONDS=3600 LAMBDATUI_FAULTS_SEED=1 python tests/faults/damage.py [--large [--scrubbed]] [--stores N]

``--large`` takes no store and no table for small, so that none is looked at whole when a store is opened: what is left
are the checksums of rows, blobs and packs, which find most; ``db check`` must find all. ``--scrubbed`` looks through
the store first, as a watch does once a day.

The seconds bound the run, the seed names the first store (see ``budget.py``); each store has its own seed, which is told
where something is wrong: ``LAMBDATUI_FAULTS_SEED=N`` with ``--stores 1`` does it again.
"""

import argparse
import contextlib
import io
import os
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner

from collectors.ingest.engine import import_files
from collectors.model.account import Configured, Inventory
from collectors.model.records import FunctionKey, MetricPoint
from collectors.model.units import FOREVER_MS, HOUR_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.parsing.patterns import LinePatterns
from collectors.store.connection import writing
from collectors.store.errors import StoreError
from collectors.store.integrity import table_checksums
from collectors.store.integrity.scrub import scrub
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from lambdatui.cli.main import cli
from tests.faults.budget import SECONDS, SEED
from tests.support import small_store

T0, MINUTE = small_store.T0, small_store.MINUTE
AT = "2025-04-02T00:00:00Z"
SPAN = ("--range", "all", "--at", AT, "--utc")
DAMAGED = 5
ASKED: tuple[tuple[str, ...], ...] = (
    ("functions", *SPAN, "--json"),
    ("functions", "--range", "24h", "--at", AT, "--csv"),
    ("function", "checkout", *SPAN, "--json"),
    ("invocations", *SPAN, "--json"),
    ("invocation", small_store.request_id(5), "--json"),
    ("logs", *SPAN, "--json"),
    ("logs", *SPAN, "hello", "--json"),
    ("patterns", *SPAN, "--json"),
    ("errors", *SPAN, "--json"),
    ("throttles", *SPAN, "--json"),
    ("metrics", *SPAN, "--json"),
    ("configuration", *SPAN, "--json"),
    ("costs", *SPAN, "--json"),
    ("whatif", *SPAN, "--json"),
    ("advice", *SPAN, "--json"),
    ("collections", "--json"),
    ("db", "info", "--json"),
    ("db", "query", "SELECT function_id, start_ms, invocations, errors, billed_ms FROM hour_cells ORDER BY 1, 2", "--json"),
    ("db", "export", "-", *SPAN),
)  # fmt: skip


def make_base(path: Path, functions: int) -> Path:
    """Two functions with all that can be known of them, and as many more; beyond fifty there are packs."""
    found = small_store.events()
    for number in range(functions):
        key = FunctionKey(f"more-{number:03}", "111122223333", "us-east-1")
        for at in range(3):
            serial = 100 + number * 3 + at
            fault = "error" if (number + at) % 7 == 0 else ""
            when = T0 + serial % 50 * MINUTE + at * HOUR_MS * 11
            found += small_store.invocation_events(key, serial, when, duration_ms=10.0 + serial, fault=fault)
    for number, event in enumerate(small_store.invocation_events(small_store.CHECKOUT, 90, T0, duration_ms=1.0)[1:2]):
        event.message, event.log_stream, event.event_id = f"of nobody {number}\n", "loose", f"{number:056d}"
        found.append(event)
    exported = small_store.write_events(path.with_suffix(".jsonl"), sorted(found, key=lambda event: event.timestamp_ms))
    import_files([str(exported)], db=path, defaults=FunctionKey(""))
    exported.unlink()
    with writing(path) as connection:
        writer = Writer(connection, fingerprint, kinds=LinePatterns())
        writer.measure(
            MetricPoint(small_store.CHECKOUT, name, stat, 60, T0 + minute * MINUTE, float(minute % 7))
            for minute in range(0, 1500, 30)
            for name, stat in (("Throttles", "Sum"), ("Invocations", "Sum"), ("Errors", "Sum"), ("Duration", "Maximum"))
        )
        for at, memory in enumerate((512, 1024)):
            one = Configured("111122223333", "us-east-1", "checkout", "function", "", {"memory_mb": memory})
            kept.keep_inventory(connection, Inventory("111122223333", "us-east-1", ("function",), [one]), T0 + at)
        writer.flush()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def told(db: Path, asked: tuple[str, ...]) -> tuple[int, str, str]:
    """Exit code and both outputs; -1 and the traceback where there is one."""
    environment = {"XDG_CONFIG_HOME": "/nowhere", "LAMBDATUI_DB": None, "TZ": "UTC"}
    arguments = [*asked, "--db", str(db)]
    result = CliRunner(env=environment).invoke(cli, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return -1, "", "".join(traceback.format_exception(result.exception))
    out = re.sub(r'"bytes": \d+', '"bytes": 0', result.stdout) if asked[:2] == ("db", "info") else result.stdout
    return result.exit_code, out.replace(str(db), "DB"), result.stderr


# Ways to break a file ---------------------------------------------------------------------------------------------


def _pages(db: Path) -> tuple[bytearray, int]:
    content = bytearray(db.read_bytes())
    return content, max(512, int.from_bytes(content[16:18], "big"))


def flip_bits(db: Path, chance: random.Random) -> str:
    content, _ = _pages(db)
    places = [chance.randrange(len(content)) for _ in range(chance.choice((1, 1, 1, 2, 8, 64)))]
    for place in places:
        content[place] ^= 1 << chance.randrange(8)
    db.write_bytes(content)
    return f"bits at {places[:4]}"


def flip_used_bit(db: Path, chance: random.Random) -> str:
    """A bit of what is not zero: most of a small file is empty."""
    content, _ = _pages(db)
    used = [at for at in (chance.randrange(len(content)) for _ in range(400)) if content[at]]
    content[used[0]] ^= 1 << chance.randrange(8)
    db.write_bytes(content)
    return f"a bit at {used[0]}"


def zero_page(db: Path, chance: random.Random) -> str:
    content, size = _pages(db)
    page = chance.randrange(len(content) // size)
    part = chance.choice((size, size, 512, 64, 8))
    at = page * size + chance.randrange(0, size - part + 1)
    content[at : at + part] = bytes(part)
    db.write_bytes(content)
    return f"{part} zeros at {at}"


def copy_page(db: Path, chance: random.Random) -> str:
    content, size = _pages(db)
    one, other = (chance.randrange(1, len(content) // size) * size for _ in range(2))
    content[one : one + size] = content[other : other + size]
    db.write_bytes(content)
    return f"page {other // size} over {one // size}"


def swap_pages(db: Path, chance: random.Random) -> str:
    content, size = _pages(db)
    one, other = (chance.randrange(1, len(content) // size) * size for _ in range(2))
    content[one : one + size], content[other : other + size] = content[other : other + size], content[one : one + size]
    db.write_bytes(content)
    return f"pages {one // size} and {other // size} swapped"


def truncate(db: Path, chance: random.Random) -> str:
    size = db.stat().st_size
    left = chance.choice((0, 50, 100, 4096, size // 2, size - 4096, size - 1, chance.randrange(size)))
    os.truncate(db, left)
    return f"cut to {left}"


def append(db: Path, chance: random.Random) -> str:
    with db.open("ab") as file:
        file.write(chance.randbytes(chance.choice((1, 100, 4096, 8192))))
    return "something appended"


def spoil_header(db: Path, chance: random.Random) -> str:
    content, _ = _pages(db)
    at = chance.randrange(100)
    content[at] = chance.randrange(256)
    db.write_bytes(content)
    return f"header byte {at}"


def overwrite_text(db: Path, chance: random.Random) -> str:
    """Noise where there is something."""
    content, _ = _pages(db)
    used = [at for at in (chance.randrange(100, len(content) - 8) for _ in range(400)) if content[at]]
    length = chance.choice((1, 2, 4, 8))
    content[used[0] : used[0] + length] = chance.randbytes(length)
    db.write_bytes(content)
    return f"{length} bytes of noise at {used[0]}"


def _tables(connection: sqlite3.Connection) -> list[str]:
    sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
    return [name for (name,) in connection.execute(sql) if connection.execute(f"SELECT 1 FROM {name}").fetchone()]


def _by_sql(
    change: Callable[[sqlite3.Connection, str, list[str], random.Random], str],
) -> Callable[[Path, random.Random], str]:
    def damage(db: Path, chance: random.Random) -> str:
        connection = sqlite3.connect(db)
        try:
            table = chance.choice(_tables(connection))
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            with contextlib.suppress(sqlite3.IntegrityError):
                said = change(connection, table, columns, chance)
                connection.commit()
                return f"{table}: {said}"
            return f"{table}: not possible"
        finally:
            connection.close()

    damage.__name__ = change.__name__
    return damage


def _one(
    connection: sqlite3.Connection, table: str, columns: list[str], chance: random.Random
) -> tuple[str, list[object]]:
    """Which row: a WHERE of its key."""
    key = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
    rows = connection.execute(f"SELECT {', '.join(key)} FROM {table} LIMIT 500").fetchall()
    return " AND ".join(f"{name} IS ?" for name in key), list(chance.choice(rows))


def change_value(connection: sqlite3.Connection, table: str, columns: list[str], chance: random.Random) -> str:
    where, key = _one(connection, table, columns, chance)
    column = chance.choice(columns)
    (old,) = connection.execute(f"SELECT {column} FROM {table} WHERE {where}", key).fetchone()
    new: object
    if isinstance(old, bytes) and old:
        at = chance.randrange(len(old))
        new = old[:at] + bytes([old[at] ^ 1 << chance.randrange(8)]) + old[at + 1 :]
    elif isinstance(old, str):
        new = chance.choice((old + "x", old[:-1], "", old.upper(), "\x1b[31m"))
    elif isinstance(old, int | float):
        new = chance.choice((old + 1, old - 1, -old, 0, old * 2, FOREVER_MS, -(1 << 63), None, "text", b"\xff"))
    else:
        new = chance.choice((0, 7, "text"))
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (new, *key))
    return f"{column} of {key} from {str(old)[:40]!r} to {str(new)[:40]!r}"


def swap_rows(connection: sqlite3.Connection, table: str, columns: list[str], chance: random.Random) -> str:
    column = chance.choice(columns)
    (where, key), (other, others) = (_one(connection, table, columns, chance) for _ in range(2))
    (one,) = connection.execute(f"SELECT {column} FROM {table} WHERE {where}", key).fetchone()
    (two,) = connection.execute(f"SELECT {column} FROM {table} WHERE {other}", others).fetchone()
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (two, *key))
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE {other}", (one, *others))
    return f"{column} of {key} and {others}"


def delete_row(connection: sqlite3.Connection, table: str, columns: list[str], chance: random.Random) -> str:
    where, key = _one(connection, table, columns, chance)
    connection.execute(f"DELETE FROM {table} WHERE {where}", key)
    return f"without {key}"


def double_row(connection: sqlite3.Connection, table: str, columns: list[str], chance: random.Random) -> str:
    where, key = _one(connection, table, columns, chance)
    keys = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
    new = [f"{each} + 1" if each == keys[-1] else each for each in columns]
    connection.execute(f"INSERT INTO {table} SELECT {', '.join(new)} FROM {table} WHERE {where}", key)
    return f"{key} twice"


def _with_wal(db: Path) -> Path:
    """Leaves the last commit in the WAL alone, as a collector does that runs."""
    wal = db.with_name(db.name + "-wal")
    connection = sqlite3.connect(db, isolation_level=None)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.close()
    copies = {}
    with writing(db) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        Writer(writer, fingerprint).measure([MetricPoint(small_store.CHECKOUT, "Throttles", "Sum", 60, T0, 5.0)])
        copies = {path: path.read_bytes() for path in (db, wal)}
    for path, content in copies.items():
        path.write_bytes(content)
    return wal


def spoil_wal(db: Path, chance: random.Random) -> str:
    wal = _with_wal(db)
    content = bytearray(wal.read_bytes())
    at = chance.randrange(len(content))
    content[at] ^= 1 << chance.randrange(8)
    wal.write_bytes(content)
    return f"WAL bit at {at}"


def others_wal(db: Path, chance: random.Random) -> str:
    """The WAL of another store beside this one."""
    other = db.with_name("other.db")
    small_store.make(other)
    wal = _with_wal(other)
    shutil.copy(wal, db.with_name(db.name + "-wal"))
    return "the WAL of another store"


KINDS: tuple[tuple[Callable[[Path, random.Random], str], int], ...] = (
    (flip_bits, 3), (flip_used_bit, 6), (zero_page, 3), (copy_page, 3), (swap_pages, 3), (truncate, 2), (append, 1),
    (spoil_header, 2), (overwrite_text, 4), (_by_sql(change_value), 8), (_by_sql(swap_rows), 3),
    (_by_sql(delete_row), 3), (_by_sql(double_row), 2), (spoil_wal, 1), (others_wal, 1),
)  # fmt: skip


@dataclass
class Tally:
    """What came of a run."""

    stores: int = 0
    found: int = 0
    equal: int = 0
    answers: int = 0
    refused: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Bases:
    """The undamaged stores, and what they tell."""

    def __init__(self, folder: Path) -> None:
        self.paths = [make_base(folder / f"base-{count}.db", count) for count in (0, 60)]
        self.told = [{asked: told(path, asked) for asked in ASKED} for path in self.paths]
        for each in self.told:
            for asked, (code, _, said) in each.items():
                if code not in (0, 3):
                    raise SystemExit(f"{asked} ended with {code}: {said}")


def break_one(bases: Bases, folder: Path, seed: int, tally: Tally, *, scrubbed: bool = False) -> None:
    """Breaks a copy of a store and asks everything of it."""
    chance = random.Random(seed)
    which = chance.randrange(len(bases.paths))
    db = folder / "store.db"
    shutil.copy(bases.paths[which], db)
    kind = chance.choices([each for each, _ in KINDS], [weight for _, weight in KINDS])[0]
    said = f"seed {seed}: {kind.__name__}: {kind(db, chance)}"
    tally.stores += 1
    tally.by_kind[kind.__name__] += 1
    expected = bases.told[which]
    if scrubbed:
        with contextlib.suppress(StoreError):
            scrub(db)
    checked = told(db, ("db", "check"))
    equal = True
    for asked, right in expected.items():
        code, out, err = told(db, asked)
        tally.answers += 1
        tally.refused += code == DAMAGED
        if code == -1:
            tally.wrong.append(f"{said}: {' '.join(asked)}: {err[-1500:]}")
        elif (code, out) == right[:2]:
            continue
        elif code in (0, 3) or (code == 1 and right[0] != 1 and "no such" not in err and "there is no store" not in err
                                and "is empty" not in err):  # fmt: skip
            tally.wrong.append(
                f"{said}: {' '.join(asked)}: exit code {code}, check {checked[0]}: {err[:200]} {_differ(out, right[1])}"
            )
        elif len(err.strip().splitlines()) > 2:
            tally.wrong.append(f"{said}: {' '.join(asked)}: more than a line: {err[:500]}")
        equal = False
    if checked[0] == -1:
        tally.wrong.append(f"{said}: db check: {checked[2][-1500:]}")
    if checked[0] == 0 and not equal:
        tally.wrong.append(f"{said}: db check says whole, and answers differ")
    tally.found += checked[0] == DAMAGED
    tally.equal += checked[0] == 0 and equal


def _differ(one: str, other: str) -> str:
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"told {one[max(0, at - 60) : at + 40]!r}, right {other[max(0, at - 60) : at + 40]!r}"


def run(
    seconds: float, seed: int, stores: int | None = None, bases: Bases | None = None, *, scrubbed: bool = False
) -> Tally:
    """Breaks stores until the time is over, or so many."""
    tally, until = Tally(), time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        bases = bases or Bases(Path(folder))
        while (time.monotonic() < until) if stores is None else tally.stores < stores:
            mine = Path(folder) / "broken"
            mine.mkdir()
            try:
                with contextlib.redirect_stderr(io.StringIO()):
                    break_one(bases, mine, seed + tally.stores, tally, scrubbed=scrubbed)
            except KeyboardInterrupt:  # what was found until then is told
                break
            shutil.rmtree(mine)
    return tally


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--large", action="store_true")
    given.add_argument("--scrubbed", action="store_true")
    given.add_argument("--stores", type=int)
    wanted = given.parse_args()
    if wanted.large:
        table_checksums.SMALL = -1
    tally = run(SECONDS, SEED, wanted.stores, scrubbed=wanted.scrubbed)
    for wrong in tally.wrong:
        sys.stdout.write(f"{wrong}\n")
    sys.stdout.write(
        f"{tally.stores} stores broken: {tally.found} found by db check, {tally.equal} as if nothing were; "
        f"{tally.answers} answers, {tally.refused} refused with exit code 5; {len(tally.wrong)} wrong\n"
    )
    sys.stdout.write(", ".join(f"{name} {count}" for name, count in tally.by_kind.most_common()) + "\n")
    return bool(tally.wrong)


if __name__ == "__main__":
    raise SystemExit(main())
