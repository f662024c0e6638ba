"""CloudWatch Logs' live tail for tests: a real server on loopback that speaks the event stream, as no fake does.

It answers sts:GetCallerIdentity, StartLiveTail and FilterLogEvents. What it streams is put into ``updates``.
"""

import json
import queue
import struct
import threading
from binascii import crc32
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ACCOUNT = "111122223333"


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message of ``application/vnd.amazon.eventstream``."""
    packed = b""
    for name, value in headers.items():
        packed += struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
    prelude = struct.pack("!II", 16 + len(packed) + len(payload), len(packed))
    whole = prelude + struct.pack("!I", crc32(prelude)) + packed + payload
    return whole + struct.pack("!I", crc32(whole))


def event(kind: str, body: dict[str, Any]) -> bytes:
    return message({":message-type": "event", ":event-type": kind, ":content-type": "application/json"},
                   json.dumps(body).encode())  # fmt: skip


def exception(kind: str, said: str) -> bytes:
    return message({":message-type": "exception", ":exception-type": kind, ":content-type": "application/json"},
                   json.dumps({"message": said}).encode())  # fmt: skip


class LiveServer:
    """``updates`` takes raw messages; None ends the stream. ``denied`` are operations that are not allowed."""

    def __init__(self) -> None:
        self.updates: queue.Queue[bytes | None] = queue.Queue()
        self.denied: set[str] = set()
        self.polled: list[dict[str, Any]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.open_streams = 0
        self.url = ""

    def lines(self, *lines: tuple[int, str], function: str = "checkout", sampled: bool = False) -> None:
        """Put a session's update."""
        results = [
            {"timestamp": at, "message": text, "logStreamName": "2025/03/31/[$LATEST]ab", "ingestionTime": at,
             "logGroupIdentifier": f"{ACCOUNT}:/aws/lambda/{function}"}
            for at, text in lines
        ]  # fmt: skip
        self.updates.put(event("sessionUpdate", {"sessionMetadata": {"sampled": sampled}, "sessionResults": results}))

    def count(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.asked)


@contextmanager
def live_server() -> Iterator[LiveServer]:
    one = LiveServer()

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            one.asked.append((operation or "sts", json.loads(body) if operation else {}))
            if not operation:
                said = f"<R><GetCallerIdentityResult><Account>{ACCOUNT}</Account></GetCallerIdentityResult></R>"
                self._answer(200, said.encode(), "text/xml")
            elif operation in one.denied:
                denied = f"User: me is not authorized to perform: logs:{operation} on resource: x"
                said = json.dumps({"__type": "AccessDeniedException", "message": denied})
                self._answer(400, said.encode(), "application/x-amz-json-1.1")
            elif operation == "StartLiveTail":
                self._stream()
            else:
                self._answer(200, json.dumps({"events": one.polled}).encode(), "application/x-amz-json-1.1")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.amazon.eventstream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            one.open_streams += 1
            try:
                self._chunk(event("initial-response", {}))
                self._chunk(event("sessionStart", {"sessionId": "1"}))
                while True:
                    try:
                        update = one.updates.get(timeout=0.2)
                    except queue.Empty:
                        update = event("sessionUpdate", {"sessionMetadata": {"sampled": False}, "sessionResults": []})
                    if update is None:
                        break
                    self._chunk(update)
                self.wfile.write(b"0\r\n\r\n")
            except OSError:
                self.close_connection = True
            finally:
                one.open_streams -= 1

        def _chunk(self, content: bytes) -> None:
            self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
            self.wfile.flush()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    one.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        one.updates.put(None)
        server.shutdown()
        server.server_close()
