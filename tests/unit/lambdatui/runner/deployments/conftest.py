"""One runner for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.support.runner_server import Served, served


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("deployments") / "runner.db") as one:
        yield one
