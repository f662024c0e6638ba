"""How functions are configured, and what changed: memory 512 -> 1024 on Tuesday."""

from dataclasses import dataclass

from collectors.model.account import TAGS, TAGS_LISTED
from collectors.store.read import account_rows
from collectors.store.read.account_rows import SettingRow
from collectors.store.read.reader import Reader
from lambdatui.views.columns import columns
from lambdatui.views.scope import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range

SETTING_COLUMNS = columns("function", "account", "region", "kind", "item", "setting", "value_text", "since")
CHANGE_COLUMNS = columns("changed_at", "function", "account", "region", "kind", "item", "setting", "was", "became")


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting that is in force, and since when it has been."""

    function: str | None
    account: str | None
    region: str | None
    kind: str
    item: str | None
    setting: str
    value_text: str | None
    since: int


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A setting that changed. ``became`` is None where it is gone."""

    changed_at: int
    function: str | None
    account: str | None
    region: str | None
    kind: str
    item: str | None
    setting: str
    was: str | None
    became: str | None


@as_of_range
def configuration(reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None) -> View[SettingView]:
    """What is in force."""
    rows = [
        SettingView(
            one.function or None, one.account or None, one.region or None, one.kind, one.item or None, one.name,
            _words(one.value), one.since_ms,
        )
        for one in account_rows.settings(reader)
        if _wanted(one, narrow)
    ]  # fmt: skip
    return View(SETTING_COLUMNS, rows, reader.as_of_ms(time_range.to_ms), time_range)


@as_of_range
def changes(reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None) -> View[ChangeView]:
    """What changed in the range, newest first."""
    rows = [
        ChangeView(
            one.since_ms, one.function or None, one.account or None, one.region or None, one.kind, one.item or None,
            one.name, _words(one.was), _words(one.value),
        )
        for one in account_rows.changes(reader, time_range.from_ms, time_range.to_ms)
        if _wanted(one, narrow)
    ]  # fmt: skip
    return View(CHANGE_COLUMNS, rows, reader.as_of_ms(time_range.to_ms), time_range)


def _wanted(one: SettingRow, narrow: Narrow | None) -> bool:
    if one.kind == TAGS and one.name == TAGS_LISTED:  # says that the others are all that there are
        return False
    return narrow is None or narrow.matches(one.account, one.region, one.function)


def _words(value: object) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)
