"""Where the repository and its test data lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "support" / "data"
SHARED = ROOT.parent / "shared" / "data"
"""Collected references that are not in the repository; a test that reads them is marked ``needs.file``."""
