"""How long the faults' tests may take, and which ones they choose. See ``tests/faults/__init__.py``."""

import os

USUAL_S = 120.0
SECONDS = float(os.environ.get("LAMBDATUI_FAULTS_SECONDS", USUAL_S))
SEED = int(os.environ.get("LAMBDATUI_FAULTS_SEED", "14"))


def rounds(usual: int) -> int:
    """How often what two minutes do ``usual`` times is done, at least once."""
    return max(1, round(usual * SECONDS / USUAL_S))


def seconds(usual: float) -> float:
    """For how long what two minutes do for ``usual`` seconds is done."""
    return usual * SECONDS / USUAL_S
