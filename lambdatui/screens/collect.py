"""Collect: what was read from where, how fresh and how whole it is, and what could not be read."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType

from collectors.store.write.retention import Retention
from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.collecting import COLLECTING
from lambdatui.commands.navigation import ShowCollect
from lambdatui.screens import columns
from lambdatui.screens.base import StoreScreen
from lambdatui.screens.details import DetailsScreen, Part
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.session.queries import Question
from lambdatui.text.figures import age, count, counted, instant, milliseconds, money, ratio, size
from lambdatui.views.collection_details import CollectedView, collected
from lambdatui.views.collections import COLLECTION_COLUMNS, CollectionView
from lambdatui.views.columns import Column
from lambdatui.views.local_runner import runner_log
from lambdatui.views.time_range import RangeChoice, span_text
from lambdatui.widgets.fields import Field, Fields
from lambdatui.widgets.layout import Shown
from lambdatui.widgets.state_line import StateLine

if TYPE_CHECKING:
    from lambdatui.processes.collection import Choice, Collecting

_FIELD_CELLS = 38


class CollectScreen(TableScreen):
    """The newest collection first. Enter shows it, with the lines that were rejected."""

    NAME: ClassVar[str] = "collect"
    COMMANDS_HERE: ClassVar[Commands] = (*COLLECTING, *(one for one in TABLE_COMMANDS if one is not ShowCollect))
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COLLECTING)]
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.COLLECTED
    FILTERED: ClassVar[tuple[Column, ...]] = COLLECTION_COLUMNS
    ROW_IS: ClassVar[str] = "collection"
    SORT: ClassVar[tuple[str, bool] | None] = ("started_at", True)

    def heading(self) -> tuple[str, ...]:
        return ("Collect",)

    def body(self) -> ComposeResult:
        yield Fields(_FIELD_CELLS, self.session.marks.more, most=3, id="bill")
        yield from super().body()
        yield StateLine()

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(2.0 if self.session.terminal.remote else 0.5, self._tick)
        self._tick()

    def _tick(self) -> None:
        """How the collection goes that was started here."""
        running = self.session.collecting
        self.query_one(StateLine).say(running.state(self.session.marks.dot) if running is not None else "")

    def question(self) -> Callable[[Question], CollectedView]:
        return lambda ask: collected(ask.reader, ask.range)

    def key_of(self, row: CollectionView) -> Any:
        return row.source, row.started_at

    def in_trouble(self, row: CollectionView) -> bool:
        return bool(row.rejected) or bool(row.failures) or row.took_s is None

    def paint(self, answer: CollectedView) -> None:
        super().paint(answer)
        newest = "-" if answer.as_of is None else age(self.session.now_ms() - answer.as_of)
        rejected = sum(times for _, times in answer.reasons)
        fields = [
            Field("newest data", newest),
            Field("since", instant(answer.oldest, utc=self.session.utc)),
            Field("reported", ratio(answer.coverage), "warning" if (answer.coverage or 1) < 1 else ""),
            Field("functions", count(answer.functions)),
            Field("log lines", count(answer.log_lines)),
            Field("store", size(answer.bytes)),
            Field("rejected", count(rejected), "warning" if rejected else "quiet"),
            Field("calls", *_calls(answer)),
        ]
        fields += [
            Field("", f"{counted(times, 'time')}: {reason}", "warning", wide=True)
            for reason, times in answer.reasons[:3]
        ]
        if answer.missing:
            actions = ", ".join(one.action for one in answer.missing)
            fields.append(Field("denied", f"{actions}: M shows what to allow", "error", wide=True))
        fields.append(Field("kept", self._kept(answer), wide=True))
        running = self.session.collecting
        ours = running is not None and running.child is not None and running.child.pid == answer.writer
        if answer.writer is not None and not ours:
            who = f"process {answer.writer}" if answer.writer else "a process of another container"
            fields.append(Field("written by", f"{who}, at this moment: the screens show what it collects", wide=True))
        self.query_one("#bill", Fields).show_fields(fields)

    def _kept(self, answer: CollectedView) -> str:
        """``invocations 30d, lines 14d (since 2025-03-17 10:00:00), minutes 90d, hours and days forever``."""
        parts = []
        for name, age_ms in Retention(self.session.retention).ages.items():
            since = answer.kept_since.get(name)
            said = f" (since {instant(since, utc=self.session.utc)})" if since else ""
            parts.append(f"{name} {'forever' if age_ms is None else span_text(age_ms)}{said}")
        return ", ".join([*parts, "hours and days forever"])

    def show_permissions(self) -> None:
        from lambdatui.screens.permissions import PermissionsScreen

        self.app.push_screen(PermissionsScreen(self.session))

    # Collecting from here -----------------------------------------------------------------------------------------

    def toggle_collecting(self) -> None:
        running = self.session.collecting
        if running is not None:
            running.stop()
            return
        self._ask_choices(self.session.choice, self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="choices")
    def _ask_choices(self, choice: RangeChoice, now_ms: int) -> None:
        """A store that is not there yet is what a first collection makes."""
        from lambdatui.processes.collection import choices
        from lambdatui.session.queries import Unanswered, ask

        session = self.session
        try:
            runner = ask(session.db, choice, now_ms, lambda question: runner_log(question.reader))[1]
        except Unanswered:
            runner = None
        region = session.narrow.regions[0] if session.narrow.regions else ""
        found = choices(session.chosen_profile, region, runner)
        self.app.call_from_thread(self._choose, found)

    def _choose(self, found: "list[Choice]") -> None:
        from lambdatui.screens.prompt import PickScreen

        by_words = {one.said: one for one in found}

        def start(said: str | None) -> None:
            if said is not None and self.session.collecting is None:
                self._start(by_words[said])

        self.app.push_screen(
            PickScreen("Collect what? P and R choose another profile and region", list(by_words)), start
        )

    def _start(self, choice: "Choice") -> None:
        """The app's worker, not the screen's: it goes on while one looks elsewhere."""
        from lambdatui.processes.collection import Collecting

        session, app = self.session, self.app
        running = session.collecting = Collecting(choice)

        def run() -> None:
            try:
                running.run(session.db)
            except OSError as error:
                running.ended = f"it cannot be started: {error}"
                running.failed = running.wrong = True
            app.call_from_thread(_finished, app, running)

        app.run_worker(run, thread=True, exit_on_error=False, group="collecting")
        self._tick()

    def open_row(self, row: CollectionView) -> None:
        view: CollectedView = self.answer
        took = "it runs still, or was killed: run it again"
        if row.took_s is not None:
            took = milliseconds(round(1000 * row.took_s))
        parts: list[Part] = [
            ("Began", instant(row.started_at, utc=self.session.utc)),
            ("Took", took),
            (
                "Read",
                f"{counted(row.events, 'event')}, {row.duplicates:,} of them stored before; "
                + (f"{row.older_than_pruned:,} older than what was pruned; " if row.older_than_pruned else "")
                + counted(row.invocations, "invocation"),
            ),
        ]
        if row.requests is not None:
            parts.append(("Asked", f"{counted(row.requests, 'call')}, {money(row.cost_usd)} at list prices"))
        if row.failures:
            parts.append(("What could not be had", row.failures))
        if row.log_ways:
            parts.append(("How logs were read", row.log_ways))
        parts += [
            (f"Rejected: {one.reason}", f"{one.source}, line {one.line}\n{one.text[:500]}") for one in view.rejects[:50]
        ]
        self.app.push_screen(DetailsScreen(row.source, parts))


def _finished(app: Any, running: "Collecting") -> None:
    """Says what it came to, wherever one is by now."""
    session = app.session
    session.collecting = None
    if len(set(running.accounts)) == 1:
        session.learn_account(running.choice.profile or session.profile, running.accounts[0])
    said = f"{'nothing collected' if running.failed else 'collected'}: {running.ended}"
    if running.wrong:
        session.went_wrong("Collect", said)
    screen = app.screen
    if isinstance(screen, StoreScreen):
        screen.say(said)
        screen.ask_rows()


def _calls(answer: CollectedView) -> tuple[str, str]:
    """What the shown collections asked of AWS, and what that cost."""
    asked = [row for row in answer.rows if row.requests is not None]
    if not asked:
        return "none: nothing was read from AWS", "quiet"
    requests = sum(row.requests or 0 for row in asked)
    return f"{count(requests)} for {money(sum((row.cost_usd or Decimal(0) for row in asked), Decimal(0)))}", ""
