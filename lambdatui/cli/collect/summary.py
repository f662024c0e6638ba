"""What a collection came to: on stdout in words or JSON, on stderr what failed, and the exit code."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from collectors.model.errors import ExitCode
from lambdatui.cli.spending import cost_of
from lambdatui.text import formatting

if TYPE_CHECKING:
    from collectors.ingest.many_sources import Collected

FIGURES = (
    "functions", "events", "duplicates", "invocations", "errors", "rejected", "older_than_pruned", "metric_points",
)  # fmt: skip
_WAYS = {"events": "by their events", "insights": "by Logs Insights", "metrics": "by metrics only", "idle": "idle"}


def exit_code(done: "Sequence[Collected]") -> int:
    """What one collection's exit code is; a budget that was reached comes before all else."""
    if any(one.over_budget for one in done):
        return ExitCode.OVER_BUDGET
    if not any(one.failures for one in done):
        return ExitCode.DONE
    return ExitCode.PARTLY if any(kept(one) for one in done) else ExitCode.FAILED


def kept(one: "Collected") -> bool:
    """Whether anything was had; a source without failures that had nothing to give counts too."""
    return not one.failures or any(getattr(one, figure) for figure in FIGURES)


def say(done: "Sequence[Collected]", as_json: bool) -> None:
    """What the sources came to: on stdout, and what failed on stderr."""
    costs = {one.name: cost_of(one.calls, one.region) for one in done}
    if as_json:
        totals: dict[str, Any] = {figure: sum(getattr(one, figure) for one in done) for figure in FIGURES}
        totals["seconds"] = round(max((one.seconds for one in done), default=0.0), 3)
        totals["cost_usd"] = formatting.decimal_text(sum(costs.values(), Decimal(0)))
        totals["sources"] = [
            {
                "source": one.name,
                "account": one.account or None,
                **{figure: getattr(one, figure) for figure in FIGURES},
                "choices": one.choices,
                "calls": {each.operation: each.requests for each in one.calls},
                "cost_usd": formatting.decimal_text(costs[one.name]),
                "failures": one.failures,
                "over_budget": one.over_budget or None,
                "unfinished": one.unfinished or None,
            }
            for one in done
        ]
        click.echo(json.dumps(totals))
    for one in done:
        if kept(one) and not as_json:
            figures = formatting.tally(
                {name: getattr(one, name) for name in FIGURES if name != "older_than_pruned" or getattr(one, name)}
            )
            requests = sum(each.requests for each in one.calls)
            asked = f"{formatting.counted(requests, 'call')} for {formatting.money(costs[one.name])}"
            click.echo(formatting.plain(f"{one.name}: {figures}; {asked} in {one.seconds:.1f} s"))
            if one.choices:
                ways = ", ".join(f"{count:,} {_WAYS.get(way, way)}" for way, count in sorted(one.choices.items()))
                click.echo(
                    formatting.plain(f"{one.name}: log groups: {ways} ('lambdatui collections --json' says why)")
                )
        if one.unfinished and not as_json:
            click.echo(formatting.plain(f"{one.name}: not finished ({one.unfinished}): it goes on in the next round"))
        for failure in dict.fromkeys(one.failures):
            click.echo(formatting.plain(f"lambdatui collect: {one.name}: {failure}"), err=True)
        if one.over_budget:
            click.echo(formatting.plain(f"lambdatui collect: {one.name}: {one.over_budget}"), err=True)
