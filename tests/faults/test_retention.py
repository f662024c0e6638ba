"""Retention: details go with their age, sums stay, the file stops growing, and nobody reads a 0 that is none."""

import json
import sqlite3
from pathlib import Path

import pytest

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey, LogEvent, MetricPoint
from collectors.model.units import HOUR_S
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.integrity.checking import check
from collectors.store.read.reader import Reader
from collectors.store.write import prune
from collectors.store.write.account import keep_account_points
from collectors.store.write.retention import Retention, age_ms, retain
from collectors.store.write.writer import Writer
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.header import Header
from tests.support import small_store
from tests.support.command_line import run
from tests.support.screens import app_on, press, until

T0, MINUTE = small_store.T0, small_store.MINUTE
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
SHORT = Retention({"invocations": "4d", "lines": "2d", "minutes": "6d"})


def key(number: int) -> FunctionKey:
    return FunctionKey(f"fn{number}", "111122223333", "eu-west-1")


def day_of(number: int, functions: int = 3, each: int = 40) -> list[LogEvent]:
    """One day's invocations of some functions, with lines that do not compress to nothing."""
    found = []
    for function in range(functions):
        for at in range(each):
            identity = (number * functions + function) * each + at
            events = small_store.invocation_events(
                key(function), identity, T0 + number * DAY + at * 30 * MINUTE, duration_ms=10.0 + at
            )
            events[1].message = f"order {identity * 7919:x} of {identity * 104729:x} took {identity % 977} ms\n"
            found += events
    return found


def brought_in(db: Path, folder: Path, events: list[LogEvent]) -> None:
    path = small_store.write_events(folder / "day.jsonl", events)
    result = import_files([str(path)], db=db, defaults=FunctionKey(""))
    assert result.failures == []


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten days with retention applied after the last."""
    folder = tmp_path_factory.mktemp("aged")
    db = folder / "aged.db"
    for number in range(10):
        brought_in(db, folder, day_of(number))
    while retain(db, SHORT, T0 + 10 * DAY):
        pass
    return db


@pytest.mark.parametrize(
    ("given", "right"), [("30d", 30 * DAY), ("12h", 12 * HOUR), ("2w", 14 * DAY), ("forever", None), ("off", None)]
)
def test_ages(given: str, right: int | None) -> None:
    assert age_ms(given) == right


@pytest.mark.parametrize("given", ["", "0d", "30", 30, "-3d", "1y", "d", "3 d", True, None, "999999d"])
def test_what_is_no_age_is_told(tmp_path: Path, given: object) -> None:
    with pytest.raises(ValueError, match="an age"):
        age_ms(given)
    config = tmp_path / "config.toml"
    config.write_text(f"[retention]\nlines = {json.dumps(given) if given is not None else '[]'}\n")
    done = run("functions", "--config", config)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "retention" in done.stderr


def test_defaults_and_minutes_that_rows_need() -> None:
    assert Retention().ages == {"invocations": 30 * DAY, "lines": 14 * DAY, "minutes": 90 * DAY}
    assert Retention({"invocations": "forever"}).minutes_ms is None
    assert Retention({"invocations": "60d", "minutes": "7d"}).minutes_ms == 60 * DAY


def test_sums_stay_and_details_go(aged: Path) -> None:
    connection = sqlite3.connect(aged)
    assert connection.execute("SELECT sum(invocations) FROM day_cells").fetchone() == (10 * 120,)
    assert connection.execute("SELECT sum(invocations) FROM hour_cells").fetchone() == (10 * 120,)
    assert connection.execute("SELECT min(start_ms) FROM invocations").fetchone()[0] >= T0 + 6 * DAY
    assert connection.execute("SELECT min(start_ms) FROM minute_cells").fetchone()[0] >= T0 + 4 * DAY
    assert connection.execute("SELECT min(last_ms) FROM chunks").fetchone()[0] >= T0 + 8 * DAY
    assert connection.execute("SELECT count(*) FROM chunk_filters WHERE chunk_id NOT IN (SELECT id FROM chunks)").fetchone() == (0,)  # fmt: skip
    assert connection.execute("SELECT sum(lines) FROM pattern_hours").fetchone() == (10 * 120 * 4,)
    connection.close()
    assert check(aged) == []


def test_what_is_pruned_is_said_and_never_0(aged: Path) -> None:
    first_day = ("--from", "2025-03-31", "--to", "2025-04-01", "--db", aged)
    logs = run("logs", *first_day)
    assert logs.stdout == ""
    assert "log lines before" in logs.stderr
    assert "were pruned" in logs.stderr
    listed = run("invocations", *first_day)
    assert "invocations before" in listed.stderr
    assert "were pruned" in listed.stderr
    [newest] = json.loads(run("invocations", "--from", "2025-04-09", "--limit", "1", "--json", "--db", aged).stdout)[
        "rows"
    ]
    assert "pruned" not in run("invocation", newest["request_id"], "--db", aged).stdout
    connection = sqlite3.connect(aged)
    (oldest,) = connection.execute("SELECT hex(request_id) FROM invocations ORDER BY start_ms LIMIT 1").fetchone()
    connection.close()
    dashed = "-".join((oldest[:8], oldest[8:12], oldest[12:16], oldest[16:20], oldest[20:])).lower()
    assert "log lines were pruned" in run("invocation", dashed, "--db", aged).stdout
    assert json.loads(run("invocation", dashed, "--json", "--db", aged).stdout)["lines_pruned"] is True


def test_a_range_within_hours_of_which_only_hours_are_kept_counts_them_whole(aged: Path) -> None:
    """40 invocations each 30 minutes from 10:00: in 11:10 to 12:20 lie 11:30 and 12:00 of each function."""
    span = ("--from", "2025-03-31T11:10:00Z", "--to", "2025-03-31T12:20:00Z")
    found = json.loads(run("functions", *span, "--json", "--db", aged).stdout)
    assert found["range"] == {"from": "2025-03-31T11:00:00Z", "to": "2025-03-31T12:00:00Z"}
    assert [row["invocations"] for row in found["rows"]] == [2, 2, 2]
    table = run("functions", *span, "--db", aged)
    assert "full hours" in table.stderr


def test_db_info_says_what_is_kept_until_when(aged: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[retention]\ninvocations = "4d"\nlines = "2d"\nminutes = "6d"\n')
    said = run("db", "info", "--db", aged, "--config", config).stdout
    assert "invocations 4d by 'collect --watch'; those before 2025-04-06 10:00:00 UTC were pruned" in said
    assert "hours and days forever" in said
    found = json.loads(run("db", "info", "--json", "--db", aged, "--config", config).stdout)["retention"]
    assert found["lines"] == {"age_ms": 2 * DAY, "since": "2025-04-08T10:00:00Z"}
    assert "none was pruned yet" in run("db", "info", "--db", small_store.make(tmp_path / "young.db")).stdout


def test_it_goes_in_steps_that_end_in_time_and_readers_see_whole_states(tmp_path: Path) -> None:
    db = tmp_path / "steps.db"
    for number in range(6):
        brought_in(db, tmp_path, day_of(number, functions=2, each=20))
    with Reader(db) as reader:
        everything = reader.count_invocations(0, T0 + 10 * DAY)
        rounds = 0
        while retain(db, SHORT, T0 + 8 * DAY, round_ms=0):
            rounds += 1
            assert reader.count_invocations(0, T0 + 10 * DAY) == everything
            reader.invocations(0, T0 + 10 * DAY, limit=10)
            list(reader.search(0, T0 + 10 * DAY, None))
    assert rounds >= 1
    assert check(db) == []


def test_sixty_days_fill_a_file_that_stops_growing(tmp_path: Path) -> None:
    db = tmp_path / "days.db"
    sizes = []
    for number in range(60):
        brought_in(db, tmp_path, day_of(number, functions=2, each=12))
        while retain(db, SHORT, T0 + (number + 1) * DAY):
            pass
        connection = sqlite3.connect(db)
        (hours,) = connection.execute("SELECT count(*) FROM hour_cells").fetchone()
        pages, free = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
        connection.close()
        sizes.append((pages - free, pages, hours))
    # Hours, days, patterns and names stay: some kilobytes a day. All else is on a plateau after the oldest age.
    grown = sizes[-1][1] - sizes[19][1]
    assert grown * 4096 <= (sizes[-1][2] - sizes[19][2]) * 1_200, sizes[::10]
    assert check(db) == []


def test_points_of_metrics_go_and_their_sums_stay(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "points.db")
    account = FunctionKey("", "111122223333", "us-east-1")
    with writing(db) as connection:
        writer = Writer(connection, fingerprint)
        writer.measure(
            MetricPoint(small_store.CHECKOUT, "Invocations", "Sum", 60, T0 + at * MINUTE, 1.0) for at in range(180)
        )
        keep_account_points(
            connection,
            [
                MetricPoint(account, "ConcurrentExecutions", "Maximum", 60, T0 + at * MINUTE, float(at))
                for at in range(180)
            ],
        )
    with Reader(db) as reader:
        before = reader.metric_totals("Invocations", T0, T0 + 3 * HOUR)
    while retain(db, SHORT, T0 + 6 * DAY + 2 * HOUR):
        pass
    with Reader(db) as reader:
        assert reader.metric_totals("Invocations", T0, T0 + 3 * HOUR) == before == {1: 180.0}
    connection = sqlite3.connect(db)
    assert connection.execute("SELECT count(*) FROM metrics WHERE metric = 'Invocations'").fetchone() == (60,)
    peaks = connection.execute("SELECT start_ms, period_s, value FROM account_metrics ORDER BY 1 LIMIT 3").fetchall()
    connection.close()
    assert peaks == [(T0, HOUR_S, 59.0), (T0 + HOUR, HOUR_S, 119.0), (T0 + 2 * HOUR, 60, 120.0)]
    with writing(db) as connection:  # what comes again of then is known
        Writer(connection, fingerprint).measure([MetricPoint(small_store.CHECKOUT, "Invocations", "Sum", 60, T0, 1.0)])
        keep_account_points(connection, [MetricPoint(account, "ConcurrentExecutions", "Maximum", 60, T0, 1.0)])
    with Reader(db) as reader:
        assert reader.metric_totals("Invocations", T0, T0 + 3 * HOUR) == before


def test_a_watch_applies_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from lambdatui.cli.collect import rounds
    from lambdatui.cli.collect.request import CollectRequest
    from lambdatui.cli.service import Service
    from lambdatui.settings.context import CommandContext

    db = small_store.make(tmp_path / "watched.db")
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    request = CollectRequest((), (), 0, None, "auto", (), False, 0, False)
    watching = rounds.Rounds(request, CommandContext(db, retention={"lines": "forever"}), None)
    watching._retain(Service())
    assert "pruned for their age: 8 invocations, 0 log lines" in capsys.readouterr().err
    monkeypatch.setattr(rounds, "clock_now_ms", lambda: T0)
    watching._retain(Service())
    assert capsys.readouterr().err == ""


def test_all_of_a_store_begins_with_the_first_hour_and_not_with_the_first_minute(aged: Path) -> None:
    found = json.loads(run("functions", "--range", "all", "--json", "--db", aged).stdout)
    assert sum(row["invocations"] for row in found["rows"]) == 10 * 120
    assert found["range"]["from"] == "2025-03-31T10:00:00Z"


def test_the_first_frame_paints_no_edge_of_which_only_hours_are_kept(tmp_path: Path, aged: Path) -> None:
    """A store that nobody has fed since: all its minutes are gone, and the newest hour is not 0."""
    import shutil

    from collectors.store.read.startup_reader import StartupReader, StartupUnreadable

    db = Path(shutil.copyfile(aged, tmp_path / "idle.db"))
    while retain(db, SHORT, T0 + 100 * DAY):
        pass
    with Reader(db) as reader:
        newest = reader.newest_ms()
    assert newest is not None
    end = newest // MINUTE * MINUTE + MINUTE
    with pytest.raises(StartupUnreadable), StartupReader(str(db)) as seen:
        seen.sums(end - 20 * MINUTE, end)
    found = json.loads(run("functions", "--range", "1h", "--json", "--db", db).stdout)
    assert sum(row["invocations"] for row in found["rows"]) >= 3
    assert check(db) == []


def test_charts_of_a_time_of_which_only_hours_are_kept_have_steps_of_hours(aged: Path) -> None:
    """40 calls each 30 minutes from 10:00 on: two an hour, in every step, and none is drawn as 0."""
    span = ("--from", "2025-03-31T11:00:00Z", "--to", "2025-03-31T14:00:00Z")
    found = json.loads(run("function", "fn0", *span, "--json", "--db", aged).stdout)
    assert [step["invocations"] for step in found["series"]] == [2, 2, 2]
    with Reader(aged) as reader:
        from lambdatui.views.functions import functions
        from lambdatui.views.time_range import TimeRange

        view = functions(reader, TimeRange(T0 + HOUR, T0 + 4 * HOUR, ""), None, trend_steps=24)
    assert [list(row.trend or ()) for row in view.rows] == [[2, 2, 2]] * 3


def streams(db: Path) -> tuple[int, int]:
    """How many names of streams there are, and how many that a row or a loose line names."""
    connection = sqlite3.connect(db)
    used = "SELECT stream_id FROM invocations UNION SELECT loose_stream_id FROM chunks WHERE loose_stream_id NOT NULL"
    found = [
        connection.execute(f"SELECT count(*) FROM ({sql})").fetchone()[0] for sql in ("SELECT id FROM streams", used)
    ]
    connection.close()
    return found[0], found[1]


def test_streams_are_looked_over_once_a_day_and_go(tmp_path: Path) -> None:
    """Finding those that nothing names reads all rows of a function, which no hour's round is to take time for."""
    db = tmp_path / "streams.db"
    for number in range(8):
        events = day_of(number, functions=2, each=20)
        for at, event in enumerate(events):
            event.log_stream = f"{number}-{at // 16}"
        brought_in(db, tmp_path, events)
    end = T0 + 8 * DAY
    while retain(db, SHORT, end // DAY * DAY):
        pass
    there, used = streams(db)
    assert there == used > 0
    while retain(db, SHORT, end // DAY * DAY + 12 * HOUR):
        pass
    there, used = streams(db)
    assert there > used
    while retain(db, SHORT, end // DAY * DAY + DAY):
        pass
    there, used = streams(db)
    assert there == used > 0
    assert check(db) == []


def test_a_round_looks_for_nothing_in_what_grows_for_ever(tmp_path: Path) -> None:
    """Packs, hours, days and ledgers have more rows every day; what is old in them is found by an index."""
    db = small_store.make(tmp_path / "round.db", metrics=True)
    while retain(db, SHORT, T0 + 20 * DAY):
        pass
    said: list[str] = []
    with writing(db) as connection:
        connection.set_trace_callback(said.append)
        prune.prune(connection, SHORT.ends(T0 + 20 * DAY), prune.Deleted())
        connection.set_trace_callback(None)
        asked = [each for each in said if each.lstrip().startswith(("SELECT", "DELETE"))]
        steps = {row[3] for each in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {each}")}
    assert len(asked) > 10
    # Of these the third has 24 rows a day, and the fourth those that have not ended, or not long ago.
    bounded = ("functions", "pruned", "account_metrics", "durable_executions", "SUBQUERY", "CONSTANT ROW")
    assert [step for step in steps if step.startswith("SCAN") and not any(f" {name}" in step for name in bounded)] == []


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("lines", '"2 weeks"', 'retention: lines = "2 weeks" must be an age such as "30d"'),
        ("minutes", "90", "retention: minutes = 90 must be an age"),
        ("logs", '"3d"', "retention: 'logs' is none; there are invocations, lines, minutes"),
    ],
)
def test_a_wrong_age_is_named_with_its_key(tmp_path: Path, key: str, value: str, said: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[retention]\ninvocations = "30d"\n{key} = {value}\n')
    done = run("functions", "--config", config)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert said in done.stderr


async def test_the_invocations_screen_says_what_was_pruned(aged: Path) -> None:
    app = app_on(aged, choice=RangeChoice(preset="all"))
    async with app.run_test(size=(160, 30)) as pilot:
        await press(pilot, "i")
        await until(
            pilot, lambda: "invocations before" in str(app.screen.query_one(Header).render()), "what was pruned"
        )
