"""Lines count: a range that ends with the data ends with the last line, and lines alone are no empty store."""

from pathlib import Path

import pytest

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey, LogEvent, MetricPoint
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.write.writer import Writer
from tests.support import small_store
from tests.support.command_line import rows, run
from tests.support.screens import header_of, settle, small_app
from tests.support.small_store import CHECKOUT, MINUTE, T0, invocation_events

DAY = 24 * 60 * MINUTE


def line(at_ms: int, text: str, stream: str = "alone") -> LogEvent:
    key = CHECKOUT
    return LogEvent(at_ms, text + "\n", f"/aws/lambda/{key.name}", stream, f"{at_ms:056d}", key.name, key.account,
                    key.region)  # fmt: skip


def store(tmp_path: Path, events: list[LogEvent]) -> Path:
    exported = small_store.write_events(tmp_path / "lines.jsonl", events)
    result = import_files([str(exported)], db=tmp_path / "s.db", defaults=FunctionKey(""))
    assert (result.rejected, result.failures) == (0, [])
    return tmp_path / "s.db"


def texts(path: Path, *arguments: str) -> list[str]:
    return [row["message"].strip() for row in rows(run("logs", "--json", *arguments, "--db", path))]


@pytest.mark.parametrize("span", ["all", "24h", "7d"])
def test_lines_after_the_last_invocation_and_before_the_first_are_shown(tmp_path: Path, span: str) -> None:
    call = invocation_events(CHECKOUT, 1, T0, duration_ms=50.0)
    path = store(tmp_path, [line(T0 - 8 * MINUTE, "before"), *call, line(T0 + 7 * MINUTE, "after")])
    found = texts(path, "--range", span)
    assert (found[0], found[-1], len(found)) == ("before", "after", len(call) + 2)


def test_the_last_lines_of_the_newest_invocation_are_in_the_range(tmp_path: Path) -> None:
    """It runs for four minutes: its END and REPORT are that much later than its START."""
    call = invocation_events(CHECKOUT, 1, T0, duration_ms=240_000.0)
    for event in call[2:]:
        event.timestamp_ms += 4 * MINUTE
    path = store(tmp_path, call)
    for span in ("all", "24h"):
        assert any(text.startswith("REPORT") for text in texts(path, "--range", span))


def test_a_store_of_lines_alone_is_not_empty(tmp_path: Path) -> None:
    path = store(tmp_path, [line(T0, "one"), line(T0 + 3 * DAY, "two")])
    assert texts(path, "--range", "all") == ["one", "two"]
    assert texts(path) == ["two"]
    listed = run("functions", "--range", "all", "--db", path)
    assert "checkout" in listed.stdout
    assert "empty" not in listed.stderr
    assert "empty" not in run("logs", "--db", path).stderr
    assert rows(run("functions", "--json", "--db", path))[0]["last_seen"] is None


def test_metrics_alone_say_where_the_range_ends(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with writing(path) as connection:
        Writer(connection, fingerprint).measure([
            MetricPoint(CHECKOUT, name, "Sum", 300, T0 + hour * 60 * MINUTE, value)
            for hour in range(5) for name, value in (("Invocations", 7.0), ("Errors", 2.0))
        ])  # fmt: skip
    for span in ("all", "24h"):
        listed = run("functions", "--json", "--range", span, "--db", path)
        assert [(row["invocations"], row["errors"]) for row in rows(listed)] == [(35, 10)]
        assert "empty" not in run("functions", "--range", span, "--db", path).stderr


async def test_screens_of_lines_alone_show_the_function_and_its_lines(tmp_path: Path) -> None:
    path = store(tmp_path, [line(T0, "one"), line(T0 + MINUTE, "two")])
    app = small_app(path)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert "empty" not in header_of(app)
        assert app.screen.table.row_count == 1  # type: ignore[attr-defined]
