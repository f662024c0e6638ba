"""The reaper: a process that outlives the runner for a moment, to end what a killed runner would leave behind.

It runs as a script in a session of its own. The runner writes ``+PID`` and ``-PID`` to its standard input for each
function process (which leads a session and a process group) that starts or ends. When the runner ends in any way, the
reaper kills those left, and whatever has the folder in its first argument in its variables, as all that functions
start have: what left the group of its function, or was started a moment before the runner ended. Then it removes that
folder, and the cgroups whose paths begin with the second argument.
"""

import glob
import os
import shutil
import signal
import sys
import time

_MOST_ROUNDS, _ROUND_S = 50, 0.02


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
    for _ in range(_MOST_ROUNDS):  # what is being killed may start another one
        if not kill_marked(os.fsencode(folder)):
            break
        time.sleep(_ROUND_S)
    shutil.rmtree(folder, ignore_errors=True)
    for group in glob.glob(glob.escape(groups) + "*") if groups else ():
        for _ in range(_MOST_ROUNDS):  # the kernel takes a moment to free what was killed
            try:
                os.rmdir(group)
                break
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(_ROUND_S)


def kill_marked(marker: bytes) -> bool:
    """Kill every process that has ``marker`` in its variables; returns whether there was one."""
    was_one = False
    for environ in glob.glob("/proc/[0-9]*/environ"):
        pid = int(environ.split("/")[2])
        try:
            with open(environ, "rb") as file:
                if pid != os.getpid() and marker in file.read():
                    os.kill(pid, signal.SIGKILL)
                    was_one = True
        except OSError:  # it has ended, or is another user's
            continue
    return was_one


if __name__ == "__main__":
    main()
