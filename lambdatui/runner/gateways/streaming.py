"""A function's response stream as the answer of a function URL (Lambda Developer Guide, "Response streaming")."""

import sys

from lambdatui.runner.http.server import Request
from lambdatui.runner.untrusted import parsed_json

# The function's stream begins with its status and headers as JSON, then eight zero bytes.
_PRELUDE = "application/vnd.awslambda.http-integration-response"
_PRELUDE_END = b"\0" * 8
OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})
"""Headers that the server sets itself, whatever a function says."""


def set_cookies(cookies: list[str]) -> str:
    """One value of Set-Cookie that the server writes as several headers, one for each cookie."""
    return "\r\nset-cookie: ".join(cookie.replace("\r", "").replace("\n", "") for cookie in cookies)


class StreamedAnswer:
    """A streamed response: its prelude, if any, gives the status and headers; ``own`` are the front's headers."""

    def __init__(self, request: Request, own: dict[str, str]) -> None:
        self._request = request
        self._own = own
        self._content_type = ""
        self._unread = b""  # the part of a prelude that has come so far
        self._started = False

    def set_content_type(self, content_type: str) -> None:
        """Note the content type, with which the function begins to stream."""
        self._content_type = content_type

    def pass_on(self, data: bytes, source: Request) -> None:
        """Write bytes that the function streams; ``source`` is not read further while the client is too slow."""
        if not self._started:
            if self._content_type != _PRELUDE:
                self._begin(200, {"content-type": self._content_type})
            else:
                self._unread += data
                head, end, data = self._unread.partition(_PRELUDE_END)
                if not end:
                    return
                try:
                    self._begin(*_prelude(head))
                except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
                    sys.stderr.write(f"lambdatui runner: the prelude of a streamed response cannot be read: {error}\n")
                    self._begin(502, {"content-type": "application/json"})
        self._request.write(data)
        if self._request.behind:
            source.pause()
            self._request.when_drained(source.resume)

    def _begin(self, status: int, headers: dict[str, str]) -> None:
        self._started = True
        allowed = {name: value for name, value in headers.items() if name not in OWN_HEADERS}
        self._request.start(status, allowed | self._own)

    def end(self, content_type: str, rest: bytes) -> None:
        """End the answer with what the function has not streamed; ``content_type`` is that of an answer not begun."""
        if not self._started:
            self._begin(200, {"content-type": content_type})
        self._request.write(rest)
        self._request.end()


def _prelude(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers of a prelude. Raises an arithmetic, attribute, type or value error for any other form."""
    prelude = parsed_json(head)
    headers = {str(name).lower(): str(value) for name, value in (prelude.get("headers") or {}).items()}
    headers.setdefault("content-type", "application/json")
    if cookies := prelude.get("cookies"):
        headers["set-cookie"] = set_cookies(list(map(str, cookies)))
    return int(prelude.get("statusCode", 200)), headers
