"""Every key that works on the screen beneath, made from its commands."""

from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from rich.table import Table as Grid
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from lambdatui.commands.base import AnyCommand, keys
from lambdatui.session.session import Session


class HelpScreen(ModalScreen[None]):
    """Commands by their groups; Esc, q or ? closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def __init__(self, session: Session, commands: Sequence[AnyCommand], heading: tuple[str, ...]) -> None:
        super().__init__()
        self._session = session
        self._commands = list(commands)
        self._heading = f" {session.marks.path} ".join(heading)

    def compose(self) -> ComposeResult:
        """The list of keys, in a box that scrolls."""
        with VerticalScroll(id="help"):
            yield Static(self._page(), markup=False)

    def on_mount(self) -> None:
        """Writes the title above the box, and its keys below."""
        box = self.query_one("#help")
        box.border_title = "Keys"
        box.border_subtitle = "Esc closes, j and k scroll"

    def action_scroll(self, lines: int) -> None:
        """Scrolls by ``lines``; negative is up."""
        self.query_one("#help").scroll_relative(y=lines, animate=False)

    def _page(self) -> Grid:
        page = Grid.grid(padding=(0, 2, 0, 0))
        page.add_column(no_wrap=True, min_width=12)
        page.add_column()
        order: dict[str, int] = {}
        for command in self._commands:
            order.setdefault(command.GROUP, len(order))
        ordered = sorted(self._commands, key=lambda command: order[command.GROUP])
        for number, (group, members) in enumerate(groupby(ordered, key=lambda command: command.GROUP)):
            if number:
                page.add_row("", "")
            page.add_row(Text(group, "bold"), "")
            for command in members:
                shown = " ".join(keys(command, self._session.keys))
                page.add_row(Text(f"  {shown}", "bold"), Text(command.help()))
        page.add_row("", "")
        page.add_row(
            "", Text("Remap any of them in the configuration's [keys]: id = keys, such as open-row = 'enter,o'")
        )
        return page
