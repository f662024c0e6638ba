"""The palette: the commands of the screen beneath it, every screen, function and theme, found by a fuzzy name."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from lambdatui.commands.base import keys
from lambdatui.commands.protocols import NamesFilters, OffersCommands
from lambdatui.text.plain import plain

if TYPE_CHECKING:
    from textual.fuzzy import Matcher

Offer: TypeAlias = tuple[str, Callable[[], None], str]
"""A title, what choosing it does, and its help."""

_FUNCTIONS_AT_ONCE = 50
"""The most hits that are listed: of 2,000 functions, further letters find the rest."""
_TYPED_SCORE = 1_000.0
"""The score of what was typed in full, above that of any name which its letters match."""
_LONGEST_NAME = 140
"""Characters of a function's name that are matched and listed: Lambda allows no more."""


class _OfScreen(Provider):
    """What the palette offers over a screen."""

    @property
    def _beneath(self) -> OffersCommands | None:
        """The screen that the palette opened over; None over a dialog, which has no commands."""
        return self.screen if isinstance(self.screen, OffersCommands) else None

    @abstractmethod
    def _offers(self) -> Iterator[Offer]:
        """All offers; the palette chooses those whose title matches."""

    async def discover(self) -> Hits:
        for title, run, help_text in self._offers():
            yield DiscoveryHit(Content(title), run, text=title, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        scored = [(matcher.match(title), title, run, help_text) for title, run, help_text in self._offers()]
        hits = sorted((hit for hit in scored if hit[0] > 0), key=lambda hit: -hit[0])
        for score, title, run, help_text in hits[:_FUNCTIONS_AT_ONCE]:
            yield Hit(score, _highlighted(matcher, title), run, text=title, help=help_text)


def _highlighted(matcher: "Matcher", title: str) -> Content:
    """The title with the typed letters highlighted. Textual's own way would read a function's name as markup."""
    content = Content(title)
    for offset in matcher.fuzzy_search.match(matcher.query, title)[1]:
        if not title[offset].isspace():
            content = content.stylize(matcher.match_style, offset, offset + 1)
    return content


class CommandsOfScreen(_OfScreen):
    """The screen's own commands."""

    def _offers(self) -> Iterator[Offer]:
        screen = self._beneath
        if screen is None:
            return
        for command in screen.available_commands():
            key = keys(command, screen.keymap)[0]
            yield f"{command.name()}  ({key})", partial(command.run, screen), command.help()


class MainScreens(_OfScreen):
    """Every main screen, also those without a key here."""

    def _offers(self) -> Iterator[Offer]:
        screen = self._beneath
        if screen is None:
            return
        for name in screen.main_screens():
            yield f"Screen: {name}", partial(screen.jump_to, name), f"Go to the screen {name}."


class Themes(_OfScreen):
    """Every theme there is."""

    def _offers(self) -> Iterator[Offer]:
        for name in sorted(self.app.available_themes):
            yield f"Theme: {name}", partial(setattr, self.app, "theme", name), "Paint with this theme, until you leave."


class Functions(_OfScreen):
    """Every function of the store, over every screen; listed only once something is typed."""

    async def discover(self) -> Hits:
        """Offers nothing before something is typed: thousands of functions would hide the commands."""
        return
        yield

    async def startup(self) -> None:
        """Reads the functions' names once, in a thread, when the palette opens."""
        self._names: list[tuple[int, str]] = []
        if self._beneath is None:
            return
        worker = self.screen.run_worker(self._beneath.function_names, thread=True, exit_on_error=False, group="palette")
        try:
            self._names = await worker.wait()
        except Exception:  # the screen beneath says what is wrong with the store
            return

    def _offers(self) -> Iterator[Offer]:
        screen = self._beneath
        if screen is None:
            return
        for function_id, name in self._names:
            title = f"Function: {plain(name)[:_LONGEST_NAME]}"
            yield title, partial(screen.open_function, function_id, name), "Open this function."


class NamedFilters(_OfScreen):
    """``save NAME``, ``forget NAME``, and each saved filter by ``@NAME`` or its bare name."""

    async def search(self, query: str) -> Hits:
        """What was typed as a command first, then the saved filters whose names match."""
        screen = self._beneath
        verb, _, name = query.strip().partition(" ")
        name = name.strip()
        if isinstance(screen, NamesFilters) and name:
            done: dict[str, Offer] = {
                "save": (f"save @{name.removeprefix('@')}", partial(screen.save_filter, name), _saved_text(screen)),
                "forget": (
                    f"forget @{name.removeprefix('@')}",
                    partial(screen.forget_filter, name),
                    "No longer saved.",
                ),
            }
            if verb.lower() in done:
                title, run, help_text = done[verb.lower()]
                yield Hit(_TYPED_SCORE, Content(title), run, text=query, help=help_text)
        async for hit in super().search(query):
            yield hit

    def _offers(self) -> Iterator[Offer]:
        screen = self._beneath
        if not isinstance(screen, NamesFilters):
            return
        if screen.filter_to_save()[1]:
            yield "Save filter: save NAME", screen.ask_filter_name, _saved_text(screen)
        for name in screen.filter_names():
            yield f"@{name}", partial(screen.apply_filter, f"@{name}"), "Filter by what was saved under this name."


def _saved_text(screen: NamesFilters) -> str:
    rows, expression = screen.filter_to_save()
    return f"Save the filter of {rows} {plain(expression)}." if expression else "There is no filter here to save."


PROVIDERS = (CommandsOfScreen, NamedFilters, MainScreens, Functions, Themes)
