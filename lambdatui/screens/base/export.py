"""Copying what a screen shows: to the clipboard, to a file, or as JSON to another screen."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from textual import work

from lambdatui.screens.base.shell import ShellScreen
from lambdatui.text.figures import counted

_REDACTED = ", secrets redacted: --no-redact keeps them"


class ExportScreen(ShellScreen):
    """A screen that can be copied and exported. Subclasses give ``copy_text`` and ``write_export``."""

    EXPORT_FORM: ClassVar[str] = "svg"
    """The ending of the file's name that is suggested."""

    @abstractmethod
    def copy_text(self) -> str:
        """What goes onto the clipboard: the row, or the whole log."""

    @abstractmethod
    def write_export(self, form: str, path: str) -> None:
        """Writes a new file of another form than SVG, or says which forms there are."""

    def raw_json(self) -> str | None:
        """The row, or what the screen is about, as JSON; None where there is nothing."""
        return None

    def copy(self, text: str) -> None:
        """Puts ``text`` on the clipboard of the terminal that shows this, and says so."""
        cut = self.application.put_on_clipboard(text)
        size = len(text.encode("utf-8", "replace"))
        self.say(
            f"copied the first 74,994 of {size:,} bytes: terminals take no more"
            if cut
            else f"copied {counted(size, 'byte')}{_REDACTED if self.app.clipboard != text else ''}"
        )

    def show_json(self) -> None:
        """Opens ``raw_json``'s text on a screen of its own, or says that there is no row."""
        from lambdatui.session.destinations import ToJson

        json_text = self.raw_json()
        if json_text is None:
            self.say("there is no row to show as JSON")
        else:
            self.navigator.open(ToJson(json_text))

    def write_at_once(self) -> None:
        """Writes a new file of the form ``EXPORT_FORM`` into the working directory; no file is ever overwritten."""
        from lambdatui.screens.base.export_file import free_name, suggested_name

        self.write_export(
            self.EXPORT_FORM, free_name(suggested_name(self.heading(), self.session.now_ms(), self.EXPORT_FORM))
        )

    def export(self) -> None:
        """Asks for a file's name, whose ending says what is written."""
        from lambdatui.screens.base.export_file import suggested_name
        from lambdatui.screens.dialogs.prompt import PromptScreen

        form = self.EXPORT_FORM
        path = suggested_name(self.heading(), self.session.now_ms(), form)
        forms = ".svg, the screen" if form == "svg" else f".{form}, the rows; .json; .svg, the screen"
        self.app.push_screen(PromptScreen(f"Write to ({forms})", path), self._export_to)

    def _export_to(self, path: str | None) -> None:
        from lambdatui.screens.base.export_file import form_of

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
        from lambdatui.screens.base.export_file import form_of, write_new
        from lambdatui.session.queries import QueryError
        from lambdatui.text.redaction import redacted_file

        try:
            text = content()
            written = redacted_file(text, form_of(path) or "txt") if self.session.redact else text
            outcome = f"wrote {write_new(path, written)}{_REDACTED if written != text else ''}"
        except FileExistsError:
            outcome = f"{path} is there already: nothing was written; choose another name"
        except (OSError, QueryError) as error:
            outcome = f"{path}: {getattr(error, 'strerror', None) or error}: nothing was written"
        self.app.call_from_thread(self.say, outcome)
