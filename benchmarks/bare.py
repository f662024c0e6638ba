"""The least that Textual does: an empty table, whose one title tells that it stands. See ``first_paint.py``."""

from textual.app import App, ComposeResult
from textual.widgets import DataTable

TITLE = "a bare table"


class Bare(App[None]):
    """Ends by q."""

    BINDINGS = [("q", "quit", "Quit")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        yield DataTable[str]()

    def on_mount(self) -> None:
        self.query_one(DataTable).add_column(TITLE)


if __name__ == "__main__":
    Bare().run()
