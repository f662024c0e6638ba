"""``collect --dry-run``: what a collection would ask and what that would cost, as its own code counts it."""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from collectors.ingest.results import Collected
from collectors.ingest.store_answers import stored_in
from collectors.model.account import CallCount
from collectors.model.errors import ExitCode
from collectors.sources.base import SourceFailed, Step
from collectors.sources.cloudwatch.rehearsal import Estimate, estimate
from collectors.sources.cloudwatch.source import CloudWatchSource
from lambdatui.cli.collect.progress import CollectProgress
from lambdatui.cli.spending import Spending, cost_of
from lambdatui.text import figures
from lambdatui.text.plain import plain

_UNITS: dict[str, Callable[[int], str]] = {
    "cloudwatch:GetMetricData": lambda units: figures.counted(units, "metric"),
    "logs:StartQuery": figures.size,
    "ce:GetCostAndUsage": lambda units: figures.counted(units, "page"),
}


def dry_run(
    openings: Sequence[Callable[[], CloudWatchSource]], db: Path, budget: Decimal | None, *, as_json: bool
) -> int:
    """Says it for each source. The exit code: partly where something could not be learned beforehand."""
    progress = CollectProgress(Spending(), quiet=as_json)
    rows: list[dict[str, Any]] = []
    failures = 0
    most_of_all = Decimal(0)
    with stored_in(db) as idle, stored_in(db) as busy:
        for opening in openings:
            try:
                source = opening()
                name = source.name

                def step(one: Step, name: str = name) -> None:
                    progress(Collected(name), one)

                expected = estimate(source, idle, busy, step)
            except SourceFailed as failed:
                failures += 1
                click.echo(plain(f"lambdatui collect: {failed}"), err=True)
                continue
            finally:
                progress.end()
            for unknown in expected.failures:
                failures += 1
                click.echo(plain(f"lambdatui collect: {source.name}: {unknown}"), err=True)
            row = _row(source, expected)
            rows.append(row)
            most_of_all += cost_of(expected.at_most, source.region)
            if not as_json:
                _say(source, expected)
    if as_json:
        click.echo(json.dumps({"sources": rows}))
    if budget is not None and most_of_all > budget:
        click.echo(
            f"lambdatui collect: up to {figures.money(most_of_all)} is more than the budget of"
            f" {figures.money(budget)}: a collection would stop before it is passed",
            err=True,
        )
    return ExitCode.DONE if not failures else ExitCode.PARTLY if rows else ExitCode.FAILED


def _row(source: CloudWatchSource, expected: Estimate) -> dict[str, Any]:
    return {
        "source": source.name,
        "account": source.account,
        "functions": expected.functions,
        "log_groups": expected.log_groups,
        "stored_bytes": expected.stored_bytes,
        "metrics": expected.metrics,
        "metrics_more": expected.metrics_more,
        "cost_usd": figures.decimal_text(cost_of(expected.at_least, source.region)),
        "cost_usd_at_most": figures.decimal_text(cost_of(expected.at_most, source.region)),
        "calls": {each.operation: each.requests for each in expected.at_least},
        "calls_at_most": {each.operation: each.requests for each in expected.at_most},
        "units": {each.operation: each.units for each in expected.at_least if each.units},
        "units_at_most": {each.operation: each.units for each in expected.at_most if each.units},
    }


def _say(source: CloudWatchSource, expected: Estimate) -> None:
    low, high = cost_of(expected.at_least, source.region), cost_of(expected.at_most, source.region)
    requests = sum(each.requests for each in expected.at_most)
    click.echo(
        plain(
            f"{source.name}: {figures.counted(expected.functions, 'function')},"
            f" {figures.counted(expected.log_groups, 'log group')} with {figures.size(expected.stored_bytes)};"
            f" {figures.money(low)} if no function has run, up to {figures.money(high)} if all have,"
            f" in up to {figures.counted(requests, 'call')}"
        )
    )
    least = {each.operation: each for each in expected.at_least}
    for most in expected.at_most:
        click.echo(plain(f"  {most.operation}: {_range(least.get(most.operation), most, source.region)}"))


def _range(least: CallCount | None, most: CallCount, region: str) -> str:
    few = least.requests if least else 0
    calls = figures.counted(most.requests, "call")
    words = calls if few == most.requests else f"{few:,} to {calls}"
    if not most.units:
        return words
    in_words = _UNITS.get(most.operation)
    units = in_words(most.units) if in_words else figures.counted(most.units, "unit")
    return f"{words}, up to {units} for {figures.money(cost_of([most], region))}"
