"""Errors with how they went over the range, and whether they are new."""

from dataclasses import dataclass
from typing import Annotated

import msgspec

from collectors.store.read.freshness import known_spans
from collectors.store.read.reader import Reader
from collectors.store.read.series import binned, errors_by_step
from collectors.store.rollups.equal_parts import EqualParts, parts_of
from lambdatui.text.figures import instant
from lambdatui.views import shared_columns as shared
from lambdatui.views.change import RelativeChange
from lambdatui.views.columns import BRIEF, Column, Kind, OnScreen, columns_of
from lambdatui.views.errors import PATTERN, ErrorView, errors, pattern_hours
from lambdatui.views.novelty import History, Novelty
from lambdatui.views.regressions import deploy_text, since_deploys
from lambdatui.views.retained_since import most_steps
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.trend import Trend, trend_of
from lambdatui.views.view import View, as_of_range

TREND_STEPS = 8
WORSE = ("new", "regressed", "growing", "back")
"""What an error can be beside what it was that needs attention."""
BY_DAYS = "no deploy of it is known: it is told by days with calls"


class ErrorTrendView(ErrorView, frozen=True, gc=False):
    """``novelty`` where the function's last deploy is known: ``new``, ``regressed`` or ``gone`` since, or ``known``.

    Else, and where they say ``known``, days with calls tell: ``new``, ``back``, ``growing``, ``gone`` or ``known``
    (``views.novelty``); empty where too little is older. ``evidence`` says what it rests on.
    ``deployed_at`` (epoch ms) and ``deploy`` are the last deploy before the range's end.
    """

    trend: Annotated[Trend, shared.TREND, OnScreen(5, after="count")]
    novelty: Annotated[str, shared.NOVELTY, OnScreen(after="trend"), BRIEF]
    evidence: Annotated[str, shared.EVIDENCE]
    deployed_at: Annotated[
        int | None,
        Column("Deployed", Kind.TIME, 19, "When the function was deployed last before the range's end."),
        OnScreen(7, 12),
    ]
    deploy: Annotated[str | None, Column("Deploy", Kind.TEXT, 40, "What that deploy changed.")]
    errors_change: Annotated[RelativeChange | None, shared.ERRORS_CHANGE, OnScreen(6, after="novelty")] = None
    errors_week: Annotated[RelativeChange | None, shared.ERRORS_WEEK, OnScreen(8, after="errors_change")] = None

    @property
    def trouble(self) -> str | None:
        """What it is beside what it was, unless that is known or over."""
        return self.novelty if self.novelty in WORSE else None


ERROR_TREND_COLUMNS = columns_of(ErrorTrendView)


@dataclass(frozen=True)
class ErrorTrends(View[ErrorTrendView]):
    """``deploys_known``: the last deploy of at least one function is known."""

    deploys_known: bool = False
    trend_parts: EqualParts | None = None


@as_of_range
def error_trends(reader: Reader, time_range: TimeRange, *, scope: Scope | None = None) -> ErrorTrends:
    """The groups of the range, most frequent first."""
    view = errors(reader, time_range, scope=scope)
    parts = parts_of(time_range.from_ms, time_range.to_ms, most_steps(reader, time_range, TREND_STEPS))
    trends = errors_by_step(reader, parts)
    hours = pattern_hours(reader, time_range, reader.functions())
    trends |= binned([(key, one.start_ms, one.samples) for key, of in hours.items() for one in of], parts)
    history = History(reader, time_range)
    oldest = reader.oldest_ms()
    failing = {row.function_id for row in view.rows}
    where = {
        row.id: (row.function.key.account, row.function.key.region, row.function.key.name)
        for row in reader.functions()
        if row.id in failing
    }
    known = known_spans(reader, reader.functions())
    last, compared = since_deploys(reader, time_range, where)
    rows = []
    for row in view.rows:
        key = row.function_id, row.fingerprint
        deploy, since = last.get(row.function_id), compared.get(row.function_id)
        verdict = since.verdict(row.fingerprint) if since is not None and row.error_type != PATTERN else None
        by_days = Novelty("", "")  # an hour that Logs Insights did not sum says nothing
        if row.error_type != PATTERN:
            by_days = history.of(key, row.count, row.invocations or 0)
        if verdict is not None and not (verdict.novelty == "known" and by_days.word in ("back", "growing")):
            novelty, evidence = verdict.novelty, verdict.evidence
        else:
            basis = BY_DAYS if deploy is None else _not_told(deploy.at_ms, oldest, compared=verdict is not None)
            novelty, evidence = by_days.word, "; ".join(part for part in (basis, by_days.evidence) if part)
        rows.append(
            ErrorTrendView(
                **msgspec.structs.asdict(row),
                trend=trend_of(trends.get(key, (0,) * parts.number), parts, known[row.function_id]),
                novelty=novelty,
                evidence=evidence,
                deployed_at=deploy.at_ms if deploy else None,
                deploy=deploy_text(deploy) if deploy else None,
            )
        )
    return ErrorTrends(ERROR_TREND_COLUMNS, rows, view.as_of, view.range, view.coverage, view.basis, bool(last), parts)


def _not_told(deployed_ms: int, oldest_ms: int | None, *, compared: bool) -> str:
    if compared:
        return f"not more since its deploy of {instant(deployed_ms)} UTC than before it, but by days"
    if oldest_ms is None or oldest_ms >= deployed_ms:
        return "nothing older than its deploy is in the store"
    return f"told by days: too little was invoked around its deploy of {instant(deployed_ms)} UTC"
