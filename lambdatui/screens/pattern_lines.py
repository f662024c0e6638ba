"""The log lines of one pattern, newest last."""

from collections.abc import Callable

from lambdatui.screens.base.log_search import LogSearchScreen
from lambdatui.session.destinations import ToPatternLines
from lambdatui.session.queries import QueryContext
from lambdatui.session.session import Session
from lambdatui.views.log_search import LogSearch
from lambdatui.views.patterns import pattern_lines


class PatternLinesScreen(LogSearchScreen):
    """The screen of one pattern's lines. ``/`` keeps those with every word that was typed."""

    def __init__(self, session: Session, destination: ToPatternLines) -> None:
        super().__init__(session)
        self._row = destination.row

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb, with the pattern's id."""
        return ("Patterns", self._row.pattern, "Lines")

    def is_of_many(self) -> bool:
        """It is of the functions whose pattern was counted, until one goes back."""
        return False

    def narrowing_text(self) -> str:
        """The functions that the pattern's screen was narrowed to."""
        narrowing = self._narrowing
        return "" if narrowing is None else narrowing.text if narrowing.by_marks else f"functions: {narrowing.text}"

    def question(self) -> Callable[[QueryContext], LogSearch]:
        """Reads the pattern's lines of the range that hold all words of the filter."""
        template, ids, words = self._row.template, self._row.function_ids, self.filter.split()
        return lambda query: pattern_lines(query.reader, query.range, template, function_ids=ids, contains=words)
