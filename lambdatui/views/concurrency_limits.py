"""The limits of concurrency that were in force at a time: an account's, and what functions reserve of it."""

from collections import defaultdict
from collections.abc import Mapping

from collectors.store.read.account_rows import SettingRow, history
from collectors.store.read.reader import Reader
from collectors.store.read.rows import FunctionRow

Place = tuple[str, str]  # account, region


class ConcurrencyLimits:
    """Limits at any time. Before the first known value, that value is used; None is unknown, or nothing reserved."""

    def __init__(self, reader: Reader) -> None:
        self.functions: Mapping[Place, list[FunctionRow]] = _by_place(reader)
        self._of_account: dict[Place, list[SettingRow]] = defaultdict(list)
        self._reserved: dict[tuple[str, str, str], list[SettingRow]] = defaultdict(list)
        for row in history(reader, ("account", "concurrency")):
            if row.kind == "account" and row.name == "concurrency_limit":
                self._of_account[row.account, row.region].append(row)
            elif row.kind == "concurrency" and row.name == "reserved":
                self._reserved[row.account, row.region, row.function].append(row)

    def account(self, place: Place, at_ms: int) -> int | None:
        """What all functions of an account may run at once in a region."""
        return _whole(_in_force(self._of_account.get(place, ()), at_ms))

    def reserved(self, row: FunctionRow, at_ms: int) -> int | None:
        """What is reserved for a function, and is its own limit; 0 where it is switched off."""
        key = row.function.key
        known = self._reserved.get((key.account, key.region, key.name))
        if known is None:
            return row.function.reserved_concurrency
        return _whole(_in_force(known, at_ms))

    def reserved_in(self, place: Place, at_ms: int) -> dict[int, int]:
        """What is reserved in an account and region, by function id."""
        found = {row.id: self.reserved(row, at_ms) for row in self.functions.get(place, ())}
        return {each: reserved for each, reserved in found.items() if reserved is not None}


def _by_place(reader: Reader) -> dict[Place, list[FunctionRow]]:
    places: dict[Place, list[FunctionRow]] = defaultdict(list)
    for row in reader.functions():
        places[row.function.key.account, row.function.key.region].append(row)
    return places


def _in_force(rows: "list[SettingRow] | tuple[()]", at_ms: int) -> object:
    """The value at a time; the first one before it was known. None once it has ended."""
    if not rows:
        return None
    row = next((each for each in reversed(rows) if each.since_ms <= at_ms), rows[0])
    return None if row.until_ms is not None and row.until_ms <= at_ms else row.value


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
