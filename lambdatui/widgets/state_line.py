"""What runs on behalf of the screen: a live tail, a collection. There only while something does."""

from textual.widgets import Static

from lambdatui.text.plain import plain


class StateLine(Static):
    """How it is going; painted only where it reads differently."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.display = False
        self.said = ""

    def say(self, said: str) -> None:
        """Shows ``said``; nothing for an empty text."""
        if said != self.said:
            self.said = said
            self.update(plain(said, newlines=True))
        self.display = bool(said)
