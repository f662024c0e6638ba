"""Starts functions' processes in mount namespaces of their own, where their files have Lambda's paths.

A script for a process of its own, which runs as long as the runner: only a process of one thread may leave its user
namespace, and only a small one is forked quickly. Its argument is the number of a socket to the runner. At its start it
enters a mount namespace (with a user namespace, where it is not root) and mounts what all functions share; it answers
``{}``, or ``{"error": TEXT}`` where the machine does not allow that. Then each request is a JSON object and three file
descriptors: the process's output, the reaper's pipe, and a pipe on which the new process says why it could not start.
The answer is its process id. The new process is a child of the runner, not of this process.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import sys
from typing import Any

# Linux's <sched.h> and <sys/mount.h>.
_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_PARENT = 0x00020000, 0x10000000, 0x00008000
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_SLAVE = 1, 32, 4096, 16384, 1 << 19
_SYS_CLONE = {"x86_64": 56, "aarch64": 220}
_LARGEST = 1 << 20
_LIBC = ctypes.CDLL(None, use_errno=True)
# statvfs has the flags of MS_NOSUID, MS_NODEV, MS_NOEXEC with the same numbers, and those of access times with others.
_SAME_FLAGS = 2 | 4 | 8
_TIME_FLAGS = {1024: 1024, 2048: 2048, 4096: 1 << 21}


def main() -> None:
    """Enter the namespaces, then start processes until the runner ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)
    try:
        _prepare(json.loads(channel.recv(_LARGEST)))
    except (OSError, KeyError) as error:
        text = error.strerror if isinstance(error, OSError) else f"machine {error}"
        channel.send(json.dumps({"error": text}).encode())
        return
    channel.send(b"{}")
    while True:
        data, descriptors = _receive(channel)
        if not data:
            return
        pid = _fork()
        if pid == 0:
            _become(json.loads(data), *descriptors)
        # The reaper learns of the process before the runner does: whichever is killed when, it ends.
        os.write(descriptors[1], f"+{pid}\n".encode())
        for descriptor in descriptors:
            os.close(descriptor)
        channel.send(json.dumps({"pid": pid}).encode())


def _prepare(common: Any) -> None:
    """Enter the namespaces; ``common`` has the mounts that all processes share. Raises OSError."""
    _SYS_CLONE[os.uname().machine]  # raises KeyError: another machine's numbers are not known here
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0 or _LIBC.unshare(_CLONE_NEWNS) != 0:
        _checked(_LIBC.unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "unshare")
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    _checked(_LIBC.mount(b"none", b"/", None, _MS_REC | _MS_SLAVE, None), "mount /")
    _mount_all(common["mounts"])


def _receive(channel: socket.socket) -> "tuple[bytes, list[int]]":
    data, ancillary, _, _ = channel.recvmsg(_LARGEST, socket.CMSG_SPACE(3 * 4), socket.MSG_CMSG_CLOEXEC)
    descriptors: list[int] = []
    for _, _, packed in ancillary:
        descriptors += [int.from_bytes(packed[start : start + 4], sys.byteorder) for start in range(0, len(packed), 4)]
    return data, descriptors


def _fork() -> int:
    """Like fork, but the child's parent is ours: the runner, which waits for its end."""
    number = _SYS_CLONE[os.uname().machine]
    arguments = map(ctypes.c_long, (number, _CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0))
    return _checked(_LIBC.syscall(*arguments), "clone")


def _become(request: Any, output: int, reaper: int, errors: int) -> None:
    """Turn this new process into what ``request`` asks for; says on ``errors`` why it cannot. Does not return."""
    stage = "mount"
    try:
        os.setsid()
        for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(ignored, signal.SIG_DFL)
        _checked(_LIBC.unshare(_CLONE_NEWNS), "unshare")
        _mount_all(request["mounts"])
        stage = "start"
        for limit, value in request["limits"]:
            with contextlib.suppress(ValueError, OSError):  # the runner's own limit is lower
                resource.setrlimit(limit, (value, value))
        os.chdir(request["cwd"])
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        for descriptor in (1, 2, request["log_fd"]):
            os.dup2(output, descriptor)
        os.execve(request["command"][0], request["command"], request["env"])
    except BaseException as error:
        number = error.errno if isinstance(error, OSError) else 0
        text = error.strerror if isinstance(error, OSError) else repr(error)
        os.write(errors, json.dumps({"stage": stage, "errno": number, "text": text}).encode())
    os._exit(127)


def _mount_all(mounts: Any) -> None:
    """Bind each source to its target: ``(source, target, read_only)`` of each, in this order."""
    for source, target, read_only in mounts:
        where = os.fsencode(target)
        _checked(_LIBC.mount(os.fsencode(source), where, None, _MS_BIND | _MS_REC, None), f"mount {target}")
        if read_only:
            # A user namespace may not lift the flags of the file system below.
            present = os.statvfs(target).f_flag
            flags = present & _SAME_FLAGS
            for flag, mount_flag in _TIME_FLAGS.items():
                flags |= mount_flag if present & flag else 0
            flags |= _MS_REMOUNT | _MS_BIND | _MS_RDONLY
            _checked(_LIBC.mount(None, where, None, flags, None), f"mount {target}")


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


if __name__ == "__main__":
    main()
