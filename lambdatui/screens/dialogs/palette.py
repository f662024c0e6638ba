"""The palette: whatever there is, by its name or by some letters of it."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from lambdatui.commands.palette import Hit, Offer, hits_of, near_hits, offers_of
from lambdatui.commands.protocols import OffersCommands
from lambdatui.screens.dialogs.dialog import DialogScreen
from lambdatui.text.plain import plain
from lambdatui.widgets.key_line import KeyHint


class PaletteScreen(DialogScreen[Offer | None]):
    """Its result is what was chosen, or None for Esc. ``history`` has what was chosen before, the newest last."""

    PLACEHOLDER: ClassVar[str] = "a screen, fn and a function, a command, a theme"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        Binding("tab", "complete", show=False, priority=True),
    ]

    def __init__(self, beneath: OffersCommands, history: list[str]) -> None:
        super().__init__()
        self._beneath, self._history = beneath, history
        self._names: list[tuple[int, str]] = []
        self._hits: list[Hit] = []
        self._recalled = 0  # how far back in the history the typed text is; 0: it was typed
        self._reading, self._enter_waits = True, False

    def body(self) -> ComposeResult:
        """A line to type on, what there is to say of it, and what matches."""
        with Vertical(id="palette"):
            yield Input(placeholder=self.PLACEHOLDER, compact=True, select_on_focus=False)
            yield Static("", id="said", markup=False)
            yield OptionList()

    def hints(self) -> Sequence[KeyHint]:
        """Choosing, completing, and going back in the history."""
        before = [KeyHint("Up", "before", self._recall_older)] if self._history else []
        return [KeyHint("Enter", "choose", self.choose), KeyHint("Tab", "complete", self.action_complete), *before]

    def on_mount(self) -> None:
        """Lists what there is, and reads the functions' names meanwhile."""
        self.query_one(Input).focus()
        self.query_one(OptionList).can_focus = False
        self._list_hits()
        self._read_names()

    @work(thread=True, exit_on_error=False, group="palette")
    def _read_names(self) -> None:
        try:
            self._names = self._beneath.function_names()
        finally:  # where the store cannot be read, the screen beneath says what is wrong with it
            self.app.call_from_thread(self._have_names)

    def _have_names(self) -> None:
        self._reading = False
        if self.is_current:
            if self._typed:
                self._list_hits()
            if self._enter_waits:
                self.choose()

    @property
    def _typed(self) -> str:
        return self.query_one(Input).value

    # What is listed -----------------------------------------------------------------------------------------------

    @on(Input.Changed)
    def _edited(self) -> None:
        if not self._recalled or self._typed != self._history[-self._recalled]:
            self._recalled = 0
        self._enter_waits = False
        self._list_hits()

    def _list_hits(self) -> None:
        typed = self._typed
        offers = offers_of(self._beneath, typed, self._names)
        self._hits = hits_of(offers, typed)
        is_named = bool(self._hits)
        if not is_named:
            self._hits = near_hits(offers, typed)
        self._say("" if is_named or self._reading else f"nothing is called {typed.strip()}", near=bool(self._hits))
        listed = self.query_one(OptionList)
        listed.clear_options().add_options([Option(_line(hit)) for hit in self._hits])
        # What is only spelled nearly so is not done by one Enter.
        listed.highlighted = 0 if is_named else None

    def _say(self, text: str, *, near: bool) -> None:
        said = self.query_one("#said", Static)
        said.update(f"{plain(text)}{': did you mean this?' if near else ''}" if text else "")
        said.display = bool(text)

    # What keys do -------------------------------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """Moves the cursor; above the first line it goes back in the history, and from there forward again."""
        listed = self.query_one(OptionList)
        here = listed.highlighted
        if step == -1 and not here:
            self._recall_older()
        elif step == 1 and self._recalled and not here:
            self._recall(self._recalled - 1)
        elif self._hits:
            listed.highlighted = 0 if here is None else max(0, min(len(self._hits) - 1, here + step))

    def _recall_older(self) -> None:
        if self._recalled < len(self._history):
            self._recall(self._recalled + 1)

    def _recall(self, steps_back: int) -> None:
        self._recalled = steps_back
        line = self.query_one(Input)
        line.value = self._history[-steps_back] if steps_back else ""
        line.cursor_position = len(line.value)

    def action_complete(self) -> None:
        """Writes the name of the offer under the cursor on the line."""
        here = self.query_one(OptionList).highlighted
        if self._hits:
            line = self.query_one(Input)
            line.value = self._hits[here or 0].offer.call
            line.cursor_position = len(line.value)

    @on(Input.Submitted)
    def choose(self) -> None:
        """Takes the offer under the cursor; waits for the functions' names where nothing else is meant."""
        listed = self.query_one(OptionList)
        if self._hits and listed.highlighted is not None:
            self._take(self._hits[listed.highlighted].offer)
        elif self._reading:
            self._enter_waits = True
        elif self._hits:
            listed.highlighted = 0

    @on(OptionList.OptionSelected)
    def _clicked(self, message: OptionList.OptionSelected) -> None:
        self._take(self._hits[message.option_index].offer)

    def _take(self, offer: Offer) -> None:
        if offer.call in self._history:
            self._history.remove(offer.call)
        self._history.append(offer.call)
        self.app.delay_update()  # the screen beneath is not painted where another one follows at once
        self.dismiss(offer)


def _line(hit: Hit) -> Content:
    """The title, its matching letters underlined, and the help."""
    content = Content(hit.offer.title)
    for letter in hit.letters:
        if letter < len(hit.offer.title) and not hit.offer.title[letter].isspace():
            content = content.stylize("underline", letter, letter + 1)
    return Content.assemble(content, "  ", Content(hit.offer.help).stylize("dim"))
