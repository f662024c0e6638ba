"""Which process serves a runner's log, and its Lambda API over HTTP. Light: whoever only calls needs no runner."""

import contextlib
import fcntl
import http.client
import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lambdatui.runner.functions import RunnerError
from lambdatui.runner.untrusted import parsed_json


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """RunnerError where it is no JSON object: something else answers there."""
        try:
            found = parsed_json(self.body or b"{}")
        except ValueError as error:
            raise RunnerError(f"what answers is no runner: {error}") from error
        if not isinstance(found, dict):
            raise RunnerError("what answers is no runner: its answer is no object")
        return found


class Api:
    """The Lambda API at ``url``. ``serving``: it is another process, which stays."""

    def __init__(self, url: str, token: str | None, *, serving: bool, timeout_s: float = 960) -> None:
        at = urlsplit(url)
        self._connection = http.client.HTTPConnection(at.hostname or "127.0.0.1", at.port, timeout=timeout_s)
        self._token = token
        self.serving = serving

    def ask(self, method: str, path: str, document: object = None, headers: dict[str, str] | None = None) -> Reply:
        """One request, whatever its answer. OSError when there is none."""
        body = document if isinstance(document, bytes) else None if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, answer.read())

    def close(self) -> None:
        """Ends what is being asked, from whichever thread: that one gets an OSError."""
        with contextlib.suppress(OSError):
            if self._connection.sock is not None:
                self._connection.sock.shutdown(socket.SHUT_RDWR)

    def do(self, method: str, path: str, document: object = None) -> dict[str, Any]:
        """A request that is to succeed; RunnerError with the API's own words when it does not."""
        reply = self.ask(method, path, document)
        if reply.status >= 300:
            said = reply.document
            raise RunnerError(str(said.get("message") or said.get("Message") or reply.body.decode("utf-8", "replace")))
        return reply.document


def _folder(log_path: Path) -> Path:
    return log_path.with_name(f"{log_path.stem}.functions")


def told_in(log_path: Path) -> Path:
    """The file of mode 0600 with the address and the token of the runner that serves ``log_path``."""
    return _folder(log_path) / ".serving"


def serving(log_path: Path) -> dict[str, Any] | None:
    """Where the runner that serves ``log_path`` listens; None when none does."""
    lock = _folder(log_path) / ".lock"
    try:
        with open(lock, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        with contextlib.suppress(OSError, ValueError):
            found: dict[str, Any] = parsed_json(told_in(log_path).read_text())
            return found
        return None


@contextlib.contextmanager
def serving_lock(log_path: Path) -> Iterator[Callable[[str, str | None], None]]:
    """Be the one process that serves ``log_path``; call what it gives with the address. RunnerError: another one is."""
    folder = _folder(log_path)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = told_in(log_path)
    with open(os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = (serving(log_path) or {}).get("url", "another address")
            raise RunnerError(f"a runner serves {log_path} already, on {where}") from None

        def tell(url: str, token: str | None) -> None:
            told.unlink(missing_ok=True)  # what is there may have another mode
            opened = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(opened, "w", encoding="utf-8") as out:
                json.dump({"url": url, "token": token, "pid": os.getpid()}, out)

        try:
            yield tell
        finally:
            told.unlink(missing_ok=True)
