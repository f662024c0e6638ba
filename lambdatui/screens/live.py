"""The live tail of the logs' screen: a child tells lines, a thread reads them, messages bring them here."""

from collections import deque
from dataclasses import dataclass

from textual import on, work
from textual.message import Message
from textual.timer import Timer
from textual.worker import get_current_worker

from lambdatui.processes.child_process import Child
from lambdatui.processes.live_tail import LiveTail, Told, arguments, came
from lambdatui.screens.lines import LinesScreen
from lambdatui.session.queries import Question, Unanswered, ask
from lambdatui.session.session import Session
from lambdatui.text.figures import money
from lambdatui.views.live import LiveTarget, NoLiveTail, live_target
from lambdatui.views.log_search import SHOWN_LINES
from lambdatui.views.logs import LogView
from lambdatui.widgets.log_text import prepare
from lambdatui.widgets.state_line import StateLine


@dataclass
class LiveCame(Message):
    """The child told something."""

    tail: LiveTail
    """The tail it belongs to: one that was stopped is of no interest any more."""
    found: list[LogView | Told]
    """Lines, and how the tail is."""


@dataclass
class LiveEnded(Message):
    """The child has ended, or could not begin."""

    tail: LiveTail
    """The tail that it was."""
    said: str
    """Why, and what to do."""


class LiveScreen(LinesScreen):
    """``0`` begins and ends a live tail. It costs money by the minute: leaving the screen ends it too."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.live: LiveTail | None = None
        self.live_lines: deque[LogView] = deque(maxlen=SHOWN_LINES)  # collection brings the others
        self.following = False
        self._ticking: Timer | None = None
        self._waiting = 0

    def tailed(self) -> list[int] | None:
        """The ids of the functions to tail; None: those that the session is narrowed to."""
        raise NotImplementedError

    def text_of(self, line: LogView) -> str:
        """A line as it stands in the log."""
        raise NotImplementedError

    def show_live(self) -> None:
        """Paints the lines again, with those that came."""
        raise NotImplementedError

    def toggle_live(self) -> None:
        if self.live is not None:
            cost = self.live.told.cost_usd if self.live.told else None
            self._end_live(f"the live tail has ended{': ' + money(cost) if cost else ''}; 0 begins another")
            return
        self.live = LiveTail()
        self.log_pane.pinned = True
        self._ticking = self.set_interval(5.0 if self.session.terminal.remote else 1.0, self._tick)
        self._tick()
        self._tail(self.live, self.tailed())
        self._restand()

    def _end_live(self, said: str) -> None:
        """Its lines stay until the store has them."""
        if self.live is not None:
            self.live.stop()
            self.live = None
        if self._ticking is not None:
            self._ticking.stop()
        self.query_one(StateLine).say("")
        self.say(said)
        self._restand()

    def on_unmount(self) -> None:
        if self.live is not None:
            self.live.stop()

    @work(thread=True, exclusive=True, exit_on_error=False, group="live")
    def _tail(self, tail: LiveTail, functions: list[int] | None) -> None:
        """Runs in a thread until the child ends."""
        worker, session = get_current_worker(), self.session

        def asked(question: Question) -> tuple[LiveTarget, dict[str, int]]:
            target = live_target(question.reader, narrow=question.narrow, function_ids=functions)
            keys = {row.function.key: row.id for row in question.reader.functions()}
            here = {k.name: id for k, id in keys.items() if (k.account, k.region) == (target.account, target.region)}
            return target, here

        try:
            _, (target, identities) = ask(session.db, session.choice, session.now_ms(), asked, session.narrow)
            tail.functions = target.functions
            child = tail.child = Child(arguments(session.db, target, session.profile_of(target.account)))
        except (Unanswered, NoLiveTail, OSError) as error:
            self.post_message(LiveEnded(tail, str(error)))
            return
        if tail.stopped:
            child.stop()
        for found in came(child, identities):
            for one in found:
                if isinstance(one, LogView):
                    prepare(self.text_of(one))
            if not (tail.stopped or worker.is_cancelled):
                self.post_message(LiveCame(tail, found))
        code, complaints = child.ended()
        said = complaints[-1].removeprefix("lambdatui: ") if complaints else f"it ended with exit code {code}"
        self.post_message(LiveEnded(tail, said))

    @on(LiveCame)
    def _came(self, message: LiveCame) -> None:
        if message.tail is not self.live:
            return
        lines = [one for one in message.found if isinstance(one, LogView)]
        for one in message.found:
            if isinstance(one, Told):
                self.live.take(one)
                if one.note:
                    self.session.went_wrong(" > ".join(self.heading()), one.note)
        self.live.seen += len(lines)
        self.live_lines += lines
        self._waiting += len(lines)
        self._tick()
        self._restand()

    @on(LiveEnded)
    def _ended(self, message: LiveEnded) -> None:
        if message.tail is not self.live:
            return
        said = f"no live tail: {message.said}"
        self.session.went_wrong(" > ".join(self.heading()), said)
        self.following = True
        self._end_live(f"{said}. What is collected is followed")

    def _show_if_wanted(self) -> None:
        """Whoever has moved up from the end reads on in peace: what comes is counted, and waits below."""
        pane = self.log_pane
        if self._waiting and not self.session.paused and (pane.pinned or pane.is_vertical_scroll_end):
            self._waiting = 0
            self.show_live()

    def _tick(self) -> None:
        if self.live is None:
            return
        self._show_if_wanted()
        dot = self.session.marks.dot
        waiting = f" {dot} {self._waiting:,} below: G" if self._waiting else ""
        first, _, note = self.live.state(dot).partition("\n")
        self.query_one(StateLine).say(f"{first}{waiting}{chr(10) + note if note else ''}")

    def live_word(self) -> str:
        """For the header."""
        return self.live.word if self.live is not None else "FOLLOWING" if self.following else ""
