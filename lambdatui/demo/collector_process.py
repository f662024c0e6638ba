"""The demo's collector, as a process: it reads the runner's log every second, as it is written.

It ends when its standard input does: after one last collection, so that the store has all that the log has.
"""

import os
import select
import signal
import sys
from pathlib import Path

from collectors.ingest.engine import collect
from collectors.sources.runner_log import RunnerLog, RunnerSource

_EVERY_S = 1.0


def run(log_path: Path, store: Path) -> None:
    """Collect the log at ``log_path`` into ``store`` until the standard input ends."""
    # Its parent ends it by closing the pipe; a closed terminal is the parent's matter.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with RunnerLog(log_path) as log:
        source = RunnerSource(log)
        ended = False
        while not ended:
            readable, _, _ = select.select([sys.stdin], [], [], _EVERY_S)
            ended = bool(readable) and not os.read(sys.stdin.fileno(), 1)
            result = collect(source, db=store)
            for failure in result.failures:
                sys.stderr.write(f"lambdatui demo: {failure}\n")
