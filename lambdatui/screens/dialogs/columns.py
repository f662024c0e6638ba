"""The picker of a table's columns: which are shown, and in which order."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from lambdatui.screens.dialogs.dialog import DialogScreen
from lambdatui.views.columns import Column
from lambdatui.widgets.key_line import HELP, KeyHint

_MOST_CELLS, _FRAME_CELLS = 100, 9
_CARRY = (("J", "later", 1), ("K", "earlier", -1))


class ColumnsScreen(DialogScreen[str | None]):
    """Its result names the columns as ``views.columns.picked_columns`` takes them, empty for the usual ones; None for
    Esc. A column that is newly shown, or moved, stays where cells are short.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("q", "dismiss(None)", show=False),
        Binding("enter,H", "keep", show=False, priority=True),
        Binding("space", "toggle_column", show=False, priority=True),
        Binding("J,shift+down", "carry(1)", show=False, priority=True),
        Binding("K,shift+up", "carry(-1)", show=False, priority=True),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
        Binding("g", "move(-1000)", show=False),
        Binding("G", "move(1000)", show=False),
        Binding("r", "reset", show=False),
    ]

    def __init__(self, every: Sequence[Column], picked: str, usual: Sequence[str], *, always: str = "") -> None:
        """``picked`` is the result of the time before; ``usual`` are the ids that are shown without any choice.

        ``always`` is the id of the column that cannot be hidden.
        """
        super().__init__()
        self._always = always
        self._columns = {column.id: column for column in every}
        self._title_cells = max(len(column.title) for column in every)
        self._usual = " ".join(usual)
        self._take(picked or self._usual)

    def _take(self, picked: str) -> None:
        names = [name for name in picked.split() if name.rstrip("+") in self._columns]
        self._stay = {name.rstrip("+") for name in names if name.endswith("+")}
        shown = [name.rstrip("+") for name in names]
        self._shown = set(shown)
        self._order = [*shown, *(name for name in self._columns if name not in self._shown)]

    def body(self) -> ComposeResult:
        """Each column with a box, its title and its help."""
        with Vertical(id="ask"):
            yield Static("Columns: x shown where cells suffice, + always", markup=False)
            yield OptionList()

    def hints(self) -> Sequence[KeyHint]:
        """What changes the list."""
        carry = [KeyHint(key, word, partial(self.action_carry, step)) for key, word, step in _CARRY]
        toggle, reset = (
            KeyHint("Space", "show/hide", self.action_toggle_column),
            KeyHint("r", "reset", self.action_reset),
        )
        return [KeyHint("Enter", "keep", self.action_keep, HELP), toggle, *carry, reset]

    def on_mount(self) -> None:
        """Lists the columns, those that are shown first."""
        widest = max((cell_len(self._line(name).plain) for name in self._order), default=0)
        self.query_one("#ask").styles.width = min(_MOST_CELLS, widest + _FRAME_CELLS)
        self._list(0)
        self._listed.focus()

    @property
    def _listed(self) -> OptionList:
        return self.query_one(OptionList)

    @property
    def _here(self) -> int:
        return self._listed.highlighted or 0

    def _list(self, cursor: int) -> None:
        listed = self._listed
        listed.clear_options().add_options([Option(self._line(name)) for name in self._order])
        listed.highlighted = cursor

    def _line(self, name: str) -> Content:
        column = self._columns[name]
        sign = " " if name not in self._shown else "+" if name in self._stay else "x"
        return Content.assemble(
            Content(f"[{sign}] {column.title:{self._title_cells}} {column.label}  "),
            Content(column.help).stylize("dim"),
        )

    def action_move(self, step: int) -> None:
        """Moves the cursor by ``step`` columns."""
        self._listed.highlighted = max(0, min(len(self._order) - 1, self._here + step))

    def action_toggle_column(self) -> None:
        """Shows the column under the cursor, or hides it; one stays."""
        name = self._order[self._here]
        if name not in self._shown:
            self._shown.add(name)
            self._stay.add(name)
        elif name == self._always:
            self.query_one("#ask").border_subtitle = "it says why a row is in trouble: it stays"
        elif len(self._shown) > 1:
            self._shown.discard(name)
            self._stay.discard(name)
        self._listed.replace_option_prompt_at_index(self._here, self._line(name))

    def action_carry(self, step: int) -> None:
        """Moves the column under the cursor by one place."""
        here, there = self._here, self._here + step
        if 0 <= there < len(self._order):
            self._order[here], self._order[there] = self._order[there], self._order[here]
            self._stay |= {self._order[there]} & self._shown
            for place in (here, there):
                self._listed.replace_option_prompt_at_index(place, self._line(self._order[place]))
            self._listed.highlighted = there

    def action_reset(self) -> None:
        """Chooses what is shown where nothing was chosen."""
        self._take(self._usual)
        self._list(0)

    def action_keep(self) -> None:
        """Takes the choice; the usual columns in their usual order are no choice."""
        picked = " ".join(f"{name}{'+' * (name in self._stay)}" for name in self._order if name in self._shown)
        self.dismiss("" if picked == self._usual else picked)

    @on(OptionList.OptionSelected)
    def _clicked(self) -> None:
        self.action_toggle_column()
