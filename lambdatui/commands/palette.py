"""What the palette offers over a screen: its commands, every screen, function and theme; and what typed text means.

A provider is a function of the screen beneath and of what is typed: ``PROVIDERS`` has them all.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches
from functools import partial
from typing import NamedTuple, TypeAlias

from lambdatui.commands.base import keys
from lambdatui.commands.protocols import NamesFilters, OffersCommands
from lambdatui.text.plain import plain

_LONGEST_NAME = 140
"""Characters of a function's name that are matched and listed: Lambda allows no more."""
_HITS_AT_ONCE = 50
"""The most offers that are listed: of 2,000 functions, further letters find the rest."""
_NEAR_ENOUGH, _NEAR_AT_MOST = 0.6, 5

_SHORTEST_ID = 4

SCREEN, COMMAND, FUNCTION, THEME, FILTER = "screen", "command", "function", "theme", "filter"

_KINDS = {
    SCREEN: SCREEN, "go": SCREEN, COMMAND: COMMAND, FUNCTION: FUNCTION, "fn": FUNCTION, "func": FUNCTION,
    "lambda": FUNCTION, THEME: THEME, FILTER: FILTER,
}  # fmt: skip
"""The words that limit what follows to one kind: ``fn checkout``."""


class Offer(NamedTuple):
    """Something that the palette can do."""

    kind: str
    name: str
    """What is typed to find it."""
    title: str
    """How it is listed."""
    run: Callable[[], object]
    help: str
    as_typed: bool = False
    """That it is what the typed text says: it is listed first, whatever its name is."""

    @property
    def call(self) -> str:
        """The text that finds it again."""
        return f"fn {self.name}" if self.kind == FUNCTION else self.name.lower()


class Hit(NamedTuple):
    """An offer that matches, and which letters of its title do."""

    offer: Offer
    letters: Sequence[int] = ()


Provider: TypeAlias = Callable[[OffersCommands, str], Iterable[Offer]]


def commands_of_screen(screen: OffersCommands, typed: str = "") -> Iterator[Offer]:
    """The screen's own commands that mean something now."""
    for command in screen.available_commands():
        title = f"{command.name()}  ({keys(command, screen.keymap)[0]})"
        yield Offer(COMMAND, command.name(), title, partial(command.run, screen), command.help())


def main_screens(screen: OffersCommands, typed: str = "") -> Iterator[Offer]:
    """Every main screen, also those without a key here; with words behind its name, which filter it."""
    name, _, words = typed.partition(" ")
    named = [main for main in screen.main_screens() if name and main.startswith(name.lower())]
    if words.strip() and named and name.lower() not in _KINDS:
        for main in named:
            title = f"Screen: {main}, filtered by {plain(words.strip())}"
            run = partial(screen.jump_filtered, main, words.strip())
            yield Offer(
                SCREEN, f"{main} {words.strip()}", title, run, "Go there, and keep what matches.", as_typed=True
            )
    for main in screen.main_screens():
        yield Offer(
            SCREEN,
            main,
            f"Screen: {main}",
            partial(screen.jump_to, main),
            f"Go to the screen {main}.",
        )


def themes(screen: OffersCommands, typed: str = "") -> Iterator[Offer]:
    """Every theme there is, once something is typed."""
    if typed:
        for name in screen.theme_names():
            use = partial(screen.use_theme, name)
            yield Offer(THEME, f"theme {name}", f"Theme: {name}", use, "Paint with this theme, until you leave.")


def named_filters(screen: OffersCommands, typed: str) -> Iterator[Offer]:
    """``save NAME``, ``forget NAME``, and each saved filter by its name."""
    if not isinstance(screen, NamesFilters):
        return
    rows, expression = screen.filter_to_save()
    text = f"Save the filter of {rows} {plain(expression)}." if expression else "There is no filter here to save."
    verb, _, rest = typed.strip().partition(" ")
    if name := rest.strip().removeprefix("@"):
        run = {"save": screen.save_filter, "forget": screen.forget_filter}.get(verb.lower())
        if run is not None:
            help_text = text if verb.lower() == "save" else "It is then no longer saved."
            yield Offer(
                COMMAND, typed, f"{verb.capitalize()} filter @{plain(name)}", partial(run, name), help_text, True
            )
    if expression:
        yield Offer(COMMAND, "save", "Save filter  (save NAME)", screen.ask_filter_name, text)
    for name in screen.filter_names():
        use, meant = partial(screen.use_filter, f"@{name}"), typed.strip().removeprefix("@") == name
        yield Offer(FILTER, f"@{name}", f"Filter: @{name}", use, "Filter by what was saved under it.", as_typed=meant)


def habits(screen: OffersCommands, typed: str) -> Iterator[Offer]:
    """What people type who come from editors."""
    if typed.strip() in ("q", "q!", "qa", "qa!", "wq", "quit", "exit"):
        yield Offer(COMMAND, typed.strip(), "Leave lambdatui", screen.end, "End the program.", as_typed=True)


def functions(screen: OffersCommands, names: Iterable[tuple[int, str]]) -> Iterator[Offer]:
    """Functions by their ids in the store and names."""
    for function_id, name in names:
        shown = plain(name)[:_LONGEST_NAME]
        run = partial(screen.open_function, function_id, name)
        yield Offer(FUNCTION, shown, f"Function: {shown}", run, "Open this function.")


def lines_with(screen: OffersCommands, typed: str) -> Iterator[Offer]:
    """The log lines of all functions that hold what may be somebody's id: of an order, a customer, a request."""
    wanted = typed.strip()
    if len(wanted) >= _SHORTEST_ID and not wanted.isalpha() and " " not in wanted:
        run = partial(screen.jump_filtered, "logs", wanted)
        yield Offer(SCREEN, f"lines {wanted}", f"Log lines that hold {plain(wanted)}", run, "Search all log lines.")


PROVIDERS: tuple[Provider, ...] = (habits, named_filters, main_screens, commands_of_screen, themes)


def offers_of(screen: OffersCommands, typed: str, names: Iterable[tuple[int, str]] = ()) -> list[Offer]:
    """All that could be meant. Functions only once something is typed: thousands would hide the rest."""
    offers = [offer for provider in PROVIDERS for offer in provider(screen, typed)]
    return [*offers, *functions(screen, names), *lines_with(screen, typed)] if typed.strip() else offers


def hits_of(offers: Iterable[Offer], typed: str) -> list[Hit]:
    """The offers that match, best first: as named, by their beginning, by a word's, by a part, by some letters."""
    from textual.fuzzy import FuzzySearch

    wanted, kind = _of_kind(typed)
    if not wanted:
        return [Hit(offer) for offer in offers if not kind or offer.kind == kind][: None if not kind else _HITS_AT_ONCE]
    among = [offer for offer in offers if not kind or offer.kind == kind]
    ranked = sorted(((rank, offer) for offer in among if (rank := _rank(offer, wanted))), key=lambda each: -each[0])
    if ranked:
        return [Hit(offer, _letters(offer.title, wanted)) for _, offer in ranked[:_HITS_AT_ONCE]]
    letters_of = FuzzySearch().match
    scored = [(letters_of(wanted.replace(" ", ""), offer.title), offer) for offer in among]
    best = sorted((each for each in scored if each[0][0]), key=lambda each: -each[0][0])
    return [Hit(offer, letters) for (_, letters), offer in best[:_HITS_AT_ONCE]]


def _letters(title: str, wanted: str) -> Sequence[int]:
    """Where the text stands in the title."""
    start = title.lower().rfind(wanted)
    return range(start, start + len(wanted)) if start >= 0 else ()


def near_hits(offers: Iterable[Offer], typed: str) -> list[Hit]:
    """Offers whose names are spelled nearly so, for text that matches none."""
    wanted, kind = _of_kind(typed)
    by_name: dict[str, Offer] = {}
    for offer in offers:
        if not kind or offer.kind == kind:
            by_name.setdefault(offer.name.lower(), offer)
    near = get_close_matches(wanted, list(by_name), n=_NEAR_AT_MOST, cutoff=_NEAR_ENOUGH)
    return [Hit(by_name[name]) for name in near]


def _of_kind(typed: str) -> tuple[str, str]:
    """What is looked for, in small letters, and the kind that it is limited to, or nothing."""
    words = typed.lower().lstrip()
    first, space, rest = words.partition(" ")
    return (rest.strip(), _KINDS[first]) if space and first in _KINDS else (words.strip(), "")


def _rank(offer: Offer, wanted: str) -> int:
    """Greater is better; 0 where the name does not hold the text."""
    name = offer.name.lower()
    if offer.as_typed:
        return 6
    if name == wanted or offer.call == wanted:
        return 5
    if name.startswith(wanted):
        return 4
    if any(word.startswith(wanted) for word in name.replace("-", " ").replace("_", " ").split()):
        return 3
    return 2 if wanted in name else 0
