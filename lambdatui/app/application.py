"""The application: one session, the screens, and the watch on the store."""

import contextlib
import gc
import os
import select
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import RenderableType
from textual import on, work
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.geometry import Offset
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widgets import Input

from collectors.model.errors import ExitCode, LambdatuiError
from lambdatui.app.changed_cells import ChangedCells, TerminalCells
from lambdatui.app.clipboard import LIMIT_BYTES, give_to_tmux, osc52
from lambdatui.app.navigation import HOME, MAIN, ScreenNavigator, screen_class
from lambdatui.app.themes import ANSI_THEMES, FALLBACKS, THEMES, own_theme
from lambdatui.screens.base.screen import CommandScreen
from lambdatui.screens.functions import FunctionsScreen
from lambdatui.session.messages import Answered, AnswerFailed, StoreChanged
from lambdatui.session.session import Session
from lambdatui.start.state import save_state

if TYPE_CHECKING:
    from textual.timer import Timer

    from lambdatui.session.queries import StoreWatch

_LONGEST_HOLD_S = 1.5
"""How long the first frame stays at most: a slow store's screen then says that it is being read."""


_TURN_S = 0.0005
SCREENS_LEFT = 8  # before garbage is collected: each is some 10,000 objects in cycles of references
_ASKED_FIRST = ("rows", "overview", "details")  # groups of workers
_QUIET_S = 0.3  # from leaving the last one to collecting, and between looks whether anything is asked
_SCRUB_AFTER_S, _SCRUB_BYTES = 20.0, 1 << 30  # a second of processor time for a million invocations
_HUNG_UP = 128 + 1  # the exit code that SIGHUP, which other programs get then, ends with


class UnknownTheme(LambdatuiError, LookupError):
    """No theme of that name; the message lists those there are."""

    exit_code = ExitCode.WRONG_USAGE


def hung_up() -> bool:
    """Whether the terminal behind stdin is gone. Textual would read its end over and over, at full speed."""
    try:
        poll = select.poll()
        poll.register(sys.__stdin__.fileno() if sys.__stdin__ else 0, 0)
        return any(what & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, what in poll.poll(0))
    except (OSError, ValueError):
        return False


def _driver() -> type[Driver] | None:
    """Our driver for a terminal; None where ``TEXTUAL_DRIVER`` names another, as for a browser."""
    if "TEXTUAL_DRIVER" in os.environ:
        return None
    from lambdatui.app.terminal_driver import TerminalDriver

    return TerminalDriver


class PlainBars(ScrollBarRender):
    """Scroll bars without the eighths of a block, which a console's font does not have."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


class LambdaTui(App[int]):
    """The screens. ``q`` on the first one ends the program; ctrl-c and ctrl-q end it anywhere."""

    CSS_PATH = "lambdatui.tcss"
    TITLE = "lambdatui"
    BINDINGS: ClassVar[list[BindingType]] = [
        # Priority: a prompt, the palette or a dialog must not take these keys for its own.
        Binding("ctrl+c", "copy_or_quit", "Quit", show=False, priority=True),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "Stop", show=False, priority=True),
    ]
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        session: Session,
        theme: str,
        *,
        painted: bool = False,
        themes: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """``painted``: the first frame is on the terminal, and stays until there are rows to paint over it.

        ``theme`` is a name; ``themes`` are the configuration's own: a name -> its colours. Raises ``UnknownTheme`` for
        a name that is neither among them nor Textual's.
        """
        # Which filter strips the colours under NO_COLOR is settled in App.__init__, before any theme is chosen.
        super().__init__(driver_class=_driver(), ansi_color=True if theme.startswith("ansi-") else None)
        self.session = session
        self._painted, self._hold = painted, contextlib.ExitStack()
        for known in (*THEMES, *ANSI_THEMES, *(own_theme(name, colours) for name, colours in (themes or {}).items())):
            self.register_theme(known)
        self._own_themes = frozenset(themes or ())
        if theme not in self.available_themes:
            raise UnknownTheme(f"no theme {theme!r}; there are {', '.join(sorted(self.available_themes))}")
        self.theme = theme
        if session.terminal.still:
            self.animation_level = "none"
        Input.cursor_blink._default = not session.terminal.still  # of every line that is typed on
        if session.terminal.ascii:
            self.add_class("-ascii")
        ScrollBar.renderer = PlainBars if session.terminal.ascii else ScrollBarRender  # of all, so also set back
        self._looking = self._broken = self._warm = False
        self._terminal_cells = TerminalCells()
        self._cursor_at: Offset | None = None
        self.navigator = ScreenNavigator(self, session)
        self._palette_history: list[str] = []
        self._last_screen = HOME
        self._watch: StoreWatch | None = None
        self._screens_left = 0
        self._sweep: Timer | None = None
        if not painted:
            self._begin_watch()
        self.set_keymap(dict(session.keys))

    def _fatal_error(self) -> None:
        """Shows the traceback only. Textual's would show the values of variables too, which are log lines and tokens,
        with whatever a terminal obeys in them.
        """
        from traceback import format_exc

        from rich.text import Text

        from lambdatui.text.plain import plain

        self.panic(Text(plain(format_exc(), newlines=True)))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Values of our own colour variables for Textual's themes."""
        return dict(FALLBACKS)

    def get_default_screen(self) -> Screen[Any]:
        """The first screen: the functions."""
        return FunctionsScreen(self.session)

    def action_command_palette(self) -> None:
        """Opens the palette over a screen, or over its dialogs."""
        from lambdatui.app.opening_palette import open_palette

        open_palette(self, self._palette_history)

    def on_load(self) -> None:
        """Tunes threads and garbage collection for short waits, and keeps the first frame on the terminal."""
        # A query's thread computes: each turn of the loop would wait 5 ms for it, and opening a screen takes a hundred.
        sys.setswitchinterval(_TURN_S)
        # A full garbage collection stops every thread for 60 to 100 ms. What is loaded by now is never garbage, rows
        # are freed by their reference counts, and cycles are collected when nobody waits (``pop_screen``).
        gc.freeze()
        gc.enable()
        gc.set_threshold(50_000, 20, 1_000)
        if self._painted:
            self._hold.enter_context(self.batch_update())

    def on_mount(self) -> None:
        """Opens the screen of the run before, and begins to watch the store for changes."""
        name = self.session.saved.get("screen", HOME)
        if name in MAIN and name != HOME:
            self.call_later(self.navigator.go_to, name)
        self.app_resume_signal.subscribe(self, lambda _: self.repaint(), immediate=True)
        self.set_interval(self.session.terminal.poll_seconds, self._look)
        self.set_timer(_LONGEST_HOLD_S, self._hold.close)

    def on_ready(self) -> None:
        """Has the first screen painted over the first frame, now that it is laid out as that was."""
        if isinstance(self.screen, FunctionsScreen) and self.screen.shows_startup_view:
            self.call_later(self.call_later, self._take_place, self.screen)

    def _take_place(self, screen: FunctionsScreen) -> None:
        self._hold.close()
        self._ask_first(screen)

    @work(thread=True, exit_on_error=False, group="watch")
    def _ask_first(self, screen: FunctionsScreen) -> None:
        """Imports what asks the store only now, in a thread, while keys are answered already."""
        self._begin_watch()
        self.call_from_thread(screen.ask_rows)

    def _begin_watch(self) -> None:
        """Begins to watch the store before the first question, so that no change falls between the two."""
        from lambdatui.session.queries import QueryError, StoreWatch

        watch = StoreWatch(self.session.db)
        with contextlib.suppress(QueryError):  # the first screen's own question will say it
            watch.changed()
        self._watch = watch

    @on(Answered)
    @on(AnswerFailed)
    def _take_over(self) -> None:
        self._hold.close()
        if not self._warm:
            self._warm = True
            self.call_after_refresh(self._say_notes)
            self.set_timer(_QUIET_S, self._import_when_quiet)
            self.set_timer(_SCRUB_AFTER_S, self._scrub)

    def _say_notes(self) -> None:
        from lambdatui.session.queries import store_notes

        for note in (*store_notes(), *self._theme_notes()):
            self._say(note)
        if self.session.greeting and isinstance(self.screen, FunctionsScreen):
            self.screen.greet(self.session.greeting)
            self.session.greeting = ""

    def _import_when_quiet(self) -> None:
        """Imports ahead once nothing is asked any more: whoever waits for an answer comes first."""
        if any(worker.group in _ASKED_FIRST and not worker.is_finished for worker in self.workers):
            self.set_timer(_QUIET_S, self._import_when_quiet)
        else:
            self._import_ahead()

    def _theme_notes(self) -> list[str]:
        """What cannot be read well in the configuration's theme that is painted with, if it is one."""
        if self.theme not in self._own_themes:
            return []
        from lambdatui.widgets.contrast import shortfalls

        short = "; ".join(shortfalls(self.available_themes[self.theme])[:3])
        return [f"theme {self.theme}: too little contrast: {short}; see lambdatui doctor"] if short else []

    @work(thread=True, exit_on_error=False, group="imports")
    def _import_ahead(self) -> None:
        """Imports what other screens need: plotext alone would hold the loop for 40 ms when a chart is opened."""
        import_module("lambdatui.widgets.chart")
        import_module("lambdatui.widgets.plotted_lines")
        for name in MAIN:
            screen_class(name)
        self._group_errors()

    def _group_errors(self) -> None:
        """Groups the errors of a store of an older version again. The watch sees the change, and screens show it."""
        from collectors.ingest.regrouping import regroup_store
        from lambdatui.session.queries import close_idle

        if regroup_store(self.session.db):
            close_idle()

    @work(thread=True, exit_on_error=False, group="scrub")
    def _scrub(self) -> None:
        """Looks for damage that no single read sees. Once some is found, every question about the store says so."""
        from collectors.store.errors import StoreError
        from collectors.store.integrity.scrub import scrub
        from lambdatui.session.queries import close_idle

        with contextlib.suppress(StoreError, OSError):
            if self.session.db.stat().st_size <= _SCRUB_BYTES and scrub(self.session.db) is not None:
                close_idle()
                for screen in self.screen_stack:
                    screen.post_message(StoreChanged())

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Writes only the cells of an update that differ from what the terminal shows already."""
        if renderable is not None and self._running and not (self.is_headless or self.is_inline or self._batch_count):
            renderable = self._terminal_cells.changed(renderable)
            if renderable is None and self.cursor_position != self._cursor_at:
                renderable = ChangedCells([])
            self._cursor_at = self.cursor_position
        super()._display(screen, renderable)

    def on_resize(self) -> None:
        """Forgets what the terminal shows: it is painted whole again."""
        self._terminal_cells.forget()

    def repaint(self) -> None:
        """Paints everything again, over whatever other programs have written."""
        self._terminal_cells.forget()
        self.screen.refresh()

    def _look(self) -> None:
        if not self.is_headless and hung_up():
            self.exit(_HUNG_UP)
        if not self._looking and self._watch is not None:
            self._looking = True
            self._look_for_changes()

    @work(thread=True, exit_on_error=False, group="watch")
    def _look_for_changes(self) -> None:
        """Tells the screens when the store has changed. One that cannot be read counts as a change once: the screen's
        question then says what is wrong.
        """
        from lambdatui.session.queries import QueryError, forget_answers

        assert self._watch is not None
        try:
            changed = self._watch.changed()
            self._broken = False
        except QueryError:
            changed, self._broken = not self._broken, True
        finally:
            self._looking = False
        if changed and self._watch.replaced:
            self.call_from_thread(self._show_another)
        if changed:
            forget_answers()
            for screen in self.screen_stack:
                screen.post_message(StoreChanged())

    def _show_another(self) -> None:
        """Goes back to the main screen: the function that was opened, and marked ones, may not be in the new store."""
        self.session.marked.clear()
        for screen in self.screen_stack:
            if isinstance(screen, FunctionsScreen):
                screen.choose_anew()
        self.navigator.go_to(self.navigator.main_screen_here())
        self.call_after_refresh(self._say, "the store was replaced by another file: this is what that one holds")

    def _say(self, text: str) -> None:
        """Shows a notice on the screen; nothing while a dialog is open."""
        if isinstance(self.screen, CommandScreen):
            self.screen.say(text)

    def exit(self, *arguments: Any, **named: Any) -> None:
        """Ends the program; notes the main screen first, which the next run begins with."""
        if self.screen_stack:
            self._last_screen = self.navigator.main_screen_here()
        super().exit(*arguments, **named)

    def on_unmount(self) -> None:
        """Stops the collection that was started here, and closes the store."""
        if self.session.collecting is not None:
            self.session.collecting.stop()
        self._hold.close()
        if self._watch is not None:
            from lambdatui.session.queries import close_idle

            self._watch.close()
            close_idle()

    def pop_screen(self) -> AwaitComplete:
        """Leaves the screen. Some time after ``SCREENS_LEFT`` of them, garbage is collected: memory does not grow."""
        self._screens_left += 1
        if self._screens_left >= SCREENS_LEFT:
            if self._sweep is not None:
                self._sweep.stop()
            self._sweep = self.set_timer(_QUIET_S, self._collect_garbage)
        return super().pop_screen()

    def _collect_garbage(self) -> None:
        self._screens_left = 0
        gc.collect()

    async def action_copy_or_quit(self) -> None:
        """Copies the lines that are chosen on a log; where none are, ends the program."""
        if not (isinstance(self.screen, CommandScreen) and self.screen.copy_chosen()):
            await self.action_quit()

    def save_state(self, path: str) -> None:
        """Saves the screen and the range that the next run begins with."""
        saved, choice = self.session.saved, self.session.choice
        saved["screen"] = self._last_screen
        if choice.start is None and choice.end is None and choice.at is None:
            saved["range"] = choice.preset
        save_state(path, saved)

    @property
    def most_copied_bytes(self) -> int:
        """Bytes of UTF-8 that are copied at once."""
        return LIMIT_BYTES

    def put_on_clipboard(self, text: str) -> bool:
        """Copies ``text`` through the terminal, its secrets redacted; true where it was too long and has been cut."""
        if self.session.redact:
            from lambdatui.text.redaction import redacted

            text = redacted(text)
        in_browser = self._driver is not None and self._driver.is_web
        # The browser's page obeys the bare sequence, whatever multiplexer the server was started in.
        sequence, cut = osc52(text, {} if in_browser else os.environ)
        self._clipboard = text
        if not (in_browser or self.is_headless):
            give_to_tmux(text, os.environ)
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()
        return cut
