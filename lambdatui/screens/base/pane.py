"""The pane for the row under the cursor: when it is asked for, and what ``Tab`` shows and hides."""

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from lambdatui.screens.base.places import PlacesScreen
from lambdatui.session.messages import Answered
from lambdatui.session.session import Session
from lambdatui.start.state import PANES
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.cursor_pace import CursorPace
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.layout import NOWHERE, band_lines, panes_wanted
from lambdatui.widgets.messages import PaneResized, RowReached
from lambdatui.widgets.row_pane import RowPane, TableAndPane
from lambdatui.widgets.table import Table

if TYPE_CHECKING:
    from textual.timer import Timer

    from lambdatui.session.queries import QueryContext
    from lambdatui.views.row_details import RowDetails
    from lambdatui.views.scope import Scope

    DetailsQuestion = Callable[[QueryContext], RowDetails]

_REMEMBERED = 64
"""So many rows' details are kept while the store does not change."""
_PATIENCE_S = 0.3
"""A pane whose question takes longer says that it is being read."""
_FURTHER_S = 0.15
"""What is known of a row waits this long for what is to be added to it, so that the pane is mostly painted once."""
_CHART_MARGIN = 12
CHOICES = {  # the first is not saved
    "both": "band and pane",
    "band": "the band alone",
    "pane": "the pane alone",
    "none": "the table alone",
}


@dataclass
class DetailsAnswered(Message):
    """The store was asked about a row."""

    key: Any
    """What identifies the row."""
    asked_of: int
    """The number of the rows' answer that the row is of."""
    details: "RowDetails | None"
    """What is known of it; None where the question failed."""
    notice: str = ""
    """What failed and what to do."""
    more_follows: bool = False
    """Whether more is being asked about the same row."""


class PaneScreen(PlacesScreen):
    """A screen with a table, and a pane for the row under its cursor. Subclasses say what is known of a row.

    A question is asked in a thread once the cursor rests. An answer is painted only while the cursor is on its row.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._pace = CursorPace()
        self._rest: Timer | None = None
        self._patience: Timer | None = None
        self._awaited: Any = None  # the key of the row that was asked about last, until its answer comes
        self._answers = 0
        self._details: OrderedDict[Any, RowDetails] = OrderedDict()
        self._band_is_seen = False

    # What a subclass says -----------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def table(self) -> Table:
        """The table."""

    @abstractmethod
    def key_of(self, row: Any) -> Any:
        """What identifies a row: when rows are read again, the cursor stays on the one with the same key."""

    def details_question(self, row: Any) -> "DetailsQuestion | None":
        """A function that asks the store, in a thread, what the pane shows of a row; None where it shows nothing.

        ``details_question`` itself runs on the thread that paints: it reads the screen's state.
        """
        return None

    def further_details(self, row: Any) -> "Callable[[QueryContext, RowDetails], RowDetails] | None":
        """A function that adds to a row's details what takes longer to find out; None where there is nothing to add."""
        return None

    @classmethod
    def has_details(cls) -> bool:
        """Whether the screen has a pane at all."""
        return cls.details_question is not PaneScreen.details_question

    @property
    def chart_columns(self) -> int:
        """How many steps a chart of the pane shows at most."""
        return max(16, self.query_one(RowPane).size.width // 2 - _CHART_MARGIN)

    # Where it stands ----------------------------------------------------------------------------------------------

    def make_pane(self) -> list[Widget]:
        """The pane, where the screen has one."""
        return [RowPane(self.session.terminal, utc=self.session.utc)] if self.has_details() else []

    @property
    def _rows(self) -> TableAndPane:
        return self.query_one(TableAndPane)

    @property
    def pane(self) -> RowPane | None:
        """The pane while it is shown; None where there is no room for one, and where ``Tab`` has hidden it."""
        return self.query_one(RowPane) if self.is_mounted and self._rows.place[0] != NOWHERE else None

    @property
    def details_awaited(self) -> bool:
        """Whether the pane will show something else soon."""
        return self._rest is not None or self._awaited is not None

    def place_pane(self) -> None:
        """Gives the pane its place, by the number of rows and by what ``Tab`` chose."""
        # While a filter is typed the pane stays where it is, however few rows are left.
        if not self.query_one(FilterLine).display or not self._rows.holds(self.table.row_count):
            self._rows.fit(self.table.row_count, wanted=panes_wanted(self._chosen_panes)[1])
        self._show_band()

    def place_pane_anew(self) -> None:
        """Gives the pane the place it has for rows of another kind: it does not stay where it was for those before."""
        self._rows.forget_place()
        self.place_pane()

    def on_mount(self) -> None:
        """Gives the pane its place before anything is laid out."""
        self.place_pane()

    def on_screen_resume(self) -> None:
        """Shows what was chosen with ``Tab`` on another screen meanwhile."""
        if self.is_mounted:
            self.place_pane()
            self.follow_row(moved=False)

    def on_resize(self) -> None:
        """Shows the band where there is room for it now."""
        if self.is_mounted:
            self._show_band()

    @on(PaneResized)
    def _pane_resized(self) -> None:
        self.follow_row(moved=False)

    @property
    def _chosen_panes(self) -> str:
        chosen = self.session.saved.get(PANES, "")
        return chosen if chosen in CHOICES else "both"

    @property
    def _band(self) -> Widget | None:
        return next(iter(self.query("Band")), None)

    def _show_band(self) -> None:
        band, wanted = self._band, panes_wanted(self._chosen_panes)[0]
        if band is None:
            return
        band.display = wanted
        before, self._band_is_seen = self._band_is_seen, wanted and self._has_band_here()
        if self._band_is_seen and not before:
            self.band_came()

    def band_came(self) -> None:
        """Called when the band comes into sight: what it shows is not asked for while nobody sees it."""

    def choose_panes(self) -> None:
        """Goes on from band and pane to the band, the pane, none, and to both again; skips what makes no difference."""
        line = self.query_one(FilterLine)
        if line.has_focus:
            self.table.focus()
            return
        band, pane = self._has_band_here(), self._has_pane_here()
        if not band and not pane:
            self.say(self._why_no_pane())
            return
        names = list(CHOICES)

        def shown(name: str) -> tuple[bool, bool]:
            wanted = panes_wanted(name)
            return band and wanted[0], pane and wanted[1]

        at = names.index(self._chosen_panes)
        following = [*names[at + 1 :], *names[:at]]
        chosen = next(name for name in following if shown(name) != shown(self._chosen_panes))
        self.session.saved[PANES] = "" if chosen == "both" else chosen
        self.place_pane()
        if band and pane:
            self.say(f"{CHOICES[chosen]}: Tab goes on")
        else:
            is_shown, what = any(shown(chosen)), "band" if band else "pane"
            self.say(f"the {what} is shown: Tab hides it" if is_shown else f"the {what} is hidden: Tab shows it")

    def _why_no_pane(self) -> str:
        if not self.has_details():
            return "there is nothing to show beside these rows"
        if not self.table.row_count:
            return "there is no row to show more of"
        return "there is room for a pane from 100 columns on, or with 12 lines free below the rows"

    def _has_pane_here(self) -> bool:
        rows = self._rows
        return self.has_details() and rows.room_in(rows.size)[0] != NOWHERE

    def _has_band_here(self) -> bool:
        return self._band is not None and band_lines(*self.app.size) > 0

    def scroll_pane(self, pages: float) -> None:
        """Scrolls the pane's text by parts of its height; negative is up."""
        if self.pane is not None:
            self.pane.scroll_pages(pages)

    # Following the cursor -----------------------------------------------------------------------------------------

    @on(RowReached)
    def _row_reached(self, message: RowReached) -> None:
        self.place_pane()
        self.follow_row(moved=message.moved)

    @on(Answered)
    def _rows_answered(self, message: Answered) -> None:
        if message.subject == "rows":  # what was known of rows is of the answer before
            self._answers += 1
            self._details.clear()

    def follow_row(self, *, moved: bool) -> None:
        """Shows the row under the cursor as soon as the cursor rests on it."""
        if self._rest is not None:
            if not moved:
                return  # the cursor is on its way
            self._rest.stop()
            self._rest = None
        pane = self.pane
        if pane is None:
            return
        if self.table.row is None:
            self._awaited = None
            if not self.table.row_count:
                pane.show_notice("", "")
            return
        delay = self._pace.delay(monotonic()) if moved else 0.0
        self._rest = self.set_timer(delay, self._rested) if delay else None
        if not delay:
            self._rested()

    def _rested(self) -> None:
        self._rest = None
        row, pane = self.table.row, self.pane
        if row is None or pane is None or not self.is_current:
            return
        key = self.key_of(row)
        if key in self._details:
            self._awaited = None
            self._details.move_to_end(key)
            pane.show_details(self._details[key])
            return
        if self.answer is None or self._awaited == (key, self._answers):
            return  # the rows of the first frame know no more than they show
        question = self.details_question(row)
        if question is None:
            self._awaited = None
            pane.show_notice("", "")
            return
        self._awaited = key, self._answers
        if self._patience is not None:
            self._patience.stop()
        self._patience = self.set_timer(_PATIENCE_S, self._say_reading)
        self._ask_details(
            question, self.further_details(row), key, self._answers, self.choice_of_shown_rows(),
            self.scope_for("details"), self.session.now_ms(),
        )  # fmt: skip

    def _say_reading(self) -> None:
        pane = self.pane
        if pane is not None and self._awaited is not None:
            pane.show_notice("", "being read")

    def _show_so_far(self, key: Any, details: "RowDetails") -> None:
        row, pane = self.table.row, self.pane
        if row is not None and pane is not None and self.key_of(row) == key:
            pane.show_details(details)

    @work(thread=True, exclusive=True, exit_on_error=False, group="details")
    def _ask_details(
        self,
        question: "DetailsQuestion",
        further: "Callable[[QueryContext, RowDetails], RowDetails] | None",
        key: Any,
        asked_of: int,
        choice: RangeChoice,
        scope: "Scope",
        now_ms: int,
    ) -> None:
        from lambdatui.session.queries import QueryError, ask

        worker = get_current_worker()
        try:
            details = ask(self.session.db, choice, now_ms, question, scope)[1]
            if details.charts:
                import_module("lambdatui.widgets.chart")  # here, and not on the thread that paints
            if worker.is_cancelled:
                return
            self.post_message(DetailsAnswered(key, asked_of, details, more_follows=further is not None))
            if further is None:
                return
            details = ask(self.session.db, choice, now_ms, lambda query: further(query, details), scope)[1]
            answered = DetailsAnswered(key, asked_of, details)
        except QueryError as error:
            answered = DetailsAnswered(key, asked_of, None, str(error))
        except Exception as error:  # told in the pane: the rest of the screen knows what it shows
            notice = f"unexpected {type(error).__name__}: {error}; ctrl-r asks again"
            answered = DetailsAnswered(key, asked_of, None, notice)
        if not worker.is_cancelled:
            self.post_message(answered)

    @on(DetailsAnswered)
    def _details_answered(self, message: DetailsAnswered) -> None:
        if message.asked_of != self._answers:
            return
        if message.details is not None and not message.more_follows:
            self._details[message.key] = message.details
            if len(self._details) > _REMEMBERED:
                self._details.popitem(last=False)
        row, pane = self.table.row, self.pane
        if self._awaited == (message.key, message.asked_of) and not message.more_follows:
            self._awaited = None
        if row is None or pane is None or self.key_of(row) != message.key:
            return  # the cursor has gone on
        if self._patience is not None:
            self._patience.stop()
            self._patience = None
        if message.details is None:
            self.session.add_problem(" > ".join(self.heading()), message.notice)
            pane.show_notice("", message.notice, failing=True)
        elif message.more_follows:
            self._patience = self.set_timer(_FURTHER_S, partial(self._show_so_far, message.key, message.details))
        else:
            pane.show_details(message.details)
