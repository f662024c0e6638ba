"""A runner whose functions have Lambda's paths, and one whose functions run in the machine's own folders."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import needs
from tests.support.runner_server import Served, served


@pytest.fixture(params=["namespaces", "folders"])
def runner_either_way(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    """One after the other."""
    if request.param == "namespaces":
        needs.namespaces()
    monkeypatch.setenv("LAMBDATUI_NAMESPACES", "1" if request.param == "namespaces" else "0")
    with served(tmp_path / "runner.db") as one:
        yield one


@pytest.fixture
def fresh_runner(tmp_path: Path) -> Iterator[Served]:
    """With namespaces, where the machine allows them."""
    with served(tmp_path / "runner.db") as one:
        yield one
