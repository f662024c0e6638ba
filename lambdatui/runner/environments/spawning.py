"""Starts processes: in a mount namespace with Lambda's paths where the machine allows it, else in the machine's own."""

import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from collectors.model.errors import CaughtError
from lambdatui.runner.untrusted import parsed_json

LOG_FD = 62
"""The descriptor of ``_LAMBDA_TELEMETRY_LOG_FD``: high, so that no program has it for something else."""
_FILES = 1024  # Lambda quotas: file descriptors
_LARGEST = 1 << 20

Mount = tuple[str, str, bool]
"""A folder or file, the path that it gets, and whether it is read-only there."""


class NoNamespace(CaughtError):
    """The machine does not allow mount namespaces; the text says why."""


class StartedProcess(Protocol):
    """A process that was started; ``wait`` gives its exit status, below 0 minus the signal that ended it."""

    pid: int

    def wait(self) -> int:
        """Its exit status, once it has ended."""


@dataclass(frozen=True, slots=True)
class ProcessStart:
    """What to start: ``mounts`` are those of a namespace, in their order; None: in the machine's own folders."""

    command: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    mounts: Sequence[Mount] | None
    ephemeral_mb: int

    @property
    def limits(self) -> list[tuple[int, int]]:
        """The limits of its resources."""
        return [
            (resource.RLIMIT_NOFILE, _FILES),
            (resource.RLIMIT_FSIZE, self.ephemeral_mb << 20),
            (resource.RLIMIT_CORE, 0),
        ]


def start_directly(start: ProcessStart, output: int, report: int) -> StartedProcess:
    """Start a process whose output goes to ``output``. ``report`` is the reaper's pipe. Raises OSError."""
    process = subprocess.Popen(
        start.command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=(output,),
        cwd=start.cwd,
        env={**start.env, "_LAMBDA_TELEMETRY_LOG_FD": str(output)},
        start_new_session=True,
    )
    os.write(report, f"+{process.pid}\n".encode())
    for limit, value in start.limits:
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(process.pid, limit, (value, value))
    return process


class Spawner:
    """The process of ``spawner.py``, which starts others in namespaces. ``mounts`` are those that all share."""

    def __init__(self, mounts: Sequence[Mount]) -> None:
        self._channel, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LARGEST)
        script = str(Path(__file__).with_name("spawner.py"))
        with far:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", script, str(far.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(far.fileno(),),
                start_new_session=True,
                cwd="/",
            )
        self._channel.send(json.dumps({"mounts": list(mounts)}).encode())
        self._answered = False

    def check(self) -> None:
        """Wait until it is ready. Raises NoNamespace where the machine does not allow namespaces."""
        if not self._answered:
            answer = self._channel.recv(_LARGEST)
            if (error := parsed_json(answer or b'{"error": "its process ended"}').get("error")) is not None:
                raise NoNamespace(error)
            self._answered = True

    def start(self, start: ProcessStart, output: int, report: int) -> StartedProcess:
        """Like ``start_directly``, in a namespace. Raises OSError; NoNamespace where a mount is not possible."""
        self.check()
        request = {
            "command": list(start.command),
            "env": {**start.env, "_LAMBDA_TELEMETRY_LOG_FD": str(LOG_FD)},
            "cwd": start.cwd,
            "mounts": list(start.mounts or ()),
            "limits": start.limits,
            "log_fd": LOG_FD,
        }
        errors, errors_in = os.pipe()
        try:
            try:
                socket.send_fds(self._channel, [json.dumps(request).encode()], [output, report, errors_in])
            finally:
                os.close(errors_in)
            answer = self._channel.recv(_LARGEST)
            if not answer:
                raise NoNamespace("its process ended")
            child = _Spawned(parsed_json(answer)["pid"])
            failure = os.read(errors, _LARGEST)  # empty once the program runs: it closes the pipe
        finally:
            os.close(errors)
        if failure:
            child.wait()
            os.write(report, f"-{child.pid}\n".encode())
            reason = parsed_json(failure)
            if reason["stage"] == "mount" and all(os.path.exists(source) for source, _, _ in start.mounts or ()):
                raise NoNamespace(reason["text"])
            raise OSError(reason["errno"], reason["text"], start.command[0])
        return child

    def close(self) -> None:
        """End it; what it started goes on."""
        self._channel.close()
        self._process.wait()


class _Spawned:
    """A child of this process that another process has started."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)
