"""One endpoint in front of several AWS look-alikes: each request goes to the one that has its service.

Which service a request is for is in its signature's scope (``.../us-east-1/lambda/aws4_request``).
"""

import http.client
import re
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")
_OF_ONE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "date", "server"}


class Router(ThreadingHTTPServer):
    """``by_service`` is a service's name in signatures -> a base URL; all others go to ``others``."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, by_service: Mapping[str, str], others: str) -> None:
        self.by_service, self.others = by_service, others
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Router

    def _forward(self) -> None:
        scope = _SCOPE.search(self.headers.get("Authorization", "") or self.path.replace("%2F", "/"))
        base = self.server.by_service.get(scope[1] if scope else "", self.server.others)
        target = urlsplit(base)
        body = self._body()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_HOP}
        # The other server reads buckets and regions from the host, the runner knows its own name only.
        headers["Host"] = self.headers.get("Host", "") if base == self.server.others else target.netloc
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=300)
        try:
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except OSError as error:
            self.send_error(502, str(error))
            return
        finally:
            connection.close()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_ONE_HOP:
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing of each request."""


for _method in ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"):
    setattr(_Handler, f"do_{_method}", _Handler._forward)
