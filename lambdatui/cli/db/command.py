"""``lambdatui db``: looking after the store."""

import json
from pathlib import Path
from typing import Any

import click

from collectors.model.clock import now_ms
from collectors.model.errors import ExitCode, LambdatuiError
from lambdatui.cli.global_options import current_context
from lambdatui.cli.output.terminal_table import echo_table
from lambdatui.text import figures
from lambdatui.text.plain import json_text, plain
from lambdatui.views.time_range import floor_minute, preset_ms, span_text
from lambdatui.views.time_words import period

_LABEL = 14


@click.group(name="db")
def command() -> None:
    """The store: what it holds, whether it is whole, and getting data out of it or rid of it."""


@command.command("info", epilog="Example: lambdatui db info --tables")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--tables", is_flag=True, help="The tables and their columns, for 'db query'.")
def info(as_json: bool, tables: bool) -> None:
    """What the store holds: size, span, counts, rejected input, collections."""
    from collectors.store.read.reader import Reader

    if tables:
        _tables(as_json)
        return
    with Reader(current_context().db) as reader:
        contents = reader.info()
    rejects = [{"reason": reason, "count": count, "sample": sample} for reason, count, sample in contents.rejects]
    if as_json:
        info: dict[str, Any] = {
            "path": contents.path,
            "schema": contents.schema,
            "bytes": contents.bytes,
            "functions": contents.functions,
            "invocations": contents.invocations,
            "log_lines": contents.log_lines,
            "first": figures.iso(contents.first_ms),
            "last": figures.iso(contents.last_ms),
            "retention": {
                name: {"age_ms": age, "since": figures.iso(contents.kept_since[name])} for name, age in _ages().items()
            },
            "rejected": sum(count for _, count, _ in contents.rejects),
            "rejects": rejects,
            "collections": contents.collections,
        }
        click.echo(json_text(info))
        return
    span = (
        f"{figures.instant(contents.first_ms)} to {figures.instant(contents.last_ms)} UTC" if contents.first_ms else "-"
    )
    for label, value in (
        ("Store", contents.path),
        ("Size", figures.size(contents.bytes)),
        ("Schema", str(contents.schema)),
        ("Functions", f"{contents.functions:,}"),
        ("Invocations", f"{contents.invocations:,}"),
        ("Log lines", f"{contents.log_lines:,}"),
        ("Span", span),
        ("Collections", str(len(contents.collections))),
        *(("Kept", f"{name} {_kept(age, contents.kept_since[name])}") for name, age in _ages().items()),
        ("Kept", "hours and days forever"),
    ):
        click.echo(f"{label:<{_LABEL}}{plain(value)}")
    for one in rejects:
        sample = plain(str(one["sample"]))[:60]
        click.echo(f"{'Rejected':<{_LABEL}}{one['count']:,} {plain(str(one['reason']))}: {sample}")


def _ages() -> dict[str, int | None]:
    from collectors.store.write.retention import Retention

    return Retention(current_context().retention).ages


def _kept(age_ms: int | None, since_ms: int | None) -> str:
    """``30d by 'collect --watch'; there since 2025-03-31 10:00:00 UTC``."""
    age = "forever" if age_ms is None else f"{span_text(age_ms)} by 'collect --watch'"
    return age + (
        f"; those before {figures.instant(since_ms)} UTC were pruned" if since_ms else "; none was pruned yet"
    )


def _tables(as_json: bool) -> None:
    from sqlite_utils import Database  # only here: it takes half a second to import

    from collectors.store.connection import open_reader

    connection = open_reader(current_context().db)
    try:
        tables = [(table.name, table.count, [column.name for column in table.columns])
                 for table in Database(connection).tables]  # fmt: skip
    finally:
        connection.close()
    if as_json:
        click.echo(json.dumps({name: {"rows": rows, "columns": columns} for name, rows, columns in tables}, indent=2))
        return
    lines = [[name, f"{rows:,}", ", ".join(columns)] for name, rows, columns in tables]
    echo_table(lines, right=(1,), cuttable=(2,))


@command.command("check", epilog="Example: lambdatui db check --quick")
@click.option("--quick", is_flag=True, help="Only the file's structure and version: no checksum, no sum.")
@click.option("--repair", is_flag=False, flag_value="", metavar="[FILE]",
              help="Save what can be read into a new store (default: the store's name with .repaired).")  # fmt: skip
def check(quick: bool, repair: str | None) -> int:
    """Whether the store is whole: its structure, every checksum, and every sum reckoned again. Exit code 5 where not.

    --repair leaves the store as it is and writes another: the rows that can be read and are as they were written, and
    sums made anew of them. It says what is lost, with exit code 3; 0 where nothing is.
    """
    from collectors.store.integrity.checking import check as problems_of

    path = current_context().db
    if repair is not None:
        return _repair(path, Path(repair) if repair else path.with_name(f"{path.stem}.repaired{path.suffix}"))
    # SQLite tells all that it finds in one text of many lines.
    found = problems_of(path, quick=quick)
    problems = [line for problem in found for line in problem.splitlines() if not line.startswith("***")]
    for problem in problems:
        click.echo(plain(problem))
    if problems:
        click.echo(
            plain(
                f"lambdatui db check: {path}: {figures.counted(len(problems), 'problem')}; save what can be read"
                " with 'lambdatui db check --repair', or import into a new --db"
            ),
            err=True,
        )
        return ExitCode.STORE
    if not quick:
        from collectors.store.integrity.damage_note import forget

        forget(path)
    click.echo(f"{path}: whole")
    return ExitCode.DONE


def _repair(path: Path, target: Path) -> int:
    from collectors.store.integrity.salvage import salvage

    if target.exists():
        raise LambdatuiError(f"{target} is there already: name another with --repair FILE")
    salvaged = salvage(path, target)
    for line in salvaged.lost:
        click.echo(plain(line))
    invocations = figures.counted(salvaged.invocations, "invocation")
    summary = f"{invocations} and {figures.counted(salvaged.lines, 'log line')} saved"
    if salvaged.anew:
        summary += f", {figures.counted(salvaged.anew, 'sum')} made anew"
    click.echo(
        plain(f"{target}: {summary}; {'what is listed is' if salvaged.lost else 'nothing is'} lost"),
        err=True,
    )
    return ExitCode.PARTLY if salvaged.lost else ExitCode.DONE


@command.command("prune", epilog="Example: lambdatui db prune --before 90d --vacuum")
@click.option("--before", required=True, metavar="TIME|AGE", help="A time, as of --from, or an age such as 90d.")
@click.option("--vacuum", is_flag=True, help="Also give the space back to the file system; needs room for a copy.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with what was deleted.")
def prune(before: str, vacuum: bool, as_json: bool) -> None:
    """Delete invocations and log lines before a time; the rollups, and so counts and costs, are kept."""
    from collectors.store.write.maintenance import PruneStopped, counts_of
    from collectors.store.write.maintenance import prune as pruned

    before_ms = _before_ms(before)
    if before_ms > now_ms():
        # Later input that is older than this would be taken for counted and pruned, and refused for ever.
        before_ms = floor_minute(now_ms())
        told = figures.instant(before_ms, utc=True)
        click.echo(f"lambdatui db prune: {before} is still to come: before {told} UTC, which is now", err=True)
    if before_ms != floor_minute(before_ms):
        before_ms = floor_minute(before_ms)
        click.echo(f"lambdatui db prune: by full minutes: before {figures.instant(before_ms, utc=True)} UTC", err=True)
    try:
        deleted = pruned(current_context().db, before_ms=before_ms, vacuum=vacuum)
    except PruneStopped as stopped:
        _say_deleted(counts_of(stopped.done), as_json)
        raise
    _say_deleted(deleted, as_json)


def _say_deleted(deleted: dict[str, int], as_json: bool) -> None:
    click.echo(json.dumps(deleted) if as_json else f"{figures.tally(deleted)} deleted")


def _before_ms(text: str) -> int:
    if text[-1:] in "mhdw" and text[:-1].isdigit():
        return floor_minute(now_ms() - preset_ms(text))
    return period(text, now_ms(), current_context().range.zone).start_ms


@command.command("export", epilog="Example: lambdatui db export --range 7d --function 'checkout-*' lines.jsonl.gz")
@click.argument("file", metavar="FILE")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
def export(file: str, force: bool) -> None:
    """Write a consistent copy of the store (FILE.db), or its log lines as JSON lines (FILE.jsonl, .gz, or -).

    The copy can be made while a collector writes. JSON lines hold the range and the functions that the global
    options choose, and 'lambdatui import' reads them back; keys, tokens, passwords and e-mail addresses are taken out
    of them unless --no-redact is given. A copy of the store is whole.
    """

    from lambdatui.cli.db.export import copy_store, write_lines

    target = Path(file)
    if file != "-" and target.exists() and not force:
        raise LambdatuiError(f"{file} is there already: name another, or overwrite it with --force")
    if target.suffix in (".db", ".sqlite", ".sqlite3"):
        size = copy_store(current_context().db, target)
        click.echo(f"{file}: {figures.size(size)}", err=True)
        return
    lines, span = write_lines(file)
    click.echo(plain(f"{file}: {figures.counted(lines, 'line')}, {span}"), err=True)


@command.command("query")
@click.argument("sql")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with the rows.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header.")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N rows.")
def query(sql: str, as_json: bool, as_csv: bool, limit: int | None) -> None:
    """Run one SQL SELECT on the store; it can only read.

    \b
    Example: lambdatui db query "SELECT name, count(*) AS n FROM functions JOIN invocations
             ON function_id = functions.id GROUP BY 1" --csv
    """

    from lambdatui.cli.db.query import echo_rows, formatted, run

    columns, rows = run(current_context().db, sql, limit)
    if as_json or as_csv:
        click.echo(formatted(columns, rows, "json" if as_json else "csv"), nl=False)
    else:
        echo_rows(columns, rows)
