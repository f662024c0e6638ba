"""What functions were set to when something ran: architecture, memory and ephemeral storage by their history."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from collectors.model.units import MINUTE_MS
from collectors.store.read.account_rows import function_settings
from pricing.usage_table import Terms

if TYPE_CHECKING:
    from collectors.store.read.account_rows import SettingRow
    from collectors.store.read.reader import Reader
    from collectors.store.read.rows import FunctionRow

PRICED = ("arch", "ephemeral_mb", "memory_mb")
_CUTS = ("arch", "ephemeral_mb")  # a REPORT says its memory itself


class SettingsOfTime:
    """Settings of functions at any time, as far as they were known before ``known_ms`` (epoch ms, UTC).

    Before the first value that is known, that is taken, also where it became known later; where there is no history,
    what the store knows now.
    """

    def __init__(self, reader: "Reader", functions: "Iterable[FunctionRow]", known_ms: int) -> None:
        history = function_settings(reader, PRICED)
        self._rows: dict[int, dict[str, list[SettingRow]]] = {}
        self.functions = {row.id: row.function for row in functions}
        self._plain: dict[tuple[int, str], Terms] = reader.cached("terms of functions", dict)
        for function_id, function in self.functions.items() if history else ():
            key = function.key
            for one in history.get((key.account, key.region, key.name), ()):
                rows = self._rows.setdefault(function_id, {}).setdefault(one.name, [])
                if one.since_ms < known_ms or not rows:
                    rows.append(one)

    def terms(self, function_id: int, at_ms: int, basis: str) -> Terms:
        """Whose usage it is and what decided its rates at a time."""
        if function_id in self._rows:
            return self._terms(function_id, at_ms, basis)
        terms = self._plain.get((function_id, basis))
        if terms is None:
            one = self.functions[function_id]
            key = one.key
            terms = Terms(key.name, key.account, key.region, one.arch, basis, one.ephemeral_mb)
            self._plain[function_id, basis] = terms
        return terms

    def _terms(self, function_id: int, at_ms: int, basis: str) -> Terms:
        key = self.functions[function_id].key
        arch, ephemeral_mb = (self.value(function_id, name, at_ms) for name in _CUTS)
        return Terms(key.name, key.account, key.region, arch, basis, ephemeral_mb)

    def value(self, function_id: int, name: str, at_ms: int) -> Any:
        """What a setting was; None where nothing tells it."""
        rows = self._rows.get(function_id, {}).get(name)
        if not rows:
            return getattr(self.functions[function_id], name)
        return next((one.value for one in reversed(rows) if one.since_ms <= at_ms), rows[0].value)

    def steady_mb(self, function_id: int) -> int:
        """The memory of a function without history of it; -1 where nothing tells it."""
        known = self.functions[function_id].memory_mb
        return -1 if known is None else known

    def has_sizes(self, function_id: int) -> bool:
        """Whether there is a history of its memory."""
        return "memory_mb" in self._rows.get(function_id, ())

    def cuts(self, function_id: int, from_ms: int, to_ms: int, names: Sequence[str] = _CUTS) -> list[int]:
        """The full minutes within a span from which on another price holds."""
        cuts = set()
        for name in names if function_id in self._rows else ():
            rows = self._rows[function_id].get(name, ())
            for before, one in pairwise(rows):
                cut = -(-one.since_ms // MINUTE_MS) * MINUTE_MS
                if before.value != one.value and from_ms < cut < to_ms:
                    cuts.add(cut)
        return sorted(cuts)

    def with_history(self) -> Iterable[int]:
        """The functions of which any of these is known."""
        return self._rows
