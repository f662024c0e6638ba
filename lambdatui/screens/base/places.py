"""Choosing the account or region to look at."""

from typing import Any

from textual import work

from lambdatui.screens.base.query import QueryScreen
from lambdatui.views.time_range import RangeChoice


class PlacesScreen(QueryScreen):
    """Asks which places there are, then which of them to look at."""

    def choose_place(self, kind: str) -> None:
        """An ``account``, or the profile that reads it, or a ``region``; or all of them again."""
        self._ask_places(kind, self.session.choice, self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="places")
    def _ask_places(self, kind: str, choice: RangeChoice, now_ms: int) -> None:
        from lambdatui.screens.base.pickers import read_places

        self.ask_store(f"choose {kind}", read_places, choice, now_ms)

    def paint_aside(self, subject: str, answer: Any) -> bool:
        """Opens the list to choose from, where the answer is the list of places."""
        if subject not in ("choose account", "choose region"):
            return super().paint_aside(subject, answer)
        from lambdatui.screens.base.pickers import pick_account, pick_region

        (pick_region if subject == "choose region" else pick_account)(self, answer)
        return True
