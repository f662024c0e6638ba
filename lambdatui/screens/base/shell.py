"""What all screens have in common: header, body, notice, filter line and key line; and what every screen's keys do."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from lambdatui.commands.base import AnyCommand, Commands, bindings, bound_keys, key_text, keys
from lambdatui.commands.general import Back, Help, Leave
from lambdatui.commands.protocols import CursorPane
from lambdatui.session.messages import AnswerFailed
from lambdatui.session.session import Session
from lambdatui.text.figures import instant
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.header import DataSummary, Header
from lambdatui.widgets.key_line import HELP, UNDO, WAY_OUT, KeyHint, KeyLine
from lambdatui.widgets.notice import Notice

if TYPE_CHECKING:
    from lambdatui.session.navigator import Application, Navigator


class ShellScreen(Screen[None]):
    """The frame around a body, and the commands. Subclasses give ``heading``, ``body`` and ``cursor_pane``.

    Textual calls the ``on_mount`` (and any other ``on_...``) of every class that has one, a subclass's first: none of
    them calls ``super()``'s.
    """

    NAME: ClassVar[str] = ""
    """The main screen's name in palette, state and configuration; empty for screens that one drills into."""
    COMMANDS_HERE: ClassVar[Commands] = ()
    """What can be done here. Bindings, key line, help and palette are made from it."""
    FILTER_PROMPT: ClassVar[str] = "words, !word, column:value, p95_ms>500"

    def __init_subclass__(cls, **options: Any) -> None:
        if "COMMANDS_HERE" in cls.__dict__:
            cls.BINDINGS = [*bindings(cls.COMMANDS_HERE)]
        super().__init_subclass__(**options)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    # What a subclass says -----------------------------------------------------------------------------------------

    @abstractmethod
    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: the names of the screens that led here, and of this one."""

    @abstractmethod
    def body(self) -> ComposeResult:
        """The widgets between the header and the notice."""

    @property
    @abstractmethod
    def cursor_pane(self) -> CursorPane:
        """The pane that the moving keys act on, and that has the focus."""

    def summary(self) -> DataSummary:
        """What the header says of the data."""
        return DataSummary()

    def begin(self) -> None:
        """Called once the screen is mounted."""

    # Composing ----------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """From the top: header, body, notice, filter line and key line."""
        yield self.header()
        yield from self.body()
        yield Notice()
        yield FilterLine(self.FILTER_PROMPT, self.filter_names)
        yield KeyLine([])

    def filter_names(self) -> list[str]:
        """The names of saved filters that can be typed in the filter line."""
        return []

    def header(self) -> Header:
        """The header that this screen has."""
        return Header(self.session)

    def _key_hints(self) -> list[KeyHint]:
        """The commands that the key line names, then the way out, then the help."""
        own = [one for one in self.COMMANDS_HERE if one.SHOW_IN_FOOTER and one not in (Back, Leave, Help)]
        ways_out = [self._hint(Leave, rank=WAY_OUT)]
        if word := self.back_word():
            back = self._hint(Back, word)
            ways_out = [back._replace(rank=WAY_OUT)] if word == Back.footer() else [back._replace(rank=UNDO), *ways_out]
        return [*map(self._hint, own), *ways_out, self._hint(Help, rank=HELP)]

    def _hint(self, command: AnyCommand, word: str = "", *, rank: int = 0) -> KeyHint:
        return KeyHint(keys(command, self.keymap)[0], word or command.footer(), partial(command.run, self), rank)

    def back_word(self) -> str:
        """What Esc does now, for the key line: ``back`` leaves the screen; empty on the first one."""
        return "" if self.app.screen_stack[0] is self else Back.footer()

    def refresh_keys(self) -> None:
        """Shows in the key line what keys do now."""
        self.query_one(KeyLine).show_hints(self._key_hints())

    def on_mount(self) -> None:
        """Paints the header, gives the focus to the cursor's pane, and calls ``begin``."""
        self.refresh_header()
        self.cursor_pane.focus()
        self.begin()

    def refresh_header(self) -> None:
        """Paints the header's two lines again, from ``heading`` and ``summary``, and the keys."""
        if self.is_mounted:
            self.refresh_keys()
            self.query_one(Header).show_summary(self.heading(), self.summary())

    def say(self, text: str) -> None:
        """Shows ``text`` in the notice, for some seconds."""
        self.query_one(Notice).say(text)

    def greet(self, text: str) -> None:
        """Shows ``text`` in the notice until a key is pressed."""
        self.query_one(Notice).say(text, until_key=True)

    def on_screen_resume(self) -> None:
        """Paints the header again: another screen may have changed what it says."""
        self.refresh_header()

    @on(AnswerFailed)
    def _failed(self, message: AnswerFailed) -> None:
        self.session.add_problem(" > ".join(self.heading()), message.notice)
        self.query_one(Notice).say(message.notice, failing=True)
        self.show_failure(message)

    def show_failure(self, message: AnswerFailed) -> None:
        """Called after the notice was shown, for screens that show more of a failure."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Shows errors that a worker did not expect: silence would look like an empty store."""
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            self.post_message(
                AnswerFailed(event.worker.group, f"unexpected {type(error).__name__}: {error}; ctrl-r asks again")
            )

    # Commands -----------------------------------------------------------------------------------------------------

    @property
    def keymap(self) -> Mapping[str, str]:
        """Remapped keys: a command's id -> its keys, comma-separated."""
        return self.session.keys

    def available_commands(self) -> Sequence[AnyCommand]:
        """The commands of this screen that mean something right now."""
        return [command for command in self.COMMANDS_HERE if command.available(self)]

    def on_key(self, event: events.Key) -> None:
        """Says so where a key does nothing here: silence would look like a program that hangs."""
        if not event.is_printable or not self.is_current or self.takes_letters():
            return
        here = [one for one in self.COMMANDS_HERE if event.key in bound_keys(one, self.keymap)]
        if not any(one.available(self) for one in here):
            self.say(self._why_nothing(event, here))

    def takes_letters(self) -> bool:
        """Whether letters are typed into a line of this screen now."""
        return False

    def _why_nothing(self, event: events.Key, here: Sequence[AnyCommand]) -> str:
        """``w does nothing here; on costs it is: what if. ? lists the keys``."""
        key = key_text(event.key)
        if here:
            return f"{key}, {here[0].name().lower()}, does nothing on this row"
        there = self.navigator.commands_elsewhere(event.key, self.keymap)
        if there is not None and self.NAME and getattr(there[1], "SCREEN", "") == self.NAME:
            return f"{key}: this is the screen {self.NAME} already"
        elsewhere = f"; on {there[0]} it is: {there[1].footer()}" if there is not None else ""
        return f"{key} does nothing here{elsewhere}. {keys(Help, self.keymap)[0]} lists the keys"

    def action_run_command(self, command_id: str) -> None:
        """Runs the command with this id, if it means something right now. Every key binding calls this."""
        self.query_one(Notice).end_greeting()
        for command in self.COMMANDS_HERE:
            if command.id() == command_id and command.available(self):
                command.run(self)
                return

    @property
    def application(self) -> "Application":
        """The Textual application, with the methods that screens need of it."""
        return cast("Application", self.app)

    @property
    def navigator(self) -> "Navigator":
        """What opens other screens."""
        return self.application.navigator

    def leave(self) -> None:
        """Goes back to the screen before; on the first screen, ends lambdatui with exit code 0."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        else:
            self.app.exit(0)

    def end(self) -> None:
        """Ends lambdatui, wherever one is."""
        self.app.exit(0)

    def theme_names(self) -> Sequence[str]:
        """The names of all themes."""
        return sorted(self.app.available_themes)

    def use_theme(self, name: str) -> None:
        """Paints with this theme, until the program ends."""
        self.app.theme = name

    def repaint(self) -> None:
        """Paints the whole terminal again."""
        self.application.repaint()

    def show_palette(self) -> None:
        """Opens the palette, which finds whatever there is by its name."""
        self.app.action_command_palette()

    def show_help(self) -> None:
        """Opens the list of the keys that work here."""
        from lambdatui.screens.dialogs.help import HelpScreen

        self.app.push_screen(HelpScreen(self.session, self.available_commands()))

    def show_problems(self) -> None:
        """Opens the list of what went wrong since the start, newest first."""
        from lambdatui.screens.dialogs.details import DetailsScreen

        parts = [
            (f"{instant(problem.at_ms, utc=self.session.utc)}  {problem.where}", problem.notice)
            for problem in reversed(self.session.problems)
        ]
        self.app.push_screen(DetailsScreen("What went wrong", parts or [("", "Nothing has gone wrong so far.")]))
