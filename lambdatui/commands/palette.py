"""The palette: the commands of the screen beneath it, every screen, function and theme, found by a fuzzy name."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from lambdatui.commands.base import keys
from lambdatui.text.plain import plain

if TYPE_CHECKING:
    from textual.fuzzy import Matcher

    from lambdatui.screens.base import StoreScreen

_FUNCTIONS_AT_ONCE = 50
"""So many functions are offered: of 2,000, further letters find the rest."""
_LONGEST_NAME = 140
"""Lambda's own limit; a fuzzy match of more takes time, and no list shows more."""


class _OfScreen(Provider):
    """``_offers`` are titles, what each does, and its help."""

    @property
    def _beneath(self) -> "StoreScreen":
        return cast("StoreScreen", self.screen)

    def _offers(self) -> Iterator[tuple[str, Callable[[], None], str]]:
        raise NotImplementedError

    async def discover(self) -> Hits:
        for title, does, told in self._offers():
            yield DiscoveryHit(Content(title), does, text=title, help=told)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        found = [(matcher.match(title), title, does, told) for title, does, told in self._offers()]
        hits = sorted((one for one in found if one[0] > 0), key=lambda one: -one[0])
        for score, title, does, told in hits[:_FUNCTIONS_AT_ONCE]:
            yield Hit(score, _highlighted(matcher, title), does, text=title, help=told)


def _highlighted(matcher: "Matcher", title: str) -> Content:
    """The title with what was typed marked. Textual's own way takes a title for markup, which no function's name is."""
    content = Content(title)
    for offset in matcher.fuzzy_search.match(matcher.query, title)[1]:
        if not title[offset].isspace():
            content = content.stylize(matcher.match_style, offset, offset + 1)
    return content


class CommandsOfScreen(_OfScreen):
    """The screen's own commands."""

    def _offers(self) -> Iterator[tuple[str, Callable[[], None], str]]:
        screen = self._beneath
        for command in getattr(screen, "COMMANDS_HERE", ()):
            if command.available(screen):
                key = keys(command, screen.session.keys)[0]
                yield f"{command.name()}  ({key})", partial(command.run, screen), command.help()


class Places(_OfScreen):
    """Every main screen, also those without a key here."""

    def _offers(self) -> Iterator[tuple[str, Callable[[], None], str]]:
        from lambdatui.screens.main_screens import MAIN

        for name in MAIN:
            yield f"Screen: {name}", partial(self._beneath.jump_to, name), f"Go to the screen {name}."


class Themes(_OfScreen):
    """Every theme there is."""

    def _offers(self) -> Iterator[tuple[str, Callable[[], None], str]]:
        for name in sorted(self.app.available_themes):
            yield f"Theme: {name}", partial(setattr, self.app, "theme", name), "Paint with this theme, until you leave."


class Functions(_OfScreen):
    """Every function of the store, wherever one is; only what is searched for."""

    async def discover(self) -> Hits:
        return
        yield

    async def startup(self) -> None:
        """The names are read once, in a thread, when the palette opens."""
        worker = self._beneath.run_worker(
            self._beneath.function_names, thread=True, exit_on_error=False, group="palette"
        )
        self._found: list[tuple[int, str]] = []
        try:
            self._found = await worker.wait()
        except Exception:  # the screen beneath says what is wrong with the store
            self._found = []

    def _offers(self) -> Iterator[tuple[str, Callable[[], None], str]]:
        for identity, name in self._found:
            title = f"Function: {plain(name)[:_LONGEST_NAME]}"
            yield title, partial(self._beneath.open_function, identity, name), "Open this function."


PROVIDERS = (CommandsOfScreen, Places, Functions, Themes)
