"""Going from a screen to others, by way of the navigator."""

from typing import TYPE_CHECKING, Any

from textual import on

from lambdatui.screens.base.shell import ShellScreen
from lambdatui.widgets.messages import HOME_CRUMB, CrumbClicked

if TYPE_CHECKING:
    from lambdatui.session.queries import QueryContext


class NavigatingScreen(ShellScreen):
    """A screen that opens others. Subclasses that are about functions say which: ``subject``."""

    def subject(self) -> tuple[int, str] | None:
        """The function that the screen, or the row under the cursor, is about: its id in the store, and its name."""
        return None

    def logs_subject(self) -> tuple[int, str] | None:
        """The one function whose lines ``l`` and ``0`` open; None for the lines of several: of all that are chosen."""
        return self.subject()

    def main_screens(self) -> tuple[str, ...]:
        """The names of the main screens."""
        return tuple(self.navigator.main_screens)

    def jump_to(self, name: str) -> None:
        """Goes to a main screen; does nothing where it is shown already."""
        if name != self.NAME or len(self.app.screen_stack) > 2:
            self.navigator.go_to(name)

    def jump_filtered(self, name: str, expression: str) -> None:
        """Goes to a main screen, and keeps there what matches."""
        self.jump_to(name)
        there: Any = self.app.screen
        there.call_after_refresh(there.use_filter, expression)

    @on(CrumbClicked)
    def _crumb_clicked(self, message: CrumbClicked) -> None:
        """Goes back to the screen that a name of the breadcrumb stands for, or to the main screen of that name."""
        path = self.heading()
        if message.number == HOME_CRUMB:
            self.navigator.go_home()
        elif message.number < len(path) - 1:
            self._go_up(path[: message.number + 1])

    def _go_up(self, path: tuple[str, ...]) -> None:
        name, beneath = path[-1], [screen for screen in self.app.screen_stack[:-1] if isinstance(screen, ShellScreen)]
        same = [screen for screen in beneath if screen.heading() == path]
        alike = [screen for screen in beneath if screen.heading()[-1] == name]
        subject = self.subject()
        if same or alike:
            self.navigator.go_back_to((same or alike)[-1])
        elif name.lower() in self.main_screens():
            self.jump_to(name.lower())
        elif subject is not None and subject[1] == name:
            self.open_function(*subject)
        else:
            self.leave()

    def last_view(self) -> None:
        """Goes to the main screen that was shown before this one."""
        self.navigator.go_to_last()

    def show_invocations(self) -> None:
        """Goes to the invocations of what the screen is about."""
        self.jump_to("invocations")

    def show_configuration(self) -> None:
        """Goes to the settings of what the screen is about."""
        self.jump_to("configuration")

    def show_logs(self, *, live: bool) -> None:
        """Goes to the log lines of what the screen is about, as ``logs_subject`` says."""
        from lambdatui.session.destinations import ToLogs

        function = self.logs_subject()
        function_id, name = function or (None, "")
        self.navigator.open(ToLogs(function_id, name, live))

    def show_all_logs(self) -> None:
        """Goes to the log lines of all functions, above whatever is shown."""
        from lambdatui.session.destinations import ToLogs

        self.navigator.open(ToLogs())

    def open_function(self, function_id: int, name: str) -> None:
        """Opens a function; one of the running local runner on the screen that can invoke it."""
        from lambdatui.session.destinations import ToFunction, ToLocalFunction

        runner = self.session.runner
        local = runner is not None and function_id in runner.ids
        self.navigator.open((ToLocalFunction if local else ToFunction)(function_id, name))

    def function_names(self) -> list[tuple[int, str]]:
        """Every function's id in the store and name; asks the store, so call it in a thread."""

        from lambdatui.session.queries import ask

        def names(query: "QueryContext") -> list[tuple[int, str]]:
            return [(row.id, row.function.key.name) for row in query.scope.chosen(query.reader.functions())]

        session = self.session
        return ask(session.db, session.choice, session.now_ms(), names, session.scope)[1]
