"""What all log lines of a range are made of: patterns, with what they cost to ingest and whether they are new.

Ingestion is billed by the bytes of UTF-8 and 26 more for each event (CloudWatch Logs pricing and quotas, "size of a
log event"), at the rate of the log group's class; where that is not known, of the standard class.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated

from collectors.store.read.deploys import deploys
from collectors.store.read.pattern_rows import PatternCount, first_seen, uncounted
from lambdatui.text.figures import count, instant, ratio
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, Column, Kind, OnScreen, columns_of
from lambdatui.views.log_search import SHOWN_LINES, LogSearch
from lambdatui.views.log_usage import STANDARD, LogUsage, log_usage
from lambdatui.views.logs import LOG_COLUMNS, LogView, log_view
from lambdatui.views.pattern_counts import counts_between, template_of
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range

if TYPE_CHECKING:
    from collectors.model.records import FunctionKey
    from collectors.store.read.reader import Reader
    from pricing.pricebook import PriceBook

EVENT_BYTES = 26
"""What CloudWatch Logs adds to the bytes of each event."""


@dataclass(frozen=True, slots=True)
class PatternRow:
    """One pattern over all chosen functions. ``share`` is of the bytes; ``bytes`` are those of the texts.

    ``ingestion_usd`` is at list price before any free tier, in ``currency``; None where the region has no price.
    ``novelty`` is ``new`` since its function's last deploy, or in the range where no deploy is known, else ``known``;
    empty where nothing older is there to tell.
    """

    pattern: Annotated[str, shared.PATTERN, OnScreen(8, after="first_seen"), BRIEF]
    template: Annotated[str, shared.TEMPLATE, OnScreen(grows=True, after="novelty"), BRIEF]
    function: Annotated[str, shared.FUNCTION, OnScreen(5, 22, after="template"), BRIEF]
    functions: Annotated[int, shared.FUNCTIONS]
    count: Annotated[int, shared.COUNT, OnScreen(2, after="share"), BRIEF]
    share: Annotated[float, shared.SHARE, OnScreen(1), BRIEF]
    bytes: Annotated[
        int,
        Column("Bytes", Kind.COUNT, 9, "Bytes of the lines' UTF-8, without the 26 that AWS adds for each event."),
        OnScreen(4),
        BRIEF,
    ]
    ingestion_usd: Annotated[
        Decimal | None,
        Column(
            "Ingestion",
            Kind.USD,
            10,
            "List price of ingesting the lines, 26 bytes for each event included, at the rate of the log group's "
            "class.",
        ),
        OnScreen(1),
        BRIEF,
    ]
    currency: Annotated[str, shared.CURRENCY]
    first_seen: Annotated[int, shared.FIRST_SEEN, OnScreen(7, 12, after="last_seen")]
    last_seen: Annotated[int, shared.LAST_SEEN, OnScreen(6, 12, after="function")]
    novelty: Annotated[str, shared.NOVELTY, OnScreen(3, 6), BRIEF]
    evidence: Annotated[str, shared.EVIDENCE]
    example: Annotated[str, Column("Example", Kind.TEXT, 60, "One of the lines.")]
    function_ids: tuple[int, ...]

    @property
    def trouble(self) -> str | None:
        """That it is new."""
        return "new" if self.novelty == "new" else None


PATTERN_COLUMNS = columns_of(PatternRow)


@dataclass(frozen=True)
class PatternsView(View[PatternRow]):
    """``lines`` and ``bytes`` are all that was counted; ``missing`` says what was not, or not exactly."""

    lines: int = 0
    bytes: int = 0
    missing: tuple[str, ...] = ()


def pattern_id(template: str) -> str:
    """Eight hex digits that name a pattern: the same in every store that has the pattern."""
    return blake2b(template.encode("utf-8", "replace"), digest_size=4).hexdigest()


@as_of_range
def patterns(reader: "Reader", time_range: TimeRange, book: "PriceBook", *, scope: Scope | None = None) -> PatternsView:
    """The patterns of the range, most bytes first."""
    stored = reader.functions()
    keys = {row.id: row.function.key for row in stored}
    ids = scope.ids(stored) if scope else None
    span = time_range.from_ms, time_range.to_ms
    counts, exact = ([], True) if ids == [] else counts_between(reader, *span, ids)
    known = [count for count in counts if count.function_id in keys]
    rates = _rates(reader, span, known, keys, book)
    news = _Novelties(reader, time_range, {count.function_id: keys[count.function_id] for count in known})
    by_template: defaultdict[str, list[PatternCount]] = defaultdict(list)
    for counted_pattern in known:
        by_template[counted_pattern.template].append(counted_pattern)
    total = sum(count.bytes for count in known)
    rows = [_row(template, some, total, rates, news, keys) for template, some in by_template.items()]
    rows.sort(key=lambda row: (-row.bytes, row.template))
    return PatternsView(
        PATTERN_COLUMNS, rows, reader.as_of_ms(time_range.to_ms), time_range,
        lines=sum(count.lines for count in known), bytes=total, missing=_missing(reader, exact=exact),
    )  # fmt: skip


def _row(
    template: str,
    some: Sequence[PatternCount],
    total: int,
    rates: dict[int, tuple[Decimal, str]],
    news: "_Novelties",
    keys: "dict[int, FunctionKey]",
) -> PatternRow:
    some = sorted(some, key=lambda count: (-count.bytes, count.function_id))
    size = sum(count.bytes for count in some)
    priced = [rates.get(count.function_id) for count in some]
    currencies = {rate[1] for rate in priced if rate is not None}
    usd = None
    if None not in priced and len(currencies) == 1:
        usd = sum((ingested(count) * rate[0] for count, rate in zip(some, priced, strict=True) if rate), Decimal(0))
    novelty, evidence = news.of(template, some)
    name = keys[some[0].function_id].name
    return PatternRow(
        pattern=pattern_id(template),
        template=template,
        function=name if len(some) == 1 else f"{name} and {len(some) - 1} more",
        functions=len(some),
        count=sum(count.lines for count in some),
        share=size / total if total else 0.0,
        bytes=size,
        ingestion_usd=usd,
        currency=currencies.pop() if len(currencies) == 1 else "",
        first_seen=min(news.first[count.function_id, template] for count in some),
        last_seen=max(count.last_ms for count in some),
        novelty=novelty,
        evidence=evidence,
        example=some[0].example.rstrip(),
        function_ids=tuple(count.function_id for count in some),
    )


def ingested(one: PatternCount) -> int:
    """The bytes that CloudWatch Logs bills for a pattern's lines."""
    return one.bytes + EVENT_BYTES * one.lines


def _rates(
    reader: "Reader",
    span: tuple[int, int],
    counts: Sequence[PatternCount],
    keys: "dict[int, FunctionKey]",
    book: "PriceBook",
) -> dict[int, tuple[Decimal, str]]:
    """What one byte of each function costs, and in which currency; all are billed together, so that tiers count."""
    from pricing.bill import bill
    from pricing.usage import Usage

    classes = {owner: count.dimension for count in log_usage(reader, *span) for owner in count.owners} if counts else {}
    standard = LogUsage("", "", "", "", log_class=STANDARD).dimension
    amounts: defaultdict[int, int] = defaultdict(int)
    for pattern_count in counts:
        amounts[pattern_count.function_id] += ingested(pattern_count)
    ids = sorted(each for each, amount in amounts.items() if amount)
    usages = [
        Usage(key.name, key.account, key.region, None, metered=((classes.get(each, standard), amounts[each]),))
        for each in ids
        for key in (keys[each],)
    ]
    sums: dict[int, tuple[Decimal, str]] = {}
    for line in bill(usages, book, free_tier=False).lines if usages else ():
        if line.amount is not None and line.usage is not None:
            each = ids[line.usage]
            sums[each] = sums.get(each, (Decimal(0), ""))[0] + line.amount, line.currency
    return {each: (amount / amounts[each], currency) for each, (amount, currency) in sums.items()}


class _Novelties:
    """Since when functions have had each pattern, and their last deploys before the range's end."""

    def __init__(self, reader: "Reader", time_range: TimeRange, functions: "dict[int, FunctionKey]") -> None:
        self.first = first_seen(reader)
        self._from_ms = time_range.from_ms
        where = {each: (key.account, key.region, key.name) for each, key in functions.items()}
        known = deploys(reader, where.values())
        self._deployed = {
            each: max(times)
            for each, at in where.items()
            if (times := [one.at_ms for one in known.get(at, ()) if one.at_ms < time_range.to_ms])
        }
        self._oldest: dict[int, int] = {}
        for (function_id, _), first_ms in self.first.items():
            self._oldest[function_id] = min(first_ms, self._oldest.get(function_id, first_ms))
        self._names = {each: key.name for each, key in functions.items()}

    def of(self, template: str, some: Sequence[PatternCount]) -> tuple[str, str]:
        verdicts = [self._of(template, one) for one in some]
        for wanted in ("new", "known"):
            for novelty, evidence in verdicts:
                if novelty == wanted:
                    return novelty, evidence
        return verdicts[0]

    def _of(self, template: str, counted: PatternCount) -> tuple[str, str]:
        name, first_ms = self._names[counted.function_id], self.first[counted.function_id, template]
        deployed_ms, oldest_ms = self._deployed.get(counted.function_id), self._oldest[counted.function_id]
        since_ms = self._from_ms if deployed_ms is None else deployed_ms
        what = "the range's beginning" if deployed_ms is None else f"its deploy of {instant(deployed_ms)} UTC"
        if first_ms < since_ms:
            return "known", f"{name} wrote it before {what} too"
        if oldest_ms >= since_ms:
            return "", f"no line of {name} is from before {what}"
        return "new", f"{name} wrote it {count(counted.lines)} times, and not once before {what}"


def _missing(reader: "Reader", *, exact: bool) -> tuple[str, ...]:
    missing = uncounted(reader)
    reasons = [] if exact else ["an hour that the range cuts has no lines to count: it is in as a whole, or hidden"]
    if missing.older:
        reasons.append(
            f"about {ratio(missing.older)} of the store's lines are of an older version and not counted yet:"
            " the next import or collection counts them, or lambdatui patterns --build"
        )
    if missing.without_lines:
        reasons.append(
            f"{count(missing.without_lines)} log events came without lines (--no-lines) and are of no pattern"
        )
    return tuple(reasons)


def pattern_lines(
    reader: "Reader",
    time_range: TimeRange,
    template: str,
    *,
    function_ids: Sequence[int] | None = None,
    contains: Sequence[str] = (),
    limit: int = SHOWN_LINES,
) -> LogSearch:
    """The newest lines of a pattern, oldest first, with every word of ``contains``; a leading ``!`` inverts."""
    from collectors.parsing.line_patterns import ANY

    names = {row.id: row.function.key.name for row in reader.functions()}
    tell = template_of(reader)
    constant = max((word for word in _words(template.replace(ANY, " "))), key=len, default="")
    words = [word.lower() for word in contains]
    matches: list[LogView] = []
    searched, more = 0, False
    ids = None if function_ids is None else list(function_ids)
    for line in reader.search(time_range.from_ms, time_range.to_ms, ids, contains=constant, newest_first=True):
        searched += 1
        if tell(line.text) != template:
            continue
        lower = line.text.lower()
        if any((word[1:] in lower) if word[:1] == "!" and len(word) > 1 else (word not in lower) for word in words):
            continue
        if len(matches) == limit:
            more = True
            break
        matches.append(log_view(line, names.get(line.function_id, "")))
    matches.reverse()
    return LogSearch(
        LOG_COLUMNS,
        matches,
        reader.as_of_ms(time_range.to_ms),
        time_range,
        searched=searched,
        stored=searched,
        more=more,
    )


def _words(text: str) -> list[str]:
    """Runs of ASCII letters in a pattern, which every line of it holds unchanged."""
    import re

    return [word for word in re.findall(r"[A-Za-z]{3,}", text) if word != "blank"]
