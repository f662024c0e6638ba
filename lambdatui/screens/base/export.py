"""Copying what a screen shows: to the clipboard, to a file, or as JSON to another screen."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work

from lambdatui.screens.base.shell import ShellScreen
from lambdatui.text.figures import counted

if TYPE_CHECKING:
    from lambdatui.views.clipping import Clipping, CopyForm

_AGAIN_S = 2.0
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

    def clipping(self) -> "Clipping | None":
        """What ``c`` copies, in all its forms; None where there is nothing."""
        from lambdatui.views.clipping import Clipping

        text = self.copy_text()
        return Clipping("the text", text) if text else None

    def copy_subject(self) -> Any:
        """What is copied: as long as this is the same, another press copies the next form of it."""
        return None

    def copy_meant(self) -> None:
        """Copies what the screen, or its row, is about; pressed again within two seconds, its next form."""
        subject, now_s = self.copy_subject(), monotonic()
        again = subject == self._copied_subject and now_s - self._copied_at_s < _AGAIN_S
        self._copied_subject, self._copied_at_s = subject, now_s
        if not again:
            self._form, self._forms = 0, []
            self.ask_clipping()
            return
        self._form += 1
        if self._forms:
            self._copy_form()

    def ask_clipping(self) -> None:
        """Finds out what is copied, at once or in a thread, and calls ``take_clipping``."""
        self.take_clipping(self.clipping())

    def take_clipping(self, clipping: "Clipping | None") -> None:
        """Copies the form that was asked for, or says that there is nothing."""
        if clipping is None:
            self._copied_at_s = 0.0
            self.say("there is nothing here to copy")
            return
        from lambdatui.text.redaction import redacted
        from lambdatui.views.clipping import forms

        clean = redacted if self.session.redact else str
        self._forms = forms(clipping, clean, self.application.most_copied_bytes)
        self._copy_form()

    def _copy_form(self) -> None:
        form = self._forms[self._form % len(self._forms)]
        following = self._forms[(self._form + 1) % len(self._forms)]
        self.application.put_on_clipboard(form.text)
        size = len(form.text.encode("utf-8", "replace"))
        much = f"{counted(form.lines, 'line')}, {counted(size, 'byte')}"
        if form.is_cut:
            much = f"the first {much} of {form.whole_bytes:,}: terminals take no more"
        secrets = _REDACTED if form.redacted else ""
        self.say(f"copied {form.what}: {much}{secrets}; c again: {following.what}")

    _forms: "Sequence[CopyForm]" = ()
    _form = 0
    _copied_subject: Any = None
    _copied_at_s = 0.0

    def copy_chosen(self) -> bool:
        """Copies the lines that were chosen; False where none are."""
        return False

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

    def rows_exported(self) -> str:
        """What a file that is not of the screen will hold, in words."""
        return "the rows"

    def export(self) -> None:
        """Asks for a file's name, whose ending says what is written."""
        from lambdatui.screens.base.export_file import suggested_name
        from lambdatui.screens.dialogs.prompt import PromptScreen

        form = self.EXPORT_FORM
        path = suggested_name(self.heading(), self.session.now_ms(), form)
        forms = ".svg, the screen" if form == "svg" else f".{form}, {self.rows_exported()}; .json; .svg, the screen"
        self.app.push_screen(PromptScreen(f"Write to ({forms})", path), self._export_to)

    def _export_to(self, path: str | None) -> None:
        from lambdatui.screens.base.export_file import form_of

        if not path:
            return
        form = form_of(path)
        if form is None:
            self.say(f"{path}: the name must end in .csv, .json or .svg")
        elif form == "svg":
            self.call_after_refresh(self._write_picture, path)
        else:
            self.write_export(form, path)

    def _write_picture(self, path: str) -> None:
        """Draws the screen here, because a thread must not touch widgets, and writes it in a thread."""
        picture = self.app.export_screenshot()
        self.write_file(path, lambda: picture)

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
