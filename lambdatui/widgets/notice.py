"""One line for what went wrong or what was done; there only while there is something to say."""

from rich.text import Text
from textual.timer import Timer
from textual.widgets import Static

from lambdatui.text.plain import plain

_SECONDS = 8.0


class Notice(Static):
    """A failure stays until the next good answer; anything else goes by itself."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.display = False
        self.failing = False
        self.said = ""
        self._timer: Timer | None = None

    def say(self, what: str, *, failing: bool = False) -> None:
        """Shows ``what``, in place of what was there before."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.failing, self.said = failing, what
        self.set_class(failing, "-failing")
        self.update(Text(f"{'! ' if failing else ''}{plain(what)}", overflow="fold"))
        self.display = True
        if not failing:
            self._timer = self.set_timer(_SECONDS, self.clear_notice)

    def clear_notice(self) -> None:
        self.failing, self.said = False, ""
        self.display = False
