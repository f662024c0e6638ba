"""Narrowing every view to some accounts, regions and functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def _any(globs: tuple[str, ...], text: str) -> bool:
    return not globs or any(fnmatchcase(text, glob) for glob in globs)
