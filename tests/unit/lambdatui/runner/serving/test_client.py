"""A client of something that may be no runner."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from lambdatui.runner.functions import RunnerError
from lambdatui.runner.serving.client import Api, Reply


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = {"/list": b"[1]", "/text": b"hello", "/refuse": b"{}", "/object": b'{"a": 1}'}.get(self.path, b"")
        if self.path == "/wait":
            waiting.wait(20)
            return
        self.send_response(400 if self.path == "/refuse" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


waiting = threading.Event()


@pytest.fixture
def url() -> Iterator[str]:
    waiting.clear()
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    waiting.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_is_no_runner_is_said_to_be_none(url: str) -> None:
    api = Api(url, None, serving=True)
    assert api.do("GET", "/object") == {"a": 1}
    assert api.do("GET", "/empty") == {}
    with pytest.raises(RunnerError, match="what answers is no runner: its answer is no object"):
        api.do("GET", "/list")
    with pytest.raises(RunnerError, match="what answers is no runner: Expecting value"):
        api.do("GET", "/text")
    with pytest.raises(RunnerError, match=r"\{\}"):
        api.do("GET", "/refuse")
    assert Reply(200, {}, b"").document == {}
    Api(url, None, serving=True).close()  # nothing is asked: nothing happens


def test_a_request_is_ended_from_another_thread(url: str) -> None:
    api = Api(url, "token", serving=True)
    outcome: list[BaseException] = []

    def ask() -> None:
        try:
            api.ask("GET", "/wait")
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while api._connection.sock is None:
        pass
    api.close()
    thread.join(20)
    assert isinstance(outcome[0], OSError)
