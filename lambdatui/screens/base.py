"""What all screens have in common besides their question: header, filter line, going from one to another, exports."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType

from lambdatui.commands.base import Commands
from lambdatui.screens.cursor_protocol import Moving as Moving
from lambdatui.screens.time_travel import TimeTravel
from lambdatui.session.messages import FilterTyped
from lambdatui.session.session import Session
from lambdatui.text.figures import counted, instant
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.header import Header
from lambdatui.widgets.key_line import KeyLine
from lambdatui.widgets.notice import Notice

if TYPE_CHECKING:
    from lambdatui.session.queries import Question
    from lambdatui.widgets.log_pane import LogPane
    from lambdatui.widgets.table import Table

_REDACTED = ", secrets redacted: --no-redact keeps them"


class StoreScreen(TimeTravel):
    """Header, body, notice, filter line, key line. Subclasses give the body, the question, and how to paint its answer.

    Nothing here reads the store on the thread that paints.
    """

    NAME: ClassVar[str] = ""
    """The main screen's name in palette, state and configuration; empty for screens that one drills into."""
    COMMANDS_HERE: ClassVar[Commands] = ()
    FILTER_PROMPT: ClassVar[str] = "words, !word, column:value, p95_ms>500"
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.filter = ""

    # What a subclass says -----------------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        raise NotImplementedError

    @property
    def moving(self) -> Moving:
        raise NotImplementedError

    @property
    def table(self) -> "Table":
        raise NotImplementedError

    @property
    def log_pane(self) -> "LogPane":
        raise NotImplementedError

    def copy_text(self) -> str:
        raise NotImplementedError

    def raw_json(self) -> str | None:
        raise NotImplementedError

    def filter_to(self, expression: str, *, done: bool) -> None:
        raise NotImplementedError

    def open_family(self, opened: bool) -> None:
        raise NotImplementedError

    def toggle_trouble(self) -> None:
        raise NotImplementedError

    def toggle_full_log(self) -> None:
        raise NotImplementedError

    def toggle_follow(self) -> None:
        raise NotImplementedError

    def toggle_live(self) -> None:
        raise NotImplementedError

    def toggle_collecting(self) -> None:
        raise NotImplementedError

    def show_permissions(self) -> None:
        raise NotImplementedError

    def subject(self) -> tuple[int, str] | None:
        """The function that the screen, or the row under the cursor, is about: its id in the store, and its name."""
        return None

    def show_invocations(self) -> None:
        """The invocations of what the screen is about."""
        self.jump_to("invocations")

    def show_logs(self, *, live: bool) -> None:
        from lambdatui.screens.logs import LogsScreen

        # Marked functions are tailed together; their lines are then among those of all.
        found = None if live and self.session.marked else self.subject()
        self.app.push_screen(LogsScreen(self.session, *(found or (None, "")), live=live))

    def show_all_logs(self) -> None:
        """The lines of all functions, above whatever is shown; a second time nothing."""
        from lambdatui.screens.logs import LogsScreen

        if not isinstance(self, LogsScreen) or self.subject() is not None:
            self.app.push_screen(LogsScreen(self.session))

    def open_line(self) -> None:
        raise NotImplementedError

    def show_around(self) -> None:
        raise NotImplementedError

    def pick_field(self) -> None:
        raise NotImplementedError

    def ask_stats(self) -> None:
        raise NotImplementedError

    def export(self) -> None:
        self.ask_where("svg")

    def write_export(self, form: str, path: str) -> None:
        """Writes a form that the screen has beyond SVG."""
        raise NotImplementedError

    def costs_by_next(self) -> None:
        raise NotImplementedError

    def what_if(self) -> None:
        raise NotImplementedError

    def next_charts(self) -> None:
        raise NotImplementedError

    def choose_chart(self) -> None:
        raise NotImplementedError

    def move_crosshair(self, steps: int) -> None:
        raise NotImplementedError

    def show_details(self) -> None:
        raise NotImplementedError

    def show_configuration(self) -> None:
        self.jump_to("configuration")

    def mark(self) -> None:
        raise NotImplementedError

    def compare(self) -> None:
        raise NotImplementedError

    # Composing and commands ---------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield self.header()
        yield from self.body()
        yield Notice()
        yield FilterLine(self.FILTER_PROMPT)
        yield KeyLine(self.session, self.COMMANDS_HERE)

    def header(self) -> Header:
        return Header(self.session)

    def on_mount(self) -> None:
        self._restand()
        self.moving_widget().focus()
        self.begin()

    def begin(self) -> None:
        """The first question."""
        self.ask_rows()

    def moving_widget(self) -> Any:
        return self.moving

    def action_run_command(self, wanted: str) -> None:
        for command in self.COMMANDS_HERE:
            if command.id() == wanted and command.available(self):
                command.run(self)
                return

    # What commands do ---------------------------------------------------------------------------------------------

    def copy(self, text: str) -> None:
        """Puts ``text`` on the clipboard of the terminal that shows this, and says so."""
        cut = self.app.put_on_clipboard(text)  # type: ignore[attr-defined]
        size = len(text.encode("utf-8", "replace"))
        self.say(
            f"copied the first 74,994 of {size:,} bytes: terminals take no more"
            if cut
            else f"copied {counted(size, 'byte')}{_REDACTED if self.app.clipboard != text else ''}"
        )

    def jump_to(self, name: str) -> None:
        """Goes to one of the main screens, which lies above the first one only."""
        if name != self.NAME or len(self.app.screen_stack) > 2:
            self.app.go_to(name)  # type: ignore[attr-defined]

    def last_view(self) -> None:
        self.app.go_to_last()  # type: ignore[attr-defined]

    def open_function(self, identity: int, name: str) -> None:
        from lambdatui.screens.function import FunctionScreen, LocalFunctionScreen

        local = self.session.runner is not None and identity in self.session.runner.ids
        self.app.push_screen((LocalFunctionScreen if local else FunctionScreen)(self.session, identity, name))

    def invoke(self) -> None:
        """Asks for a payload, and opens the invocation that it made. Only of the local runner's functions."""
        from lambdatui.screens.invocation import InvocationScreen
        from lambdatui.screens.invoking import InvokeScreen

        found, runner = self.subject(), self.session.runner
        if found is None or runner is None or found[0] not in runner.ids:
            return
        name, payloads = found[1], self.session.payloads

        def opened(request_id: str | None) -> None:
            if request_id:
                self.app.push_screen(InvocationScreen(self.session, request_id=request_id, name=name, awaited=True))

        self.app.push_screen(InvokeScreen(runner, name, payloads.get(name, "{}"), payloads), opened)

    def function_names(self) -> list[tuple[int, str]]:
        """Every function of the store; asks it, so call it in a thread."""

        from lambdatui.session.queries import ask

        def names(question: "Question") -> list[tuple[int, str]]:
            return [(row.id, row.function.key.name) for row in question.narrow.chosen(question.reader.functions())]

        return ask(self.session.db, self.session.choice, self.session.now_ms(), names, self.session.narrow)[1]

    def show_problems(self) -> None:
        from lambdatui.screens.details import DetailsScreen

        parts = [
            (f"{instant(one.at_ms, utc=self.session.utc)}  {one.where}", one.notice)
            for one in reversed(self.session.problems)
        ]
        self.app.push_screen(DetailsScreen("What went wrong", parts or [("", "Nothing has gone wrong so far.")]))

    def ask_where(self, form: str) -> None:
        """Asks for a file's name, whose ending says what is written."""
        from lambdatui.screens.export import suggested
        from lambdatui.screens.prompt import PromptScreen

        path = suggested(self.heading(), self.session.now_ms(), form)
        forms = ".svg, the screen" if form == "svg" else f".{form}, the rows; .json; .svg, the screen"
        self.app.push_screen(PromptScreen(f"Write to ({forms})", path), self._export_to)

    def _export_to(self, path: str | None) -> None:
        from lambdatui.screens.export import form_of

        if not path:
            return
        form = form_of(path)
        if form is None:
            self.say(f"{path}: the name must end in .csv, .json or .svg")
        elif form == "svg":
            self.call_after_refresh(self.write_file, path, self.app.export_screenshot)
        else:
            self.write_export(form, path)

    @work(thread=True, exit_on_error=False, group="export")
    def write_file(self, path: str, content: Callable[[], str]) -> None:
        """Writes a new file in a thread, and says where it lies or why it could not be written."""
        from lambdatui.screens.export import form_of, write_new
        from lambdatui.session.queries import Unanswered
        from lambdatui.text.redaction import redacted_file

        try:
            text = content()
            kept = redacted_file(text, form_of(path) or "txt") if self.session.redact else text
            said = f"wrote {write_new(path, kept)}{_REDACTED if kept != text else ''}"
        except FileExistsError:
            said = f"{path} is there already: nothing was written; choose another name"
        except (OSError, Unanswered) as error:
            said = f"{path}: {getattr(error, 'strerror', None) or error}: nothing was written"
        self.app.call_from_thread(self.say, said)

    def choose_place(self, kind: str) -> None:
        """An ``account``, or the profile that reads it, or a ``region``; or all of them again."""
        self._ask_places(kind, self.session.choice, self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="places")
    def _ask_places(self, kind: str, choice: RangeChoice, now_ms: int) -> None:
        from lambdatui.screens.pickers import places

        self._ask(f"choose {kind}", places, choice, now_ms)

    def paint_aside(self, subject: str, answer: Any) -> bool:
        if subject == "what if":
            self.paint_part(subject, answer)
        elif subject.startswith("choose "):
            self._pick_place(subject.removeprefix("choose "), answer)
        else:
            return False
        return True

    def _pick_place(self, kind: str, found: Any) -> None:
        from lambdatui.screens.pickers import pick_account, pick_region

        (pick_region if kind == "region" else pick_account)(self, found)

    def leave(self) -> None:
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        else:
            self.app.exit(0)

    def go_back(self) -> None:
        line = self.query_one(FilterLine)
        if line.display:
            self._close_filter_line()
        elif self.filter:
            self.filter = ""
            self.filter_to("", done=True)
            self._restand()
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def open_filter(self) -> None:
        self.query_one(FilterLine).start(self.filter)

    def _close_filter_line(self) -> None:
        self.query_one(FilterLine).finish()
        self.moving_widget().focus()

    @on(FilterTyped)
    def _filter_typed(self, message: FilterTyped) -> None:
        self.filter = message.expression
        if message.done:
            self._close_filter_line()
        self.filter_to(message.expression, done=message.done)
        self._restand()
