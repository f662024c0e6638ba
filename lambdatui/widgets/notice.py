"""One line for what went wrong or what was done; hidden while there is nothing to say."""

from rich.text import Text
from textual.timer import Timer
from textual.widgets import Static

from lambdatui.text.plain import plain

_SECONDS = 8.0


class Notice(Static):
    """A failure stays until the next good answer; any other notice is hidden after 8 seconds."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.display = False
        self.failing = False
        self.message = ""
        self._timer: Timer | None = None

    def say(self, what: str, *, failing: bool = False) -> None:
        """Shows ``what`` in place of the last message; a ``failing`` one stays until the next good answer."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.failing, self.message = failing, what
        self.set_class(failing, "-failing")
        self.update(Text(f"{'! ' if failing else ''}{plain(what)}", overflow="fold"))
        self.display = True
        if not failing:
            self._timer = self.set_timer(_SECONDS, self.clear_notice)

    def clear_notice(self) -> None:
        """Hides the line."""
        self.failing, self.message = False, ""
        self.display = False
