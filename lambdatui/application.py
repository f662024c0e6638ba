"""The application: one session, the screens, and the watch on the store."""

import contextlib
import os
from collections.abc import Callable
from typing import Any, ClassVar

from textual import on, work
from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender

from lambdatui.clipboard import osc52
from lambdatui.commands.palette import CommandsOfScreen
from lambdatui.messages import Answered, Failed, StoreChanged
from lambdatui.reading import Unanswered, Watch
from lambdatui.screens.base import StoreScreen
from lambdatui.screens.functions import FunctionsScreen
from lambdatui.session import Session
from lambdatui.theme_colours import FALLBACKS, THEMES

_LONGEST_HOLD_S = 1.5
"""How long the first frame stays at most: a slow store's screen then says that it is being read."""


class UnknownTheme(LookupError):
    """No theme of that name; the message lists those there are."""


class PlainBars(ScrollBarRender):
    """Scroll bars without the eighths of a block, which a console's font does not have."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


class LambdaTui(App[int]):
    """``q`` on the first screen ends it; ctrl-c and ctrl-q end it anywhere. Raises ``UnknownTheme``."""

    CSS_PATH = "lambdatui.tcss"
    TITLE = "lambdatui"
    COMMANDS: ClassVar[set[type[Any] | Callable[[], type[Any]]]] = {CommandsOfScreen}
    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+c", "quit", "Quit")]
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, session: Session, theme: str, *, painted: bool = False) -> None:
        """``painted``: the first frame stands, and stays until there are rows to paint over it."""
        # Which filter strips the colours under NO_COLOR is settled in App.__init__, before any theme is chosen.
        super().__init__(ansi_color=True if theme.startswith("ansi-") else None)
        self.session = session
        self._painted, self._hold = painted, contextlib.ExitStack()
        for one in THEMES:
            self.register_theme(one)
        if theme not in self.available_themes:
            raise UnknownTheme(f"no theme {theme!r}; there are {', '.join(sorted(self.available_themes))}")
        self.theme = theme
        if session.terminal.ascii:
            self.add_class("-ascii")
            ScrollBar.renderer = PlainBars
        self._looking = self._broken = False
        self._watch = Watch(session.db)
        with contextlib.suppress(Unanswered):  # the first screen's own question will say it
            self._watch.changed()
        self.set_keymap(dict(session.keys))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(FALLBACKS)

    def get_default_screen(self) -> Screen[Any]:
        return FunctionsScreen(self.session)

    def on_load(self) -> None:
        if self._painted:
            self._hold.enter_context(self.batch_update())

    def on_mount(self) -> None:
        self.set_interval(self.session.terminal.poll_seconds, self._look)
        self.set_timer(_LONGEST_HOLD_S, self._hold.close)

    @on(Answered)
    @on(Failed)
    def _take_over(self) -> None:
        self._hold.close()

    def _look(self) -> None:
        if not self._looking:
            self._looking = True
            self._look_for_changes()

    @work(thread=True, exit_on_error=False, group="watch")
    def _look_for_changes(self) -> None:
        """A store that cannot be read is asked once more: the screen's own question then says what is wrong."""
        try:
            changed = self._watch.changed()
            self._broken = False
        except Unanswered:
            changed, self._broken = not self._broken, True
        finally:
            self._looking = False
        if changed:
            for screen in self.screen_stack:
                screen.post_message(StoreChanged())

    def on_unmount(self) -> None:
        self._hold.close()
        self._watch.close()

    def go_to(self, screen: type[StoreScreen] | None) -> None:
        """Back to the first screen, and from there to another one, so that Esc always leads home."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        if screen is not None:
            self.push_screen(screen(self.session))

    def put_on_clipboard(self, text: str) -> bool:
        """True if the text was too long and has been cut."""
        sequence, cut = osc52(text, os.environ)
        self._clipboard = text
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()
        return cut
