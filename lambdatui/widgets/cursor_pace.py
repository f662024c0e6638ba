"""How long to wait, after the cursor has moved, before anything is asked about the row that it is on."""

from collections import deque

FOLLOWS_AFTER_S = 0.035
"""After a single key: with the question, the pane is there within 50 ms."""
RESTS_AFTER_S = 0.12
"""After a key that repeats: nothing is asked before it is let go."""
_REPEATS_S = 0.05
"""No finger is as fast: keyboards repeat every 33 or 40 ms."""
_SLOW_REPEATS_S, _IN_A_ROW = 0.11, 4
"""Slower repeats, as a console's 92 ms, are told by several in a row."""


class CursorPace:
    """Tells keys that repeat from single ones by the moments at which the cursor moved."""

    def __init__(self) -> None:
        self._moments: deque[float] = deque(maxlen=_IN_A_ROW)

    def delay(self, now_s: float) -> float:
        """Seconds to wait after a move at ``now_s``, by a clock that never goes back."""
        self._moments.append(now_s)
        gaps = [later - earlier for earlier, later in zip(self._moments, list(self._moments)[1:], strict=False)]
        fast = bool(gaps) and gaps[-1] < _REPEATS_S
        slow = len(gaps) == _IN_A_ROW - 1 and max(gaps) < _SLOW_REPEATS_S
        return RESTS_AFTER_S if fast or slow else FOLLOWS_AFTER_S
