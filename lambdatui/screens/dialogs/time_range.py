"""Asks for a range of time in words, and shows which range they mean while they are typed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from collectors.model.units import DAY_MS
from lambdatui.screens.dialogs.dialog import DialogScreen
from lambdatui.session.session import Session
from lambdatui.text.figures import instant, milliseconds, moment_text, zone_name
from lambdatui.text.plain import plain
from lambdatui.views.time_range import RangeChoice, RangeError
from lambdatui.views.time_words import NoTime
from lambdatui.widgets.key_line import KeyHint


def examples(now_ms: int) -> tuple[tuple[str, str], ...]:
    """What can be typed, three spaces between the words, and what that means; dates are of about ``now_ms``."""
    week_ago, yesterday = (instant(now_ms - days * DAY_MS)[:10] for days in (7, 1))
    return (
        ("3h   7d   mtd   all", "until now"),
        ("3h..1h   09:30..11:00   09:30", "between two; since one"),
        ("yesterday   monday   last week", "days, weeks and months"),
        ("yesterday 22:00..06:00", "a night"),
        (f"{week_ago}..{yesterday}   {yesterday[:7]}", "whole days; a month"),
        (f"{yesterday}T10:22:00Z..+2h", "from then on"),
    )


class TimeScreen(DialogScreen[RangeChoice | None]):
    """Its result is the range that was chosen, or None for Esc. Words that name no zone are of the screens' own."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._choice: RangeChoice | None = None

    def hints(self) -> Sequence[KeyHint]:
        """Enter, which takes the range."""
        return [KeyHint("Enter", "look at it", self._answer)]

    def body(self) -> ComposeResult:
        """The line to type on, the range that it means, and examples."""
        zone = zone_name(self._session.now_ms(), utc=self._session.utc)
        lines = examples(self._session.now_ms())
        width = max(len(words) for words, _ in lines)
        with Vertical(id="ask"):
            yield Input(self._words(), compact=True, select_on_focus=True)
            yield Static("", id="range", markup=False)
            said = f"Times are {zone}, unless they name another zone. Such as"
            text = "\n".join((said, *(f"{words:{width}}   {meaning}" for words, meaning in lines)))
            yield Static(text, id="way", markup=False)

    def on_mount(self) -> None:
        """Gives the focus to the line."""
        self.query_one("#ask").border_title = "Which time?"
        self.query_one(Input).focus()

    def _words(self) -> str:
        """The range that is shown now, as one types it."""
        session, shown = self._session, self._session.shown
        choice = session.choice
        told = choice.at is None and (choice.local_words != session.utc or choice.start is choice.end is None)
        if told or shown is None:
            return choice.words
        return "..".join(moment_text(at_ms, utc=session.utc) for at_ms in (shown.from_ms, shown.to_ms))

    @on(Input.Changed)
    def _read(self, message: Input.Changed) -> None:
        """Shows what the words mean so far, or why they mean nothing."""
        local = not self._session.utc
        choice = replace(self._session.choice, start=None, end=None, at=None, local_words=local, local_labels=local)
        try:
            self._choice = choice.with_words(message.value.strip())
            text = self._meaning(self._choice)
        except RangeError as error:
            self._choice = None
            text = error.brief if isinstance(error, NoTime) else str(error)
        line = self.query_one("#range", Static)
        line.update(plain(text) if message.value.strip() else "")
        line.set_class(self._choice is None, "-failing")

    def _meaning(self, choice: RangeChoice) -> str:
        """``2026-11-30 09:30 CET to 2026-11-30 11:00 CET, 1h 30m``. Raises ``RangeError``."""
        if choice.words == "all":
            return "all that the store holds"
        meant = choice.resolve(self._session.now_ms())
        ends = (moment_text(at_ms, utc=self._session.utc) for at_ms in (meant.from_ms, meant.to_ms))
        return f"{' to '.join(ends)}, {milliseconds(meant.span_ms)}"

    @on(Input.Submitted)
    def _answer(self) -> None:
        """Takes the range; where the words mean none, they stay to be corrected."""
        if self._choice is not None:
            self.dismiss(self._choice)
