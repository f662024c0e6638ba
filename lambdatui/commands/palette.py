"""The palette: every command of the screen beneath it, found by its name."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from lambdatui.commands.base import Command, keys

if TYPE_CHECKING:
    from lambdatui.screens.base import StoreScreen


class CommandsOfScreen(Provider):
    """The screen's own commands; there are no others."""

    def _commands(self) -> Iterator[tuple[type[Command], str]]:
        screen = cast("StoreScreen", self.screen)
        for command in getattr(screen, "COMMANDS_HERE", ()):
            if command.available(screen):
                key = keys(command, screen.session.keys)[0]
                yield command, f"{command.name()}  ({key})"

    async def discover(self) -> Hits:
        screen = cast("StoreScreen", self.screen)
        for command, title in self._commands():
            yield DiscoveryHit(title, partial(command.run, screen), help=command.help())

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        screen = cast("StoreScreen", self.screen)
        for command, title in self._commands():
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, matcher.highlight(title), partial(command.run, screen), help=command.help())
