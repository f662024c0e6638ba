"""One line for what went wrong or what was done; hidden while there is nothing to say."""

from rich.text import Text
from textual.timer import Timer
from textual.widgets import Static

from lambdatui.text.plain import plain

_SECONDS = 8.0


class Notice(Static):
    """A failure stays until the next good answer, a greeting until a key is pressed; any other notice is hidden after
    8 seconds.
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.display = False
        self.failing = False
        self.message = ""
        self._timer: Timer | None = None
        self._greets = False

    def say(self, what: str, *, failing: bool = False, until_key: bool = False) -> None:
        """Shows ``what`` in place of the last message; a ``failing`` one stays until the next good answer.

        With ``until_key`` it stays until ``end_greeting``.
        """
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.failing, self.message, self._greets = failing, what, until_key
        self.set_class(failing, "-failing")
        self.update(Text(f"{'! ' if failing else ''}{plain(what)}", overflow="fold"))
        self.display = True
        if not failing and not until_key:
            self._timer = self.set_timer(_SECONDS, self.clear_notice)

    def end_greeting(self) -> None:
        """Hides a greeting; any other message stays."""
        if self._greets:
            self.clear_notice()

    def clear_notice(self) -> None:
        """Hides the line."""
        self.failing, self.message, self._greets = False, "", False
        self.display = False
