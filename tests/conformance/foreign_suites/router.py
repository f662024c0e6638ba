"""One endpoint for every service: Lambda's calls go to the runner, all others to moto_server.

A request's service is that of its signature (the credential scope), else that of its path.
"""

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_SCOPE = re.compile(r"Credential=[^/\s]+/\d{8}/[a-z0-9-]+/([a-z0-9-]+)/aws4_request")
_LAMBDA_PATH = re.compile(r"/20\d\d-\d\d-\d\d/(functions|layers|event-source-mappings|code-signing|tags|account)")
_READ_BY_RUNNER = re.compile(
    r"Logs_20140328\.(FilterLogEvents|GetLogEvents|DescribeLogGroups|DescribeLogStreams|StartLiveTail|GetLogRecord)"
    r"|GraniteServiceVersion20100801\.(GetMetricData|ListMetrics)"
)
_HOP_HEADERS = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host"}
_TIMEOUT_S = 1000.0
_CHUNK_BYTES = 1 << 16


class Router:
    """Serves on ``port`` until it is closed.

    ``on_reset`` is called when a suite asks moto to forget everything. With ``logs`` what is read of CloudWatch comes
    from the runner, too.
    """

    def __init__(
        self, port: int, runner_port: int, moto_port: int, on_reset: Callable[[], None], *, logs: bool
    ) -> None:
        self.runner_port = runner_port
        self.moto_port = moto_port
        self.on_reset = on_reset
        self.logs = logs
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.router = self
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def port_of(self, path: str, headers: http.client.HTTPMessage) -> int:
        """The port of the server that answers a request."""
        signature = headers.get("Authorization") or path.replace("%2F", "/").replace("X-Amz-Credential", "Credential")
        scope = _SCOPE.search(signature)
        if scope is None:
            return self.runner_port if _LAMBDA_PATH.match(path) else self.moto_port
        if scope[1] == "lambda":
            return self.runner_port
        if self.logs and _READ_BY_RUNNER.fullmatch(headers.get("X-Amz-Target", "")):
            return self.runner_port
        return self.moto_port


class _Server(ThreadingHTTPServer):
    router: Router
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._forward
        raise AttributeError(name)

    def _forward(self) -> None:
        body = b"".join(self._body())
        port = self.server.router.port_of(self.path, self.headers)
        upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_HEADERS}
        headers["Content-Length"] = str(len(body))
        headers.pop("Expect", None)
        try:
            upstream.request(self.command, self.path, body, headers)
            answer = upstream.getresponse()
        except (OSError, http.client.HTTPException) as error:
            self._answer(502, json.dumps({"message": f"the server on port {port} failed: {error!r}"}).encode())
            return
        if self.path == "/moto-api/reset":
            self.server.router.on_reset()
        self._relay(answer)
        upstream.close()

    def _body(self) -> Iterator[bytes]:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            yield self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _relay(self, answer: http.client.HTTPResponse) -> None:
        """Send an answer on as it arrives: what is streamed stays streamed."""
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_HEADERS:
                self.send_header(name, value)
        bodyless = self.command == "HEAD" or answer.status in (204, 304)
        chunked = answer.getheader("Content-Length") is None and not bodyless
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while not bodyless and (data := answer.read1(_CHUNK_BYTES)):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the suite's own report is enough."""
