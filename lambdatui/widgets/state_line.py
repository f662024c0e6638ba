"""What runs on behalf of the screen: a live tail, a collection. There only while something does."""

from textual.widgets import Static

from lambdatui.text.formatting import plain


class StateLine(Static):
    """How it is going; painted only where it reads differently."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.display = False
        self.message = ""

    def say(self, message: str) -> None:
        """Shows ``message``; nothing for an empty text."""
        if message != self.message:
            self.message = message
            self.update(plain(message, newlines=True))
        self.display = bool(message)
