"""How many worlds are tried: few and always the same, unless ``LAMBDATUI_ORACLE_EXAMPLES`` (a number) asks for more.

More are random, and another lot each time. ``LAMBDATUI_ORACLE_QUICK=1`` tells the first failure as it was found: making
it small takes a minute.
"""

import os

from hypothesis import HealthCheck, Phase, settings

MORE = int(os.environ.get("LAMBDATUI_ORACLE_EXAMPLES", "0"))
QUICK = bool(os.environ.get("LAMBDATUI_ORACLE_QUICK"))
PHASES = (Phase.explicit, Phase.generate) if QUICK else (Phase.explicit, Phase.generate, Phase.shrink)


def modest(count: int) -> settings:
    """``count`` worlds for one test."""
    return settings(
        max_examples=MORE or count, derandomize=not MORE, deadline=None, database=None, print_blob=False,
        suppress_health_check=list(HealthCheck), phases=PHASES,
    )  # fmt: skip
