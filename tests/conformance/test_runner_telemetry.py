"""The Telemetry API and the Logs API: subscriptions of real extensions, and what they are sent."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import needs
from tests.support.extensions import call, deploy, line, stop
from tests.support.runner_server import Served, wait_for

pytestmark = needs.linux

RECEIVER = """
import http.server, socket, threading
say(json.dumps(register(["INVOKE", "SHUTDOWN"])))
REQUESTS = []
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        REQUESTS.append([self.command, self.path, self.headers["Content-Type"]])
        status = 500 if len(REQUESTS) <= REFUSED else 200
        if status == 200:
            for event in json.loads(body):
                keep(event)
        self.send_response(status)
        self.end_headers()
    do_PUT = do_POST
    def log_message(self, *_):
        pass
def keep(event):
    with open(FILE, "a") as file:
        file.write(json.dumps(event) + "\\n")
def serve(refused=0):
    global REFUSED
    REFUSED = refused
    server = http.server.ThreadingHTTPServer((HOST, 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
def subscribe(path, **body):
    answer = ask("PUT", path, body)
    say("subscribed", json.dumps([answer[0], answer[2]]))
def loop():
    while following()["eventType"] != "SHUTDOWN":
        pass
    time.sleep(0.2)
"""


def receiver(runner: Served, body: str) -> str:
    host = "sandbox.localdomain" if runner.runner.host.has_namespaces() else "127.0.0.1"
    return f"FILE, HOST = {str(kept(runner))!r}, {host!r}\n{RECEIVER}\n{body}\nloop()\n"


def kept(runner: Served) -> Path:
    return runner.path.with_name("events.jsonl")


def events(runner: Served) -> list[dict[str, Any]]:
    path = kept(runner)
    return [json.loads(one) for one in path.read_text().splitlines()] if path.exists() else []


def of_kind(runner: Served, kind: str) -> dict[str, Any]:
    """The record of the first event of a kind, once it is there."""
    found = wait_for(lambda: [one["record"] for one in events(runner) if one["type"] == kind])
    return found[0]  # type: ignore[no-any-return]


def test_all_events_of_a_function_over_http(runner_either_way: Served) -> None:
    body = """
port = serve(refused=1)
subscribe("/2022-07-01/telemetry", schemaVersion="2022-12-13", types=["platform", "function", "extension"],
          buffering={"timeoutMs": 25}, destination={"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{port}/in?x=1"})
"""
    deploy(runner_either_way, {"receiver": receiver(runner_either_way, body)})
    answer, error = call(runner_either_way, {})
    assert error is None
    report = of_kind(runner_either_way, "platform.report")
    assert line(runner_either_way, "subscribed ") == 'subscribed [200, "OK"]\n'
    written = line(runner_either_way, "TELEMETRY")
    assert written == "TELEMETRY\tName: receiver\tState: Subscribed\tTypes: [Platform, Function, Extension]\n"
    messages = runner_either_way.messages()
    assert (
        messages.index(written)
        < messages.index(line(runner_either_way, "EXTENSION"))
        < messages.index(line(runner_either_way, "START "))
    )
    # what was before the subscription comes too, and everything is in its order
    kinds = [one["type"] for one in events(runner_either_way) if one["type"].startswith("platform.")]
    assert kinds == [
        *("platform.initStart", "platform.telemetrySubscription", "platform.initRuntimeDone", "platform.extension"),
        *("platform.initReport", "platform.start", "platform.runtimeDone", "platform.report"),
    ]
    start = of_kind(runner_either_way, "platform.initStart")
    assert (start["initializationType"], start["phase"], start["functionName"]) == ("on-demand", "init", "fn")
    assert of_kind(runner_either_way, "platform.telemetrySubscription") == {
        "name": "receiver",
        "state": "Subscribed",
        "types": ["platform", "function", "extension"],
    }
    assert of_kind(runner_either_way, "platform.extension") == {
        "name": "receiver",
        "state": "Ready",
        "events": ["INVOKE", "SHUTDOWN"],
    }
    assert of_kind(runner_either_way, "platform.initRuntimeDone")["status"] == "success"
    assert of_kind(runner_either_way, "platform.initReport")["metrics"]["durationMs"] > 1
    request_id = of_kind(runner_either_way, "platform.start")["requestId"]
    assert of_kind(runner_either_way, "platform.start")["tracing"]["type"] == "X-Amzn-Trace-Id"
    done = of_kind(runner_either_way, "platform.runtimeDone")
    assert (done["requestId"], done["status"], done["metrics"]["producedBytes"]) == (
        request_id,
        "success",
        len(json.dumps(answer)),
    )
    assert [span["name"] for span in done["spans"]] == ["responseLatency", "responseDuration", "runtimeOverhead"]
    assert all(span["durationMs"] >= 0 and span["start"].endswith("Z") for span in done["spans"])
    assert done["metrics"]["durationMs"] >= done["spans"][0]["durationMs"]
    assert report["metrics"].keys() == {
        *("durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "initDurationMs"),
    }
    assert [span["name"] for span in report["spans"]] == ["extensionOverhead"]
    assert of_kind(runner_either_way, "function") == "handling\n"
    assert {"type": "extension", "record": 'subscribed [200, "OK"]\n'}.items() <= next(
        one
        for one in events(runner_either_way)
        if one["type"] == "extension" and one["record"].startswith("subscribed")
    ).items()
    assert all(len(one["time"]) == 24 and one["time"].endswith("Z") for one in events(runner_either_way))


def test_lines_over_tcp_and_only_the_types_asked_for(fresh_runner: Served) -> None:
    body = """
server = socket.create_server(("127.0.0.1", 0))
def read():
    connection, _ = server.accept()
    for text in connection.makefile():
        keep(json.loads(text))
threading.Thread(target=read, daemon=True).start()
subscribe("/2022-07-01/telemetry", schemaVersion="2022-07-01", types=["function"],
          destination={"protocol": "TCP", "port": server.getsockname()[1]})
"""
    deploy(fresh_runner, {"receiver": receiver(fresh_runner, body)}, LoggingConfig={"LogFormat": "JSON"})
    call(fresh_runner, {})
    assert of_kind(fresh_runner, "function") == "handling\n"
    stop(fresh_runner)
    assert {one["type"] for one in events(fresh_runner)} == {"function"}
    subscription = next(one for one in fresh_runner.messages() if "telemetrySubscription" in one)
    assert json.loads(subscription)["record"] == {"name": "receiver", "state": "Subscribed", "types": ["function"]}
    assert any('"type":"platform.extension"' in one for one in fresh_runner.messages())


@pytest.mark.parametrize(("schema", "record"), [("2022-07-01", str), ("2022-12-13", dict)])
def test_json_logs_are_objects_since_a_version(fresh_runner: Served, schema: str, record: type) -> None:
    body = f"""
port = serve()
subscribe("/2022-07-01/telemetry/", schemaVersion={schema!r}, types=["function"],
          buffering={{"timeoutMs": 25, "maxItems": 1000, "maxBytes": 262144}}, destination={{"protocol": "HTTP", "URI": f"http://sandbox:{{port}}"}})
"""  # fmt: skip
    source = 'def handler(e, c):\n    print(\'{"level": "INFO", "n": 1}\')\n    return 1\n'
    deploy(fresh_runner, {"receiver": receiver(fresh_runner, body)}, source, LoggingConfig={"LogFormat": "JSON"})
    call(fresh_runner, {})
    told = of_kind(fresh_runner, "function")
    assert isinstance(told, record)
    assert (json.loads(told) if isinstance(told, str) else told)["n"] == 1


def test_the_logs_api(fresh_runner: Served) -> None:
    body = """
port = serve()
subscribe("/2020-08-15/logs", schemaVersion="2021-03-18", types=["platform", "function"], buffering={"timeoutMs": 25},
          destination={"protocol": "HTTP", "URI": f"http://sandbox:{port}", "method": "PUT", "encoding": "JSON"})
subscribe("/2022-07-01/telemetry", schemaVersion="2022-12-13", types=["platform"],
          destination={"protocol": "HTTP", "URI": f"http://sandbox:{port}"})
"""
    deploy(fresh_runner, {"receiver": receiver(fresh_runner, body)})
    call(fresh_runner, {})
    report = of_kind(fresh_runner, "platform.report")
    assert report.keys() == {"requestId", "metrics"}
    assert of_kind(fresh_runner, "platform.start").keys() == {"requestId", "version"}
    assert of_kind(fresh_runner, "platform.runtimeDone") == {"requestId": report["requestId"], "status": "success"}
    assert of_kind(fresh_runner, "platform.end") == {"requestId": report["requestId"]}
    assert of_kind(fresh_runner, "platform.logsSubscription")["types"] == ["platform", "function"]
    assert "platform.initStart" not in {one["type"] for one in events(fresh_runner)}
    assert line(fresh_runner, "LOGS") == "LOGS\tName: receiver\tState: Subscribed\tTypes: [Platform, Function]\n"
    answers = [json.loads(one[11:]) for one in fresh_runner.messages() if one.startswith("subscribed")]
    assert (answers[0], answers[1][0], answers[1][1]["errorType"]) == ([200, "OK"], 403, "Telemetry.SubscriptionError")


def test_what_a_subscription_may_not_be(fresh_runner: Served) -> None:
    good = '{"schemaVersion": "2022-12-13", "types": ["platform"], "destination": {"protocol": "HTTP", "URI": "http://sandbox:1"}}'
    wrong = [
        {"schemaVersion": "2000-01-01"},
        {"types": []},
        {"types": ["platform", "nothing"]},
        {"types": "platform"},
        {"buffering": {"maxItems": 10}},
        {"buffering": {"timeoutMs": 30_001}},
        {"buffering": {"maxBytes": "1"}},
        {"destination": {"protocol": "HTTP", "URI": "http://example.com:80"}},
        {"destination": {"protocol": "TCP", "port": 0}},
        {"destination": {"protocol": "UDP"}},
        {"destination": {"protocol": "HTTP", "URI": "http://sandbox:1", "method": "GET"}},
        {"destination": None},
    ]
    body = f"""
register(["INVOKE"])
good = json.loads({good!r})
for change in {wrong!r}:
    answer = ask("PUT", "/2022-07-01/telemetry", {{**good, **change}})
    say("subscribed", answer[0], answer[2].get("errorType"))
say("lost", ask("PUT", "/2022-07-01/telemetry/x", good)[0], ask("GET", "/2022-07-01/telemetry", None)[0])
following()
say("late", json.dumps(ask("PUT", "/2022-07-01/telemetry", good)[::2]))
say("late", json.dumps(ask("PUT", "/2020-08-15/logs", good)[::2]))
following()
"""
    deploy(fresh_runner, {"receiver": body})
    call(fresh_runner, {}, LogType="Tail")
    answers = [one for one in fresh_runner.messages() if one.startswith("subscribed")]
    assert answers == ["subscribed 400 ValidationError\n"] * len(wrong)
    assert line(fresh_runner, "lost") == "lost 404 404\n"
    late = [json.loads(one[5:]) for one in fresh_runner.messages() if one.startswith("late")]
    assert [(status, answer["errorType"]) for status, answer in late] == [
        (403, "Telemetry.SubscriptionClosed"),
        (403, "Logs.SubscriptionClosed"),
    ]
    assert not any(one.startswith("TELEMETRY") for one in fresh_runner.messages())


def test_failures_are_told_and_the_last_events_come_before_the_end(fresh_runner: Served) -> None:
    body = """
port = serve()
subscribe("/2022-07-01/telemetry", schemaVersion="2025-01-29", types=["platform"],
          buffering={"timeoutMs": 30000}, destination={"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{port}"})
"""
    deploy(fresh_runner, {"receiver": receiver(fresh_runner, body)}, "import os\ndef handler(e, c): os._exit(3)\n")
    call(fresh_runner, {})
    done = of_kind(fresh_runner, "platform.runtimeDone")
    assert (done["status"], done["errorType"]) == ("error", "Runtime.ExitError")
    report = of_kind(fresh_runner, "platform.report")
    assert (report["status"], report["errorType"]) == ("error", "Runtime.ExitError")


def test_what_nobody_takes_is_dropped_and_told(fresh_runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdatui.runner.environments.telemetry._MOST_WAITING_BYTES", 3_000)
    body = """
port = serve(refused=4)
subscribe("/2022-07-01/telemetry", schemaVersion="2022-12-13", types=["platform", "function"],
          buffering={"timeoutMs": 25}, destination={"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{port}"})
"""
    source = "def handler(e, c):\n    for n in range(60): print('x' * 100)\n    return 1\n"
    deploy(fresh_runner, {"receiver": receiver(fresh_runner, body)}, source)
    call(fresh_runner, {})
    dropped = of_kind(fresh_runner, "platform.logsDropped")
    assert dropped["droppedRecords"] > 30
    assert dropped["droppedBytes"] > 100 * dropped["droppedRecords"]
    assert "fallen behind" in dropped["reason"]
