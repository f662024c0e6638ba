"""Fixtures that several files share."""

import os
from datetime import date

import pytest
from aws import endpoint, server

from lambdatui.cli import clock

__all__ = ["endpoint", "server"]


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands in this process take it for a day on which the bundled prices are new, whenever tests are run."""
    monkeypatch.setattr(
        clock, "today", lambda: date.fromisoformat(os.environ.get("LAMBDATUI_TESTS_TODAY", "2026-11-30"))
    )
