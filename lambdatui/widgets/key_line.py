"""The last line: the keys that matter here, made from the commands."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.widget import Widget

from lambdatui.commands.base import Command, keys
from lambdatui.session.session import Session


class KeyLine(Widget):
    """As many commands as fit, in the order given; the last one, help, is always there."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--word"}

    def __init__(self, session: Session, commands: Sequence[type[Command]]) -> None:
        super().__init__()
        self._session = session
        self._commands = [command for command in commands if command.SHOW_IN_FOOTER]
        self._places: list[tuple[int, int, type[Command]]] = []

    def render(self) -> Text:
        key, word = (self.get_component_rich_style(f"keys--{name}", partial=True) for name in ("key", "word"))
        text = Text(" ", no_wrap=True, end="")
        self._places = []
        for command in self._fitting():
            shown = keys(command, self._session.keys)[0]
            start = len(text)
            text.append(shown, key).append(f" {command.footer()}", word)
            self._places.append((start, len(text), command))
            text.append("   ")
        text.rstrip()
        return text

    def _fitting(self) -> list[type[Command]]:
        def cells(command: type[Command]) -> int:
            return len(keys(command, self._session.keys)[0]) + 1 + len(command.footer()) + 3

        here = sorted(self._commands, key=lambda command: command.id() == "help")
        room = self.size.width + 1
        while len(here) > 1 and sum(map(cells, here)) > room:
            here.pop(-2)
        return here

    def on_click(self, event: events.Click) -> None:
        for start, end, command in self._places:
            if start <= event.x < end:
                command.run(self.screen)  # type: ignore[arg-type]
