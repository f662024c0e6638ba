"""The demo's collector, as a process: it reads the runner's log every second, as it is written.

Before that it collects the simulated days, where they are wanted. It ends when its standard input does: after one last
collection, so that the store has all that the log has.
"""

import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from collectors.ingest.engine import collect
from collectors.model.account import DEPLOYMENT, Inventory
from collectors.sources.base import Item, Source, SourceFailed, Stored
from collectors.sources.runner_log import RunnerLog, RunnerSource

_EVERY_S = 1.0
_LOOKS_EVERY_S = 0.05


def run(log_path: Path, store: Path, simulated_until_ms: int | None, seed: int) -> None:
    """Collect the simulated days before ``simulated_until_ms`` (epoch ms; None: no such days), made with ``seed``, and
    the log at ``log_path``, into ``store``, until the standard input ends. A line on stdout says that they are there.
    """
    # Its parent ends it by closing the pipe; a closed terminal is the parent's matter.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if simulated_until_ms is not None:
        from lambdatui.demo.history.calendar import calendar_until
        from lambdatui.demo.history.source import SimulatedDays

        _collect(SimulatedDays(calendar_until(simulated_until_ms), seed, _has_ended), store)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    log, ended = None, False
    while log is None and not ended:
        ended = _has_ended(_LOOKS_EVERY_S)
        with contextlib.suppress(SourceFailed):  # the runner has not made it yet
            log = RunnerLog(log_path)
    if log is None:
        return
    with log:
        source = RunnerSource(log) if simulated_until_ms is None else SameCode(log)
        while True:
            _collect(source, store)
            if ended:
                return
            ended = _has_ended(_EVERY_S)


def _has_ended(wait_s: float = 0.0) -> bool:
    """Whether the standard input has ended; waits for it that long."""
    readable, _, _ = select.select([sys.stdin], [], [], wait_s)
    return bool(readable) and not os.read(sys.stdin.fileno(), 1)


def _collect(source: Source, store: Path) -> None:
    for failure in collect(source, db=store).failures:
        sys.stderr.write(f"lambdatui demo: {failure}\n")


class SameCode(RunnerSource):
    """A runner's log without the deploys with which the demo begins: they bring the code of the simulated days."""

    def __init__(self, log: RunnerLog) -> None:
        super().__init__(log)
        self._first: dict[str, int | None] = {}

    def items(self, stored: Stored, /) -> Iterator[Item]:
        """The items of the log; of deploys only those that come after a function's first."""
        for item in super().items(stored):
            if isinstance(item, Inventory) and item.kinds == (DEPLOYMENT,):
                for deploy in item.configured:
                    self._first.setdefault(deploy.function, deploy.modified_ms)
                later = [deploy for deploy in item.configured if deploy.modified_ms != self._first[deploy.function]]
                if later:
                    names = frozenset(deploy.function for deploy in later)
                    yield Inventory(item.account, item.region, item.kinds, later, names, as_of_ms=item.as_of_ms)
            else:
                yield item
