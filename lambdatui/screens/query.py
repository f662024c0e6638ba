"""How screens ask: a question to the store, asked in a thread, and an answer that is painted."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.screen import Screen
from textual.worker import Worker, WorkerState, get_current_worker

from lambdatui.session.messages import Answered, Failed, StoreChanged
from lambdatui.session.session import Session
from lambdatui.views.time_range import RangeChoice, TimeRange
from lambdatui.widgets.header import Header, Standing
from lambdatui.widgets.notice import Notice

if TYPE_CHECKING:
    from lambdatui.session.queries import Question
    from lambdatui.views.scope import Narrow
    from lambdatui.views.tag_terms import Alternatives


class Asking(Screen[None]):
    """A screen with a header and a notice, and a question. Nothing here reads the store on the thread that paints."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.answer: Any = None
        self._stale = False
        self.own_tags: tuple[Alternatives, ...] = ()
        self.shown_narrow: Narrow | None = None
        self.shown_range: TimeRange | None = None

    # What a subclass says -----------------------------------------------------------------------------------------

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb."""
        raise NotImplementedError

    def question(self) -> "Callable[[Question], Any]":
        """What to ask; called on the painting thread, so that what it closes over is settled there."""
        raise NotImplementedError

    def paint(self, answer: Any) -> None:
        raise NotImplementedError

    def standing(self) -> Standing:
        return Standing()

    @property
    def narrow(self) -> "Narrow":
        """What the session is narrowed to, and the tags of this screen's filter."""
        return self.session.narrow.and_tags(self.own_tags)

    def _narrow_for(self, subject: str) -> "Narrow":
        """For parts of rows that are shown, the same functions as those: a part's own range may hide their tags."""
        shown = self.shown_narrow
        return shown if subject != "rows" and shown is not None and shown.unbound == self.narrow else self.narrow

    # Asking -------------------------------------------------------------------------------------------------------

    def ask_rows(self) -> None:
        """Asks the screen's question again; an answer still on its way to the old one is dropped."""
        self._stale = False
        self._ask_rows(self.question(), self.session.choice, self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="rows")
    def _ask_rows(self, question: "Callable[[Question], Any]", choice: RangeChoice, now_ms: int) -> None:
        self._ask("rows", question, choice, now_ms)

    def _ask(self, subject: str, question: "Callable[[Question], Any]", choice: RangeChoice, now_ms: int) -> None:
        """Runs in a worker's thread: asks, and posts what came of it."""
        from lambdatui.session.queries import Unanswered, ask

        worker = get_current_worker()
        try:
            time_range, (answer, narrow) = ask(
                self.session.db, choice, now_ms, lambda asked: (question(asked), asked.narrow),
                self._narrow_for(subject),
            )  # fmt: skip
        except Unanswered as error:
            if not worker.is_cancelled:
                self.post_message(Failed(subject, str(error)))
            return
        if not worker.is_cancelled:
            self.post_message(Answered(subject, time_range, answer, narrow))

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        notice = self.query_one(Notice)
        if notice.failing:
            notice.clear_notice()
        if self.paint_aside(message.subject, message.answer):
            return
        if message.subject == "rows":
            self.session.shown = self.shown_range = message.range
            self.answer, self.shown_narrow = message.answer, message.narrow
            self.paint(message.answer)
        elif self._is_of_now(message.range):
            self.paint_part(message.subject, message.answer)
        self._restand()
        self._say_prices()

    def _say_prices(self) -> None:
        """That other prices are in use than were named or refreshed; it stays among the problems."""
        from lambdatui.session.queries import price_notices

        notices = price_notices()
        if notices != self.session.prices_said:
            self.session.prices_said = notices
            for notice in notices:
                self.session.went_wrong("prices", notice)
                self.say(notice)

    def _is_of_now(self, answered: TimeRange) -> bool:
        """Whether a part belongs to the rows that are shown, and not to those of a range before."""
        shown = self.shown_range
        return shown is not None and (shown.from_ms, shown.to_ms) == (answered.from_ms, answered.to_ms)

    def choice_of_now(self) -> RangeChoice:
        """Exactly the range of the rows that are shown: "the last hour" has moved on since they were asked for."""
        shown = self.shown_range
        if shown is None:
            return self.session.choice
        return RangeChoice(start=str(shown.from_ms), end=str(shown.to_ms))

    def paint_aside(self, subject: str, answer: Any) -> bool:
        """An answer that belongs to no rows, such as what there is to choose from; whether this is one."""
        return False

    def paint_part(self, subject: str, answer: Any) -> None:
        """An answer to another question than the screen's main one."""

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        self.session.went_wrong(" > ".join(self.heading()), message.notice)
        self.query_one(Notice).say(message.notice, failing=True)
        self.failed(message)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What no question foresaw is said too: silence would look like an empty store."""
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            self.post_message(
                Failed(event.worker.group, f"unexpected {type(error).__name__}: {error}; ctrl-r asks again")
            )

    def say(self, what: str) -> None:
        self.query_one(Notice).say(what)

    def failed(self, message: Failed) -> None:
        """For screens that show more than the notice."""

    @on(StoreChanged)
    def _store_changed(self) -> None:
        if self.session.paused or not self.is_current:
            self._stale = True
        else:
            self.ask_rows()

    def on_screen_resume(self) -> None:
        elsewhere = self.answer is not None and self.shown_range != self.session.shown
        if elsewhere or (self._stale and not self.session.paused):
            self.ask_rows()
        self._restand()

    def _restand(self) -> None:
        if self.is_mounted:
            said = self.shown_narrow.said if self.shown_narrow is not None else ()
            self.query_one(Header).stand(self.heading(), replace(self.standing(), tags=said))
