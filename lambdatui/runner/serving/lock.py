"""Which process serves a runner's log, and where it listens: a lock and an address file beside the log.

``runner.db`` has ``runner.functions/.lock``, locked while a runner serves, and ``runner.functions/.serving`` with the
address and the token. It imports no runner, so that commands which only call one start fast.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lambdatui.runner.functions import RunnerError
from lambdatui.runner.untrusted import parsed_json


def _folder(log_path: Path) -> Path:
    return log_path.with_name(f"{log_path.stem}.functions")


def address_file(log_path: Path) -> Path:
    """The file of mode 0600 with the address and the token of the runner that serves ``log_path``."""
    return _folder(log_path) / ".serving"


def serving_address(log_path: Path) -> dict[str, Any] | None:
    """``url``, ``token`` (None: not needed) and ``pid`` of the runner that serves ``log_path``; None when none does."""
    lock = _folder(log_path) / ".lock"
    try:
        with open(lock, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        with contextlib.suppress(OSError, ValueError):
            address: dict[str, Any] = parsed_json(address_file(log_path).read_text())
            return address
        return None


@contextlib.contextmanager
def serving_lock(log_path: Path) -> Iterator[Callable[[str, str | None], None]]:
    """Be the only process that serves ``log_path`` while the block runs.

    Yields a function that publishes the address: its arguments are the URL and the token (None: not needed). Raises
    RunnerError when another process serves the log.
    """
    folder = _folder(log_path)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    address = address_file(log_path)
    with open(os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = (serving_address(log_path) or {}).get("url", "another address")
            raise RunnerError(f"a runner serves {log_path} already, on {where}") from None

        def publish(url: str, token: str | None) -> None:
            address.unlink(missing_ok=True)  # an older file may have another mode
            opened = os.open(address, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(opened, "w", encoding="utf-8") as out:
                json.dump({"url": url, "token": token, "pid": os.getpid()}, out)

        try:
            yield publish
        finally:
            address.unlink(missing_ok=True)
