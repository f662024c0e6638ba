"""Errors with how they went over the range, and whether they are new."""

from dataclasses import dataclass

import msgspec

from collectors.store.by_step import binned, errors_by_step, last_errors_before
from collectors.store.freshness import known_spans
from collectors.store.parts import EqualParts, parts_of
from collectors.store.reader import Reader
from lambdatui.text import instant
from lambdatui.views.columns import columns
from lambdatui.views.errors import ERROR_COLUMNS, PATTERN, ErrorView, errors, pattern_hours
from lambdatui.views.narrow import Narrow
from lambdatui.views.regressions import said, since_deploys
from lambdatui.views.time_range import DAY_MS, TimeRange
from lambdatui.views.trend import Trend, trend_of
from lambdatui.views.view import View

TREND_STEPS = 8
ERROR_TREND_COLUMNS = (*ERROR_COLUMNS, *columns("trend", "novelty", "evidence", "deployed_at", "deploy"))
BY_DAYS = "no deploy of it is known: new is first seen in the range, back is seen again after a quiet day"


class ErrorTrendView(ErrorView, frozen=True, gc=False):
    """``novelty`` where the function's last deploy is known: ``new``, ``regressed`` or ``gone`` since, or ``known``.

    Else ``new`` in the range, ``back`` after a whole quiet day, ``known``; empty where nothing is older. ``evidence``
    says what it rests on. ``deployed_at`` (epoch ms) and ``deploy`` are the last deploy before the range's end.
    """

    trend: Trend
    novelty: str
    evidence: str
    deployed_at: int | None
    deploy: str | None


@dataclass(frozen=True)
class ErrorTrends(View[ErrorTrendView]):
    """``deploys_known``: of one function at least it is known when it was deployed."""

    deploys_known: bool = False
    trend_parts: EqualParts | None = None


def error_trends(reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None) -> ErrorTrends:
    """The groups of the range, most frequent first."""
    view = errors(reader, time_range, narrow=narrow)
    parts = parts_of(time_range.from_ms, time_range.to_ms, TREND_STEPS)
    trends = errors_by_step(reader, parts)
    hours = pattern_hours(reader, time_range, reader.functions())
    trends |= binned([(key, one.start_ms, one.samples) for key, of in hours.items() for one in of], parts)
    before = last_errors_before(reader, time_range.from_ms)
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
        if verdict is not None:
            novelty, evidence = verdict.novelty, verdict.evidence
        else:
            novelty = _novelty(row, time_range.from_ms, before.get(key), oldest)
            evidence = BY_DAYS if deploy is None else _not_told(deploy.at_ms, oldest)
        rows.append(
            ErrorTrendView(
                **msgspec.structs.asdict(row),
                trend=trend_of(trends.get(key, (0,) * parts.number), parts, known[row.function_id]),
                novelty=novelty,
                evidence=evidence,
                deployed_at=deploy.at_ms if deploy else None,
                deploy=said(deploy) if deploy else None,
            )
        )
    return ErrorTrends(ERROR_TREND_COLUMNS, rows, view.as_of, view.range, view.coverage, view.basis, bool(last), parts)


def _not_told(deployed_ms: int, oldest_ms: int | None) -> str:
    if oldest_ms is None or oldest_ms >= deployed_ms:
        return "nothing older than its deploy is in the store"
    return f"told by days: too little was invoked around its deploy of {instant(deployed_ms)} UTC"


def _novelty(row: ErrorView, from_ms: int, day_before: int | None, oldest_ms: int | None) -> str:
    if oldest_ms is None or oldest_ms >= from_ms:
        return ""  # the range holds everything: nothing tells what is new
    if row.error_type == PATTERN:
        return ""  # an hour that Logs Insights did not sum says nothing
    if row.first_seen >= from_ms and day_before is None:
        return "new"
    quiet = day_before is not None and day_before + 2 * DAY_MS <= from_ms // DAY_MS * DAY_MS + DAY_MS
    return "back" if quiet else "known"
