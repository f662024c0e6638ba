"""What grew, beside an oracle that counts the calls it wrote, hour by hour, and prices them by the published rates."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.model.records import Function, FunctionKey, MetricPoint
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.store.read.reader import Reader
from lambdatui.views.change import change_of
from lambdatui.views.error_growth import error_growth
from lambdatui.views.error_trends import error_trends
from lambdatui.views.fleet_comparison import fleet_comparison
from lambdatui.views.functions import FunctionView, functions
from lambdatui.views.growth import growth
from lambdatui.views.time_range import RangeChoice, TimeRange
from pricing.pricebook import PriceBook
from tests.support import growing_fleet, usage_store
from tests.support.command_line import rows, run
from tests.support.growing_fleet import GREW, NEW, NOW, SILENT, STEADY, T0, WEEKLY, calls

BOOK = PriceBook.load()
METERED = FunctionKey("metered", "111122223333", "us-east-1")
REQUEST, GB_SECOND = Decimal("0.0000002"), Decimal("0.0000166667")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return growing_fleet.make(tmp_path_factory.mktemp("growth") / "g.db")


def counted(key: FunctionKey, span: tuple[int, int]) -> tuple[int, int, Decimal]:
    own = [call for call in calls() if call.key == key and span[0] <= call.at_ms < span[1]]
    usd = REQUEST * len(own) + GB_SECOND * sum(Decimal(call.billed_ms or 0) / 1000 for call in own)
    return len(own), sum(call.failed for call in own), usd


def grown(path: Path, choice: RangeChoice) -> dict[str, FunctionView]:
    with Reader(path) as reader, reader.snapshot():
        time_range = choice.resolve(NOW, reader.newest_ms(), reader.oldest_ms())
        view = growth(reader, time_range, BOOK).added_to(functions(reader, time_range, BOOK))
        return {row.function: row for row in view.rows}


HOUR_NOW = T0 + 16 * DAY_MS + 10 * HOUR_MS


@pytest.mark.parametrize(
    ("preset", "now", "before", "week"),
    [
        # Whole hours of 24: the hour that goes on is left out on both sides.
        ("24h", (HOUR_NOW - DAY_MS, HOUR_NOW), DAY_MS, 7 * DAY_MS),
        ("7d", (HOUR_NOW - 7 * DAY_MS, HOUR_NOW), 7 * DAY_MS, 7 * DAY_MS),
        # An hour by steps of two minutes, up to the newest call.
        ("1h", (NOW - HOUR_MS, NOW - 2 * MINUTE_MS), HOUR_MS, 7 * DAY_MS),
    ],
)
def test_changes_are_those_of_the_calls_that_were_written(
    path: Path, preset: str, now: tuple[int, int], before: int, week: int
) -> None:
    found = grown(path, RangeChoice(preset))
    for key in (STEADY, GREW, SILENT, WEEKLY, NEW):
        row = found[key.name]
        for suffix, shift in (("change", before), ("week", week)):
            here, was = counted(key, now), counted(key, (now[0] - shift, now[1] - shift))
            for name, this, that in zip(("invocations", "errors", "cost"), here, was, strict=True):
                change = getattr(row, f"{name}_{suffix}")
                if that == 0:
                    assert change == (float("inf") if this else 0), (key.name, name, suffix)
                else:
                    assert change == pytest.approx(float(this / that - 1), rel=1e-6), (key.name, name, suffix)


def test_words_say_what_is_no_ratio(path: Path) -> None:
    found = grown(path, RangeChoice("24h"))
    assert found["new"].invocations_change.word == found["new"].cost_change.word == "new"
    assert found["silent"].invocations_change.word == "silent"
    assert found["silent"].invocations_change == -1
    # A weekly job was not there yesterday, and is not new: it is as a week before.
    assert found["weekly"].invocations_change.word == "from 0"
    assert found["weekly"].invocations_week == 0
    month = grown(path, RangeChoice("30d"))
    assert {row.invocations_change.word for row in month.values()} == {"n/a"}


def test_what_was_not_collected_is_not_compared(tmp_path: Path) -> None:
    only_today = [call for call in calls() if call.at_ms >= NOW - DAY_MS]
    young = usage_store.make(tmp_path / "young.db", [Function(STEADY)], only_today)
    found = grown(young, RangeChoice("24h"))
    assert not found["steady"].invocations_change.known
    assert not found["steady"].cost_week.known


def test_a_function_known_by_metrics_alone_is_compared_too(tmp_path: Path) -> None:
    points = [
        MetricPoint(METERED, "Invocations", "Sum", 300, T0 + day * DAY_MS + 9 * HOUR_MS, 10.0 + day)
        for day in range(17)
    ]
    store = usage_store.make(tmp_path / "metrics.db", [Function(STEADY), Function(METERED)], calls(), points)
    row = grown(store, RangeChoice("24h"))["metered"]
    assert row.invocations_change > 0
    assert not row.cost_change.known  # no duration is known


def test_the_order_and_filters_know_changes(path: Path) -> None:
    def listed(*arguments: str) -> list[str]:
        at = ("--at", "2026-04-15T10:22Z", "--db", path, "functions", "--json", *arguments)
        return [row["function"] for row in rows(run(*at))]

    assert listed("--sort", "invocations_change", "--reverse")[:2] in (["new", "weekly"], ["weekly", "new"])
    assert listed("--sort", "invocations_change")[0] == "silent"
    assert set(listed("--filter", "invocations_change>50%")) == {"new", "weekly", "grew"}
    assert listed("--filter", "invocations_change:new") == ["new"]
    assert listed("--filter", "invocations_change:silent") == ["silent"]
    assert listed("--filter", "!invocations_change:new invocations_change>10") == ["weekly"]
    table = run("--at", "2026-04-15T10:22Z", "--db", path, "functions", "--columns", "function,invocations_change")
    assert "silent" in table.stdout
    assert "new " in table.stdout
    told = {row["function"]: row["invocations_change"] for row in json.loads(
        run("--at", "2026-04-15T10:22Z", "--db", path, "functions", "--json").stdout)["rows"]}  # fmt: skip
    assert (told["new"], told["silent"]) == ("new", -1)
    assert isinstance(told["grew"], float)
    csv = run("--at", "2026-04-15T10:22Z", "--db", path, "functions", "--csv", "--columns", "function,invocations_week")
    assert "new,new" in csv.stdout
    assert "weekly,0" in csv.stdout


def test_errors_are_compared_by_group(path: Path) -> None:
    now = (HOUR_NOW - DAY_MS, HOUR_NOW)
    with Reader(path) as reader, reader.snapshot():
        time_range = RangeChoice("24h").resolve(NOW, reader.newest_ms(), reader.oldest_ms())
        view = error_trends(reader, time_range)
        found = error_growth(reader, time_range, view).added_to(view)
    assert {row.function for row in found.rows} == {"steady", "grew"}
    for row in found.rows:
        key = {"steady": STEADY, "grew": GREW}[row.function]
        for change, shift in ((row.errors_change, DAY_MS), (row.errors_week, 7 * DAY_MS)):
            here, was = (counted(key, (now[0] - by, now[1] - by))[1] for by in (0, shift))
            assert change == pytest.approx(here / was - 1 if was else float("inf"))
    listed = rows(run("--at", "2026-04-15T10:22Z", "--db", path, "errors", "--json", "--filter", "errors_change>-2"))
    assert len(listed) == 2


def test_an_error_that_began_in_the_hour_that_goes_on_is_new_and_no_0_percent(tmp_path: Path) -> None:
    fails = usage_store.Call(WEEKLY, HOUR_NOW + 5 * MINUTE_MS, failed=True)
    path = usage_store.make(tmp_path / "late.db", [Function(STEADY)], [*calls(), fails])
    with Reader(path) as reader, reader.snapshot():
        time_range = RangeChoice("24h").resolve(NOW, reader.newest_ms(), reader.oldest_ms())
        view = error_trends(reader, time_range)
        by_function = {row.function: row for row in error_growth(reader, time_range, view).added_to(view).rows}
    assert by_function["weekly"].errors_change.word == "new"


@pytest.mark.parametrize("by", ["function", "region"])
def test_groups_of_costs_are_compared_as_the_sum_of_their_functions(path: Path, by: str) -> None:
    now = (HOUR_NOW - DAY_MS, HOUR_NOW)
    keys = (STEADY, GREW, NEW, SILENT, WEEKLY)
    common = ("--at", "2026-04-15T10:22Z", "--db", path, "costs", "--by", by, "--json")
    listed = {row["group"]: row for row in rows(run(*common))}
    groups = {key.name: (key,) for key in keys} if by == "function" else {"us-east-1": keys}
    assert set(listed) <= set(groups)
    for name, row in listed.items():
        for column, shift in (("cost_change", DAY_MS), ("cost_week", 7 * DAY_MS)):
            here, was = (
                sum(counted(key, (now[0] - back, now[1] - back))[2] for key in groups[name]) for back in (0, shift)
            )
            wanted = float(here / was - 1) if was else "new" if name == "new" else "from 0"
            assert row[column] == (pytest.approx(wanted, rel=1e-6) if was else wanted), (name, column)
    if by == "function":
        assert {row["group"] for row in rows(run(*common, "--filter", "cost_change>1000%"))} == {"new", "weekly"}


def test_a_day_of_costs_says_nothing_of_growth(path: Path) -> None:
    common = ("--at", "2026-04-15T10:22Z", "--db", path, "costs", "--by", "day", "--json")
    assert {row["cost_change"] for row in rows(run(*common))} == {None}


def test_the_fleet_is_compared_as_the_sum_of_its_calls(path: Path) -> None:
    keys = (STEADY, GREW, NEW, SILENT, WEEKLY)
    for week, shift in ((False, DAY_MS), (True, 7 * DAY_MS)):
        with Reader(path) as reader, reader.snapshot():
            time_range = RangeChoice("24h").resolve(NOW, reader.newest_ms(), reader.oldest_ms())
            view = fleet_comparison(reader, time_range, BOOK, week=week)
        rows_by_name = {row.figure: row for row in view.rows}
        spans = [(HOUR_NOW - DAY_MS - back, HOUR_NOW - back) for back in (0, shift)]
        wanted = [[sum(of) for of in zip(*(counted(key, span) for key in keys), strict=True)] for span in spans]
        billed = [sorted(call.billed_ms or 0 for call in calls() if span[0] <= call.at_ms < span[1]) for span in spans]
        for place, side in enumerate(("now", "before")):
            value = {name: getattr(row, side) for name, row in rows_by_name.items()}
            assert (value["invocations"], value["errors"]) == tuple(wanted[place][:2])
            assert value["error rate"] == wanted[place][1] / wanted[place][0]
            assert value["cost"] == pytest.approx(wanted[place][2])
            assert value["GB-seconds"] == pytest.approx(sum(billed[place]) / 1000)
            p95 = billed[place][-(-95 * len(billed[place]) // 100) - 1]
            assert value["p95"] == pytest.approx(p95, rel=0.011)
            assert value["throttles"] is None
            for key in keys:
                if key.name in value:
                    assert value[key.name] == pytest.approx(counted(key, spans[place])[2])
        grew = [row for row in view.rows if row.about == "function"]
        assert [row.more for row in grew] == sorted((row.more for row in grew), reverse=True)
        assert grew[0].figure in ("grew", "weekly")
        assert rows_by_name["silent"].growth.word == "silent"
        days = {DAY_MS: "24h", 7 * DAY_MS: "7d"}[shift]
        assert view.notes == (f"24h to 15 Apr 10:00 UTC, and {days} before",)


def test_groups_of_the_fleet_add_up_to_it(path: Path) -> None:
    common = ("--at", "2026-04-15T10:22Z", "--db", path, "compare", "--json")
    fleet = {row["figure"]: row for row in rows(run(*common))}
    (group,) = rows(run(*common, "--by", "account"))
    assert group["group"] == "111122223333"
    assert group["invocations"] == fleet["invocations"]["now"]
    assert group["invocations_change"] == pytest.approx(fleet["invocations"]["growth"])
    assert group["errors_change"] == pytest.approx(fleet["errors"]["growth"])
    assert Decimal(group["cost_usd"]) == Decimal(fleet["cost"]["now"])
    assert group["cost_change"] == pytest.approx(fleet["cost"]["growth"])
    assert run(*common, "--by", "colour").exit_code == 2
    whole = json.loads(run(*common).stdout)
    assert whole["compared"] == {
        "now": {"from": "2026-04-14T10:00:00Z", "to": "2026-04-15T10:00:00Z"},
        "before": {"from": "2026-04-13T10:00:00Z", "to": "2026-04-14T10:00:00Z"},
    }
    assert whole["notes"] == ["24h to 15 Apr 10:00 UTC, and 24h before"]
    assert "24h to 15 Apr 10:00 UTC, and 7d before" in run(*common[:-1], "--week").stderr


def test_a_fleet_without_a_past_says_so(tmp_path: Path) -> None:
    only_today = [call for call in calls() if call.at_ms >= NOW - DAY_MS]
    young = usage_store.make(tmp_path / "young.db", [Function(STEADY)], only_today)
    done = run("--at", "2026-04-15T10:22Z", "--db", young, "compare", "--json")
    assert rows(done) == []
    assert "nothing was collected before" in done.stderr


def test_unknown_stays_unknown() -> None:
    assert not change_of(None, 1).known
    assert not change_of(1, None).known
    assert change_of(0, 0) == 0
    assert change_of(0, 5, gone="gone").word == "gone"
    assert TimeRange(0, 1, "").until_ms is None
