"""A runner that is collected as AWS is, by its endpoint, gives the store that its file gives.

Both are compared table by table. What differs is named here, with the reason: anything else is a fault.
"""

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import needs
from tests.support.command_line import PROGRAM, run, run_program
from tests.support.runner_server import Served, refusal, served, wait_for

pytestmark = needs.linux

SOURCE = """
import json, time
def handler(event, context):
    print("got", json.dumps(event))
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("fail"):
        raise ValueError("no such order: " + str(event["fail"]))
    if event.get("exit"):
        import os
        os._exit(3)
    return event
"""
LOCAL = {
    "XDG_CONFIG_HOME": "/nowhere", "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
    "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1",
}  # fmt: skip
# What says how a store was filled: requests, marks of what was read, times and notes of collections, checksums.
OF_COLLECTING = {"api_calls", "collection_notes", "collections", "covered", "settings", "table_sums", "sqlite_sequence"}
# Of the endpoint only: the log groups that AWS lists. A runner's file has no list of them.
OF_LISTINGS = {"log_groups"}
# Statistics of Duration: the collector asks AWS for percentiles and not for these two, which a runner's file has.
OF_FILE, OF_ENDPOINT = {"SampleCount", "Minimum"}, {"p50", "p95", "p99"}
# A removed function is listed by the file, which has its configuration; AWS lists those that are there.
REMOVED = "removed"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A runner with functions that answered, failed, timed out, were throttled, and are gone."""
    path = tmp_path_factory.mktemp("shop") / "runner.db"
    with served(path, time_scale=600) as runner:
        runner.create("orders", SOURCE, Timeout=1, Tags={"team": "shop"}, MemorySize=256)
        runner.create("json", SOURCE, LoggingConfig={"LogFormat": "JSON"}, Tags={"team": "web", "stage": "dev"})
        runner.create("quiet", SOURCE)
        for name in ("shared-a", "shared-b"):
            runner.create(name, SOURCE, LoggingConfig={"LogGroup": "/shop/shared"})
            runner.client.invoke(FunctionName=name, Payload=json.dumps({"from": name}))
        runner.create("stopped", SOURCE)
        runner.create(REMOVED, SOURCE)
        runner.client.put_function_concurrency(FunctionName="stopped", ReservedConcurrentExecutions=0)
        for event in ({"order": 1}, {"order": 2}, {"fail": 7}, {"fail": 8}, {"sleep": 2}, {"exit": 1}, {"order": 3}):
            for name in ("orders", "json"):
                runner.client.invoke(FunctionName=name, Payload=json.dumps(event))
        runner.client.invoke(FunctionName=REMOVED, Payload=b"{}")
        assert refusal(runner.client.invoke, FunctionName="stopped")[0] == 429
        runner.client.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"fail": 9}')
        wait_for(lambda: runner.rows("SELECT 1 FROM async_events WHERE condition IS NOT NULL"))
        runner.client.delete_function(FunctionName=REMOVED)
        runner.wait(runner.runner.log.commit())
        yield runner


@pytest.fixture(scope="module")
def stores(shop: Served, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The store that the endpoint filled, and the one that the file filled."""
    folder = tmp_path_factory.mktemp("stores")
    by_endpoint, by_file = folder / "endpoint.db", folder / "file.db"
    endpoint = ("collect", "--endpoint-url", f"http://127.0.0.1:{shop.port}")
    for collect in (endpoint, endpoint):  # the second finds everything again
        done = run_program("--db", by_endpoint, *collect, **LOCAL)
        assert done.returncode in (0, 3), done.stderr
    done = run_program("--db", by_file, "collect", "--source", shop.path, **LOCAL)
    assert done.returncode == 0, done.stderr
    return by_endpoint, by_file


def _table(path: Path, table: str) -> list[dict[str, Any]]:
    with sqlite3.connect(path) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(f"SELECT * FROM {table}")]


def _names(path: Path) -> dict[int, str]:
    return {row["id"]: row["name"] for row in _table(path, "functions")}


def _rows(path: Path, table: str) -> list[str]:
    """A table's rows in order, functions by their names instead of the store's own ids."""
    names = _names(path)
    rows = []
    for row in _table(path, table):
        if "function_id" in row:
            row["function"] = names[row.pop("function_id")]
        rows.append(repr(sorted(row.items(), key=lambda each: each[0])))
    return sorted(rows)


def test_functions_are_the_same_but_for_one_that_was_removed(stores: tuple[Path, Path]) -> None:
    by_endpoint, by_file = ({row["name"]: row for row in _table(path, "functions")} for path in stores)
    assert set(by_file) == {"orders", "json", "quiet", "stopped", "shared-a", "shared-b", REMOVED}
    assert set(by_endpoint) == set(by_file)  # its log group names it, and says no more
    for name in sorted(set(by_file) - {REMOVED}):
        assert by_endpoint[name] | {"id": 0} == by_file[name] | {"id": 0}, name
    assert by_endpoint[REMOVED]["timeout_s"] is None


@pytest.mark.parametrize("table", ["invocations", "errors", "streams", "patterns", "rejects", "error_patterns"])
def test_what_ran_and_what_it_wrote_is_the_same(stores: tuple[Path, Path], table: str) -> None:
    by_endpoint, by_file = (_without_ids(path, table) for path in stores)
    assert by_endpoint == by_file
    if table != "rejects" and table != "error_patterns":
        assert by_file


def _without_ids(path: Path, table: str) -> list[str]:
    """Rows without what only counts rows of this store, and without a removed function's configured memory."""
    names = _names(path)
    rows = []
    for row in _table(path, table):
        row.pop("sum", None)  # the checksum of the row, ids included
        for name in [name for name in row if name == "id" or name.endswith("_id")]:
            value = row.pop(name)
            if name == "function_id":
                row["function"] = names.get(value)
        rows.append(repr(sorted(row.items())))
    return sorted(rows)


def test_log_lines_are_the_same(stores: tuple[Path, Path]) -> None:
    listed = [run("--db", path, "logs", "--json", "--limit", "1000").stdout for path in stores]
    rows = [
        [(row["timestamp"], row["function"], row["message"]) for row in json.loads(text)["rows"]] for text in listed
    ]
    assert sorted(rows[0]) == sorted(rows[1])
    assert len(rows[0]) > 50


def test_metrics_are_the_same_but_for_statistics_of_duration(stores: tuple[Path, Path]) -> None:
    by_endpoint, by_file = (
        {
            (names[row["function_id"]], row["metric"], row["stat"], row["start_ms"]): row["value"]
            for names in (_names(path),)
            for row in _table(path, "metrics")
        }
        for path in stores
    )
    # CloudWatch is asked of functions that are there; of what a removed one did, its log says.
    expected = {key: value for key, value in by_file.items() if key[0] != REMOVED and key[2] not in OF_FILE}
    known = {key: value for key, value in by_endpoint.items() if key[2] not in OF_ENDPOINT}
    # Asynchronous events are asked for where a function is configured for them.
    missing = {key[1] for key in expected.keys() - known.keys()}
    assert missing <= {"AsyncEventsReceived", "AsyncEventAge"}
    assert known == {key: value for key, value in expected.items() if key[1] not in missing}
    percentiles = {key[2] for key in by_endpoint.keys() - known.keys()}
    assert percentiles == OF_ENDPOINT


def test_every_other_table_is_the_same(stores: tuple[Path, Path]) -> None:
    with sqlite3.connect(stores[0]) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    compared = tables - OF_COLLECTING - OF_LISTINGS
    # Compared above, or made of what is compared above, with ids of their own or packed.
    compared -= {"functions", "invocations", "errors", "streams", "patterns", "rejects", "error_patterns", "metrics"}
    compared = {
        name for name in compared if not name.startswith(("metric_", "pattern_", "chunk")) and "packs" not in name
    }
    # Settings of functions: AWS tells many, a runner's file when each was deployed, and both tell the tags.
    compared -= {"configuration", "request_buckets"}
    for table in sorted(compared):
        if table.endswith(("cells", "cells_errors")):
            continue
        assert _rows(stores[0], table) == _rows(stores[1], table), table


def test_tags_are_the_same(stores: tuple[Path, Path]) -> None:
    tags = [
        sorted(
            (row["function"], row["name"], row["value"])
            for row in _table(path, "configuration")
            if row["kind"] == "tags"
        )
        for path in stores
    ]
    known = [[each for each in listed if each[0] in ("orders", "json")] for listed in tags]
    assert known[0] == known[1]
    assert ("orders", "team", '"shop"') in known[0]


# What AWS says and a file does not: that nothing ran before, so that there is a change since then; up to when it was
# read; the account's limits, with a row of the account where it was throttled.
KNOWN_BEFORE = {"cost_change", "errors_change", "invocations_change", "trend", "growth", "coverage", "daily"}
KNOWN_OF_AWS = KNOWN_BEFORE | {"as_of", "data_until", "limit_used", "tags_at", "limit", "limited_by", "headroom"}
# ListFunctions gives LastModified in whole seconds.
IN_SECONDS = {"deployed_at"}
THE_ACCOUNT = "all functions"


def _figures(path: Path, command: str) -> dict[str, dict[str, Any]]:
    """The rows of a command by what they are of, for functions that are still there."""
    document = json.loads(run("--db", path, "--range", "1h", command, "--json").stdout)
    rows: list[dict[str, Any]] = document.get("rows") or [*document.pop("lines"), document]
    named = {
        str([row.get(name) for name in ("function", "dimension", "fingerprint", "request_id", "start")]): row
        for row in rows
    }
    return {name: row for name, row in named.items() if row.get("function") not in (REMOVED, THE_ACCOUNT)}


@pytest.mark.parametrize("command", ["functions", "invocations", "errors", "costs", "throttles"])
def test_commands_show_the_same(stores: tuple[Path, Path], command: str) -> None:
    by_endpoint, by_file = (_figures(path, command) for path in stores)
    assert by_endpoint.keys() == by_file.keys()
    for name, row in by_endpoint.items():
        other = by_file[name]
        differing = {each for each in row.keys() | other.keys() if row.get(each) != other.get(each)} - KNOWN_OF_AWS
        told = {each: (row.get(each), other.get(each)) for each in differing - IN_SECONDS}
        # That a function did nothing is known where AWS was asked; of a file nobody knows what it did not write.
        assert {each: pair for each, pair in told.items() if pair[1] is not None} == {}
        assert all(row[each][:19] == other[each][:19] for each in differing & IN_SECONDS)


def test_a_live_tail_of_the_endpoint_shows_lines_as_they_are_written(shop: Served, stores: tuple[Path, Path]) -> None:
    url = f"http://127.0.0.1:{shop.port}"
    command = [*PROGRAM, "--db", str(stores[0]), "--function", "orders", "logs", "--live", "--endpoint-url", url]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **LOCAL}
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while not (line := process.stderr.readline()).startswith("live,"):
            assert line, "the tail ended"
        shop.client.invoke(FunctionName="orders", Payload=b'{"order": "seen live"}')
        while "seen live" not in (line := process.stdout.readline()):
            assert line, "the tail ended"
        process.terminate()
