"""Permissions that are missing: one row an IAM action; ``c`` copies the statement that allows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from lambdatui.commands.base import Commands
from lambdatui.screens import columns
from lambdatui.screens.details import DetailsScreen
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.session.queries import Question
from lambdatui.text.figures import instant
from lambdatui.views.columns import Column
from lambdatui.views.permissions import PERMISSION_COLUMNS, MissingPermission, missing_permissions
from lambdatui.views.view import View
from lambdatui.widgets.layout import Shown


@dataclass(frozen=True)
class PermissionsView(View[MissingPermission]):
    """The missing permissions."""


class StatementScreen(DetailsScreen):
    """``c`` copies the statement, ready to be put into a policy."""

    def __init__(self, row: MissingPermission, *, utc: bool) -> None:
        parts = [
            ("Needed for", row.purpose),
            ("What lacks it", f"{row.lacks}\nof {row.source}, denied last {instant(row.denied_at, utc=utc)}"),
            ("Statement to add to the policy of whoever collects", row.statement),
        ]
        super().__init__(row.action, parts)
        self._statement = row.statement

    @property
    def text(self) -> str:
        return self._statement


class PermissionsScreen(TableScreen):
    """Enter shows the whole statement."""

    COMMANDS_HERE: ClassVar[Commands] = TABLE_COMMANDS
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.PERMISSIONS
    FILTERED: ClassVar[tuple[Column, ...]] = PERMISSION_COLUMNS
    ROW_IS: ClassVar[str] = "missing permission"
    SORT: ClassVar[tuple[str, bool] | None] = ("action", False)

    def heading(self) -> tuple[str, ...]:
        return ("Collect", "Permissions")

    def question(self) -> Callable[[Question], PermissionsView]:
        return lambda ask: PermissionsView(
            PERMISSION_COLUMNS, missing_permissions(ask.reader), ask.reader.as_of_ms(ask.range.to_ms), ask.range
        )

    def counted(self) -> tuple[str, ...]:
        return (*(("c copies the statement",) if self.table.row_count else ()), *super().counted())

    def key_of(self, row: MissingPermission) -> Any:
        return row.action

    def why_empty(self) -> str:
        if self.filter:
            return super().why_empty()
        return (
            "No permission is known to be missing.\n\nThe newest collection of each source was denied nothing."
            " 'lambdatui iam-policy' prints all that is needed."
        )

    def copy_text(self) -> str:
        row = self.table.row
        return row.statement if isinstance(row, MissingPermission) else ""

    def open_row(self, row: MissingPermission) -> None:
        self.app.push_screen(StatementScreen(row, utc=self.session.utc))
