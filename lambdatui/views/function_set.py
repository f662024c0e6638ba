"""Functions chosen by a filter of functions, or marked one by one: what other screens are narrowed to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collectors.store.read.rows import FunctionRow
    from lambdatui.views.filters import Filter
    from lambdatui.views.tag_terms import Alternatives


@dataclass(frozen=True, slots=True)
class FunctionSet:
    """``text`` is what people read of it: the filter as it was typed, or who is marked.

    ``ids`` are those of the chosen functions in the store. A filter looks at figures too, so it was asked at one moment
    of the functions in ``known``; one that came later is judged by its name and settings (``where``). Without ``ids``
    the figures have not been asked for (``views.measured_sets``); without ``where`` too, ``tags`` alone choose.
    """

    text: str
    ids: frozenset[int] | None = None
    known: frozenset[int] | None = None
    where: "Filter | None" = None
    tags: "tuple[Alternatives, ...]" = ()
    by_marks: bool = False

    @property
    def by_tags_only(self) -> bool:
        """Whether the tags say it all, which a store knows at any time."""
        return self.ids is None and self.where is None

    def chosen(self, rows: "Iterable[FunctionRow]") -> "list[FunctionRow]":
        """Those of the rows that are in the set, in their order; ``tags`` are not looked at."""
        ids = self.ids
        assert ids is not None, "a filter of functions looks at their figures, which were not asked for"
        return [row for row in rows if row.id in ids or self._joins(row)]

    def _joins(self, row: "FunctionRow") -> bool:
        """Whether a function that came later is in the set too."""
        if self.where is None or self.known is None or row.id in self.known:
            return False
        return self.where.matches(_Unmeasured(row))


class _Unmeasured:
    """A function as a row of which no figure is known."""

    def __init__(self, row: "FunctionRow") -> None:
        function = row.function
        self.function, self.account, self.region = function.key.name, function.key.account, function.key.region
        self.runtime, self.arch = function.runtime, function.arch
        self.memory_mb, self.timeout_s = function.memory_mb, function.timeout_s

    def __getattr__(self, name: str) -> Any:
        return None
