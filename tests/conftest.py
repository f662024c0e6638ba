"""Fixtures that several files share."""

import os
import signal
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from collectors.model import clock
from tests.support import small_store
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


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A small store of the test's own."""
    return small_store.make(tmp_path / "small.db")
