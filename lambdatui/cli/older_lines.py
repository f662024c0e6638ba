"""Counts by pattern the lines that an older version stored, in steps; whoever writes next does it and says so."""

import time
from collections.abc import Callable
from pathlib import Path

import click

_SAY_S = 3.0


def count_older_lines(db: Path, *, stopped: Callable[[], bool] = lambda: False) -> None:
    """Counts what is left, if anything. Ended at any time, also by ctrl-c, the next goes on; so where another writes.

    Raises StoreError but for StoreLocked.
    """
    from collectors.store.errors import StoreLocked
    from collectors.store.read.pattern_rows import uncounted
    from collectors.store.read.reader import Reader

    with Reader(db) as reader:
        if not uncounted(reader).older:
            return
    from collectors.parsing.patterns import LinePatterns
    from collectors.store.write.pattern_counts import count_older

    click.echo("lambdatui: the lines that an older version stored are counted by pattern, once", err=True)
    said_at = time.monotonic()
    try:
        for left in count_older(db, LinePatterns()):
            if left and time.monotonic() - said_at >= _SAY_S:
                said_at = time.monotonic()
                click.echo(f"lambdatui: {left:,} chunks of older lines are left", err=True)
            if stopped():
                break
    except (StoreLocked, KeyboardInterrupt):
        click.echo("lambdatui: the next import or collection goes on with the older lines", err=True)
