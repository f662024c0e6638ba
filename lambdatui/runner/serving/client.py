"""A client of a runner's Lambda API over HTTP. It imports no runner, so that commands which call one start fast."""

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lambdatui.runner.functions import RunnerError
from lambdatui.runner.untrusted import parsed_json


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The body as a JSON object. Raises RunnerError where it is none, because another program answers there."""
        try:
            document = parsed_json(self.body or b"{}")
        except ValueError as error:
            raise RunnerError(f"what answers is no runner: {error}") from error
        if not isinstance(document, dict):
            raise RunnerError("what answers is no runner: its answer is no object")
        return document


class Api:
    """The Lambda API at ``url``. ``serving``: another process serves it, which goes on when this one ends."""

    def __init__(self, url: str, token: str | None, *, serving: bool, timeout_s: float | None = 960) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=timeout_s)
        self._token = token
        self.serving = serving

    def ask(self, method: str, path: str, document: object = None, headers: dict[str, str] | None = None) -> Reply:
        """Send a request and return its answer, whatever the status; ``document`` is bytes, or is sent as JSON.

        Raises OSError when nobody answers.
        """
        body = document if isinstance(document, bytes) else None if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json", "X-Lambdatui-Command": "1", **(headers or {})}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def events(self, path: str, document: object) -> Iterator[dict[str, Any]]:
        """The JSON objects, one a line, of an answer that goes on. Raises RunnerError, and OSError at a broken end."""
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        self._connection.request("POST", path, json.dumps(document).encode(), headers)
        answer = self._connection.getresponse()
        if answer.status >= 300:
            error = Reply(answer.status, {}, answer.read()).document
            raise RunnerError(str(error.get("message") or error.get("Message")))
        for line in answer:
            event: dict[str, Any] = parsed_json(line)
            yield event

    def close(self) -> None:
        """End the current request, from any thread: the thread that waits for its answer gets an OSError."""
        with contextlib.suppress(OSError):
            if self._connection.sock is not None:
                self._connection.sock.shutdown(socket.SHUT_RDWR)

    def do(self, method: str, path: str, document: object = None) -> dict[str, Any]:
        """The answer to a request that must succeed. Raises RunnerError with the API's message when it does not."""
        reply = self.ask(method, path, document)
        if reply.status >= 300:
            error = reply.document
            raise RunnerError(
                str(error.get("message") or error.get("Message") or reply.body.decode("utf-8", "replace"))
            )
        return reply.document
