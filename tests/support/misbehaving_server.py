"""An HTTP server on this machine that answers as a test says, byte by byte, late, or not at all."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

IDENTITY = b"<R><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></R>"


@dataclass
class Asked:
    """A request: which operation of which service, signed for which region, by whose key."""

    service: str
    operation: str
    region: str
    key: str
    path: str
    body: dict[str, Any]


@dataclass
class Answer:
    """``pieces`` are sent with ``pause`` (waiting as long as the test lasts, where True) between them."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    trickle_s: float = 0.0


Answering = Callable[[Asked], "Answer | dict[str, Any] | bytes | None"]


class MisbehavingServer:
    """``answering(asked)`` gives the answer; None hangs until the server is closed."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.asked: list[Asked] = []
        self.closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer._answer(self)

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def count(self, operation: str) -> int:
        return sum(f"{asked.service}:{asked.operation}" == operation for asked in self.asked)

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = _asked(handler)
        self.asked.append(asked)
        answer = self.answering(asked)
        if answer is None:
            self.closing.wait(60)
            handler.close_connection = True
            return
        if isinstance(answer, dict):
            answer = json.dumps(answer).encode()
        if isinstance(answer, bytes):
            answer = Answer(answer)
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body) if answer.length is None else answer.length))
        handler.end_headers()
        try:
            if not answer.trickle_s:
                handler.wfile.write(answer.body)
                return
            for at in range(len(answer.body)):
                handler.wfile.write(answer.body[at : at + 1])
                handler.wfile.flush()
                if self.closing.wait(answer.trickle_s):
                    return
        except OSError:
            handler.close_connection = True


def _asked(handler: BaseHTTPRequestHandler) -> Asked:
    raw = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    # AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, ...
    scope = handler.headers.get("Authorization", "").partition("Credential=")[2].partition(",")[0].split("/")
    key, _, region, service = (*scope, "", "", "", "")[:4]
    body: dict[str, Any] = json.loads(raw) if raw[:1] == b"{" else {k: v[0] for k, v in parse_qs(raw.decode()).items()}
    target = handler.headers.get("X-Amz-Target", "").rpartition(".")[2]
    path = handler.path.partition("?")[0]
    operation = target or body.get("Action") or _of_path(path)
    service = {"monitoring": "cloudwatch"}.get(service, service)
    return Asked(service, str(operation), region, key, path, body)


def _of_path(path: str) -> str:
    ends = {
        "functions": "ListFunctions", "account-settings": "GetAccountSettings", "aliases": "ListAliases",
        "event-source-mappings": "ListEventSourceMappings", "versions": "ListVersionsByFunction",
        "urls": "ListFunctionUrlConfigs", "concurrency": "GetFunctionConcurrency",
        "provisioned-concurrency": "ListProvisionedConcurrencyConfigs", "list": "ListFunctionEventInvokeConfigs",
    }  # fmt: skip
    return ends.get(path.rstrip("/").rpartition("/")[2], path)


@contextmanager
def misbehaving(answering: Answering) -> Iterator[MisbehavingServer]:
    server = MisbehavingServer(answering)
    try:
        yield server
    finally:
        server.close()
