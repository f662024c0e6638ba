"""A range is the sum of its two halves, and what a command prints are the rows of the screen."""

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from collectors.store.read.reader import Reader
from lambdatui.cli.output.listing import Listing
from lambdatui.cli.output.rows import arranged
from lambdatui.views.change import RelativeChange
from lambdatui.views.costs import costs
from lambdatui.views.error_growth import error_growth
from lambdatui.views.error_trends import error_trends
from lambdatui.views.functions import functions
from lambdatui.views.growth import growth
from lambdatui.views.throttles import throttles
from tests.oracle.examples import modest
from tests.oracle.sayings import BOOK, STEPS, key_of, near, span_of
from tests.oracle.store import stored
from tests.oracle.worlds import DAY, HOUR, World, cuts, moments, whole, worlds
from tests.support.command_line import run

ADDED = ("invocations", "errors", "timeouts", "cold_starts", "throttles")


@st.composite
def halved(draw: st.DrawFn) -> tuple[World, int, int, int]:
    """A span and a moment in it, all at full hours, or at midnight where the span is a long one."""
    world = draw(worlds())
    low, high = draw(cuts(world))
    grain = DAY if high - low > 6 * DAY else HOUR
    low, high = low // grain * grain, max(-(-high // grain), low // grain + 2) * grain
    low, high = whole(low, high)
    return world, low, low + draw(st.integers(1, (high - low) // grain - 1)) * grain, high


def _counts(reader: Reader, low: int, high: int) -> Counter[Any]:
    found: Counter[Any] = Counter()
    span = span_of(low, high)
    for row in functions(reader, span, BOOK).rows:
        for name in ADDED:
            found[key_of(row), name] += getattr(row, name) or 0
    for row in error_trends(reader, span).rows:
        found[row.function, row.fingerprint] += row.count
    for row in throttles(reader, span).rows:
        found[key_of(row), "rejected"] += row.throttles or 0
    for line in costs(reader, span, BOOK, free_tier=False).rows:
        if not line.basis.startswith("estimated") or line.dimension.endswith("requests"):
            found[key_of(line), line.dimension, line.arch, line.tier] += line.quantity  # type: ignore[assignment]
            found[key_of(line), line.dimension, "amount"] += line.amount or 0  # type: ignore[assignment]
    return found


@modest(12)
@given(halved())
def test_a_range_is_the_sum_of_its_halves(cut: tuple[World, int, int, int]) -> None:
    world, low, middle, high = cut
    with stored(world) as path, Reader(path) as reader:
        whole = _counts(reader, low, high)
        halves = _counts(reader, low, middle)
        halves.update(_counts(reader, middle, high))
    for name in sorted({*whole, *halves}, key=str):
        assert whole[name] == halves[name], name


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@modest(8)
@given(worlds().flatmap(lambda world: st.tuples(st.just(world), moments(world))))
def test_what_is_printed_are_the_rows_of_the_screen(looked: tuple[World, int]) -> None:
    """``--json`` and ``--csv`` of functions, errors, throttles and costs, column by column."""
    world, at = looked
    span = span_of((at - 7 * DAY) // HOUR * HOUR, at)
    with stored(world) as path, Reader(path) as reader:
        groups = error_trends(reader, span)
        asked = "--db", path, "--from", _iso(span.from_ms), "--to", _iso(span.to_ms), "--utc"
        views = {
            "functions": growth(reader, span, BOOK).added_to(functions(reader, span, BOOK, trend_steps=STEPS)),
            "errors": error_growth(reader, span, groups).added_to(groups),
            "throttles": throttles(reader, span),
        }
        for command, view in views.items():
            said = json.loads(run(*asked, command, "--json").stdout)
            assert len(said["rows"]) == len(view.rows), command
            assert near(said["coverage"], view.coverage, rel=1e-5, least=1e-6), command
            rows = arranged(view, Listing())
            for printed, row in zip(said["rows"], rows, strict=True):
                _same(command, printed, row)
            table = list(csv.DictReader(io.StringIO(run(*asked, command, "--csv").stdout)))
            assert [one["function"] for one in table] == [row.function for row in rows]
            for printed, row in zip(table, rows, strict=True):
                _same(command, {name: text or None for name, text in printed.items()}, row)
        bill, told = costs(reader, span, BOOK), json.loads(run(*asked, "costs", "--json").stdout)
        assert [(one["function"], one["dimension"], one["amount"] and Decimal(one["amount"])) for one in told["lines"]] \
            == [(line.function, line.dimension, line.amount) for line in bill.rows]  # fmt: skip


def _same(command: str, printed: dict[str, Any], row: Any) -> None:
    for name, value in printed.items():
        right = getattr(row, name, None)
        if name in ("freshness", "data_until") or name not in row.__struct_fields__:
            continue  # an age goes on
        if isinstance(right, RelativeChange):
            continue  # a ratio or a word: tests/unit/lambdatui/views/test_growth.py has them
        if isinstance(right, bool) or not isinstance(right, int | float | Decimal):
            if isinstance(right, str) or right is None:
                assert (value or None) == (right or None), f"{command} {name}"
        elif not (isinstance(value, str) and "T" in value):  # a time is printed as text
            assert near(value, right, rel=1e-6, least=1e-6), f"{command} {name}: {value} for {right}"
        else:
            assert datetime.fromisoformat(value).timestamp() * 1000 == right, f"{command} {name}"
