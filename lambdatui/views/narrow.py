"""Narrowing every view to some accounts, regions and functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collectors.store.reader import Reader
    from collectors.store.rows import FunctionRow


@dataclass(frozen=True, slots=True)
class Narrow:
    """Globs (``*``, ``?``, ``[ab]``), any of which may match; an empty tuple narrows nothing."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.accounts or self.regions or self.functions)

    def chosen(self, rows: "Sequence[FunctionRow]") -> "list[FunctionRow]":
        return [row for row in rows if self._matches(row)] if self else list(rows)

    def ids(self, rows: "Sequence[FunctionRow]") -> list[int] | None:
        """The matching functions' ids in the store; None where nothing is narrowed."""
        return [row.id for row in self.chosen(rows)] if self else None

    def wants(self, function: str) -> bool:
        """Whether a function of that name is among those narrowed to, in whatever account and region."""
        return _any(self.functions, function)

    def matches(self, account: str, region: str, function: str) -> bool:
        return _any(self.accounts, account) and _any(self.regions, region) and _any(self.functions, function)

    def holds(self, account: str, region: str) -> bool:
        """Whether something of an account and region matches; what does not say where it is, does."""
        return (not account or _any(self.accounts, account)) and (not region or _any(self.regions, region))

    def _matches(self, row: "FunctionRow") -> bool:
        key = row.function.key
        return self.matches(key.account, key.region, key.name)


def unmatched(narrow: Narrow, reader: "Reader") -> list[str]:
    """What nothing in the store matches of that, a sentence each, with the nearest name; [] in an empty store.

    ``no function matches 'chekout'; the nearest is checkout``.
    """
    from collectors.store.account_rows import places

    rows = reader.functions()
    if not narrow or not rows:
        return []
    keys = [row.function.key for row in rows]
    found: list[str] = []
    for kind, globs, names in (
        ("account", narrow.accounts, {key.account for key in keys}),
        ("region", narrow.regions, {key.region for key in keys}),
        ("function", narrow.functions, {key.name for key in keys}),
    ):
        missing = [glob for glob in globs if not any(fnmatchcase(name, glob) for name in names)]
        if missing and kind != "function":  # limits, alarms and metrics may be of a place without functions
            names |= {place[kind == "region"] for place in places(reader)}
            missing = [glob for glob in missing if not any(fnmatchcase(name, glob) for name in names)]
        found += [f"no {kind} matches {glob!r}{_nearest(glob, kind, names - {''})}" for glob in missing]
    if not found and not narrow.chosen(rows) and narrow.functions:
        found.append(f"no function matches all of {', '.join((*narrow.accounts, *narrow.regions, *narrow.functions))}")
    return found


def _nearest(glob: str, kind: str, names: "set[str]") -> str:
    from difflib import get_close_matches

    plain = glob.strip("*?")
    among = {name.casefold(): name for name in sorted(names, reverse=True)}
    near = get_close_matches(plain.casefold(), list(among), n=1, cutoff=0.3)
    if near:
        return f"; the nearest is {among[near[0]]}"
    if len(names) == 1:
        return f"; there is {min(names)}"
    return f"; there are {len(names):,} {kind}s, such as {min(names)}" if names else f"; no {kind} is known"


def _any(globs: tuple[str, ...], text: str) -> bool:
    return not globs or any(fnmatchcase(text, glob) for glob in globs)
