"""The line on what runs for the screen, a live tail or a collection; hidden while nothing does."""

from textual.widgets import Static

from lambdatui.text.plain import plain


class StateLine(Static):
    """The state of what runs; painted only where its text has changed."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.display = False
        self.message = ""

    def say(self, message: str) -> None:
        """Shows ``message``; an empty one hides the line."""
        if message != self.message:
            self.message = message
            self.update(plain(message, newlines=True))
        self.display = bool(message)
