"""Errors as a person would group them: pairs of real errors of many libraries that are one cause, or two."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.ingest.regrouping import is_old, regroup_store
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.parsing.fingerprint import family, fingerprint, normalise
from collectors.store.connection import writing
from collectors.store.integrity import checking
from collectors.store.read.reader import Reader
from lambdatui.views.error_families import ErrorFamilyView, common, groups, rolled
from lambdatui.views.error_trends import error_trends
from lambdatui.views.time_range import RangeChoice
from tests.support import command_line, needs
from tests.support.error_families import PORTS, failing
from tests.support.places import DATA, SHARED
from tests.support.row_checksums import resum

LABELLED = SHARED / "field" / "error_groups.jsonl"


def labelled(path: Path) -> Iterator[Any]:
    for line in path.read_text().splitlines():
        pair = json.loads(line)
        told = [tuple(error) for error in pair["errors"]]
        yield pytest.param(pair["one_group"], told, id=f"{pair['one_group']}-{told[0][1][:40]}")


@pytest.mark.parametrize(
    ("one", "errors"), [pair for path in sorted(DATA.glob("error_groups_*.jsonl")) for pair in labelled(path)]
)
def test_one_cause_is_one_group_and_two_are_two(one: bool, errors: list[tuple[str, str]]) -> None:
    assert (len({fingerprint(*error) for error in errors}) == 1) == one, [normalise(said) for _, said in errors]


FAMILIES = [json.loads(line) for line in (DATA / "error_groups_families.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    "pair", [pair for pair in FAMILIES if pair["same_family"] is not None], ids=lambda pair: pair["errors"][0][1][:40]
)
def test_what_differs_in_one_value_is_one_family_and_other_words_are_not(pair: dict[str, Any]) -> None:
    names = {family(*error) for error in pair["errors"]}
    assert (len(names) == 1) == pair["same_family"]


@needs.file(LABELLED)
def test_the_labelled_pairs_are_right() -> None:
    wrong = []
    for line in LABELLED.read_text().splitlines():
        pair = json.loads(line)
        if (len({fingerprint(*error) for error in pair["errors"]}) == 1) != pair["one_group"]:
            wrong.append(pair)
    assert wrong == []


@pytest.mark.parametrize(
    ("error_type", "one", "other"),
    [
        ("Error", "connect ECONNREFUSED 10.0.0.1:5432", "connect ECONNREFUSED 10.0.0.1:6379"),
        ("Error", "getaddrinfo ENOTFOUND db.internal", "getaddrinfo ENOTFOUND cache.internal"),
        ("HTTPError", "500 Server Error", "503 Server Error"),
        ("E", "Cannot find module '/var/task/index'", "Cannot find module '/var/task/lib/util'"),
        ("KeyError", "'ticker'", "'price'"),
    ],
)
def test_groups_that_differ_in_one_value_are_a_family(error_type: str, one: str, other: str) -> None:
    assert fingerprint(error_type, one) != fingerprint(error_type, other)
    assert family(error_type, one) == family(error_type, other)


def test_other_words_or_another_type_are_no_family() -> None:
    assert family("Error", "connect ECONNREFUSED 10.0.0.1:1") != family("Error", "read ECONNRESET 10.0.0.1:1")
    assert family("KeyError", "'a'") != family("IndexError", "'a'")


@given(st.text(max_size=700))
def test_any_text_has_a_group_and_its_first_500_characters_make_it(text: str) -> None:
    assert fingerprint("E", text) == fingerprint("E", text[:500])
    assert not any("\ue000" <= letter <= "\ue7ff" for letter in normalise(text))


def test_a_hostile_text_takes_no_time() -> None:
    for text in ("1." * 250, "a_" * 250, "'" * 500, "((((" * 125, "12:" * 170, "/a1" * 160, "<ip>, " * 80, "A1b" * 160):
        fingerprint("E", text)


# Stores of an older version -------------------------------------------------------------------------------------


def count_anew(connection: sqlite3.Connection) -> None:
    for table, grain in (("minute_cells", MINUTE_MS), ("hour_cells", HOUR_MS), ("day_cells", DAY_MS)):
        connection.execute(f"DELETE FROM {table}_errors")
        connection.execute(
            f"INSERT INTO {table}_errors SELECT function_id, start_ms / ? * ?, error_id, count(*)"
            " FROM invocations WHERE error_id IS NOT NULL GROUP BY 1, 2, 3",
            (grain, grain),
        )


def old(store: Path) -> bool:
    with Reader(store) as reader:
        return is_old(reader)


def as_if_old(store: Path, *, one_group: bool) -> None:
    """As an older version left it: of one group whatever differs, or each of a group of its own."""
    with sqlite3.connect(store) as connection:
        connection.execute("DELETE FROM settings WHERE name = 'error_rules'")
        connection.execute("UPDATE errors SET family = '', fingerprint = 'old' || id")
        if one_group:
            connection.execute("UPDATE invocations SET error_id = 1 WHERE error_id IS NOT NULL")
            count_anew(connection)
            connection.execute("DELETE FROM errors WHERE id <> 1")
        resum(connection)
    connection.close()


def counts(store: Path) -> dict[str, int]:
    with Reader(store) as reader:
        return {row.message: row.count for row in reader.error_groups(0, 1 << 60)}


def cells(store: Path) -> list[Any]:
    connection = sqlite3.connect(store)
    told = [
        connection.execute(
            f"SELECT c.start_ms, e.fingerprint, e.family, c.occurrences FROM {table}_errors c"
            " JOIN errors e ON e.id = c.error_id ORDER BY 1, 2"
        ).fetchall()
        for table in ("minute_cells", "hour_cells", "day_cells")
    ]
    connection.close()
    return told


def test_what_an_older_version_held_together_is_told_apart_by_its_lines(tmp_path: Path) -> None:
    failing(tmp_path, [f"connect to 10.0.0.{at}:{port} refused" for at, port in enumerate(PORTS)])
    store = tmp_path / "store.db"
    new = cells(store)
    as_if_old(store, one_group=True)
    assert list(counts(store).values()) == [4]
    assert old(store)
    assert regroup_store(store)
    assert sorted(counts(store).values()) == [1, 3]
    assert cells(store) == new
    assert checking.check(store) == []
    assert not regroup_store(store)


def test_a_command_groups_an_older_store_and_opens_one_that_is_grouped_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(tmp_path, [f"connect to 10.0.0.{at}:{port} refused" for at, port in enumerate(PORTS)])
    store = tmp_path / "store.db"
    as_if_old(store, one_group=True)
    real, opens = sqlite3.connect, []
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **named: opens.append(given) or real(*given, **named))
    command_line.run("--db", store, "--range", "all", "functions", "--json")
    assert sorted(counts(store).values()) == [1, 3]
    opens.clear()
    command_line.run("--db", store, "--range", "all", "functions", "--json")
    assert len(opens) == 1


def test_what_is_one_group_now_is_merged_and_an_import_meets_it(tmp_path: Path) -> None:
    failing(tmp_path, ["order 1 is closed", "connect to 10.0.0.1:5432 refused"])
    failing(tmp_path, ["order 22 is closed"], begin=3)
    store = tmp_path / "store.db"
    new = cells(store)
    with sqlite3.connect(store) as connection:  # the third as a group of its own
        (function,) = connection.execute("SELECT id FROM functions").fetchone()
        connection.execute("INSERT INTO errors VALUES (77, ?, 'x', 'OSError', 'order 22 is closed', '')", (function,))
        (last,) = connection.execute("SELECT max(start_ms) FROM invocations").fetchone()
        connection.execute("UPDATE invocations SET error_id = 77 WHERE start_ms = ?", (last,))
        count_anew(connection)
        resum(connection)
    connection.close()
    as_if_old(store, one_group=False)
    assert sorted(counts(store).values()) == [1, 1, 1]
    failing(tmp_path, ["order 9 is closed"], begin=4)  # the writer groups anew first
    assert sorted(counts(store).values()) == [1, 3]
    assert len(new[2]) == len(cells(store)[2])
    assert checking.check(store) == []


def test_killed_before_its_end_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(tmp_path, [f"connect to 10.0.0.{at}:{port} refused" for at, port in enumerate(PORTS)])
    store = tmp_path / "store.db"
    as_if_old(store, one_group=True)
    before = cells(store)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("collectors.store.write.regroup._Regrouping._merge", killed)
        with pytest.raises(KeyboardInterrupt):
            regroup_store(store)
    assert (cells(store), old(store)) == (before, True)
    assert regroup_store(store)
    assert sorted(counts(store).values()) == [1, 3]


def test_a_newer_versions_groups_and_another_writers_store_stay_as_they_are(tmp_path: Path) -> None:
    failing(tmp_path, ["order 1 is closed"])
    store = tmp_path / "store.db"
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE settings SET value = value + 1 WHERE name = 'error_rules'")
        resum(connection)
    connection.close()
    assert not old(store)
    assert not regroup_store(store)
    as_if_old(store, one_group=False)
    before = cells(store)
    with writing(store):  # a viewer shows what is there, and writes nothing
        assert not regroup_store(store)
    assert (cells(store), old(store)) == (before, True)
    assert regroup_store(store)


def test_a_store_that_cannot_be_written_is_shown_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(tmp_path, ["order 1 is closed"])
    store = tmp_path / "store.db"
    as_if_old(store, one_group=False)
    before = cells(store)

    def refused(*_: object) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr("collectors.store.write.regroup._Regrouping.run", refused)
    assert not regroup_store(store)
    assert (cells(store), counts(store)) == (before, {"order 1 is closed": 1})


def test_the_family_is_the_sum_of_its_groups(tmp_path: Path) -> None:
    failing(tmp_path, [f"connect to 10.0.0.{at}:{port} refused" for at, port in enumerate(PORTS)] + ["other words"])
    with Reader(tmp_path / "store.db") as reader:
        rows = error_trends(reader, RangeChoice("30d", at="1743465600").resolve(0)).rows
    assert len({row.fingerprint for row in rows}) == 3
    assert len({row.family for row in rows}) == 2
    tops = rolled(rows)
    (one,) = [row for row in tops if isinstance(row, ErrorFamilyView)]
    assert (one.count, len(one.members), len(tops)) == (4, 2, 2)
    assert sum(part or 0 for part in one.trend) == sum(part or 0 for row in one.members for part in row.trend)
    assert sorted(row.fingerprint for row in groups(tops)) == sorted(row.fingerprint for row in rows)


def test_what_a_family_says_is_what_its_errors_say() -> None:
    assert common(["connect to a:1 refused", "connect to b:2 refused"]) == "connect to * refused"
    assert common(["no a", "no b c"]) == "no *"
