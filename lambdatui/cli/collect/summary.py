"""What a collection came to: on stdout in words or JSON, on stderr what failed, and the exit code."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from collectors.model.errors import ExitCode
from lambdatui.cli.spending import cost_of
from lambdatui.text import figures
from lambdatui.text.plain import plain

if TYPE_CHECKING:
    from collectors.ingest.results import Collected

FIGURES = (
    "functions", "events", "duplicates", "invocations", "errors", "rejected", "older_than_pruned", "metric_points",
)  # fmt: skip
_WAYS = {"events": "by their events", "insights": "by Logs Insights", "metrics": "by metrics only", "idle": "idle"}


def exit_code(done: "Sequence[Collected]") -> int:
    """What one collection's exit code is; a budget that was reached comes before all else."""
    if any(source.over_budget for source in done):
        return ExitCode.OVER_BUDGET
    if not any(source.failures for source in done):
        return ExitCode.DONE
    return ExitCode.PARTLY if any(got_something(source) for source in done) else ExitCode.FAILED


def got_something(source: "Collected") -> bool:
    """Whether the source delivered something, or had nothing to deliver and no failures."""
    return not source.failures or any(getattr(source, figure) for figure in FIGURES)


def say(done: "Sequence[Collected]", as_json: bool) -> None:
    """What the sources came to: on stdout, and what failed on stderr."""
    costs = {source.name: cost_of(source.calls, source.region) for source in done}
    if as_json:
        totals: dict[str, Any] = {figure: sum(getattr(source, figure) for source in done) for figure in FIGURES}
        totals["seconds"] = round(max((source.seconds for source in done), default=0.0), 3)
        totals["cost_usd"] = figures.decimal_text(sum(costs.values(), Decimal(0)))
        totals["sources"] = [
            {
                "source": source.name,
                "account": source.account or None,
                **{figure: getattr(source, figure) for figure in FIGURES},
                "choices": source.choices,
                "calls": {each.operation: each.requests for each in source.calls},
                "cost_usd": figures.decimal_text(costs[source.name]),
                "failures": source.failures,
                "over_budget": source.over_budget or None,
                "unfinished": source.unfinished or None,
            }
            for source in done
        ]
        click.echo(json.dumps(totals))
    for source in done:
        if got_something(source) and not as_json:
            tally = figures.tally(
                {
                    name: getattr(source, name)
                    for name in FIGURES
                    if name != "older_than_pruned" or getattr(source, name)
                }
            )
            requests = sum(each.requests for each in source.calls)
            asked = f"{figures.counted(requests, 'call')} for {figures.money(costs[source.name])}"
            click.echo(plain(f"{source.name}: {tally}; {asked} in {source.seconds:.1f} s"))
            if source.choices:
                ways = ", ".join(f"{count:,} {_WAYS.get(way, way)}" for way, count in sorted(source.choices.items()))
                click.echo(plain(f"{source.name}: log groups: {ways} ('lambdatui collections --json' says why)"))
        if source.unfinished and not as_json:
            click.echo(plain(f"{source.name}: not finished ({source.unfinished}): it goes on in the next round"))
        for failure in dict.fromkeys(source.failures):
            click.echo(plain(f"lambdatui collect: {source.name}: {failure}"), err=True)
        if source.over_budget:
            click.echo(plain(f"lambdatui collect: {source.name}: {source.over_budget}"), err=True)
