"""Stores that released versions wrote: brought up to date, they tell what an import of today tells."""

import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest

from collectors.ingest.engine import import_files
from collectors.ingest.regrouping import regroup_store
from collectors.model.records import FunctionKey
from collectors.model.units import MINUTE_MS
from collectors.parsing.patterns import LinePatterns
from collectors.store import migration
from collectors.store.integrity.checking import check
from collectors.store.read.reader import Reader
from collectors.store.schema import VERSION
from collectors.store.write.pattern_counts import count_older
from tests.support.command_line import rows, run
from tests.support.printed_statements import DAY, EVER, HOUR, differences, everything
from tests.support.released_stores import EVENTS, T0, fill, load

# A file of a released version is never edited: stores were made by it. A new version adds a file, and its line here.
RELEASED = {
    1: "fd16c90f9cd001bf48ca3e4263d13493a78fe6a6a13dbe70a1d531007b7a974a",
    2: "efd818e818fe5e24351f968afed999fc486b3e865fae70d7e3ba7b50aaad6152",
    3: "b0a0fee665d07c7abe6558e58cfba86417436dcd501f382c7bb68c9adb0963bb",
    4: "e761b6b059d9177d1fc182aea1a77e388583e838b4247b023d54a5697193a5b8",
    5: "405721ff3f2a84ba091c7531477cfd717f362e5b960d0cb31e53523a31dfdf7d",
    6: "fe3b9da67c2bd734cb339523d95916565b164aa352bf0825c8eda1c2673cb259",
    7: "c0e0ab6833d30cb4424cf0845b361bc7b94f770d5c855dc3c33322f53007419b",
    8: "cbe049a84ea712b9397106ea618ab6879a85598efd9a1594568f6d238671b635",
    9: "8d59f5a0afebac39a8ed061c64a631b0236ff6bdc2b45daada1d8f19d3a0a10f",
    10: "0d07b1afb5bed6ab99977ebc8c8fd3758a5385fa5691466189f6bcdd86633df7",
    11: "527b50b27f948712f6f7cd342887e84796817a94918c712750d59e132b226dd3",
    12: "0a484434bb32233dbd62d90387caa8251fdd79fde78a70f124c4bff04c485ac0",
    13: "6cdb4e45709e9423fbf8776a383b6a4a1fd401b892c68a0aecf5080e063256db",
}
SPANS = (EVER, (T0, T0 + HOUR), (T0 + 2 * MINUTE_MS, T0 + 70 * MINUTE_MS), (T0 // DAY * DAY, T0 // DAY * DAY + DAY))
METRICS = (("Throttles", "Sum"), ("Invocations", "Sum"), ("Errors", "Sum"), ("ConcurrentExecutions", "Maximum"))


def answers(db: Path) -> dict[str, object]:
    told = everything(db, SPANS)
    with Reader(db) as reader:
        names = {row.id: row.function.key.name for row in reader.functions()}
        told["configured"] = sorted(str(row.function) for row in reader.functions())
        for low, high in SPANS:
            for metric, stat in METRICS:
                found = (
                    reader.metric_totals(metric, low, high) if stat == "Sum" else reader.metric_peaks(metric, low, high)
                )
                told[f"{metric} {low} {high}"] = {names[each]: figure for each, figure in found.items()}
    return told


def patterns_of(db: Path) -> dict[str, tuple[object, ...]]:
    """By template; the example is any one of its lines."""
    said = rows(run("patterns", "--range", "all", "--at", "2025-04-02T00:00:00Z", "--json", "--db", db))
    return {one["template"]: tuple(one[name] for name in ("count", "bytes", "first_seen", "last_seen")) for one in said}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fresh") / "store.db"
    fill(path)
    return path


def schema_of(db: Path) -> list[tuple[str, ...]]:
    """Tables, indexes and triggers; without spaces, which differ where a later file alters a table."""
    connection = sqlite3.connect(db)
    found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
    connection.close()
    return [(*row[:3], "".join((row[3] or "").split())) for row in found]


def test_no_migration_is_edited_once_it_was_released() -> None:
    folder = Path(migration.__file__).parent / "migrations"
    assert sorted(path.name for path in folder.iterdir()) == [f"{each:04}.sql" for each in sorted(RELEASED)]
    assert {each: sha256(migration.script(each).encode()).hexdigest() for each in RELEASED} == RELEASED
    assert max(RELEASED) == VERSION


@pytest.mark.parametrize("version", RELEASED)
def test_a_released_store_tells_what_an_import_of_today_tells(version: int, tmp_path: Path, fresh: Path) -> None:
    db = load(version, tmp_path / "store.db")
    with sqlite3.connect(db) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)
    connection.close()
    before = answers(db)
    regroup_store(db)  # which the screens and an import do: rules of errors are no part of the schema
    told, expected = answers(db), answers(fresh)
    assert {key for key in differences(before, expected) if not key.startswith("errors")} == set()
    assert differences(told, expected) == {}
    assert (len(told["rows"]), told["log lines"]) == (11, 49)  # type: ignore[arg-type]
    assert check(db) == []
    assert run("db", "check", "--db", db).exit_code == 0
    assert schema_of(db) == schema_of(fresh)


@pytest.mark.parametrize("version", RELEASED)
def test_what_a_released_store_holds_is_not_taken_in_again(version: int, tmp_path: Path, fresh: Path) -> None:
    db = load(version, tmp_path / "store.db")
    again = import_files([str(EVENTS)], db=db, defaults=FunctionKey(""))
    assert (again.invocations, again.failures) == (0, [])
    assert differences(answers(db), answers(fresh)) == {}
    assert check(db) == []


@pytest.mark.parametrize("version", RELEASED)
def test_lines_of_a_released_store_are_counted_by_pattern(version: int, tmp_path: Path, fresh: Path) -> None:
    db = load(version, tmp_path / "store.db")
    list(count_older(db, LinePatterns()))
    told, expected = patterns_of(db), patterns_of(fresh)
    assert told == expected
    assert sum(count for count, *_ in told.values()) == 49
    assert check(db) == []
