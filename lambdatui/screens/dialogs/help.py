"""Every key that works on the screen beneath, made from its commands."""

from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from rich.table import Table as Grid
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from lambdatui.commands.base import AnyCommand, keys
from lambdatui.screens.dialogs.dialog import ScrolledDialog
from lambdatui.session.session import Session


class HelpScreen(ScrolledDialog):
    """Commands by their groups. Esc, q, ?, F1, h, Enter, Space or a click beside it closes."""

    BOX: ClassVar[str] = "help"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,f1,space,h", "close", show=False)]

    def __init__(self, session: Session, commands: Sequence[AnyCommand]) -> None:
        super().__init__()
        self._session = session
        self._commands = list(commands)

    def body(self) -> ComposeResult:
        """The list of keys, in a box that scrolls."""
        with VerticalScroll(id=self.BOX):
            yield Static(self._page(), markup=False)

    def on_mount(self) -> None:
        """Writes the title above the box."""
        self.query_one("#help").border_title = "Keys"

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
            "", Text("Remap any of them in the configuration's [keys]: id = keys, such as refresh = 'ctrl+r,f5'")
        )
        return page
