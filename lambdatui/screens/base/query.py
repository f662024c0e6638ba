"""How screens ask: a question to the store, asked in a thread, and an answer that is painted."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.worker import get_current_worker

from lambdatui.screens.base.screen import CommandScreen
from lambdatui.session.messages import Answered, AnswerFailed, StoreChanged
from lambdatui.session.session import Session
from lambdatui.views.named_filter import OF_FUNCTIONS
from lambdatui.views.time_range import RangeChoice, TimeRange, ceil_minute, span_text
from lambdatui.widgets.header import Header
from lambdatui.widgets.messages import RangeClicked
from lambdatui.widgets.notice import Notice

if TYPE_CHECKING:
    from lambdatui.session.queries import QueryContext
    from lambdatui.views.function_set import FunctionSet
    from lambdatui.views.scope import Scope
    from lambdatui.views.tag_terms import Alternatives


class QueryScreen(CommandScreen):
    """A screen of what the store holds in a range of time. Subclasses give ``question``, and paint its answer.

    Nothing here reads the store on the thread that paints.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.answer: Any = None
        """What ``question`` gave last; None before the first answer."""
        self._stale = False
        self._narrowing = session.narrowing
        self.own_tags: tuple[Alternatives, ...] = ()
        """The tags that this screen's filter names."""
        self.own_sets: tuple[FunctionSet, ...] = ()
        """The functions that saved filters in this screen's filter choose."""
        self.shown_scope: Scope | None = None
        """The scope of ``answer``, its tags looked up in the store."""
        self.shown_range: TimeRange | None = None
        """The range that ``answer`` is of."""

    # What a subclass says -----------------------------------------------------------------------------------------

    @abstractmethod
    def question(self) -> "Callable[[QueryContext], Any]":
        """A function that asks the store, in a thread. ``question`` itself runs on the thread that paints: it reads the
        screen's state, so that the function need not.
        """

    @abstractmethod
    def paint(self, answer: Any) -> None:
        """Shows the answer to ``question``."""

    def paint_part(self, subject: str, answer: Any) -> None:
        """Shows the answer to a further question about the shown rows, such as another page of them."""

    def paint_aside(self, subject: str, answer: Any) -> bool:
        """Shows an answer that belongs to no rows, such as a list to choose from. Returns whether it was one."""
        return False

    @property
    def scope(self) -> "Scope":
        """The session's scope, narrowed by what the screen was opened for and by the tags of its filter."""
        return self.session.scope.and_tags(self.own_tags).and_functions(self.narrowing, *self.own_sets)

    def is_of_many(self) -> bool:
        """Whether the screen is of all functions in scope: then it is narrowed to those that were chosen before."""
        return True

    @property
    def narrowing(self) -> "FunctionSet | None":
        """The functions that the screen was opened for, by a filter or by marks; None: all."""
        return self._narrowing if self.is_of_many() else None

    def narrowing_text(self) -> str:
        """``functions: checkout (12)``, ``2 marked: basket, pay``, for the header; empty where all are shown."""
        narrowing, scope = self.narrowing, self.shown_scope
        if narrowing is None or narrowing.by_marks:
            return narrowing.text if narrowing is not None else ""
        tagged = scope.tagged if scope is not None else None
        return f"functions: {narrowing.text}" + (f" ({len(tagged.keys):,})" if tagged is not None else "")

    def filter_to_save(self) -> tuple[str, str]:
        """The screen's filter, else that of functions by which the screen is narrowed."""
        rows, expression = super().filter_to_save()
        narrowing = self.narrowing
        if not expression and narrowing is not None and not narrowing.by_marks:
            return OF_FUNCTIONS, narrowing.text
        return rows, expression

    def narrowing_word(self) -> str:
        """``all functions`` where the screen is narrowed to some."""
        return "all functions" if self.narrowing is not None else ""

    def narrowing_notes(self) -> list[str]:
        """Why a narrowed screen may be empty, and which key undoes it, as paragraphs; none where all are shown."""
        narrowing, scope = self.narrowing, self.shown_scope
        if narrowing is None:
            return []
        tagged = scope.tagged if scope is not None else None
        if not narrowing.by_marks and tagged is not None and not tagged.keys:
            return [f"No functions match the filter  {narrowing.text}", "Esc shows all functions."]
        return [f"Only {self.narrowing_text()}. Esc shows all functions."]

    def end_narrowing(self) -> bool:
        """Shows all functions again; other screens do likewise."""
        narrowing = self.narrowing
        if narrowing is None:
            return False
        self.session.end_narrowing()
        self._narrowing = self.session.narrowing
        what = "nothing is marked any more" if narrowing.by_marks else f"no longer narrowed by {narrowing.text}"
        rest = self.narrowing
        self.say(f"{what}: {'all functions' if rest is None else f'functions by {rest.text}'}; Esc again goes on")
        self.ask_rows()
        return True

    def take_narrowing(self) -> None:
        """Asks again where other functions are chosen now than when the screen was opened."""
        before, self._narrowing = self.narrowing, self.session.narrowing
        if self.narrowing != before:
            self.ask_rows()

    def scope_for(self, subject: str) -> "Scope":
        """The scope to ask with: for parts of shown rows, that of the rows, so that both are of the same functions."""
        shown = self.shown_scope
        return shown if subject != "rows" and shown is not None and shown.unbound == self.scope else self.scope

    # Asking -------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Asks the screen's question for the first time."""
        self.ask_rows()

    def ask_rows(self) -> None:
        """Asks the screen's question again; an answer to the earlier one that has not come yet is dropped."""
        self._stale = False
        self._ask_rows(self.question(), self.session.choice, self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="rows")
    def _ask_rows(self, question: "Callable[[QueryContext], Any]", choice: RangeChoice, now_ms: int) -> None:
        self.ask_store("rows", question, choice, now_ms)

    def ask_store(
        self, subject: str, question: "Callable[[QueryContext], Any]", choice: RangeChoice, now_ms: int
    ) -> None:
        """Runs in a worker's thread: asks, and posts ``Answered`` or ``AnswerFailed``."""
        from lambdatui.session.queries import QueryError, ask

        worker = get_current_worker()
        try:
            time_range, (answer, scope) = ask(
                self.session.db, choice, now_ms, lambda query: (question(query), query.scope),
                self.scope_for(subject),
            )  # fmt: skip
        except QueryError as error:
            if not worker.is_cancelled:
                self.post_message(AnswerFailed(subject, str(error)))
            return
        if not worker.is_cancelled:
            self.post_message(Answered(subject, time_range, answer, scope))

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        notice = self.query_one(Notice)
        if notice.failing:
            notice.clear_notice()
        if self.paint_aside(message.subject, message.answer):
            return
        if message.subject == "rows":
            self.session.shown = self.shown_range = message.range
            self.answer, self.shown_scope = message.answer, message.scope
            self.paint(message.answer)
        elif self._is_of_shown_rows(message.range):
            self.paint_part(message.subject, message.answer)
        self.refresh_header()
        self._say_prices()

    def _say_prices(self) -> None:
        """Says once, also in the list of problems, that other prices are in use than were named or refreshed."""
        from lambdatui.session.queries import price_notices

        notices = price_notices()
        if notices != self.session.price_notices:
            self.session.price_notices = notices
            for notice in notices:
                self.session.add_problem("prices", notice)
                self.say(notice)

    def _is_of_shown_rows(self, answered: TimeRange) -> bool:
        """Whether a part belongs to the rows that are shown, and not to those of a range before."""
        shown = self.shown_range
        return shown is not None and (shown.from_ms, shown.to_ms) == (answered.from_ms, answered.to_ms)

    def choice_of_shown_rows(self) -> RangeChoice:
        """Exactly the range of the rows that are shown: "the last hour" has moved on since they were asked for."""
        shown = self.shown_range
        if shown is None:
            return self.session.choice
        return RangeChoice(start=str(shown.from_ms), end=str(shown.to_ms))

    @on(StoreChanged)
    def _store_changed(self) -> None:
        if self.session.paused or not self.is_current:
            self._stale = True
        else:
            self.ask_rows()

    def on_screen_resume(self) -> None:
        """Asks again where another screen chose another range, or the store changed meanwhile and is not paused."""
        elsewhere = self.answer is not None and self.shown_range != self.session.shown
        undone = self.narrowing is not None and self.session.narrowing is None
        if undone:
            self._narrowing = None
        if undone or elsewhere or (self._stale and not self.session.paused):
            self.ask_rows()

    def refresh_header(self) -> None:
        """Paints the header again, with its notes on the tags in scope."""
        if self.is_mounted:
            self.refresh_keys()
            tags = self.shown_scope.tag_notes if self.shown_scope is not None else ()
            summary = replace(self.summary(), tags=tags, narrowed=self.narrowing_text())
            self.query_one(Header).show_summary(self.heading(), summary)

    # Choosing the range of time ---------------------------------------------------------------------------------------

    def toggle_pause(self) -> None:
        """Stops asking again when the store changes, or goes on and asks at once."""
        self.session.paused = not self.session.paused
        if not self.session.paused:
            self.ask_rows()
        self.refresh_header()

    def choose_preset(self, preset: str) -> None:
        """Looks at a range named as in ``views.presets``, such as ``24h`` or ``mtd``."""
        choice = self.session.choice.with_preset(preset)
        # "All" includes what came after a moment that was travelled to.
        self.session.choice = replace(choice, at=None) if preset == "all" else choice
        self.ask_rows()

    @on(RangeClicked)
    def _range_clicked(self) -> None:
        self.choose_time()

    def choose_time(self) -> None:
        """Asks for a range in words, and looks at it."""
        from lambdatui.screens.dialogs.time_range import TimeScreen

        def take(choice: RangeChoice | None) -> None:
            if choice is not None:
                self.session.choice = choice
                self.ask_rows()

        self.app.push_screen(TimeScreen(self.session), take)

    def travel(self, *, back: bool) -> None:
        """Moves the range by its own length; forward it ends at now, and then follows the clock again."""
        shown, now = self.session.shown, self.session.now_ms()
        if shown is None:
            return
        choice = self.session.choice
        if choice.preset == "all" and choice.start is None and choice.end is None:
            self.say("all that the store holds is shown: 1 to 5 choose a range to travel with")
            return
        if not back and shown.to_ms >= ceil_minute(now):
            self.say("this is now: there is nothing later")
            return
        to = shown.back() if back else shown.forward(now)
        live = not back and to.to_ms >= ceil_minute(now)
        length = choice.preset if choice.start is None and choice.end is None else span_text(shown.span_ms)
        self.session.choice = replace(choice.with_preset(length), at=None if live else str(to.to_ms))
        self.ask_rows()
