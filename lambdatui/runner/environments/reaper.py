"""The reaper: a process that outlives the runner for a moment, to end what a killed runner would leave behind.

It runs as a script in a session of its own. The runner writes ``+PID`` and ``-PID`` to its standard input for each
function process (which leads a session and a process group) that starts or ends. When the runner ends in any way, the
reaper kills those left. Then it removes the folder in its first argument, and the cgroups whose paths begin with the
second.
"""

import glob
import os
import shutil
import signal
import sys
import time


def main() -> None:
    """Wait for the end of the runner, then clean up."""
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
    folder, groups = sys.argv[1:]
    shutil.rmtree(folder, ignore_errors=True)
    for group in glob.glob(glob.escape(groups) + "*") if groups else ():
        for _ in range(50):  # the kernel takes a moment to free what was killed
            try:
                os.rmdir(group)
                break
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.02)


if __name__ == "__main__":
    main()
