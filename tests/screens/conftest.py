"""Fixtures of the screens' tests."""

from pathlib import Path

import pytest

from tests.support import shop


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's store, which nobody writes to."""
    return shop.make(tmp_path_factory.mktemp("shop"))
