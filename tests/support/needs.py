"""Marks of tests that run only where something is: each skips, and says what is missing."""

import os
import sys
from functools import cache
from pathlib import Path

import pytest

from lambdatui.runner.environments.process import namespaces_refusal

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the runner reads /proc")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def file(path: Path) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not path.exists(), reason=f"{path} is not here")


@cache
def _refusal() -> str | None:
    return namespaces_refusal() if sys.platform.startswith("linux") else "no Linux"


def namespaces() -> None:
    """Skip the test where the machine allows no mount namespaces."""
    if (refusal := _refusal()) is not None:
        pytest.skip(f"no mount namespaces here: {refusal}")
