"""Collect: what was read from where, how fresh and how whole it is, and what could not be read."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

from textual.app import ComposeResult

from lambdatui.commands.base import Commands
from lambdatui.commands.going import ShowCollect
from lambdatui.reading import Question
from lambdatui.screens import columns
from lambdatui.screens.details import DetailsScreen, Part
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.text import age, count, instant, milliseconds, money, ratio, size
from lambdatui.views.collected import CollectedView, collected
from lambdatui.views.collections import COLLECTION_COLUMNS, CollectionView
from lambdatui.views.columns import Column
from lambdatui.widgets.fields import Field, Fields
from lambdatui.widgets.layout import Shown

_FIELD_CELLS = 38


class CollectScreen(TableScreen):
    """The newest collection first. Enter shows it, with the lines that were rejected."""

    NAME: ClassVar[str] = "collect"
    COMMANDS_HERE: ClassVar[Commands] = tuple(one for one in TABLE_COMMANDS if one is not ShowCollect)
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.COLLECTED
    FILTERED: ClassVar[tuple[Column, ...]] = COLLECTION_COLUMNS
    ROWS_ARE: ClassVar[str] = "collections"
    SORT: ClassVar[tuple[str, bool] | None] = ("started_at", True)

    def heading(self) -> tuple[str, ...]:
        return ("Collect",)

    def body(self) -> ComposeResult:
        yield Fields(_FIELD_CELLS, self.session.marks.more, most=3, id="bill")
        yield from super().body()

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
            Field("", f"{times:,} times: {reason}", "warning", wide=True) for reason, times in answer.reasons[:3]
        ]
        self.query_one("#bill", Fields).show_fields(fields)

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
                f"{row.events:,} events, {row.duplicates:,} of them stored before; {row.invocations:,} invocations",
            ),
        ]
        if row.requests is not None:
            parts.append(("Asked", f"{row.requests:,} calls, {money(row.cost_usd)} at list prices"))
        if row.failures:
            parts.append(("What could not be had", row.failures))
        if row.log_ways:
            parts.append(("How logs were read", row.log_ways))
        parts += [
            (f"Rejected: {one.reason}", f"{one.source}, line {one.line}\n{one.text[:500]}") for one in view.rejects[:50]
        ]
        self.app.push_screen(DetailsScreen(row.source, parts))


def _calls(answer: CollectedView) -> tuple[str, str]:
    """What the shown collections asked of AWS, and what that cost."""
    asked = [row for row in answer.rows if row.requests is not None]
    if not asked:
        return "none: nothing was read from AWS", "quiet"
    requests = sum(row.requests or 0 for row in asked)
    return f"{count(requests)} for {money(sum((row.cost_usd or Decimal(0) for row in asked), Decimal(0)))}", ""
