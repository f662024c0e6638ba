"""What all dialogs are: a pane over the dimmed screen, with its own keys in the key line."""

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen

from lambdatui.widgets.key_line import WAY_OUT, KeyHint, KeyLine

Result = TypeVar("Result")

_DIM = Style(dim=True)


class DimmedScreen(BackgroundScreen):
    """The screen beneath a dialog in one quiet look: what one colour tells from another is not to be read now, and
    every change of look costs bytes over SSH.
    """

    def __init__(self, beneath: BackgroundScreen, look: Style) -> None:
        super().__init__(beneath.screen, beneath.color)
        self._look = look

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in super().__rich_console__(console, options):
            yield Segment(segment.text, self._look) if isinstance(segment, Segment) and not segment.control else segment


def dimmed(dialog: ModalScreen[Any], beneath: RenderableType) -> RenderableType:
    """What a dialog renders around its pane. In the terminal's own colours, which cannot be mixed, the text is dim."""
    if not isinstance(beneath, BackgroundScreen):
        return beneath
    ground = dialog.styles.background
    if not ground.a:
        return DimmedScreen(beneath, _DIM)
    text = dialog.styles.color.blend(ground.with_alpha(1.0), ground.a)
    return DimmedScreen(beneath, Style.from_color(text.rich_color, ground.with_alpha(1.0).rich_color))


class DialogScreen(ModalScreen[Result]):
    """A pane in the middle, as large as what is in it. Esc, and a click beside it, close it without a result."""

    WAY_OUT_KEY: ClassVar[str] = "Esc"
    # A line that is typed on takes the colon for itself.
    BINDINGS: ClassVar[list[BindingType]] = [Binding("colon", "app.command_palette", show=False)]

    @abstractmethod
    def body(self) -> ComposeResult:
        """The pane."""

    def hints(self) -> Sequence[KeyHint]:
        """What the key line names before the way out."""
        return ()

    def compose(self) -> ComposeResult:
        """The pane, and its keys on the last line."""
        yield from self.body()
        yield KeyLine(self._all_hints())

    def refresh_keys(self) -> None:
        """Shows in the key line what keys do now."""
        self.query_one(KeyLine).show_hints(self._all_hints())

    def _all_hints(self) -> list[KeyHint]:
        return [*self.hints(), KeyHint(self.WAY_OUT_KEY, "back", self.close, WAY_OUT)]

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Closes the dialog once: of two keys typed at once the second finds it closed already."""
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def close(self) -> None:
        """Closes the dialog without a result."""
        self.dismiss(None)

    def render(self) -> RenderableType:
        """The screen beneath, dimmed."""
        return dimmed(self, super().render())

    def on_click(self, event: events.Click) -> None:
        """Closes the dialog by a click beside the pane."""
        if self.get_widget_at(event.screen_x, event.screen_y)[0] is self:
            event.stop()
            self.close()


class ScrolledDialog(DialogScreen[None]):
    """A pane of text that is longer than the screen at times. It is closed by any key that people close one by."""

    BOX: ClassVar[str] = "box"
    """The id of the pane."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("pagedown,ctrl+d", "scroll(10)", show=False),
        Binding("pageup,ctrl+u", "scroll(-10)", show=False),
        Binding("g,home", "scroll(-100000)", show=False),
        Binding("G,end", "scroll(100000)", show=False),
    ]

    def hints(self) -> Sequence[KeyHint]:
        """Scrolling, where there is more than fits."""
        pane = self.query(f"#{self.BOX}")
        if not pane or not pane.first().max_scroll_y:
            return ()
        steps = (("j", "down", 1), ("k", "up", -1))
        return [KeyHint(key, word, partial(self.action_scroll, lines)) for key, word, lines in steps]

    def on_mount(self) -> None:
        """Names the keys once it is known whether all fits."""
        self.call_after_refresh(self.refresh_keys)

    def action_close(self) -> None:
        """Closes the pane."""
        self.close()

    def action_scroll(self, lines: int) -> None:
        """Scrolls by ``lines``; negative is up."""
        self.query_one(f"#{self.BOX}").scroll_relative(y=lines, animate=False)
