"""``lambdatui import FILE...``."""

import json
import sys
import time
from typing import TYPE_CHECKING

import click

from collectors.model.errors import ExitCode
from collectors.sources.registry import Reads, described
from lambdatui.cli.global_options import current_context
from lambdatui.text import figures
from lambdatui.text.plain import plain

if TYPE_CHECKING:
    from collectors.ingest.results import ImportResult, Progress

OLDER = "older_than_pruned"
_FIGURES = ("files", "events", "duplicates", "invocations", "errors", "rejected", OLDER)
_REDRAW_S, _SAY_S = 0.1, 10.0
_BAR = 24
_MOST_NOTES = 5


@click.command(name="import", epilog="Example: lambdatui import --function checkout --region eu-west-1 export/*.gz")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--function", "function", metavar="NAME", help="The function, where the file does not say.")
@click.option("--region", metavar="R", help="The region, where the file does not say.")
@click.option("--account", metavar="A", help="The account, where the file does not say.")
@click.option(
    "--source", "source", default="", metavar="NAME", help=f"Read all files as one of: {described(Reads.FILE)}."
)
@click.option("--no-lines", is_flag=True, help="Keep figures only, not the log lines: a smaller store.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with what it came to.")
def command(
    files: tuple[str, ...],
    function: str | None,
    region: str | None,
    account: str | None,
    source: str,
    no_lines: bool,
    as_json: bool,
) -> int:
    """Read exported logs into the store.

    FILE: JSON lines of events, `aws logs` JSON, S3 export folders, CSV, plain text, OTLP logs as JSON or protobuf;
    compressed by gzip, bzip2 or xz; - is stdin. A file's beginning tells what it is, or --source. What the store
    already has is not counted twice, so an interrupted import is simply run again.
    """
    from collectors.ingest.engine import import_files
    from collectors.model.records import FunctionKey
    from collectors.sources.base import SourceFailed

    if region:
        _check_region(region)
    context = current_context()
    # Before the subcommand the same options narrow; for an import they can only mean what the file does not say.
    defaults = FunctionKey(
        function or _first(context.functions), account or _first(context.accounts), region or _first(context.regions)
    )
    meter = Meter()
    try:
        result = import_files(
            list(files),
            db=context.db,
            defaults=defaults,
            keep_lines=not no_lines,
            progress=meter.show,
            source=source,
        )
    except SourceFailed as failed:
        raise click.UsageError(plain(str(failed))) from failed
    finally:
        meter.clear()
    _say(result, as_json)
    for note in result.notes[:_MOST_NOTES]:
        click.echo(plain(f"lambdatui import: {note}"), err=True)
    if len(result.notes) > _MOST_NOTES:
        click.echo(f"lambdatui import: {len(result.notes) - _MOST_NOTES:,} more are empty", err=True)
    for failure in result.failures:
        click.echo(plain(f"lambdatui import: {failure}"), err=True)
    for name in result.partly[:_MOST_NOTES]:
        trouble = "was read in part: it is damaged, cut short or too long; 'lambdatui db info' says where"
        click.echo(plain(f"lambdatui import: {name} {trouble}"), err=True)
    for name in result.unmade[:_MOST_NOTES]:
        trouble = "holds START and REPORT lines, but none could be made an invocation; export its events as JSON or CSV"
        click.echo(plain(f"lambdatui import: {name} {trouble}"), err=True)
    if result.files:
        from lambdatui.cli.older_lines import count_older_lines

        count_older_lines(context.db)
    if not result.failures:
        return ExitCode.PARTLY if result.unmade or result.partly else ExitCode.DONE
    return ExitCode.PARTLY if result.files else ExitCode.FAILED


def _check_region(region: str) -> None:
    """Warns of a region without prices whose name is almost that of one with prices; it may be a new one."""
    from pricing.pricebook import PriceBook, UnknownRegion

    try:
        PriceBook.load().region(region)
    except UnknownRegion as unknown:
        if unknown.suggestion:
            click.echo(f"lambdatui import: {unknown} It is kept as it was given", err=True)


def _first(values: tuple[str, ...]) -> str:
    return values[0] if values else ""


def _say(result: "ImportResult", as_json: bool) -> None:
    counts: dict[str, int] = {name: getattr(result, name) for name in _FIGURES}
    if as_json:
        click.echo(json.dumps(counts | {"seconds": round(result.seconds, 3)}))
        return
    if not counts[OLDER]:
        del counts[OLDER]
    click.echo(f"{figures.tally(counts)} in {result.seconds:.1f} s")
    if result.rejected:
        click.echo("'lambdatui db info' says what was rejected, and why", err=True)


class Meter:
    """Progress on stderr: one line redrawn on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._began = self._drawn = time.monotonic()
        self._width = 0

    def show(self, progress: "Progress") -> None:
        """Draws the progress, at most ten times a second on a terminal, else every ten seconds."""
        now = time.monotonic()
        if now - self._drawn < (_REDRAW_S if self._terminal else _SAY_S):
            return
        self._drawn = now
        line = progress_line(progress, now - self._began, bar=self._terminal)
        if not self._terminal:
            click.echo(line, err=True)
            return
        import shutil

        line = line[: shutil.get_terminal_size().columns - 1]
        click.echo(f"\r{line.ljust(self._width)}", nl=False, err=True)
        self._width = len(line)

    def clear(self) -> None:
        """Clears the line on a terminal."""
        if self._width:
            click.echo(f"\r{' ' * self._width}\r", nl=False, err=True)
            self._width = 0


def progress_line(progress: "Progress", seconds: float, *, bar: bool) -> str:
    """``[#####     ] 52%  1.2M events  41.3 MB/s  12.00s left  big.jsonl``; no share where a size is unknown."""
    rate = progress.bytes_done / seconds if seconds > 0 else 0.0
    parts = []
    if progress.bytes_total:
        share = min(1.0, progress.bytes_done / progress.bytes_total)
        if bar:
            parts.append(f"[{('#' * round(share * _BAR)).ljust(_BAR)}]")
        parts.append(f"{share:4.0%}")
    else:
        parts.append(figures.size(progress.bytes_done))
    parts += [
        f"{figures.count(progress.events)} {figures.plural(progress.events, 'event')}",
        f"{figures.size(rate)}/s",
    ]
    if progress.bytes_total and rate:
        left_ms = max(0.0, progress.bytes_total - progress.bytes_done) / rate * 1000
        parts.append(f"{figures.milliseconds(round(left_ms, -3)) if left_ms >= 1000 else '<1s'} left")
    parts.append(plain(progress.file))
    return "  ".join(parts)
