"""Filters that have names: ``@team-a`` in a filter stands for the filter that was saved as ``team-a``.

A filter of functions (saved on the first screen) chooses functions on every other screen too: those that it leaves on
the first screen. A filter of other rows stands for its own words, and fits where such rows are.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lambdatui.views.columns import columns_of
from lambdatui.views.filters import TERM, Filter, FilterError, parse, tags_in, without_tags
from lambdatui.views.function_row import FunctionView
from lambdatui.views.function_set import FunctionSet

OF_FUNCTIONS = "functions"
"""The screen whose filters choose functions."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_NAMED = re.compile(rf"(!?)@({_NAME.pattern})")


@dataclass(frozen=True, slots=True)
class NamedFilter:
    """A saved filter: the screen on which it was saved, such as ``functions`` or ``errors``, and its expression."""

    name: str
    screen: str
    expression: str


NamedFilters = Mapping[str, NamedFilter]


@dataclass(frozen=True, slots=True)
class Expanded:
    """A filter without names: ``expression`` is of rows, ``sets`` are the functions that it narrows to."""

    expression: str
    sets: tuple[FunctionSet, ...] = ()


def checked_name(text: str) -> str:
    """The name without the sign before it. Raises ``FilterError`` for what cannot be one."""
    name = text.strip().removeprefix("@")
    if not _NAME.fullmatch(name):
        raise FilterError(f"{text.strip()!r} is no name for a filter: letters, digits, dots and dashes, such as team-a")
    return name


def filter_named(name: str, saved: NamedFilters) -> NamedFilter:
    """The filter of that name. Raises ``FilterError``, which names the nearest one."""
    if name in saved:
        return saved[name]
    from difflib import get_close_matches

    near = get_close_matches(name, list(saved), n=1, cutoff=0.5)
    hint = f"did you mean @{near[0]}?" if near else ", ".join(f"@{each}" for each in sorted(saved))
    there_are = "" if near or not saved else "there are "
    none = "none is saved yet: ':save NAME' on a screen saves its filter"
    raise FilterError(f"no filter is named @{name}; {there_are}{hint or none}")


def expanded(expression: str, screen: str, saved: Callable[[], NamedFilters]) -> Expanded:
    """A filter that was typed on ``screen``, with what its names stand for. Raises ``FilterError``.

    ``saved`` is called only where the filter has a name in it. A text that begins with @ is quoted to be found.
    """
    if "@" not in expression or not any(_NAMED.fullmatch(term) for term in TERM.findall(expression)):
        return Expanded(expression)
    sets: list[FunctionSet] = []
    words = _words(expression, screen, saved(), sets, ())
    return Expanded(" ".join(words), tuple(sets))


def names_in(expression: str) -> list[str]:
    """The names that a filter uses, without their sign."""
    return [named[2] for term in TERM.findall(expression) if (named := _NAMED.fullmatch(term))]


def function_set(text: str, saved: Callable[[], NamedFilters]) -> FunctionSet:
    """The functions that a filter of functions chooses; their figures are still to be asked for.

    Raises ``FilterError``.
    """
    try:
        rest = expanded(text, OF_FUNCTIONS, saved).expression
        where = parse(rest, columns_of(FunctionView))
    except FilterError as error:
        raise misfit(error, text, OF_FUNCTIONS, saved) from None
    return FunctionSet(text, where=where or None, tags=tags_in(rest))


def misfit(error: FilterError, text: str, screen: str, saved: Callable[[], NamedFilters]) -> FilterError:
    """The error, which says of a filter's names which are of other rows than those of ``screen``."""
    known = saved() if names_in(text) else {}
    strangers = [known[name] for name in names_in(text) if name in known and known[name].screen != screen]
    if not strangers:
        return error
    whose = ", ".join(f"@{one.name} is a filter of {one.screen}" for one in strangers)
    return FilterError(f"{whose}, which does not fit here: {error}")


def _words(
    expression: str, screen: str, saved: NamedFilters, sets: list[FunctionSet], within: tuple[str, ...]
) -> list[str]:
    words: list[str] = []
    for term in TERM.findall(expression):
        named = _NAMED.fullmatch(term)
        if named is None:
            words.append(term)
            continue
        inverted, meant = named[1] == "!", filter_named(named[2], saved)
        if meant.name in within:
            raise FilterError(
                f"@{meant.name} stands for itself: {' in '.join(f'@{name}' for name in (*within, meant.name))}"
            )
        if meant.screen == OF_FUNCTIONS != screen:
            sets.append(_inverted(meant, saved) if inverted else _of(meant, saved))
            continue
        of_name = _words(meant.expression, screen, saved, sets, (*within, meant.name))
        if inverted and len(of_name) != 1:
            raise FilterError(f"!@{meant.name}: ! inverts one condition, and it has {len(of_name)}: {meant.expression}")
        words += [_opposite(word) for word in of_name] if inverted else of_name
    return words


def _of(meant: NamedFilter, saved: NamedFilters) -> FunctionSet:
    chosen = function_set(meant.expression, lambda: saved)
    return FunctionSet(f"@{meant.name}", where=chosen.where, tags=chosen.tags)


def _inverted(meant: NamedFilter, saved: NamedFilters) -> FunctionSet:
    expression = expanded(meant.expression, OF_FUNCTIONS, lambda: saved).expression
    terms = TERM.findall(expression)
    if len(terms) == 1:
        chosen = function_set(_opposite(terms[0]), lambda: saved)
        return FunctionSet(f"!@{meant.name}", where=chosen.where, tags=chosen.tags)
    if tags_in(expression):
        raise FilterError(
            f"!@{meant.name}: ! inverts no filter that has tags beside other conditions: {meant.expression}"
        )
    held = parse(without_tags(expression), columns_of(FunctionView))
    return FunctionSet(f"!@{meant.name}", where=Filter(f"!@{meant.name}", (lambda row: not held.matches(row),)))


def _opposite(term: str) -> str:
    return term[1:] if term.startswith("!") and len(term) > 1 else f"!{term}"
