"""A function's settings in a box: what it is set to, and how that changed."""

from lambdatui.screens.dialogs.details import DetailsScreen, Part
from lambdatui.text.figures import instant
from lambdatui.views.formatting import value_text
from lambdatui.views.function_settings import SETTING_COLUMNS, SettingsView

NOT_COLLECTED = "not collected yet: run lambdatui collect"
_IN_FACTS = ("function_state", "last_update")


class SettingsScreen(DetailsScreen):
    """All that is known of a function's settings."""

    def __init__(self, row: SettingsView, *, utc: bool) -> None:
        super().__init__(row.function, settings_parts(row, utc=utc))


def settings_parts(row: SettingsView, *, utc: bool) -> list[Part]:
    """All that is known of a function's settings, and what is not."""
    known = [(column, getattr(row, column.id)) for column in SETTING_COLUMNS if column.id not in _IN_FACTS]
    parts = [
        (column.label, value_text(column, value) if value is not None else NOT_COLLECTED) for column, value in known
    ]
    if row.tags_at is not None and row.tags is not None:
        parts.append(("tags as of", instant(row.tags_at, utc=utc)))
    facts = [(fact.label, fact.text or "-") for fact in row.facts]
    changes = [
        (instant(change.at_ms, utc=utc), f"{change.setting}: {change.before} -> {change.after}")
        for change in row.history
    ]
    return [*parts, *facts, *(changes or [("how it changed", NOT_COLLECTED)])]
