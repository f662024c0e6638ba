"""How functions are configured, and which settings changed, such as memory from 512 to 1024 on Tuesday."""

from dataclasses import dataclass
from typing import Annotated

from collectors.model.account import DEPLOYMENT, TAGS, TAGS_LISTED
from collectors.store.read import account_rows
from collectors.store.read.account_rows import SettingRow
from collectors.store.read.reader import Reader
from lambdatui.text.figures import instant
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import Column, Kind, columns_of
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting that is in force, and since when it has been."""

    function: Annotated[str | None, shared.FUNCTION]
    account: Annotated[str | None, shared.ACCOUNT]
    region: Annotated[str | None, shared.REGION]
    kind: Annotated[str, shared.KIND]
    item: Annotated[str | None, shared.ITEM]
    setting: Annotated[str, shared.SETTING]
    value_text: Annotated[str | None, Column("Value", Kind.TEXT, 40, "The value in force.")]
    since: Annotated[int, shared.SINCE]


SETTING_COLUMNS = columns_of(SettingView)


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A setting that changed. ``became`` is None where it is gone."""

    changed_at: Annotated[int, Column("Changed", Kind.TIME, 19, "When it changed, or was first seen changed.")]
    function: Annotated[str | None, shared.FUNCTION]
    account: Annotated[str | None, shared.ACCOUNT]
    region: Annotated[str | None, shared.REGION]
    kind: Annotated[str, shared.KIND]
    item: Annotated[str | None, shared.ITEM]
    setting: Annotated[str, shared.SETTING]
    was: Annotated[str | None, Column("Was", Kind.TEXT, 24, "The value before.")]
    became: Annotated[
        str | None, Column("Became", Kind.TEXT, 24, "The value since; nothing where the setting is gone.")
    ]


CHANGE_COLUMNS = columns_of(ChangeView)


@as_of_range
def configuration(reader: Reader, time_range: TimeRange, *, scope: Scope | None = None) -> View[SettingView]:
    """The settings that are in force at the range's end."""
    rows = [
        SettingView(
            function=setting.function or None,
            account=setting.account or None,
            region=setting.region or None,
            kind=setting.kind,
            item=setting.item or None,
            setting=setting.name,
            value_text=_words(setting, setting.value),
            since=setting.since_ms,
        )
        for setting in account_rows.settings(reader)
        if _wanted(setting, scope)
    ]
    return View(SETTING_COLUMNS, rows, reader.as_of_ms(time_range.to_ms), time_range)


@as_of_range
def changes(reader: Reader, time_range: TimeRange, *, scope: Scope | None = None) -> View[ChangeView]:
    """What changed in the range, newest first."""
    rows = [
        ChangeView(
            changed_at=change.since_ms,
            function=change.function or None,
            account=change.account or None,
            region=change.region or None,
            kind=change.kind,
            item=change.item or None,
            setting=change.name,
            was=_words(change, change.was),
            became=_words(change, change.value),
        )
        for change in account_rows.changes(reader, time_range.from_ms, time_range.to_ms)
        if _wanted(change, scope)
    ]
    return View(CHANGE_COLUMNS, rows, reader.as_of_ms(time_range.to_ms), time_range)


def _wanted(setting: SettingRow, scope: Scope | None) -> bool:
    if setting.kind == TAGS and setting.name == TAGS_LISTED:  # says that the others are all that there are
        return False
    return scope is None or scope.matches(setting.account, setting.region, setting.function)


def _words(setting: SettingRow, value: object) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if setting.kind == DEPLOYMENT and isinstance(value, int):
        return f"{instant(value)} UTC"
    return None if value is None else str(value)
