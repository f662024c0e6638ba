"""How far this machine's clock is from AWS's, by the Date of AWS's answers: signatures are refused beyond 5 minutes.

Source: IAM User Guide, "Signing AWS API requests": the time stamp must be within 5 minutes of AWS's time.
"""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from collectors.model.clock import now_s as clock_now_s

REFUSED_S = 300.0


class ServerClock:
    """Compares clocks by the answers of clients. ``ahead_s`` is how many seconds this machine is ahead of AWS; None
    before any answer.
    """

    def __init__(self, now_s: Callable[[], float] = clock_now_s) -> None:
        self._now_s = now_s
        self._sent_s = 0.0
        self._least_s = float("inf")
        self.ahead_s: float | None = None

    def listen(self, client: Any) -> None:
        """Looks at the time of every answer to a client."""
        client.meta.events.register_first("before-send", self._sending)
        client.meta.events.register("response-received", self._received)

    def _sending(self, **_: object) -> None:
        self._sent_s = self._now_s()

    def _received(self, response_dict: Any = None, **_: object) -> None:
        """Reads the Date of an answer. Errors have one too, as those about the clock do. The quickest answer is the
        most precise.
        """
        received_s = self._now_s()
        took_s = received_s - self._sent_s
        date = (response_dict or {}).get("headers", {}).get("date")
        if not date or took_s >= self._least_s:
            return
        try:
            theirs_s = parsedate_to_datetime(str(date)).timestamp()
        except (ValueError, TypeError, OverflowError):
            return
        self._least_s = took_s
        self.ahead_s = self._sent_s + took_s / 2 - theirs_s
