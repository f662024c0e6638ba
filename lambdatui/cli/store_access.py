"""The store, the range and the prices of one command."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from collectors.ingest.regrouping import is_old, regroup_store
from collectors.model.clock import now_ms
from collectors.store.read.reader import Reader
from lambdatui.cli.global_options import current_context
from lambdatui.settings.context import CommandContext
from lambdatui.views.function_set import FunctionSet
from lambdatui.views.measured_sets import measured_sets
from lambdatui.views.resolved_range import resolved
from lambdatui.views.scope import Scope, unmatched
from lambdatui.views.time_range import TimeRange

_SAY_S = 3.0


@dataclass(frozen=True, slots=True)
class Opened:
    """An open reader and the range resolved against what the store holds."""

    context: CommandContext
    reader: Reader
    range: TimeRange


class _Said:
    """Writes to stderr, every few seconds, how far the regrouping of errors after an upgrade has come."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._said_at >= _SAY_S:
            self._said_at = time.monotonic()
            click.echo(f"lambdatui: errors are grouped anew: {done:,} of {total:,} failed invocations", err=True)


@contextmanager
def opened() -> Iterator[Opened]:
    """Raises ``StoreError`` and ``RangeError``, which the root command turns into a line and an exit code."""
    context = current_context(chooses_functions=True)
    with _grouped(context.db) as reader, reader.snapshot():
        time_range = resolved(reader, context.range, now_ms())
        with reader.until(time_range.until_ms):
            context = replace(context, sets=_measured(context.sets, reader, time_range))
            context = replace(context, tagged=context.scope.bound(reader).tagged)
            say_unmatched(context.scope, reader)
            yield Opened(context, reader, time_range)


def narrowed(scope: Scope, reader: Reader, time_range: TimeRange) -> Scope:
    """The scope with the functions that its tags and filters choose in the store."""
    return replace(scope, sets=_measured(scope.sets, reader, time_range)).bound(reader)


def _measured(sets: tuple[FunctionSet, ...], reader: Reader, time_range: TimeRange) -> tuple[FunctionSet, ...]:
    """The sets with the functions that their filters choose by the figures of the range."""
    if not sets:
        return ()
    from lambdatui.cli.price_book import price_book

    return measured_sets(sets, reader, time_range, price_book())


def _grouped(db: Path) -> Reader:
    """A reader of the store.

    Errors are regrouped first where an upgrade asks for it; then the store is opened twice.
    """
    reader = Reader(db)
    if is_old(reader):
        reader.close()
        regroup_store(db, _Said())
        reader = Reader(db)
    return reader


def say_unmatched(scope: Scope, reader: Reader) -> None:
    """Writes to stderr which --account, --region, --function and --tag match nothing in the store.

    That is no failure.
    """
    if scope:
        from lambdatui.text.plain import plain

        for said in unmatched(scope, reader):
            click.echo(plain(said), err=True)
