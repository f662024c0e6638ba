"""The live tail of the logs' screen: a child process writes lines, a thread reads them and posts messages."""

from abc import abstractmethod
from collections import deque
from dataclasses import dataclass

from textual import on, work
from textual.app import ComposeResult
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from lambdatui.processes.child_process import Child
from lambdatui.processes.live_tail import LiveTail, TailReport, arguments, batches
from lambdatui.screens.base.log_search import LogSearchScreen
from lambdatui.session.queries import QueryContext, QueryError, ask
from lambdatui.session.session import Session
from lambdatui.text.figures import money
from lambdatui.views.live import LiveTarget, NoLiveTail, live_target, with_live
from lambdatui.views.log_search import SHOWN_LINES, LogSearch
from lambdatui.views.logs import LogView
from lambdatui.views.scope import Scope
from lambdatui.widgets.log_text import cache_layout
from lambdatui.widgets.state_line import StateLine


@dataclass
class TailRead(Message):
    """The child has written something."""

    tail: LiveTail
    """The tail that read the items; those of a tail that was stopped since are ignored."""
    items: list[LogView | TailReport]
    """Log lines, and reports on the state of the tail."""


@dataclass
class TailEnded(Message):
    """The child has ended, or could not begin."""

    tail: LiveTail
    """The tail that has ended."""
    reason: str
    """Why, and what to do."""


class LiveTailScreen(LogSearchScreen):
    """A log that can be tailed live. That costs money by the minute: leaving the screen ends the tail."""

    def __init__(self, session: Session, function_id: int | None = None, name: str = "") -> None:
        super().__init__(session, function_id, name)
        self.live: LiveTail | None = None
        self.live_lines: deque[LogView] = deque(maxlen=SHOWN_LINES)  # older lines are read from the store
        self._ticking: Timer | None = None
        self._waiting = 0

    @abstractmethod
    def tailed_function_ids(self) -> list[int] | None:
        """The ids of the functions to tail; None: all that are in scope."""

    def body(self) -> ComposeResult:
        """The log, and the line that says how the live tail goes."""
        yield from super().body()
        yield StateLine()

    @property
    def tailing(self) -> bool:
        """Whether a live tail runs."""
        return self.live is not None

    def rows_of(self, answer: LogSearch) -> list[LogView]:
        """The stored lines and the live ones; only the stored ones while lines around matches are shown."""
        rows = super().rows_of(answer)
        return rows if self.around else with_live(rows, self._live_lines_in_scope(), self.where, more=answer.more)

    def _live_lines_in_scope(self) -> list[LogView]:
        """The live lines, without those of functions to which the screen was not narrowed when the tail began."""
        tagged = self.shown_scope.tagged if self.shown_scope is not None else None
        names = None if tagged is None else {name for _, _, name in tagged.keys}
        return [line for line in self.live_lines if names is None or line.function in names]

    def toggle_live(self) -> None:
        """Begins a live tail, or ends the one that runs and says what it cost."""
        if self.live is not None:
            cost = self.live.report.cost_usd if self.live.report else None
            self._end_live(f"the live tail has ended{': ' + money(cost) if cost else ''}; 0 begins another")
            return
        self.live = LiveTail()
        self.log_pane.pinned = True
        self._ticking = self.set_interval(5.0 if self.session.terminal.remote else 1.0, self._tick)
        self._tick()
        self._tail(self.live, self.tailed_function_ids(), self.scope)
        self.refresh_header()

    def _end_live(self, notice: str) -> None:
        """Ends the tail. Its lines stay until the store has them."""
        if self.live is not None:
            self.live.stop()
            self.live = None
        if self._ticking is not None:
            self._ticking.stop()
        self.query_one(StateLine).say("")
        self.say(notice)
        self.refresh_header()

    def on_unmount(self) -> None:
        """Ends the live tail: without the screen it would only cost money."""
        if self.live is not None:
            self.live.stop()

    @work(thread=True, exclusive=True, exit_on_error=False, group="live")
    def _tail(self, tail: LiveTail, function_ids: list[int] | None, scope: Scope) -> None:
        """Runs in a thread until the child ends."""
        worker, session = get_current_worker(), self.session

        def target_and_ids(query: QueryContext) -> tuple[LiveTarget, dict[str, int]]:
            target = live_target(query.reader, scope=query.scope, function_ids=function_ids)
            keys = {row.function.key: row.id for row in query.reader.functions()}
            here = {k.name: id for k, id in keys.items() if (k.account, k.region) == (target.account, target.region)}
            return target, here

        try:
            _, (target, ids) = ask(session.db, session.choice, session.now_ms(), target_and_ids, scope)
            tail.functions, tail.left_out = target.functions, target.left_out
            child = tail.child = Child(arguments(session.db, target, session.profile_of(target.account)))
        except (QueryError, NoLiveTail, OSError) as error:
            self.post_message(TailEnded(tail, str(error)))
            return
        if tail.stopped:
            child.stop()
        for items in batches(child, ids):
            for item in items:
                if isinstance(item, LogView):
                    cache_layout(self.text_of(item))
            if not (tail.stopped or worker.is_cancelled):
                self.post_message(TailRead(tail, items))
        code, complaints = child.wait_for_end()
        reason = complaints[-1].removeprefix("lambdatui: ") if complaints else f"it ended with exit code {code}"
        self.post_message(TailEnded(tail, reason))

    @on(TailRead)
    def _tail_read(self, message: TailRead) -> None:
        if message.tail is not self.live:
            return
        lines = [item for item in message.items if isinstance(item, LogView)]
        for item in message.items:
            if isinstance(item, TailReport):
                self.live.take(item)
                if item.note:
                    self.session.add_problem(" > ".join(self.heading()), item.note)
        self.live.seen += len(lines)
        self.live_lines += lines
        self._waiting += len(lines)
        self._tick()
        self.refresh_header()

    @on(TailEnded)
    def _tail_ended(self, message: TailEnded) -> None:
        if message.tail is not self.live:
            return
        problem = f"no live tail: {message.reason}"
        self.session.add_problem(" > ".join(self.heading()), problem)
        self.following = True
        self._end_live(f"{problem}. What is collected is followed")

    def _show_if_wanted(self) -> None:
        """Shows new lines, unless somebody has moved up to read: then they are counted, and wait below."""
        pane = self.log_pane
        if self._waiting and not self.session.paused and (pane.pinned or pane.is_vertical_scroll_end):
            self._waiting = 0
            self.paint_again()

    def _tick(self) -> None:
        if self.live is None:
            return
        self._show_if_wanted()
        dot = self.session.marks.dot
        waiting = f" {dot} {self._waiting:,} below: G" if self._waiting else ""
        first, _, note = self.live.state(dot).partition("\n")
        self.query_one(StateLine).say(f"{first}{waiting}{chr(10) + note if note else ''}")

    def following_word(self) -> str:
        """The live tail's own word for the header while it runs, else ``FOLLOWING`` or nothing."""
        return self.live.word if self.live is not None else super().following_word()
