"""Opens the palette over whatever is shown."""

from typing import TYPE_CHECKING, Any

from textual.app import App

from lambdatui.screens.base.screen import CommandScreen
from lambdatui.screens.dialogs.dialog import DialogScreen
from lambdatui.screens.dialogs.palette import PaletteScreen

if TYPE_CHECKING:
    from lambdatui.commands.palette import Offer


def open_palette(app: App[Any], history: list[str]) -> None:
    """Opens it over the topmost screen, or over that one's dialogs, which close once something is chosen.

    ``history`` is what was chosen before, the newest last. Over the palette itself nothing happens.
    """
    stack = list(app.screen_stack)
    place = max(place for place, screen in enumerate(stack) if isinstance(screen, CommandScreen))
    beneath, dialogs = stack[place], stack[place + 1 :]

    def run(offer: "Offer | None") -> None:
        if offer is not None:
            for dialog in reversed(dialogs):
                if isinstance(dialog, DialogScreen):
                    dialog.dismiss(None)
            offer.run()

    if isinstance(beneath, CommandScreen) and not isinstance(app.screen, PaletteScreen):
        app.push_screen(PaletteScreen(beneath, history), run)
