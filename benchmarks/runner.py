"""The local runner: warm calls beside a plain aiohttp front, cold starts beside a bare awslambdaric, callers, queue.

Everything is medians of runs that take turns, and ratios; the milliseconds are those of this machine in this hour.
"""

import argparse
import asyncio
import base64
import http.client
import json
import os
import re
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import machine
from lambdatui.runner.runtimes.python import this_runtime

APP = """
import time

def handler(event, context):
    if event.get("wait"):
        time.sleep(event["wait"])
    return event
"""
_INVOKE = "/2015-03-31/functions/{}/invocations"


def request(name: str, body: bytes, kind: str = "RequestResponse") -> bytes:
    head = (
        f"POST {_INVOKE.format(name)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"X-Amz-Invocation-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Client:
    """One keep-alive connection, as thin as can be: the server is what is measured."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, data: bytes) -> int:
        self._socket.sendall(data)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._socket.recv(65_536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        left = int(length[1]) - len(body) if length else 0
        while left > 0:
            left -= len(self._socket.recv(65_536))
        return int(head[9:12])


def times(port: int, count: int) -> list[float]:
    """Milliseconds of ``count`` invocations, one after the other."""
    client, data, found = Client(port), request("fn", b'{"a": 1}'), []
    for _ in range(count):
        began = time.perf_counter()
        status = client.ask(data)
        found.append((time.perf_counter() - began) * 1000)
        assert status == 200, status
    return found


def at(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def api(port: int, method: str, path: str, document: object = None) -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(method, path, None if document is None else json.dumps(document))
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status < 300, body
    return json.loads(body) if body else {}


def deploy(port: int, name: str, source: Path) -> None:
    api(port, "POST", "/2015-03-31/functions", {
        "FunctionName": name, "Role": "arn:aws:iam::000000000000:role/b", "Runtime": this_runtime(),
        "Handler": "app.handler", "Timeout": 30, "Code": {"S3Bucket": "hot-reload", "S3Key": str(source)},
    })  # fmt: skip


def serve(folder: Path) -> tuple["subprocess.Popen[str]", int]:
    command = [sys.executable, "-m", "lambdatui", "runner", "serve", "--runner-db", str(folder / "runner.db")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline().strip().rpartition(":")[2])


def warm(folder: Path, port: int, count: int) -> None:
    peer = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("aiohttp_front.py")), str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert peer.stdout is not None
    peer_port = int(peer.stdout.readline())
    ours: list[float] = []
    theirs: list[float] = []
    times(port, 200)
    times(peer_port, 200)
    for _ in range(10):  # in turns: the machine's moods hit both
        ours += times(port, count // 10)
        theirs += times(peer_port, count // 10)
    peer.communicate()
    ratio = at(ours, 0.5) / at(theirs, 0.5)
    print("| warm invoke, one keep-alive client | p50 ms | p99 ms |\n|---|---|---|")
    print(f"| lambdatui runner | {at(ours, 0.5):.3f} | {at(ours, 0.99):.3f} |")
    print(f"| plain aiohttp front, same process and log | {at(theirs, 0.5):.3f} | {at(theirs, 0.99):.3f} |\n")
    said("p50", at(ours, 0.5), 0.8, "ms")
    said("p99", at(ours, 0.99), 1.5, "ms")
    said("p50 beside aiohttp", ratio, 0.8, "x")


def said(what: str, value: float, target: float, unit: str, *, least: bool = False) -> None:
    met = value >= target if least else value <= target
    print(f"- {what}: {value:.3f} {unit}, target {'>=' if least else '<='} {target} {unit}{'' if met else ': short'}")


def bare_start(source: Path) -> float:
    """Milliseconds from the spawn of an unmodified awslambdaric to its first ``next``."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = "{}:{}".format(*server.getsockname())
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", "app.handler"], cwd=source, stdin=subprocess.DEVNULL,
            env={"AWS_LAMBDA_RUNTIME_API": where, "PATH": os.environ["PATH"]},
        )  # fmt: skip
        connection, _ = server.accept()
        connection.recv(1000)
        took = (time.perf_counter() - began) * 1000
        process.kill()
        process.wait()
        connection.close()
    return took


def cold(folder: Path, port: int, repeat: int) -> None:
    inits, bares = [], []
    for turn in range(repeat):
        deploy(port, f"cold{turn}", folder / "src")
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("POST", _INVOKE.format(f"cold{turn}"), b"{}", {"X-Amz-Log-Type": "Tail"})
        answer = connection.getresponse()
        answer.read()
        tail = base64.b64decode(answer.headers["X-Amz-Log-Result"]).decode()
        inits.append(float(tail.partition("Init Duration: ")[2].split()[0]))
        bares.append(bare_start(folder / "src"))
    print("\n| cold start: spawn to the first next, medians | ms |\n|---|---|")
    print(f"| lambdatui runner (its Init Duration) | {statistics.median(inits):.1f} |")
    print(f"| bare awslambdaric | {statistics.median(bares):.1f} |\n")
    said("cold start beside a bare one", statistics.median(inits) / statistics.median(bares), 1.15, "x")


async def calls(port: int, name: str, callers: int, each: int, wait: float) -> tuple[Counter[int], float]:
    """Statuses and seconds of ``callers`` that each call ``each`` times."""
    statuses: Counter[int] = Counter()
    data = request(name, json.dumps({"wait": wait}).encode())

    async def caller() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(each):
            writer.write(data)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            statuses[int(head[9:12])] += 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return statuses, time.perf_counter() - began


def concurrency(folder: Path, port: int) -> None:
    for name, reserved in (("one", 1), ("eight", 8)):
        deploy(port, name, folder / "src")
        api(port, "PUT", f"/2017-10-31/functions/{name}/concurrency", {"ReservedConcurrentExecutions": reserved})
        asyncio.run(calls(port, name, reserved, 5, 0.02))
    one, one_s = asyncio.run(calls(port, "one", 1, 50, 0.02))
    eight, eight_s = asyncio.run(calls(port, "eight", 8, 50, 0.02))
    assert set(one) == set(eight) == {200}
    print("\n| functions that wait 20 ms | calls/s |\n|---|---|")
    print(f"| 1 environment | {50 / one_s:.0f} |\n| 8 environments | {400 / eight_s:.0f} |\n")
    said("throughput of 8 beside 1", (400 / eight_s) / (50 / one_s), 3.0, "x", least=True)
    deploy(port, "many", folder / "src")
    statuses, seconds = asyncio.run(calls(port, "many", 200, 10, 0.02))
    print(f"- 200 callers, 10 calls each, no limit of its own: {dict(statuses)} in {seconds:.1f} s")
    statuses, seconds = asyncio.run(calls(port, "eight", 200, 20, 0.02))
    print(f"- 200 callers, 20 calls each, 8 reserved: {dict(statuses)} in {seconds:.1f} s")
    assert set(statuses) <= {200, 429}


def queue(folder: Path, port: int, events: int) -> None:
    deploy(port, "queued", folder / "src")
    client, data = Client(port), request("queued", b"{}", "Event")
    began = time.perf_counter()
    for _ in range(events):
        assert client.ask(data) == 202
    accepted_s = time.perf_counter() - began
    db = sqlite3.connect(folder / "runner.db", timeout=30)
    while db.execute("SELECT count(*) FROM async_events WHERE finished_ms IS NULL").fetchone()[0]:
        time.sleep(0.2)
    ends = [row[0] for row in db.execute("SELECT ended_ms FROM async_attempts ORDER BY ended_ms")]
    db.close()
    tenth = len(ends) // 10
    first, last = ends[2 * tenth] - ends[tenth], ends[-1] - ends[-1 - tenth]
    drained_s = (ends[-1] - ends[0]) / 1000
    print(f"\n{events} asynchronous events accepted in {accepted_s:.1f} s, drained {drained_s:.1f} s after the first\n")
    said("ms an event, last tenth beside the second", last / max(first, 1), 1.25, "x")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--invocations", type=int, default=3000)
    parser.add_argument("--starts", type=int, default=15)
    parser.add_argument("--events", type=int, default=10_000)
    given = parser.parse_args()
    print(f"# runner: {machine()}\n")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "src").mkdir()
        (folder / "src" / "app.py").write_text(APP)
        process, port = serve(folder)
        try:
            deploy(port, "fn", folder / "src")
            warm(folder, port, given.invocations)
            cold(folder, port, given.starts)
            concurrency(folder, port)
            queue(folder, port, given.events)
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
