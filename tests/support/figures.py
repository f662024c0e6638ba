"""Comparing figures that two ways of reckoning give."""

import math
from typing import Any


def same(one: Any, other: Any) -> bool:
    """Equal; where one is a float, to its ninth digit."""
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)
    return bool(one == other)
