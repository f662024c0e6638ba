"""One runner for the tests of a module."""

import sys
from collections.abc import Iterator

import pytest

from tests.support.runner_server import Served, served

collect_ignore_glob = [] if sys.platform.startswith("linux") else ["*"]  # the runner reads /proc


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("api") / "runner.db") as one:
        yield one
