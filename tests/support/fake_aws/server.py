"""The server: requests counted, answered from a fleet, spoilt by rules."""

import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.fake_aws import account_answers, lambda_answers, watch_answers
from tests.support.fake_aws.fleet import Fleet
from tests.support.fake_aws.lambda_answers import Missing
from tests.support.fake_aws.wire import Asked, Reply, content_type, decode, refusal

Fault = Callable[[Asked, Reply], Reply]
Answers = Callable[[Fleet, dict[str, Any]], dict[str, Any]]


@dataclass(slots=True)
class Rule:
    """Which requests are struck by which fault; see the package's docstring. ``struck`` counts them."""

    operation: str
    fault: Fault
    calls: Collection[int] | None
    when: Callable[[dict[str, Any]], bool] | None
    seen: int = 0
    struck: int = 0

    def strikes(self, asked: Asked) -> bool:
        if self.operation not in ("*", f"{asked.service}:*", asked.name):
            return False
        if self.when is not None and not self.when(asked.request):
            return False
        self.seen += 1
        hit = self.calls is None or self.seen in self.calls
        self.struck += hit
        return hit


@dataclass
class FakeAws:
    """What ``fake_aws`` yields: where it listens, and what may be told it."""

    fleet: Fleet
    more: Mapping[tuple[str, str], Fleet] = field(default_factory=dict)
    url: str = ""
    answers: dict[str, Answers] = field(
        default_factory=lambda: {**account_answers.ANSWERS, **lambda_answers.ANSWERS, **watch_answers.ANSWERS}
    )
    calls: Counter[str] = field(default_factory=Counter)
    asked: list[Asked] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rule(
        self,
        operation: str,
        fault: Fault,
        calls: Collection[int] | None = None,
        when: Callable[[dict[str, Any]], bool] | None = None,
    ) -> Rule:
        made = Rule(operation, fault, calls, when)
        with self._lock:
            self.rules.append(made)
        return made

    def clear(self) -> None:
        """Forgets all rules; the counts stay."""
        with self._lock:
            self.rules.clear()

    def forget_counts(self) -> None:
        with self._lock:
            self.calls.clear()
            self.asked.clear()

    def reply(self, asked: Asked) -> Reply:
        """What is answered to a request, spoilt by the rules that strike it."""
        with self._lock:
            self.calls[asked.name] += 1
            asked = replace(asked, number=self.calls[asked.name])
            self.asked.append(asked)
            faults = [rule.fault for rule in self.rules if rule.strikes(asked)]
        fleet = self.more.get((asked.account, asked.region), self.fleet)
        try:
            answer = self.answers.get(asked.name, lambda *_: {})(fleet, asked.request)
            reply = Reply(200, answer)
        except Missing as missing:
            reply = refusal(asked, 404 if asked.service == "lambda" else 400, "ResourceNotFoundException", str(missing))
        for fault in faults:
            reply = fault(asked, reply)
        return reply


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    aws: FakeAws

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            asked = decode(self.command, self.path, self.headers, body)
        except LookupError as unknown:
            self.send_error(404, str(unknown))
            return
        try:
            self._send(asked, self.aws.reply(asked))
        except OSError:
            self.close_connection = True

    do_GET = do_POST

    def _send(self, asked: Asked, reply: Reply) -> None:
        if reply.hang_s and self.aws.closing.wait(reply.hang_s):
            self.close_connection = True
            return
        if reply.reset:
            # No FIN: what the other side meets is a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        body = reply.encoded(asked)
        headers = {"Content-Type": content_type(asked.protocol), "x-amzn-RequestId": f"fake-{asked.number}"}
        if reply.chunked:
            headers["Transfer-Encoding"] = "chunked"
            body = b"%x\r\n%s\r\n" % (len(body), body) + (b"" if reply.cut else b"0\r\n\r\n")
        else:
            headers["Content-Length"] = str(len(body) if reply.length is None else reply.length)
        lines = [
            f"HTTP/1.1 {reply.status} -",
            *(f"{name}: {value}" for name, value in (headers | reply.headers).items()),
        ]
        head = "\r\n".join([*lines, "", ""]).encode()
        if reply.trickle_s:
            self.wfile.write(head)
            for at in range(len(body)):
                self.wfile.write(body[at : at + 1])
                if self.aws.closing.wait(reply.trickle_s):
                    break
        else:
            self.wfile.write(head + body)
        if reply.cut:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        pass  # a client that hangs up


@contextmanager
def fake_aws(fleet: Fleet | None = None, more: Mapping[tuple[str, str], Fleet] | None = None) -> Iterator[FakeAws]:
    """A server of a fleet, on loopback, until the block ends."""
    aws = FakeAws(fleet or Fleet(), more or {})
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"aws": aws}))
    aws.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield aws
    finally:
        aws.closing.set()
        server.shutdown()
        server.server_close()
