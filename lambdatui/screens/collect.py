"""Collect: what was read from where, how fresh and complete it is, and what could not be read."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult

from collectors.store.write.retention import Retention
from lambdatui.commands.base import Command, Commands
from lambdatui.commands.navigation import ShowCollect
from lambdatui.screens.base.query import QueryScreen
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.session.destinations import ToPermissions
from lambdatui.session.queries import QueryContext
from lambdatui.text.figures import age, count, counted, instant, money, ratio, size
from lambdatui.views.collection_details import CollectedView, collected
from lambdatui.views.collection_parts import collection_parts
from lambdatui.views.collections import CollectionView
from lambdatui.views.local_runner import runner_log
from lambdatui.views.row_details import RowDetails, of_parts
from lambdatui.views.time_range import RangeChoice, span_text
from lambdatui.widgets.fields import Field, Fields
from lambdatui.widgets.state_line import StateLine

if TYPE_CHECKING:
    from lambdatui.processes.collection import CollectionChoice, RunningCollection

_FIELD_CELLS = 38


class StartCollecting(Command["CollectScreen"]):
    """Collect now, as a process of its own, from the chosen profile and region or the runner's log; or stop it."""

    BINDING_KEY = "s"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "start/stop"
    GROUP = "Collect"

    @classmethod
    def run(cls, screen: "CollectScreen") -> None:
        """Starts a collection, or stops the one that runs."""
        screen.toggle_collecting()


class MissingPermissions(Command["CollectScreen"]):
    """Show the IAM permissions that are missing: what for, and the statement that allows each."""

    BINDING_KEY = "M"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "permissions"
    GROUP = "Collect"

    @classmethod
    def run(cls, screen: "CollectScreen") -> None:
        """Opens the screen of missing permissions."""
        screen.show_permissions()


class CollectScreen(TableScreen):
    """The screen of collections, the newest first. Enter shows one, with the lines that it rejected."""

    NAME: ClassVar[str] = "collect"
    COMMANDS_HERE: ClassVar[Commands] = (
        StartCollecting,
        MissingPermissions,
        *(command for command in TABLE_COMMANDS if command is not ShowCollect),
    )
    ROW: ClassVar[type] = CollectionView
    ROW_IS: ClassVar[str] = "collection"
    SORT: ClassVar[tuple[str, bool] | None] = ("started_at", True)

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: ``Collect``."""
        return ("Collect",)

    def body(self) -> ComposeResult:
        """The store's figures, the table of collections, and the state of the collection that runs."""
        yield Fields(_FIELD_CELLS, self.session.marks.more, most=3, id="bill")
        yield from super().body()
        yield StateLine()

    def on_mount(self) -> None:
        """Begins to show how the running collection goes: twice a second, every 2 seconds over SSH."""
        self.set_interval(2.0 if self.session.terminal.remote else 0.5, self._tick)
        self._tick()

    def _tick(self) -> None:
        """Shows how the collection goes that was started here."""
        running = self.session.collecting
        self.query_one(StateLine).say(running.state(self.session.marks.dot) if running is not None else "")

    def is_of_many(self) -> bool:
        """Collections are of all functions."""
        return False

    def question(self) -> Callable[[QueryContext], CollectedView]:
        """Asks for the collections of the range and for the store's figures."""
        return lambda query: collected(query.reader, query.range)

    def key_of(self, row: CollectionView) -> Any:
        """The collection's source and when it began."""
        return row.source, row.started_at

    def paint(self, answer: CollectedView) -> None:
        """Shows the collections, and above them the store's age, size, rejects and retention."""
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
            actions = ", ".join(permission.action for permission in answer.missing)
            fields.append(Field("denied", f"{actions}: M shows what to allow", "error", wide=True))
        fields.append(Field("kept", self._retention(answer), wide=True))
        running = self.session.collecting
        ours = running is not None and running.child is not None and running.child.pid == answer.writer
        if answer.writer is not None and not ours:
            who = f"process {answer.writer}" if answer.writer else "a process of another container"
            fields.append(Field("written by", f"{who}, at this moment: the screens show what it collects", wide=True))
        self.query_one("#bill", Fields).show_fields(fields)

    def _retention(self, answer: CollectedView) -> str:
        """``invocations 30d, lines 14d (since 2025-03-17 10:00:00), minutes 90d, hours and days forever``."""
        parts = []
        for name, age_ms in Retention(self.session.retention).ages.items():
            since = answer.kept_since.get(name)
            from_when = f" (since {instant(since, utc=self.session.utc)})" if since else ""
            parts.append(f"{name} {'forever' if age_ms is None else span_text(age_ms)}{from_when}")
        return ", ".join([*parts, "hours and days forever"])

    def show_permissions(self) -> None:
        """Opens the screen of missing permissions."""
        self.navigator.open(ToPermissions())

    # Collecting from here -----------------------------------------------------------------------------------------

    def toggle_collecting(self) -> None:
        """Stops the collection that was started here; where none runs, asks what to collect."""
        running = self.session.collecting
        if running is not None:
            running.stop()
            return
        self._ask_choices(self.session.choice, self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="choices")
    def _ask_choices(self, choice: RangeChoice, now_ms: int) -> None:
        """Reads what can be collected. A store that does not exist yet is made by the first collection."""
        from lambdatui.processes.collection import choices
        from lambdatui.session.queries import QueryError, ask

        session = self.session
        try:
            runner = ask(session.db, choice, now_ms, lambda query: runner_log(query.reader))[1]
        except QueryError:
            runner = None
        region = session.scope.regions[0] if session.scope.regions else ""
        self.app.call_from_thread(self._choose, choices(session.chosen_profile, region, runner))

    def _choose(self, offered: "list[CollectionChoice]") -> None:
        from lambdatui.screens.dialogs.prompt import PickScreen

        by_label = {choice.label: choice for choice in offered}

        def start(label: str | None) -> None:
            if label is not None and self.session.collecting is None:
                self._start(by_label[label])

        self.app.push_screen(
            PickScreen("Collect what? P and R choose another profile and region", list(by_label)), start
        )

    def _start(self, choice: "CollectionChoice") -> None:
        """Starts a collection in a worker of the application, which goes on while one looks at other screens."""
        from lambdatui.processes.collection import RunningCollection

        session, app = self.session, self.app
        running = session.collecting = RunningCollection(choice)

        def run() -> None:
            try:
                running.run(session.db)
            except OSError as error:
                running.outcome = f"it cannot be started: {error}"
                running.failed = running.incomplete = True
            app.call_from_thread(_finished, app, running)

        app.run_worker(run, thread=True, exit_on_error=False, group="collecting")
        self._tick()

    def open_row(self, row: CollectionView) -> None:
        """Shows the collection in a box, with its first 50 rejected lines."""
        self.app.push_screen(DetailsScreen(row.source, collection_parts(row, self.answer, utc=self.session.utc)))

    def details_question(self, row: CollectionView) -> Callable[[QueryContext], RowDetails]:
        """Shows the collection in full; asks nothing."""
        parts = collection_parts(row, self.answer, utc=self.session.utc)
        return lambda _: of_parts(row.source, parts)


def _finished(app: Any, running: "RunningCollection") -> None:
    """Says on whatever screen is shown what the collection came to."""
    session = app.session
    session.collecting = None
    if len(set(running.accounts)) == 1:
        session.learn_account(running.choice.profile or session.profile, running.accounts[0])
    outcome = f"{'nothing collected' if running.failed else 'collected'}: {running.outcome}"
    if running.incomplete:
        session.add_problem("Collect", outcome)
    screen = app.screen
    if isinstance(screen, QueryScreen):
        screen.say(outcome)
        screen.ask_rows()


def _calls(answer: CollectedView) -> tuple[str, str]:
    """How many calls of AWS the shown collections made, what they cost, and the tone of that field."""
    of_aws = [row for row in answer.rows if row.requests is not None]
    if not of_aws:
        return "none: nothing was read from AWS", "quiet"
    requests = sum(row.requests or 0 for row in of_aws)
    return f"{count(requests)} for {money(sum((row.cost_usd or Decimal(0) for row in of_aws), Decimal(0)))}", ""
