"""Runners with and without Lambda's paths, and a server of AWS's other services."""

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


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The address of moto's server: queues, streams and topics."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
