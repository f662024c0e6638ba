"""Missing permissions, one row for each IAM action; ``c`` copies the statement that allows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from lambdatui.commands.base import Commands
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.session.queries import QueryContext
from lambdatui.text.figures import instant
from lambdatui.views.permissions import PERMISSION_COLUMNS, MissingPermission, missing_permissions
from lambdatui.views.row_details import RowDetails, of_parts
from lambdatui.views.view import View


@dataclass(frozen=True)
class PermissionsView(View[MissingPermission]):
    """The missing permissions as the rows of a view."""


class StatementScreen(DetailsScreen):
    """A box with the whole statement; ``c`` copies it, ready for a policy."""

    def __init__(self, row: MissingPermission, *, utc: bool) -> None:
        super().__init__(row.action, _parts(row, utc=utc))
        self._statement = row.statement

    @property
    def text(self) -> str:
        """What ``c`` copies: the IAM statement alone."""
        return self._statement


def _parts(row: MissingPermission, *, utc: bool) -> list[tuple[str, str]]:
    return [
        ("Needed for", row.purpose),
        ("What lacks it", f"{row.lacks}\nof {row.source}, denied last {instant(row.denied_at, utc=utc)}"),
        ("Statement to add to the policy of whoever collects", row.statement),
    ]


class PermissionsScreen(TableScreen):
    """The screen of missing permissions. Enter shows the statement that allows one."""

    COMMANDS_HERE: ClassVar[Commands] = TABLE_COMMANDS
    ROW: ClassVar[type] = MissingPermission
    ROW_IS: ClassVar[str] = "missing permission"
    COPIED: ClassVar[str] = "statement"
    SORT: ClassVar[tuple[str, bool] | None] = ("action", False)

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: ``Collect``, ``Permissions``."""
        return ("Collect", "Permissions")

    def is_of_many(self) -> bool:
        """Permissions are of collections, not of functions."""
        return False

    def question(self) -> Callable[[QueryContext], PermissionsView]:
        """Asks for what the newest collection of each source was denied."""
        return lambda query: PermissionsView(
            PERMISSION_COLUMNS, missing_permissions(query.reader), query.reader.as_of_ms(query.range.to_ms), query.range
        )

    def counts(self) -> tuple[str, ...]:
        """The number of rows and, where there are some, the key that copies."""
        return (*(("c copies the statement",) if self.table.row_count else ()), *super().counts())

    def key_of(self, row: MissingPermission) -> Any:
        """The IAM action."""
        return row.action

    def why_empty(self) -> str:
        """Says that nothing was denied, unless a filter hides the rows."""
        if self.filter:
            return super().why_empty()
        return (
            "No permission is known to be missing.\n\nThe newest collection of each source was denied nothing."
            " 'lambdatui iam-policy' prints all that is needed."
        )

    def row_text(self, row: MissingPermission) -> str:
        """The IAM statement that allows the action."""
        return row.statement

    def details_question(self, row: MissingPermission) -> Callable[[QueryContext], RowDetails]:
        """Shows the statement, and what it is needed for; asks nothing."""
        parts = _parts(row, utc=self.session.utc)
        return lambda _: of_parts(row.action, parts)

    def open_row(self, row: MissingPermission) -> None:
        """Shows the statement, and what it is needed for, in a box."""
        self.app.push_screen(StatementScreen(row, utc=self.session.utc))
