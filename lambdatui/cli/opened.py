"""The store, the range and the prices of one command."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from collectors.store.reader import Reader
from lambdatui.cli.context import Context
from lambdatui.cli.options import current_context
from lambdatui.cli.price_book import price_book as price_book
from lambdatui.views.time_range import TimeRange


@dataclass(frozen=True, slots=True)
class Opened:
    """An open reader and the range resolved against what the store holds."""

    context: Context
    reader: Reader
    range: TimeRange


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def opened(*, of_lines: bool = False) -> Iterator[Opened]:
    """``of_lines``: all that is stored is then all log lines, those before and after the invocations too.

    Raises ``StoreError`` and ``RangeError``, which the root command turns into a line and an exit code."""
    context = current_context()
    with Reader(context.db) as reader, reader.snapshot():
        oldest = reader.oldest_ms() if context.range.preset == "all" else None
        newest = reader.newest_ms()
        if of_lines and context.range.preset == "all" and (span := reader.lines_span_ms()) is not None:
            oldest = min(span[0], oldest if oldest is not None else span[0])
            newest = max(span[1], newest if newest is not None else span[1])
        yield Opened(context, reader, context.range.resolve(now_ms(), newest, oldest))
