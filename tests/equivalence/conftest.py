"""Fixtures of the tests that compare a fast path with its readable twin."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.store.read.reader import Reader
from tests.support import bursts


@pytest.fixture(scope="package")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of bursts, which nobody writes to."""
    return bursts.make(tmp_path_factory.mktemp("bursts"))


@pytest.fixture
def reader(db: Path) -> Iterator[Reader]:
    with Reader(db) as opened:
        yield opened
