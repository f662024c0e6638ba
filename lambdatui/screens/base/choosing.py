"""The filter that travels: the functions that it leaves are those that other screens are narrowed to."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from lambdatui.screens.base.query import QueryScreen
from lambdatui.screens.base.table import TableScreen

if TYPE_CHECKING:
    from lambdatui.views.function_row import FunctionView
    from lambdatui.views.function_set import FunctionSet
    from lambdatui.views.scope import Scope


class ChoosingScreen(TableScreen):
    """A screen of all functions, where those are chosen that others are of: by its filter, or by marks."""

    MARKS_FUNCTIONS: ClassVar[bool] = True
    _chosen: "FunctionSet | None" = None
    """The functions that the filter left last."""

    @abstractmethod
    def ask_beside_rows(self) -> None:
        """Asks for what stands beside the rows, which is of the chosen functions."""

    def is_of_many(self) -> bool:
        """Functions are chosen here: the filter and the marks are seen in the rows, and narrow other screens."""
        return False

    def _filtered_rows(self) -> "Sequence[FunctionView]":
        """The rows of the answer that the filter leaves; those in no trouble too, where only the others are shown."""
        rows: Sequence[FunctionView] = self.answer.rows if self.answer is not None else ()
        where = self.table.where
        return rows if where is None else where.apply(rows)

    def _choose_functions(self) -> None:
        """Has other screens narrowed to the functions that the filter leaves; without a filter to none."""
        chosen = self._by_filter() if self.filter and self.answer is not None else None
        if chosen != self.session.function_filter:
            self.session.function_filter = chosen
            for screen in self.app.screen_stack:
                if isinstance(screen, QueryScreen) and screen is not self:
                    screen.take_narrowing()
        self._chosen = chosen

    def _by_filter(self) -> "FunctionSet":
        from lambdatui.views.function_set import FunctionSet

        where, tags = self.table.where, self.own_tags
        if where is None:
            return FunctionSet(self.filter, tags=tags)
        ids = frozenset(row.function_id for row in self._filtered_rows())
        known = frozenset(row.function_id for row in self.answer.rows)
        return FunctionSet(self.filter, ids, known, where, tags)

    def choose_anew(self) -> None:
        """Forgets which functions the filter chose, because the store is another one, and asks that one."""
        self._chosen = self.session.function_filter = None
        if self.filter:
            self.ask_rows()

    def scope_for(self, subject: str) -> "Scope":
        """What stands beside the rows is of those that the filter leaves; the band names its functions itself."""
        chosen = self.session.function_filter
        if chosen is None or subject in ("rows", "fleet", "growth"):
            return super().scope_for(subject)
        return self.scope.and_functions(chosen)

    def filter_to(self, expression: str, *, done: bool) -> None:
        """Filters the rows; at Enter other screens, and what stands beside the rows, are narrowed likewise."""
        tags = self.own_tags
        super().filter_to(expression, done=done)
        if done and self.answer is not None and tags == self.own_tags:  # with other tags the store was asked again
            self._choose_again()

    def _choose_again(self) -> None:
        before = self._chosen
        self._choose_functions()
        if self._chosen != before:
            self.ask_beside_rows()

    def on_screen_resume(self) -> None:
        """Clears the filter where it was undone on another screen."""
        if self._chosen is not None and self.session.function_filter is None:
            self.clear_filter()

    def logs_subject(self) -> tuple[int, str] | None:
        """The function under the cursor; None where functions are marked or several are left by the filter."""
        several = self.session.function_filter is not None and len(self._filtered_rows()) > 1
        return None if several else super().logs_subject()
