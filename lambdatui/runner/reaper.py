"""A process that outlives the runner for a moment, to end what a killed runner would leave behind.

Run as a script in a session of its own. Its standard input is the runner's: ``+PID`` and ``-PID`` tell of function
processes (each leads a session and a process group). At its end, however the runner ended, all that are left are
killed, and the folder given as the argument is removed.
"""

import os
import shutil
import signal
import sys


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    alive: set[int] = set()
    for line in sys.stdin.buffer:
        pid = int(line[1:])
        alive.add(pid) if line[:1] == b"+" else alive.discard(pid)
    for pid in alive:
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    for folder in sys.argv[1:]:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
