"""The store's figures against an independent pass with pandas over the same events."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from collectors.ingest.engine import import_files
from collectors.ingest.results import ImportResult
from collectors.model.records import FunctionKey
from collectors.model.units import MINUTE_MS
from collectors.store.read.reader import Reader
from collectors.store.read.rows import Totals
from collectors.store.spans import whole_from
from tests.support import needs
from tests.support.places import ROOT, SHARED
from tests.support.printed_statements import DAY, EVER, HOUR

RECORDED = SHARED / "logs" / "stream_python313.jsonl"
START_MS = 1_770_000_000_000
INVOCATIONS = 5_000
FIGURES = r"Duration: (?P<ms>[\d.]+) ms\tBilled Duration: (?P<billed>\d+) ms\tMemory Size: (?P<mb>\d+) MB\tMax Memory Used: (?P<used>\d+) MB"


def by_pandas(path: Path) -> pd.DataFrame:
    """One row for each REPORT: function, start (START's time), figures, whether cold, timed out, and failed."""
    events = pd.read_json(path, lines=True, dtype=False)
    if "function" not in events:
        events["function"] = events["logGroup"].str.removeprefix("/aws/lambda/")
    if not pd.api.types.is_numeric_dtype(events["timestamp"]):
        moments = pd.to_datetime(events["timestamp"], utc=True, format="ISO8601")
        events["timestamp"] = moments.dt.as_unit("ms").astype("int64")
    text = events["message"]
    starts = events[text.str.startswith("START ")].assign(request=text.str.extract(r"RequestId: (\S+)", expand=False))
    reports = events[text.str.startswith("REPORT ")].copy()
    reports["request"] = reports["message"].str.extract(r"RequestId: (\S+)", expand=False)
    reports = reports.join(reports["message"].str.extract(FIGURES).astype(float))
    reports["init"] = reports["message"].str.extract(r"Init Duration: ([\d.]+) ms", expand=False).astype(float)
    found = reports.merge(
        starts[["function", "request", "timestamp"]], on=["function", "request"], suffixes=("_end", "")
    )
    assert len(found) == len(reports) == found["request"].nunique()
    return found.join(_failures(events, found), on=["function", "request"]).fillna(
        {"failed": False, "timed_out": False}
    )


def _failures(events: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    """By function and request: failed, timed out, and the first line that told it.

    A failure's line names its request, or stands before END in a stream that runs one invocation at a time.
    """
    failed = events[
        events["message"].str.contains(r"^\[ERROR\] \w|Task timed out after|Status: (?:error|timeout)")
    ].copy()
    streams = ["function"] + (["logStreamName"] if "logStreamName" in events else [])
    named = events["message"].str.extract(r"^(?:END|REPORT) RequestId: (\S+)", expand=False)
    following = named.groupby([events[name] for name in streams]).bfill()
    failed["request"] = failed["message"].str.extract(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", expand=False)
    failed["request"] = failed["request"].fillna(following)
    failed["timed_out"] = failed["message"].str.contains("Task timed out after|Status: timeout")
    groups = failed.groupby(["function", "request"])
    return groups.agg(timed_out=("timed_out", "any"), told=("message", "first")).assign(failed=True)


def summed(rows: pd.DataFrame) -> dict[str, tuple[int, ...]]:
    """By function: the sums that ``Totals`` has, in ``told``'s order."""
    return {
        str(name): (
            len(each),
            int(each["failed"].sum()),
            int(each["timed_out"].sum()),
            int(each["init"].notna().sum()),
            int(each["billed"].sum()),
            int((each["billed"] * each["mb"]).sum()),
            round(each["ms"].sum() * 1000),
            round(each["init"].sum() * 1000),
            round(each["ms"].max() * 1000),
            int(each["used"].max()),
            int(each["timestamp"].max()),
        )
        for name, each in rows.groupby("function")
    }


def told(totals: Totals) -> tuple[Any, ...]:
    return (
        totals.reports,
        totals.errors,
        totals.timeouts,
        totals.cold_starts,
        totals.billed_ms,
        totals.billed_mb_ms,
        totals.duration_us,
        totals.init_us,
        totals.max_duration_us,
        totals.max_memory_mb,
        totals.last_ms,
    )


def names(reader: Reader) -> dict[int, str]:
    return {row.id: row.function.key.name for row in reader.functions()}


@needs.file(RECORDED)
def test_a_recorded_stream_of_two_real_functions(tmp_path: Path) -> None:
    rows = by_pandas(RECORDED)
    result = import_files([str(RECORDED)], db=tmp_path / "store.db", defaults=FunctionKey(""))
    assert (result.rejected, result.failures, result.duplicates) == (0, [], 0)
    with Reader(tmp_path / "store.db") as reader:
        found = {names(reader)[each.function_id]: told(each)[:-1] for each in reader.totals(*EVER)}
        assert found == {name: sums[:-1] for name, sums in summed(rows).items()}
        # One START has no REPORT: the recording ends there.
        assert result.invocations == reader.count_invocations(*EVER) == len(rows) + 1
        days = {(names(reader)[day.function_id], day.day_ms): day.billed_ms for day in reader.daily_usage(*EVER)}
    by_day = rows.groupby(["function", rows["timestamp"] // DAY * DAY])["billed"].sum()
    assert {key: billed for key, billed in days.items() if billed} == by_day.astype(int).to_dict()


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, pd.DataFrame, ImportResult]]:
    """Nine days of eight functions."""
    folder = tmp_path_factory.mktemp("oracle")
    found = importlib.util.spec_from_file_location("generate", ROOT / "benchmarks" / "generate.py")
    assert found is not None
    assert found.loader is not None
    generate = importlib.util.module_from_spec(found)
    found.loader.exec_module(generate)
    with (folder / "events.jsonl").open("w", encoding="utf-8") as out:
        generate.write(out, INVOCATIONS, 8, hours=9 * 24)
    result = import_files([str(folder / "events.jsonl")], db=folder / "store.db", defaults=FunctionKey(""))
    with Reader(folder / "store.db") as reader:
        yield reader, by_pandas(folder / "events.jsonl"), result


HOURS = START_MS // HOUR * HOUR + 50 * HOUR
DAYS = START_MS // DAY * DAY + 2 * DAY
SPANS = {
    "hour": (HOURS, HOURS + HOUR),
    "day by hours": (HOURS, HOURS + 24 * HOUR),
    "day": (DAYS, DAYS + DAY),
    "minutes": (HOURS + 7 * MINUTE_MS, HOURS + 3 * HOUR + 11 * MINUTE_MS),
    "week": (DAYS, DAYS + 7 * DAY),
    "from the first": (0, HOURS),
    "month from its first day": (DAYS, DAYS + 30 * DAY),
    "to the end": (DAYS, EVER[1]),
    "ever": EVER,
}


@pytest.mark.parametrize("span", SPANS)
def test_totals(generated: tuple[Reader, pd.DataFrame, ImportResult], span: str) -> None:
    reader, rows, _ = generated
    low, high = SPANS[span]
    wanted = summed(rows[(rows["timestamp"] >= low) & (rows["timestamp"] < high)])
    assert wanted
    found = reader.totals(low, high)
    assert {names(reader)[each.function_id]: told(each) for each in found} == wanted
    assert reader.count_invocations(low, high) == sum(each[0] for each in wanted.values())
    assert sum(each.invocations for each in found) == sum(each[0] for each in wanted.values())


@pytest.mark.parametrize("span", SPANS)
def test_percentiles_are_within_one_percent(generated: tuple[Reader, pd.DataFrame, ImportResult], span: str) -> None:
    reader, rows, _ = generated
    low, high = SPANS[span]
    within = rows[(rows["timestamp"] >= low) & (rows["timestamp"] < high)]
    exact = {str(name): exactly(each["ms"]) for name, each in within.groupby("function")}
    found = {names(reader)[function_id]: each for function_id, each in reader.quantiles(low, high).items()}
    assert found.keys() == exact.keys()
    for name, each in found.items():
        assert [each.p50_us, each.p95_us, each.p99_us] == pytest.approx(exact[name], rel=0.01, abs=1)
        assert each.count == (within["function"] == name).sum()


def exactly(durations_ms: "pd.Series[float]") -> list[float]:
    """p50, p95 and p99 in microseconds: the least value that the share of all values does not exceed."""
    return [np.percentile(durations_ms * 1000, share, method="inverted_cdf") for share in (50, 95, 99)]


def test_a_long_span_begins_at_midnight_and_a_day_at_a_full_hour(
    generated: tuple[Reader, pd.DataFrame, ImportResult],
) -> None:
    reader, rows, _ = generated
    for low, high, begins in ((HOURS, EVER[1], HOURS // DAY * DAY), (HOURS + 1, HOURS + DAY, HOURS)):
        within = rows[(rows["timestamp"] >= begins) & (rows["timestamp"] < high)]
        assert whole_from(low, high) == begins
        assert reader.count_invocations(low, high) == len(within)


def test_days(generated: tuple[Reader, pd.DataFrame, ImportResult]) -> None:
    reader, rows, _ = generated
    groups = rows.assign(day=rows["timestamp"] // DAY * DAY, billed_mb=rows["billed"] * rows["mb"]).groupby(
        ["function", "day"]
    )
    wanted = {key: (len(each), int(each["billed"].sum()), int(each["billed_mb"].sum())) for key, each in groups}
    assert {
        (names(reader)[day.function_id], day.day_ms): (day.invocations, day.billed_ms, day.billed_mb_ms)
        for day in reader.daily_usage(*EVER)
    } == wanted


def test_error_groups(generated: tuple[Reader, pd.DataFrame, ImportResult]) -> None:
    reader, rows, result = generated
    failed = rows[rows["failed"]]
    kinds = failed["told"].str.extract(r"\[ERROR\] (\w+)", expand=False).fillna("Sandbox.Timedout")
    wanted = failed.groupby(["function", kinds])["timestamp"].agg(["count", "min", "max"])
    found = {
        (names(reader)[group.function_id], group.error_type): (group.count, group.first_ms, group.last_ms)
        for group in reader.error_groups(*EVER)
    }
    assert found == {key: tuple(figures) for key, figures in zip(wanted.index, wanted.to_numpy().tolist(), strict=True)}
    assert result.errors == len(failed)


@pytest.mark.parametrize("step_ms", [MINUTE_MS, 5 * MINUTE_MS, HOUR, 6 * HOUR, DAY])
def test_series(generated: tuple[Reader, pd.DataFrame, ImportResult], step_ms: int) -> None:
    reader, rows, _ = generated
    steps = rows.groupby(rows["timestamp"] // step_ms * step_ms)
    wanted = {step: (len(each), int(each["billed"].sum()), int(each["failed"].sum())) for step, each in steps}
    points = reader.series(*EVER, step_ms)
    assert {
        point.start_ms: (point.totals.invocations, point.totals.billed_ms, point.totals.errors) for point in points
    } == wanted
    assert all(point.quantiles is not None and point.quantiles.count == point.totals.reports for point in points)


def test_every_line_is_kept(generated: tuple[Reader, pd.DataFrame, ImportResult]) -> None:
    reader, rows, result = generated
    assert sum(1 for _ in reader.search(*EVER)) == reader.info().log_lines == result.events
    shown = list(reader.search(*EVER, contains="task TIMED out"))
    assert len(shown) == int(rows["timed_out"].sum())
    assert [line.timestamp_ms for line in shown] == sorted(line.timestamp_ms for line in shown)
    assert all(re.search(line.request_id, line.text) for line in shown)
