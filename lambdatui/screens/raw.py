"""A row as JSON."""

from lambdatui.screens.base.text import TextScreen
from lambdatui.session.destinations import ToJson
from lambdatui.session.session import Session
from lambdatui.views.clipping import Clipping


class RawScreen(TextScreen):
    """The screen of a row as JSON, as it was when the screen was opened: the store is not asked again."""

    def __init__(self, session: Session, destination: ToJson) -> None:
        super().__init__(session)
        self._json = destination.json_text

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: ``JSON``."""
        return ("JSON",)

    def begin(self) -> None:
        """Shows the text that the screen was opened with."""
        self.show_text(self._json)

    def clipping(self) -> Clipping | None:
        """The JSON; the chosen lines of it, where some are."""
        return super().clipping() if self.log_pane.chosen_lines() else Clipping("the JSON", self._json)

    def copy_text(self) -> str:
        """The JSON text."""
        return self._json
