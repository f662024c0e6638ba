"""What was used: the one home of every quantity that is priced, by function, configuration of its time, basis and day.

Usage is what REPORTs billed (``billed``), what Logs Insights summed (``insights``), and for invocations that were
counted but whose REPORT was not seen an ``estimated`` usage of its own (``lambdatui.views.estimates``); beside it what
stands configured. All views group these same usages. Nothing at or after a span's end counts. Times are epoch ms, UTC.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from collectors.model.units import DAY_MS, MINUTE_MS
from collectors.store.read import usage_hours
from collectors.store.read.invocation_counts import counted
from lambdatui.views.configured_usage import ConfiguredUsage, split
from lambdatui.views.estimates import DayRow, DayRows, HourlyEstimates
from lambdatui.views.settings_of_time import SettingsOfTime
from lambdatui.views.time_range import month_start_ms
from lambdatui.views.view import BILLED, ESTIMATED, INSIGHTS
from pricing.bill import DURATION, Bill, LineItem, bill
from pricing.dimensions import EDGE_DURATION, EDGE_REQUESTS
from pricing.usage import DEFAULT_ARCH, DEFAULT_REGION, Usage
from pricing.usage_table import Terms, UsageTable

if TYPE_CHECKING:
    from collectors.store.read.count_sources import Count
    from collectors.store.read.reader import Reader
    from collectors.store.read.rows import FunctionRow, SpanUsage
    from pricing.pricebook import PriceBook

NO_DURATION = "no duration or memory known"
_EDGE = "us-east-1."  # Lambda@Edge logs as /aws/lambda/us-east-1.NAME in the region that served it (CloudFront guide)


@dataclass(frozen=True)
class Usages:
    """Usages of a span by position: ``ids`` are their functions, ``used`` what each used at one price.

    ``unknown`` has the requests whose duration is not known, by position. By function: what was ``counted``,
    ``reports``, the ``bases`` that invocations rest on, joined by a plus (``billed`` where absent), and
    ``estimated_mb_ms``.
    """

    ids: Sequence[int]
    used: UsageTable
    unknown: Mapping[int, int]
    counted: "Mapping[int, Count]"
    reports: Mapping[int, int]
    bases: Mapping[int, str]
    estimated_mb_ms: Mapping[int, int]

    def inside(self, chosen: Collection[int]) -> list[int]:
        """The positions of some functions' usages."""
        return [at for at, each in enumerate(self.ids) if each in chosen]

    def coverage(self, chosen: Iterable[int]) -> tuple[int, int]:
        """REPORTs seen and invocations counted of some functions."""
        reports = whole = 0
        for each in chosen:
            reports += self.reports.get(each, 0)
            whole += self.counted.get(each, (0, 0))[0]
        return reports, whole


_ORDER = (BILLED, INSIGHTS, ESTIMATED)


def usages(reader: "Reader", from_ms: int, to_ms: int, known_ms: int | None = None) -> Usages:
    """Of all functions in ``[from_ms, to_ms)``, what stands configured among them; one usage for each price.

    ``known_ms`` is the end of the range that this is a part of: estimates and settings know what lies before that, so
    that parts sum to the whole.
    """
    known_ms = to_ms if known_ms is None else known_ms
    return reader.cached(
        ("usages", from_ms, to_ms, known_ms), lambda: Ledger(reader, from_ms, to_ms, known_ms=known_ms).usages()
    )


def used_before(reader: "Reader", from_ms: int, to_ms: int, known_ms: int) -> UsageTable:
    """The same usages alone: of the part of a month before a range, which has its part of tiers and free tier."""

    def read() -> UsageTable:
        ledger = Ledger(reader, from_ms, to_ms, known_ms=known_ms, everything=reader.is_fleet(None))
        return ledger.priced_usages()[1]

    return reader.cached(("used before", from_ms, to_ms, known_ms), read)


class Ledger:
    """The usages of one span, which begins exactly where it says.

    With ``everything`` all functions are looked at: sooner where nothing else asks how often each was invoked.
    """

    def __init__(
        self,
        reader: "Reader",
        from_ms: int,
        to_ms: int,
        *,
        known_ms: int | None = None,
        share_of_ms: int | None = None,
        everything: bool = False,
    ) -> None:
        self.reader = reader
        self.from_ms = from_ms
        self.to_ms = to_ms
        self.known_ms = to_ms if known_ms is None else known_ms
        self.functions: Sequence[FunctionRow] = reader.functions()
        self.settings = SettingsOfTime(reader, self.functions, self.known_ms)
        self.standing = ConfiguredUsage(reader, self.functions, known_ms=self.known_ms)
        self._share_of_ms = share_of_ms
        self._shares: dict[int, Mapping[int, float]] = {}
        self.looked_at = sorted(row.id for row in self.functions) if everything else self._looked_at()
        self._everything = everything

    @cached_property
    def used(self) -> "Mapping[int, SpanUsage]":
        """What REPORTs said of the span, by function."""
        return {one.function_id: one for one in self.reader.usage(self.from_ms, self.to_ms, exact=True)}

    @cached_property
    def counted(self) -> "Mapping[int, Count]":
        """Invocations and errors by function."""
        return counted(self.reader, self.from_ms, self.to_ms, exact=True)

    def shares(self, at_ms: int) -> Mapping[int, float]:
        """What provisioned concurrency served of each function's month, as far as the span knows it."""
        month = month_start_ms(at_ms if self._share_of_ms is None else self._share_of_ms)
        if month not in self._shares:
            self._shares[month] = self.standing.shares(month, min(self.known_ms, month_start_ms(month + 32 * DAY_MS)))
        return self._shares[month]

    def _looked_at(self) -> list[int]:
        """The functions of which one row of sums and the settings of today do not tell all."""
        if self.to_ms - self.from_ms > 32 * DAY_MS and self.reader.is_fleet(None):
            from collectors.store.read.missing_reports import without_report

            function_ids = without_report(self.reader, self.from_ms, self.to_ms)
        else:
            reports = {each: one.reports for each, one in self.used.items()}
            function_ids = {each for each, count in self.counted.items() if count[0] != reports.get(each, 0)}
        function_ids |= {
            each for each in self.settings.with_history() if self.settings.cuts(each, self.from_ms, self.to_ms)
        }
        if self.reader.has_insights():
            function_ids |= usage_hours.summed_hours(self.reader, self.from_ms, self.to_ms).keys()
        function_ids |= self.standing.provisioned()
        return sorted(function_ids)

    def day_rows(self) -> DayRows:
        """By day and price, of the functions that are looked at."""
        looked = HourlyEstimates(self.reader, self.settings, self.from_ms, self.to_ms, self.known_ms)
        return looked.days(self.looked_at, self.standing.provisioned())

    def plain_terms(self, function_ids: Iterable[int]) -> list[Terms]:
        """The terms of functions whose settings did not change in the range: those of its last minute."""
        # A minute goes by the setting at its beginning.
        at_ms = (self.to_ms - 1) // MINUTE_MS * MINUTE_MS
        return [self.settings.terms(each, at_ms, BILLED) for each in function_ids]

    def priced(self, row: DayRow) -> Usage:
        """A day's row as it is billed: what provisioned concurrency served apart, and Lambda@Edge as such."""
        return split(at_its_price(usage_of(row)), self.shares(row.day_ms).get(row.function_id))

    def usages(self) -> Usages:
        """All of the span; a function's days at one price are one usage."""
        ids, used, unknown, bases, estimated = self.priced_usages()
        reports = {each: one.reports for each, one in self.used.items()}
        said = {each: "+".join(sorted(of, key=_ORDER.index)) for each, of in bases.items()}
        return Usages(ids, used, unknown, self.counted, reports, said, estimated)

    def priced_usages(self) -> tuple[list[int], UsageTable, dict[int, int], dict[int, set[str]], dict[int, int]]:
        """Functions and usages, requests without a duration by position; by function its bases and MB-ms estimated."""
        apart, rows = set(self.looked_at), self.day_rows()
        plain = [] if self._everything else [one for each, one in self.used.items() if each not in apart]
        many = list(rows.together())
        ids: list[int] = [one.function_id for one in plain] + [row.function_id for row in many]
        terms = self.plain_terms([one.function_id for one in plain]) + [row.terms for row in many]
        used = UsageTable(
            terms,
            [one.reports for one in plain] + [row.requests for row in many],
            [one.billed_ms for one in plain] + [row.billed_ms for row in many],
            [one.billed_mb_ms for one in plain] + [row.billed_mb_ms for row in many],
        )
        if any(is_edge(one.function) for one in terms):
            used = UsageTable.of([at_its_price(one) for one in used])
        sums: dict[tuple[int, Terms, str], Usage] = {}
        unknown: dict[tuple[int, Terms, str], int] = {}
        bases: dict[int, set[str]] = {}
        estimated: dict[int, int] = {}
        for row in many:
            bases.setdefault(row.function_id, set()).add(row.terms.basis)
            if row.terms.basis == ESTIMATED:
                estimated[row.function_id] = row.billed_mb_ms
        for row in rows.few:
            priced = self.priced(row)
            bases.setdefault(row.function_id, set()).add(row.terms.basis)
            if row.terms.basis == ESTIMATED:
                estimated[row.function_id] = estimated.get(row.function_id, 0) + row.billed_mb_ms
            key = row.function_id, row.terms, priced.basis
            sums[key] = added(sums[key], priced) if key in sums else priced
            unknown[key] = unknown.get(key, 0) + row.unknown
        stood = list(self.standing.parts(self.from_ms, self.to_ms))
        missing = {len(ids) + at: unknown[key] for at, key in enumerate(sums) if unknown[key]}
        ids += [key[0] for key in sums]
        ids += [each for each, _ in stood]
        more = used.and_more([*sums.values(), *(one for _, one in stood)])
        return ids, more, missing, bases, estimated

    def by_day(self) -> Iterator[tuple[int, int, Usage, int]]:
        """The same by day: midnight, function, usage, and requests without a known duration."""
        apart = set(self.looked_at)
        terms = dict(zip(self.used, self.plain_terms(self.used), strict=True))
        for day_ms, function_id, requests, billed_ms, billed_mb_ms in self.plain_days():
            if function_id not in apart:
                row = DayRow(function_id, day_ms, terms[function_id], requests, billed_ms, billed_mb_ms)
                yield day_ms, function_id, at_its_price(usage_of(row)), 0
        for row in self.day_rows():
            yield row.day_ms, row.function_id, self.priced(row), row.unknown
        first = self.from_ms // DAY_MS * DAY_MS
        for day_ms in range(first, self.to_ms, DAY_MS):
            for function_id, usage in self.standing.parts(max(self.from_ms, day_ms), min(self.to_ms, day_ms + DAY_MS)):
                yield day_ms, function_id, usage, 0

    def plain_days(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Day, function, requests, billed ms and MB-ms of REPORTs, both ends cut."""
        begin = -(-self.from_ms // DAY_MS) * DAY_MS
        if self.from_ms < begin:
            for one in self.reader.usage(self.from_ms, min(begin, self.to_ms), exact=True):
                yield begin - DAY_MS, one.function_id, one.reports, one.billed_ms, one.billed_mb_ms
        for row in self.reader.days(begin, self.to_ms) if begin < self.to_ms else ():
            yield row[0], row[1], row[3], row[4], row[5]


def is_edge(function: str) -> bool:
    """Whether a function ran as Lambda@Edge, whose log groups are named after the region it was deployed in."""
    return function.startswith(_EDGE)


def split_of(row: DayRow, shares: Mapping[int, float]) -> Usage:
    """A day's row with what provisioned concurrency served of it apart."""
    return split(usage_of(row), shares.get(row.function_id))


def usage_of(row: DayRow) -> Usage:
    """The usage that a row of a day or minute is billed as."""
    of = row.terms
    return Usage(
        of.function, of.account, of.region, of.arch, row.requests, row.billed_ms, row.billed_mb_ms,
        ephemeral_mb=of.ephemeral_mb, basis=of.basis,
    )  # fmt: skip


def at_its_price(usage: Usage) -> Usage:
    """Lambda@Edge has requests and duration of its own, on x86_64, and neither free tier nor ``/tmp``."""
    if not is_edge(usage.function) or not (usage.requests or usage.billed_mb_ms):
        return usage
    more = ((EDGE_REQUESTS, usage.requests), (EDGE_DURATION, usage.billed_mb_ms))
    return replace(
        usage, arch=DEFAULT_ARCH, requests=0, billed_ms=0, billed_mb_ms=0, ephemeral_mb=None,
        metered=(*usage.metered, *more),
    )  # fmt: skip


_ADDED = (
    "requests", "billed_ms", "billed_mb_ms", "provisioned_mb_ms", "provisioned_requests", "provisioned_billed_ms",
    "provisioned_billed_mb_ms", "event_chunks",
)  # fmt: skip


def added(usage: Usage, other: Usage) -> Usage:
    """Two usages at one price as one."""
    metered = dict(usage.metered)
    for name, amount in other.metered:
        metered[name] = metered.get(name, 0) + amount
    sums = {name: getattr(usage, name) + getattr(other, name) for name in _ADDED}
    return replace(usage, metered=tuple(metered.items()), **sums)


def unknown_line(usage: Usage, requests: int, position: int, book: "PriceBook") -> LineItem:
    """The duration of invocations of which only the number is known: a line without an amount."""
    basis = f"{usage.basis}; not priced: {NO_DURATION}"
    region = usage.region or DEFAULT_REGION
    currency = book.region(region).partition.currency if region in book else "USD"
    return LineItem(
        DURATION, usage.function, usage.account, region, usage.arch or DEFAULT_ARCH,
        Decimal(requests), "invocation", Decimal(0), Decimal(requests), None, None, currency, basis, None, position,
    )  # fmt: skip


def billed(
    recorded: Usages,
    book: "PriceBook",
    *,
    free_tier: bool = True,
    inside: Collection[int] | None = None,
    before: Sequence[Usage] = (),
) -> Bill:
    """The bill of usages, with a line for each duration that is not known; ``inside`` are positions.

    ``before`` is what the month used before: it has its part of the free tier and of the tiers, and no lines.
    """
    inside = range(len(recorded.used)) if inside is None and len(before) else inside
    used = recorded.used.and_more(before) if len(before) else recorded.used
    priced = bill(used, book, free_tier=free_tier, inside=inside)
    wanted = recorded.unknown if inside is None else recorded.unknown.keys() & set(inside)
    more = tuple(unknown_line(recorded.used[at], recorded.unknown[at], at, book) for at in sorted(wanted))
    return replace(priced, lines=(*priced.lines, *more)) if more else priced


def left_out(lines: Iterable[LineItem]) -> tuple[str, ...]:
    """What a total of these lines leaves out, in a few words for each reason."""
    reasons: dict[str, dict[str, None]] = {}
    for line in lines:
        if line.amount is None:
            why = line.basis.rpartition("not priced: ")[2]
            reasons.setdefault(f"{line.dimension}: {why}", {})[line.function] = None
        if "assumed" in line.basis:
            for part in line.basis.split("; "):
                if part.startswith("assumed ") and part != f"assumed {DEFAULT_ARCH}":
                    reasons.setdefault(f"region unknown, {part}", {})[line.function] = None
    return tuple(f"{why} ({_some(of)})" for why, of in reasons.items())


def _some(functions: Collection[str], most: int = 3) -> str:
    named = [each for each in functions if each]
    more = len(named) - most
    return ", ".join(named[:most]) + (f" and {more} more" if more > 0 else "")


def days(reader: "Reader", from_ms: int, to_ms: int) -> Mapping[int, list[tuple[int, Usage, int]]]:
    """By day: function, usage, and requests without a known duration."""

    def read() -> dict[int, list[tuple[int, Usage, int]]]:
        found: dict[int, list[tuple[int, Usage, int]]] = defaultdict(list)
        for day_ms, function_id, usage, unknown in Ledger(reader, from_ms, to_ms).by_day():
            found[day_ms].append((function_id, usage, unknown))
        return dict(found)

    return reader.cached(("usage by day", from_ms, to_ms), read)
