"""A whole fleet beside itself, before and now; and its accounts, regions or teams beside each other."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from lambdatui.commands.base import Command, Commands
from lambdatui.screens.base.grouped import GroupedScreen
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.session.destinations import ToFleetGroups
from lambdatui.session.queries import QueryContext
from lambdatui.session.session import Session
from lambdatui.views.fleet_comparison import FleetComparison, FleetFigure, fleet_comparison
from lambdatui.views.fleet_groups import PLACES, FleetGroup, FleetGroups, fleet_groups


class AgainstWeek(Command["ComparesFleet"]):
    """Compare with the same weekdays a week before, or with the range before."""

    BINDING_KEY = "w"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "week before"
    GROUP = "Compare"

    @classmethod
    def run(cls, screen: "ComparesFleet") -> None:
        """Changes what is compared with."""
        screen.toggle_week()


class CompareBy(Command["ComparesFleet"]):
    """Set accounts beside each other, then regions, then the values of a tag, such as teams."""

    BINDING_KEY = "b"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "by"
    GROUP = "Compare"

    @classmethod
    def run(cls, screen: "ComparesFleet") -> None:
        """Goes to the next way of grouping."""
        screen.compare_by_next()


class ComparesFleet(TableScreen):
    """A screen that compares functions with what they did before."""

    COMMANDS_HERE: ClassVar[Commands] = (AgainstWeek, CompareBy, *TABLE_COMMANDS)

    week = False
    """Whether the same weekdays are compared with, a week before, and not the range before."""

    @property
    def before(self) -> str:
        """What is compared with, in words."""
        return "the same weekdays a week before" if self.week else "the range before"

    def toggle_week(self) -> None:
        """Compares with the same weekdays a week before, or with the range before."""
        self.week = not self.week
        self.ask_rows()
        self.refresh_header()

    @abstractmethod
    def compare_by_next(self) -> None:
        """Compares in the next way."""

    def counts(self) -> tuple[str, ...]:
        """What is compared with what, and what is left out."""
        notes: tuple[str, ...] = self.answer.notes
        return tuple(reversed(notes))

    def why_empty(self) -> str:
        """That there is nothing to compare with, where nothing was collected before."""
        answer = self.answer
        if answer is None or answer.rows or answer.as_of is None or self.filter or self.table.only_trouble:
            return super().why_empty()
        return "\n\n".join(
            (*answer.notes, "w compares with a week before, or with the range before; 1 to 6 choose a range.")
        )


class FleetScreen(ComparesFleet):
    """The screen of a fleet beside itself: its figures, and beneath them who grew most. Enter opens a function."""

    ROW: ClassVar[type] = FleetFigure
    ROW_IS: ClassVar[str] = "figure"
    REASON: ClassVar[str] = "growth"

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb, with what is compared with what."""
        return ("Compare", f"{'these' if self.scope else 'all'} functions with {self.before}")

    def question(self) -> Callable[[QueryContext], FleetComparison]:
        """Compares all functions in scope with themselves before."""
        week = self.week
        return lambda query: fleet_comparison(query.reader, query.range, query.book, week=week, scope=query.scope)

    def key_of(self, row: FleetFigure) -> Any:
        """The figure's name, or the function."""
        return row.figure, row.function_id

    def compare_by_next(self) -> None:
        """Opens accounts beside each other."""
        self.navigator.open(ToFleetGroups(self.week))

    def subject(self) -> tuple[int, str] | None:
        """The function of the row under the cursor; None on a figure of the fleet."""
        row: FleetFigure | None = self.table.row
        return (row.function_id, row.figure) if row is not None and row.function_id else None

    def open_row(self, row: FleetFigure) -> None:
        """Opens the function."""
        if row.function_id:
            self.open_function(row.function_id, row.figure)
        else:
            self.say("this is of all functions: those beneath it are opened by Enter")


class FleetGroupsScreen(GroupedScreen, ComparesFleet):
    """The screen of accounts, regions or teams beside each other, the dearest first."""

    ROW: ClassVar[type] = FleetGroup
    ROW_IS: ClassVar[str] = "group"
    SORT: ClassVar[tuple[str, bool] | None] = ("cost_usd", True)
    GROUPINGS: ClassVar[Sequence[str]] = PLACES

    def __init__(self, session: Session, destination: ToFleetGroups) -> None:
        super().__init__(session)
        self.week = destination.week

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb, with what is set beside each other."""
        return ("Compare", f"by {self.by}, with {self.before}")

    def question(self) -> Callable[[QueryContext], FleetGroups]:
        """Asks what the functions of each group did, and how that changed."""
        by, week = self.by, self.week
        return lambda query: fleet_groups(query.reader, query.range, query.book, by, week=week, scope=query.scope)

    def key_of(self, row: FleetGroup) -> Any:
        """The account, region or value of the tag."""
        return row.group

    def compare_by_next(self) -> None:
        """Goes on to regions, then asks for a tag, then begins anew."""
        self.group_by_next()
