"""Fixtures that several files share."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from collectors.model import clock
from lambdatui.text import zones
from tests.support import room_coverage, small_store
from tests.support.aws import aws_isolated, endpoint, server

__all__ = ["aws_isolated", "endpoint", "server"]

# A shell gives what it runs in the background, and nohup what it runs, signals that are ignored; programs that tests
# start would inherit that, and tests are about what signals do to them.
for _name, _usual in (("SIGINT", signal.default_int_handler), ("SIGQUIT", signal.SIG_DFL), ("SIGHUP", signal.SIG_DFL)):
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), _usual)

# An example may take as long as it takes: how long says more of the machine than of the code.
settings.register_profile(
    "lambdatui", deadline=None, print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)  # fmt: skip
settings.load_profile("lambdatui")


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands in this process take it for a day on which the bundled prices are new, whenever tests are run."""
    monkeypatch.setattr(
        clock, "today", lambda: date.fromisoformat(os.environ.get("LAMBDATUI_TESTS_TODAY", "2026-11-30"))
    )


@pytest.fixture(autouse=True)
def zone_as_before() -> Iterator[None]:
    """A zone that a command in this process was given is that command's only."""
    before = os.environ.get("TZ")
    yield
    if zones.forget():
        if before is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = before
        time.tzset()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A small store of the test's own."""
    return small_store.make(tmp_path / "small.db")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    with room_coverage.paused(item.path):
        return (yield)


def pytest_xdist_auto_num_workers() -> int:
    """One more than processors: some tests wait for what they started."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What each room had run, where that is measured; a room below its floor fails the run."""
    if not room_coverage.measured():
        return
    found, least = room_coverage.shares(), room_coverage.floors()
    terminalreporter.section("lines run, and the least of each room")
    for room, share in found.items():
        terminalreporter.write_line(f"{room:24} {share:5.1f}%  {least.get(room, 100.0):5.1f}%")
    for fault in room_coverage.below(found, least):
        terminalreporter.write_line(fault, red=True)
        terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED  # type: ignore[attr-defined]
