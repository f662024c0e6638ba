"""Questions to log lines as people ask them: on the command line and on the screens."""

import json
from pathlib import Path

import pytest
from textual.widgets import Input

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey, LogEvent
from lambdatui.screens.invocation import InvocationScreen
from lambdatui.screens.line_stats import LineStatsScreen
from lambdatui.screens.logs import LogsScreen
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.notice import Notice
from tests.screens.test_screens_and_flows import header_of, press, settle, small_app
from tests.support.command_line import rows, run
from tests.support.small_store import CHECKOUT, MINUTE, RESIZE, T0, invocation_events, request_id, write_events


def said(number: int) -> str:
    return json.dumps(
        {
            "level": "ERROR" if number % 4 == 0 else "INFO", "ms": number * 100, "route": f"/{number % 3}",
            "order": {"id": 40 + number % 5},
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve invocations of two functions, each of which prints a JSON line between others."""
    folder = tmp_path_factory.mktemp("questions")
    events: list[LogEvent] = []
    for number in range(1, 13):
        key = RESIZE if number % 6 == 0 else CHECKOUT
        begun, *rest = invocation_events(key, number, T0 + number * MINUTE, duration_ms=50.0)
        at = rest[0].timestamp_ms + 1
        line = LogEvent(at, said(number) + "\n", begun.log_group, begun.log_stream, f"{number:056d}", key.name,
                        key.account, key.region)  # fmt: skip
        events += [begun, rest[0], line, *rest[1:]]
    exported = write_events(folder / "lines.jsonl", events)
    import_files([str(exported)], db=folder / "s.db", defaults=FunctionKey(""))
    return folder / "s.db"


def numbers(db: Path, *arguments: str) -> list[int]:
    found = rows(run("--db", db, "--range", "all", "logs", "--json", *arguments))
    return [json.loads(row["message"])["ms"] // 100 for row in found if row["message"].startswith("{")]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("level:ERROR", [4, 8, 12]), ("level:ERROR .ms>500", [8, 12]), (".order.id:42", [2, 7, 12]),
        ("/\"ms\": (1|2)00,/", [1, 2]), (".ms=100 OR .ms=200", [1, 2]), (".ms>=1100", [11, 12]),
        ("function:resize .ms>0", [6, 12]), ("resize .ms:*", [6, 12]), ('level:INFO !(.route:"/1" OR .route:"/2")', [3, 6, 9]),
        ('.route:"/0" !level:ERROR', [3, 6, 9]), (f"request_id:{request_id(5)} .ms:*", [5]),
    ],
)  # fmt: skip
def test_logs_are_filtered_by_what_lines_say(db: Path, question: str, found: list[int]) -> None:
    assert numbers(db, "--filter", question) == found
    assert numbers(db, "--filter", question, "--limit", "1") == found[-1:]


def test_text_and_filter_must_both_hold(db: Path) -> None:
    assert numbers(db, "ERROR", "--filter", ".ms>500") == [8, 12]


def test_fields_are_columns(db: Path) -> None:
    asked = ("--db", db, "--range", "all", "logs", "--filter", ".ms>1000", "--columns")
    found = rows(run(*asked, ".order.id,level,.absent", "--json"))
    assert [(row[".order.id"], row["level"], row[".absent"]) for row in found] == [
        (41, "INFO", None),
        (42, "ERROR", None),
    ]
    assert list(found[0]) == ["timestamp", "function", ".order.id", "level", ".absent", "message"]
    assert run(*asked, "message,.ms", "--csv").stdout.splitlines()[0] == "message,.ms"
    assert "1200" in run(*asked, ".ms").stdout
    wrong = run(*asked, ".a[")
    assert (wrong.exit_code, len(wrong.stderr.splitlines())) == (2, 1)


def test_lines_around_a_match_are_those_of_its_function(db: Path) -> None:
    found = rows(run("--db", db, "--range", "all", "logs", "--filter", ".ms=600", "--context", "2", "--json"))
    assert [(row["function"], row["match"]) for row in found] == [("resize", False)] * 2 + [("resize", True)] + [
        ("resize", False)
    ] * 2
    assert [row["message"].split()[0] for row in found] == ["START", "hello", '{"level":', "END", "REPORT"]
    text = run("--db", db, "--range", "all", "logs", "--filter", ".ms=400 OR .ms=1000", "--context", "1").stdout
    assert [line[:2] for line in text.splitlines()].count("--") == 1
    assert len(text.splitlines()) == 7
    together = run("--db", db, "--range", "all", "logs", "--filter", ".ms=400 OR .ms=500", "--context", "4").stdout
    assert "--" not in [line[:2] for line in together.splitlines()]
    assert len(set(together.splitlines())) == len(together.splitlines()) == 14


def test_figures_of_lines(db: Path) -> None:
    stats = ("--db", db, "--range", "all", "logs", "--filter", ".ms:*", "--stats")
    by_route = rows(run(*stats, "count, p95(.ms), max(.ms) by .route", "--sort", ".route", "--json"))
    assert by_route == [
        {".route": "/0", "count": 4, "p95(.ms)": pytest.approx(1155), "max(.ms)": 1200.0},
        {".route": "/1", "count": 4, "p95(.ms)": pytest.approx(955), "max(.ms)": 1000.0},
        {".route": "/2", "count": 4, "p95(.ms)": pytest.approx(1055), "max(.ms)": 1100.0},
    ]
    by_time = run(*stats, "count, sum(.ms) by 10m", "--csv").stdout.splitlines()
    assert by_time == ["time,count,sum(.ms)", "2025-03-31T10:00:00Z,9,4500.0", "2025-03-31T10:10:00Z,3,3300.0"]
    table = run(*stats, "count by level, function").stdout.splitlines()
    assert table[0].split() == ["level", "function", "count"]
    wrong = run(*stats, "p97(.ms)")
    assert (wrong.exit_code, len(wrong.stderr.splitlines())) == (2, 1)
    assert "did you mean p99?" in wrong.stderr
    assert run(*stats, "count", "--context", "3").exit_code == 2


def test_a_question_that_cannot_be_read_says_where(db: Path) -> None:
    wrong = run("--db", db, "logs", "--filter", "level:ERROR (a OR")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "at the end of" in wrong.stderr


async def test_the_logs_screen_takes_questions(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "W")
        screen = app.screen
        assert isinstance(screen, LogsScreen)
        assert screen.subject() is None
        await press(pilot, "slash", *"level:ERROR .ms>500", "enter")
        assert [json.loads(line.text.split("  ", 1)[1])["ms"] for line in screen.log_pane.lines_shown] == [800, 1200]
        assert "searched" in header_of(app)
        await press(pilot, "slash", *" (a OR", "enter")
        assert "at the end of" in screen.query_one(Notice).message
        assert len(screen.log_pane.lines_shown) == 2  # the lines of the question before stay
        typed = screen.query_one(FilterLine)
        assert (typed.display, typed.value) == (True, "level:ERROR .ms>500 (a OR")  # to be corrected
        assert screen.filter == "level:ERROR .ms>500"
        typed.value = "level:ERROR .ms>500 .route:*"
        await press(pilot, "enter")
        assert screen.query_one(Notice).message == ""
        await press(pilot, "slash", *"never asked", "escape")
        assert screen.filter == "level:ERROR .ms>500 .route:*"
        assert len(screen.log_pane.lines_shown) == 2

        await press(pilot, "vertical_line", *"order", "enter")
        assert [line.text.split("  ")[0] for line in screen.log_pane.lines_shown] == ["43", "42"]
        await press(pilot, "vertical_line", *"without", "enter")
        assert screen.log_pane.lines_shown[0].text.startswith("checkout")

        await press(pilot, "a")
        assert len(screen.log_pane.lines_shown) > 6
        assert "--" in [line.text for line in screen.log_pane.lines_shown]
        await press(pilot, "g", "n", "n", "enter")
        opened = app.screen
        assert isinstance(opened, InvocationScreen)
        assert opened.heading() == ("resize", request_id(12))
        assert opened.log_pane.lines_shown[opened.log_pane.line_here() or 0].text.startswith("{")
        await press(pilot, "escape", "a", "a")
        assert len(screen.log_pane.lines_shown) == 2

        await press(pilot, "number_sign")
        app.screen.query_one(Input).value = "count, p97(.ms)"
        await press(pilot, "enter")
        assert "did you mean p99?" in screen.query_one(Notice).message
        await press(pilot, "number_sign")
        assert app.screen.query_one(Input).value == "count, p97(.ms)"
        app.screen.query_one(Input).value = "count, max(.ms) by .route"
        await press(pilot, "enter")
        counted = app.screen
        assert isinstance(counted, LineStatsScreen)
        assert [line.text.split() for line in counted.log_pane.lines_shown] == [
            [".route", "count", "max(.ms)"], ["/0", "1", "1,200"], ["/2", "1", "800"],
        ]  # fmt: skip


async def test_all_logs_are_one_key_away_from_everywhere(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        for key in ("E", "T", "dollar_sign", "A", "a", "C", "i"):
            await press(pilot, key, "W")
            assert isinstance(app.screen, LogsScreen), key
            await press(pilot, "escape")


async def test_figures_of_too_many_groups_say_so(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdatui.views.line_stats.MOST_GROUPS", 5)
    wrong = run("--db", db, "--range", "all", "logs", "--stats", "count by request_id")
    assert (wrong.exit_code, len(wrong.stderr.splitlines())) == (2, 1)
    app = small_app(db)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "W", "number_sign")
        app.screen.query_one(Input).value = "count by request_id"
        await press(pilot, "enter")
        await settle(pilot)
        assert isinstance(app.screen, LineStatsScreen)
        assert app.screen.query_one(Notice).message.startswith("there are more than 5 groups")


@pytest.mark.parametrize(
    "question",
    ['"open', "((a)", "(a))", "/[/", "/(/", "/(a{999}){999}/", "/[[:digit:]]/", ".ms>", ".ms:>5", "level>=loud", "(" * 10_000,
     "/" + "(a" * 3_000 + ")" * 3_000 + "/", "/(?=a)/", "a OR", ".a[", "x AND"],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_line(db: Path, question: str) -> None:
    wrong = run("--db", db, "--range", "all", "logs", "--filter", question)
    assert (wrong.exit_code, wrong.stdout, len(wrong.stderr.splitlines())) == (2, "", 1)
    assert len(wrong.stderr) < 500


@pytest.mark.parametrize(
    "question", ["/(a+)+$/", "/(a|aa)*b/", "/(.*a){12}b/", "x" * 10_000, ".a" * 3_000 + ":1", "/" + "a" * 9_000 + "/", "", "  "]
)  # fmt: skip
def test_what_takes_python_for_ever_is_answered(db: Path, question: str) -> None:
    assert run("--db", db, "--range", "all", "logs", "--filter", question).exit_code == 0
