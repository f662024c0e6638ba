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
def opened() -> Iterator[Opened]:
    """Raises ``StoreError`` and ``RangeError``, which the root command turns into a line and an exit code."""
    context = current_context()
    with Reader(context.db) as reader, reader.snapshot():
        oldest = reader.oldest_ms() if context.range.preset == "all" else None
        yield Opened(context, reader, context.range.resolve(now_ms(), reader.newest_ms(), oldest))
