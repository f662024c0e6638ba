"""Marks of tests that run only where something is: each skips, and says what is missing."""

import os
import sys
from pathlib import Path

import pytest

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the runner reads /proc")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def file(path: Path) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not path.exists(), reason=f"{path} is not here")
