"""Narrowing every view to some accounts, regions and functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from collectors.store.read.reader import Reader
    from collectors.store.read.rows import FunctionRow
    from lambdatui.views.function_set import FunctionSet
    from lambdatui.views.tag_terms import Alternatives
    from lambdatui.views.tagged_functions import Tagged


@dataclass(frozen=True, slots=True)
class Scope:
    """Globs (``*``, ``?``, ``[ab]``), any of which may match; an empty tuple matches everything.

    ``tags`` are conditions that must all hold, and ``sets`` are sets of functions to each of which a function must
    belong. Only a store knows whom they choose: ``bound`` asks it, and ``tagged`` is the answer.
    """

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    tags: "tuple[Alternatives, ...]" = ()
    tagged: "Tagged | None" = None
    sets: "tuple[FunctionSet, ...]" = ()

    def __bool__(self) -> bool:
        return bool(self.accounts or self.regions or self.functions or self.tags or self.sets)

    @property
    def by_function(self) -> bool:
        """Whether functions are chosen, so that data of an account or region as a whole is left out."""
        return bool(self.functions or self.tags or self.sets)

    @property
    def tag_notes(self) -> tuple[str, ...]:
        """Sentences on the tags in a store: which match nothing, and how many functions' tags are unknown."""
        return self.tagged.notes if self.tagged is not None else ()

    @property
    def unbound(self) -> "Scope":
        """The scope as it was before a store was asked which functions its tags and sets choose."""
        return replace(self, tagged=None) if self.tagged is not None else self

    @property
    def tag_texts(self) -> tuple[str, ...]:
        """Its conditions on tags, as they were typed."""
        return tuple(term.text for group in self.tags for term in group)

    def and_tags(self, tags: "tuple[Alternatives, ...]") -> "Scope":
        """The scope narrowed further, to functions for which these conditions hold too."""
        return replace(self, tags=(*self.tags, *tags), tagged=None) if tags else self

    def and_functions(self, *sets: "FunctionSet | None") -> "Scope":
        """The scope narrowed further, to functions that are in these sets too; None narrows nothing."""
        scope = self
        for functions in filter(None, sets):
            scope = scope.and_tags(functions.tags)
            if not functions.by_tags_only:
                scope = replace(scope, sets=(*scope.sets, functions), tagged=None)
        return scope

    def bound(self, reader: "Reader") -> "Scope":
        """The scope with the functions that its tags and sets choose, by what is in a store at the reader's time."""
        if not (self.tags or self.sets) or self.tagged is not None:
            return self
        from lambdatui.views.tagged_functions import Tagged, tagged

        among = replace(self, tags=(), sets=()).chosen(reader.functions())
        for functions in self.sets:
            among = functions.chosen(among)
        if self.tags:
            return replace(self, tagged=tagged(reader, self.tags, among))
        keys = [row.function.key for row in among]
        return replace(self, tagged=Tagged(frozenset((key.account, key.region, key.name) for key in keys)))

    def chosen(self, rows: "Sequence[FunctionRow]") -> "list[FunctionRow]":
        """The functions that match, in their order."""
        return [row for row in rows if self._matches(row)] if self else list(rows)

    def ids(self, rows: "Sequence[FunctionRow]") -> list[int] | None:
        """The matching functions' ids in the store; None where nothing is narrowed."""
        return [row.id for row in self.chosen(rows)] if self else None

    def wants(self, function: str) -> bool:
        """Whether a function of that name is among those narrowed to, in whatever account and region."""
        return _any(self.functions, function)

    def matches(self, account: str, region: str, function: str) -> bool:
        """Whether a function matches, by its account, region and name. With tags or sets, a store must have been asked
        (``bound``).
        """
        if self.tags or self.sets:
            assert self.tagged is not None, "a store was not asked which functions these tags and sets choose"
            return (account, region, function) in self.tagged.keys
        return _any(self.accounts, account) and _any(self.regions, region) and _any(self.functions, function)

    def holds(self, account: str, region: str) -> bool:
        """Whether an account and region match. An empty one, of data that does not name its place, does too."""
        return (not account or _any(self.accounts, account)) and (not region or _any(self.regions, region))

    def _matches(self, row: "FunctionRow") -> bool:
        key = row.function.key
        return self.matches(key.account, key.region, key.name)


def unmatched(scope: Scope, reader: "Reader") -> list[str]:
    """What in the scope matches nothing in the store, a sentence each, with the nearest name; [] for an empty store.

    ``no function matches 'chekout'; the nearest is checkout``.
    """
    from collectors.store.read.account_rows import places
    from lambdatui.views.nearest_name import nearest

    rows = reader.functions()
    if not scope or not rows:
        return []
    keys = [row.function.key for row in rows]
    sentences: list[str] = []
    for kind, globs, names in (
        ("account", scope.accounts, {key.account for key in keys}),
        ("region", scope.regions, {key.region for key in keys}),
        ("function", scope.functions, {key.name for key in keys}),
    ):
        missing = [glob for glob in globs if not any(fnmatchcase(name, glob) for name in names)]
        if missing and kind != "function":  # limits, alarms and metrics may be of a place without functions
            names |= {place[kind == "region"] for place in places(reader)}
            missing = [glob for glob in missing if not any(fnmatchcase(name, glob) for name in names)]
        sentences += [f"no {kind} matches {glob!r}{nearest(glob, kind, names - {''})}" for glob in missing]
    chosen_by = [one.text for one in scope.sets]
    if chosen_by and not sentences and not scope.tag_notes and not scope.chosen(rows):
        return [f"no function matches the filter {' '.join(chosen_by)}"]
    if scope.tags:
        return sentences + list(scope.tag_notes)
    if not sentences and not scope.chosen(rows) and scope.functions:
        sentences.append(f"no function matches all of {', '.join((*scope.accounts, *scope.regions, *scope.functions))}")
    return sentences


def may_have(path: "Path", scope: Scope) -> Callable[[str], bool]:
    """A test of a function's name: whether a collection narrowed to ``scope`` has to read it.

    Tags are those known to the store at ``path``, if there is one; a function whose tags are unknown is read. A name
    counts in every account and region.
    """
    from collectors.model.account import TAGS_LISTED
    from collectors.store.errors import StoreMissing
    from collectors.store.read import tag_rows
    from collectors.store.read.reader import Reader

    try:
        with Reader(path) as reader, reader.snapshot():
            bound, rows = scope.bound(reader), reader.functions()
            listed = tag_rows.values_of(reader, ())[TAGS_LISTED]
    except StoreMissing:
        return scope.wants
    known = {row.function.key.name for row in rows if row.id in listed}
    having = {row.function.key.name for row in bound.chosen(rows)}
    return lambda name: scope.wants(name) and (name in having or name not in known)


def _any(globs: tuple[str, ...], text: str) -> bool:
    return not globs or any(fnmatchcase(text, glob) for glob in globs)
