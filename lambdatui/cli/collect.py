"""``lambdatui collect``: read CloudWatch, or a local runner's log, into the store."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lambdatui import text
from lambdatui.cli.main import DONE, FAILED, PARTLY
from lambdatui.cli.options import current_context
from lambdatui.views.time_range import RangeError, preset_ms

if TYPE_CHECKING:
    from collectors.pipeline import CollectResult
    from collectors.source import Source

CLOUDWATCH = "cloudwatch"
_DEFAULT_SINCE = "24h"
_FIGURES = ("functions", "events", "duplicates", "invocations", "errors", "rejected", "metric_points")

Opening = Callable[[], "Source"]


def _span_ms(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else preset_ms(value)
    except RangeError as error:
        raise click.BadParameter(str(error)) from error


@click.command(name="collect", epilog="Example: lambdatui collect --profile prod --region eu-central-1 --since 7d")
@click.option(
    "--profile", "profiles", multiple=True, metavar="P", help="AWS profile (repeatable; default: as aws does)."
)
@click.option(
    "--region", "regions", multiple=True, metavar="R", help="AWS region (repeatable; default: the profile's)."
)
@click.option(
    "--since", "span_ms", callback=_span_ms, metavar="SPAN", help="How far back: 1h, 7d (default 24h; a runner: all)."
)
@click.option("--source", default=CLOUDWATCH, show_default=True, metavar="cloudwatch|RUNNER.db", help="What to read.")
@click.option("--endpoint-url", metavar="URL", help="Another server that speaks AWS's APIs.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with what it came to.")
def command(
    profiles: tuple[str, ...],
    regions: tuple[str, ...],
    span_ms: int | None,
    source: str,
    endpoint_url: str | None,
    as_json: bool,
) -> None:
    """Collect functions, metrics and logs once, and keep them in the store.

    AWS is only read: every call is checked against the list that `lambdatui iam-policy` prints. What the store
    already has is not counted twice. Exit code 3 when a source, or a part of one, failed and the rest was kept.
    """
    context = current_context()
    if source == CLOUDWATCH:
        since_ms = span_ms if span_ms is not None else preset_ms(_DEFAULT_SINCE)
        openings = list(_cloudwatch(profiles, regions or context.regions, since_ms, endpoint_url))
    elif profiles or regions or endpoint_url:
        raise click.UsageError("--profile, --region and --endpoint-url are for CloudWatch, not for a runner's log")
    else:
        openings = [lambda: _runner(Path(source), span_ms)]
    done = [_collected(opening, context.db) for opening in openings]
    _say(done, as_json)
    click.get_current_context().exit(_exit_code(done))


class _Collected:
    """What one source came to: its figures where it was read, and what failed."""

    def __init__(self, name: str, result: "CollectResult | None", failures: list[str]) -> None:
        self.name = name
        self.figures = {figure: int(getattr(result, figure)) if result else 0 for figure in _FIGURES}
        self.seconds = result.seconds if result else 0.0
        self.failures = failures

    @property
    def kept(self) -> bool:
        """Whether anything was had; a source without failures that had nothing to give counts too."""
        return not self.failures or any(self.figures.values())


def _cloudwatch(
    profiles: tuple[str, ...], regions: tuple[str, ...], since_ms: int, endpoint_url: str | None
) -> Iterator[Opening]:
    from collectors.cloudwatch.session import ReadOnlySession
    from collectors.cloudwatch.source import CloudWatchSource

    now_ms = time.time_ns() // 1_000_000

    def opening(profile: str | None, region: str | None) -> Opening:
        return lambda: CloudWatchSource(
            ReadOnlySession(profile, region, endpoint_url), since_ms=now_ms - since_ms, now_ms=now_ms
        )

    for profile in profiles or (None,):
        for region in regions or (None,):
            yield opening(profile, region)


def _runner(path: Path, span_ms: int | None) -> "Source":
    from collectors.runner_log import RunnerLog, RunnerSource

    since_ms = None if span_ms is None else time.time_ns() // 1_000_000 - span_ms
    log = click.get_current_context().with_resource(RunnerLog(path))
    return RunnerSource(log, since_ms)


def _collected(opening: Opening, db: Path) -> _Collected:
    from collectors.source import SourceFailed

    try:
        source = opening()
    except SourceFailed as failed:
        return _Collected(failed.what, None, [f"{failed.meaning}; {failed.what_to_do}"])
    from collectors.pipeline import collect

    try:
        result = collect(source, db=db)
    except SourceFailed as failed:
        return _Collected(source.name, None, [str(failed)])
    return _Collected(source.name, result, list(dict.fromkeys(result.failures)))


def _exit_code(done: list[_Collected]) -> int:
    if not any(one.failures for one in done):
        return DONE
    return PARTLY if any(one.kept for one in done) else FAILED


def _say(done: list[_Collected], as_json: bool) -> None:
    if as_json:
        totals = {figure: sum(one.figures[figure] for one in done) for figure in _FIGURES}
        seconds = round(sum(one.seconds for one in done), 3)
        sources = [{"source": one.name, **one.figures, "failures": one.failures} for one in done]
        click.echo(json.dumps({**totals, "seconds": seconds, "sources": sources}))
    for one in done:
        if one.kept and not as_json:
            figures = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in one.figures.items())
            click.echo(text.plain(f"{one.name}: {figures} in {one.seconds:.1f} s"))
        for failure in one.failures:
            click.echo(text.plain(f"lambdatui collect: {one.name}: {failure}"), err=True)
