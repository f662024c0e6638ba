"""Collects a runner's log as it is written, as a process: ``python -m lambdatui.demo.follow RUNNER.db STORE.db``.

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


def main() -> int:
    log_path, store = map(Path, sys.argv[1:])
    # Its parent says when to end, by closing the pipe; a closed terminal is the parent's matter.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with RunnerLog(log_path) as log:
        source = RunnerSource(log)
        while True:
            ended, _, _ = select.select([sys.stdin], [], [], _EVERY_S)
            over = bool(ended) and not os.read(sys.stdin.fileno(), 1)
            result = collect(source, db=store)
            for failure in result.failures:
                sys.stderr.write(f"lambdatui demo: {failure}\n")
            if over:
                return 0


if __name__ == "__main__":
    raise SystemExit(main())
