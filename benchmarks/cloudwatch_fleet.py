"""What collecting a large organization asks and costs: 2,000 functions in 5 accounts and 6 regions, three rounds.

    python -m benchmarks.cloudwatch_fleet [--functions 2000] [--paced]

A local server answers for AWS, in a process of its own; the collection runs in another, as ``collect`` runs it. Calls
are exact: each operation's are printed beside what they must be, and a difference fails. Pauses for the rate limits
are added up instead of slept through, unless ``--paced``: what a round takes at least. Prints Markdown.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.measure import machine
from collectors.model.units import DAY_MS, MINUTE_MS

ACCOUNTS = tuple(f"{number}" * 12 for number in range(1, 6))
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-south-1", "sa-east-1")
PLACES = tuple((account, region) for account in ACCOUNTS for region in REGIONS)
T0 = 1_743_415_200_000  # 2025-03-31T10:00:00Z
EVERY_MS = 5 * MINUTE_MS
TIMES = 20  # each function ran in the day before
DETAILS = 16
ROUNDS = ("the first, of a day", "10% have run", "none has run")


def count_of(functions: int, place: int) -> int:
    """How many of the functions there are in a place."""
    return functions // len(PLACES) + (place < functions % len(PLACES))


def busy_of(count: int) -> int:
    """How many of a place's functions run before the second round."""
    return -(-count // 10)


def ran(number: int, until_ms: int, busy: int) -> list[int]:
    """When the function of that number began to run, up to a time."""
    times = [T0 - (turn * 68 + 30 + number % 60) * MINUTE_MS - number for turn in range(TIMES)]
    if number < busy:
        times.append(T0 + EVERY_MS - 40_000 - number)
    return [at_ms for at_ms in times if at_ms + 100 <= until_ms]


# --- the server -------------------------------------------------------------------------------------------------------


class Answers:
    """AWS's answers at a time that is told to it, of every account and region."""

    def __init__(self, functions: int) -> None:
        self.functions = functions
        self.now_ms = T0

    def of(self, account: str, region: str, operation: str, asked: dict[str, Any]) -> Any:
        count = count_of(self.functions, PLACES.index((account, region)))
        answer = getattr(self, f"_{operation}", None)
        return answer(account, region, count, asked) if answer else {}

    def _ListFunctions(self, account: str, region: str, count: int, asked: dict[str, Any]) -> Any:
        at = int(asked.get("Marker", 0))
        some = [
            {
                "FunctionName": f"fn{number:04d}", "Runtime": "python3.13", "MemorySize": 512, "Timeout": 30,
                "FunctionArn": f"arn:aws:lambda:{region}:{account}:function:fn{number:04d}", "Role": "arn:r" * 20,
                "LastModified": "2025-01-01T00:00:00.000+0000", "Environment": {"Variables": {"TOKEN": "x" * 500}},
            }
            for number in range(at, min(at + 50, count))
        ]  # fmt: skip
        return {"Functions": some} | ({"NextMarker": str(at + 50)} if at + 50 < count else {})

    def _GetResources(self, account: str, region: str, count: int, asked: dict[str, Any]) -> Any:
        return {"ResourceTagMappingList": [], "PaginationToken": ""}

    def _DescribeLogGroups(self, account: str, region: str, count: int, asked: dict[str, Any]) -> Any:
        at = int(asked.get("nextToken", 0))
        some = [{"logGroupName": f"/aws/lambda/fn{number:04d}"} for number in range(at, min(at + 50, count))]
        return {"logGroups": some} | ({"nextToken": str(at + 50)} if at + 50 < count else {})

    def _FilterLogEvents(self, account: str, region: str, count: int, asked: dict[str, Any]) -> Any:
        number, events = int(asked["logGroupName"][-4:]), []
        for turn, at_ms in enumerate(ran(number, self.now_ms, busy_of(count))):
            if not asked["startTime"] <= at_ms <= asked["endTime"]:
                continue
            name = f"{number:08x}-1111-4222-a333-{turn:012x}"
            texts = (
                f"START RequestId: {name} Version: $LATEST\n", f"{name} order {turn} accepted\n", "done, 3 rows\n",
                f"END RequestId: {name}\n",
                f"REPORT RequestId: {name}\tDuration: 99.25 ms\tBilled Duration: 100 ms\tMemory Size: 512 MB\t"
                "Max Memory Used: 90 MB\t\n",
            )  # fmt: skip
            events += [
                {
                    "logStreamName": f"2025/03/31/[$LATEST]{number:032x}", "timestamp": at_ms + place * 25,
                    "message": text, "ingestionTime": at_ms + 200, "eventId": f"{number:040d}{turn:010d}{place:06d}",
                }
                for place, text in enumerate(texts)
            ]  # fmt: skip
        return {"events": sorted(events, key=lambda event: event["timestamp"]), "searchedLogStreams": []}

    def _GetMetricData(self, account: str, region: str, count: int, asked: dict[str, Any]) -> Any:
        low, high = asked["StartTime"] * 1000, asked["EndTime"] * 1000
        results = []
        for query in asked["MetricDataQueries"]:
            metric, step_ms = query["MetricStat"]["Metric"], query["MetricStat"]["Period"] * 1000
            name = next((each["Value"] for each in metric.get("Dimensions", ())), "")
            counts: Counter[int] = Counter()
            if metric["MetricName"] in ("Invocations", "Duration", "IncomingBytes", "ConcurrentExecutions") and name:
                counts.update(at // step_ms * step_ms for at in ran(int(name[-4:]), self.now_ms, busy_of(count)))
            times = sorted(at for at in counts if low <= at < high)
            values = [float(counts[at]) for at in times]
            results.append(
                {"Id": query["Id"], "Label": name, "StatusCode": "Complete", "Timestamps": [at / 1000 for at in times],
                 "Values": values}
            )  # fmt: skip
        return {"MetricDataResults": results, "Messages": []}


def serve(functions: int) -> None:
    """Answers until it is killed; says its port, and counts calls by operation. ``/now/MS`` moves its clock."""
    answers = Answers(functions)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            if self.path.startswith("/now/"):
                answers.now_ms = int(self.path[5:])
                self._send(b"{}")
            else:
                self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            self._answer(json.loads(body) if body[:1] == b"{" else {})

        def _answer(self, asked: dict[str, Any]) -> None:
            # Credential=KEY/DATE/REGION/SERVICE/aws4_request; a key ends in its account.
            key, _, region, service, _ = self.headers["authorization"].split("Credential=")[1].split(",")[0].split("/")
            account, address = key[-12:], urlsplit(self.path)
            if service == "sts":
                result = f"<GetCallerIdentityResult><Account>{account}</Account></GetCallerIdentityResult>"
                self._send(f"<R>{result}</R>".encode(), "text/xml")
                return
            operation = self.headers.get("x-amz-target", "").rpartition(".")[2]
            if not operation and address.path.rstrip("/").endswith("/functions"):
                operation = "ListFunctions"
            asked |= {name: values[0] for name, values in parse_qs(address.query).items()}
            self._send(json.dumps(answers.of(account, region, operation, asked)).encode())

        def _send(self, body: bytes, kind: str = "application/json") -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()


# --- the collection ---------------------------------------------------------------------------------------------------


class Pace:
    """What the rate limits make one source wait: the calls of each bucket at its rate, one bucket after another."""

    def __init__(self) -> None:
        self.calls: Counter[Any] = Counter()  # by bucket

    def __call__(self, wait_s: float) -> None:
        time.sleep(wait_s)

    def taken(self) -> float:
        seconds = sum((count - 1) / bucket.rate for bucket, count in self.calls.items())
        self.calls.clear()
        return seconds


def count_calls(*, paced: bool) -> None:
    """Every bucket that pauses by a ``Pace`` counts its calls there; it waits where that is wanted."""
    from collectors.sources.cloudwatch.calls import TokenBucket

    take = TokenBucket.take

    def counted(bucket: Any) -> None:
        if isinstance(bucket._pause, Pace):
            bucket._pause.calls[bucket] += 1
        if paced or not isinstance(bucket._pause, Pace):
            take(bucket)

    TokenBucket.take = counted  # type: ignore[method-assign]


def collect(port: int, *, paced: bool) -> list[dict[str, Any]]:
    """The rounds, in this process."""
    import http.client
    from functools import partial

    from collectors.ingest.many_sources import collect_accounts
    from collectors.sources.cloudwatch.session import ReadOnlySession
    from collectors.sources.cloudwatch.source import CloudWatchSource

    url = f"http://127.0.0.1:{port}"
    rounds = []
    sessions = {(account, region): ReadOnlySession(account, region, url) for account, region in PLACES}
    paces = {place: Pace() for place in PLACES}
    count_calls(paced=paced)
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "store.db"
        for turn in range(len(ROUNDS)):
            now_ms = T0 + turn * EVERY_MS
            told = http.client.HTTPConnection("127.0.0.1", port)
            told.request("GET", f"/now/{now_ms}")
            told.getresponse().read()

            def opening(place: tuple[str, str], now_ms: int = now_ms) -> CloudWatchSource:
                sessions[place].calls.reset()
                return CloudWatchSource(
                    sessions[place], since_ms=now_ms - DAY_MS, now_ms=now_ms, details=DETAILS, pause=paces[place],
                )  # fmt: skip

            wall, cpu = time.perf_counter(), time.process_time()
            done = collect_accounts([partial(opening, place) for place in PLACES], db=db, now_ms=now_ms)
            calls: Counter[str] = Counter()
            metrics = 0
            for one in done:
                assert not one.failures, one.failures
                calls.update({each.operation: each.requests for each in one.calls})
                metrics += sum(each.units for each in one.calls if each.operation == "cloudwatch:GetMetricData")
            rounds.append(
                {
                    "calls": calls, "metrics": metrics, "wall": time.perf_counter() - wall,
                    "cpu": time.process_time() - cpu, "pace": max(pace.taken() for pace in paces.values()),
                    "functions": sum(one.functions for one in done), "events": sum(one.events for one in done),
                    "invocations": sum(one.invocations for one in done), "threads": threading.active_count(),
                    "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                }
            )  # fmt: skip
    return rounds


def expected(functions: int, turn: int) -> tuple[dict[str, int], int]:
    """The calls of a round by operation, and the metrics asked for: by hand, sharing nothing with what asks."""
    from collectors.sources.cloudwatch.detail_kinds import DETAILS as KINDS

    calls: Counter[str] = Counter()
    metrics = 0
    # Of what is asked of a function: who may invoke it has no aliases to ask of, nothing is published or managed.
    details = [kind.action for kind in KINDS if kind.kind not in ("provisioned", "scaling")]
    for place in range(len(PLACES)):
        count = count_of(functions, place)
        pages = -(-count // 50)
        active = (count, busy_of(count), busy_of(count))[turn]
        news = (count, busy_of(count), 0)[turn]
        calls.update(
            {
                "sts:GetCallerIdentity": 1, "lambda:ListFunctions": pages, "lambda:GetAccountSettings": 1,
                "lambda:ListEventSourceMappings": 1, "application-autoscaling:DescribeScheduledActions": 1,
                "logs:DescribeLogGroups": pages, "logs:FilterLogEvents": news, "cloudwatch:DescribeAlarms": 1,
                "cloudwatch:DescribeAlarmHistory": 1, "resourcegroupstaggingapi:GetResources": 1,
            }
        )  # fmt: skip
        looked_at = min(DETAILS, max(0, count - turn * DETAILS))
        calls.update(dict.fromkeys(details, looked_at))
        if turn == 0:
            calls["lambda:ListCodeSigningConfigs"] += 1
        # A day of minutes leaves room for 69 metrics in a call of 100,800 points, three hours for 500.
        at_once = 69 if turn == 0 else 500
        asked = (2 * count + 3, 9 * active)
        calls["cloudwatch:GetMetricData"] += sum(-(-each // at_once) for each in asked) + (news > 0)
        metrics += sum(asked) + news
    return {name: count for name, count in calls.items() if count}, metrics


def apart(functions: int, *, paced: bool) -> list[dict[str, Any]]:
    """The rounds in a process of their own, beside the server's."""
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "AWS_EC2_METADATA_DISABLED": "true"}
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder) / "credentials"
        keys.write_text(
            "".join(
                f"[{account}]\naws_access_key_id = AKIA{account}\naws_secret_access_key = testing\n"
                for account in ACCOUNTS
            )
        )
        config = Path(folder) / "config"
        config.write_text("")
        here |= {"AWS_SHARED_CREDENTIALS_FILE": str(keys), "AWS_CONFIG_FILE": str(config)}
        server = subprocess.Popen(
            [sys.executable, __file__, "--child", "serve", "--functions", str(functions)], stdout=subprocess.PIPE,
            text=True, env=here,
        )  # fmt: skip
        try:
            assert server.stdout is not None
            port = server.stdout.readline().strip()
            command = [sys.executable, __file__, "--child", "collect", "--port", port]
            done = subprocess.run(
                [*command, *(["--paced"] if paced else [])], capture_output=True, text=True, check=False, env=here
            )
        finally:
            server.kill()
            server.wait()
    assert done.returncode == 0, done.stderr
    rounds: list[dict[str, Any]] = json.loads(done.stdout)
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--functions", type=int, default=2_000)
    parser.add_argument("--paced", action="store_true", help="sleep through the pauses: minutes")
    parser.add_argument("--child", choices=("serve", "collect"))
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    if given.child == "serve":
        serve(given.functions)
        return
    if given.child == "collect":
        print(json.dumps(collect(given.port, paced=given.paced)))
        return
    print(f"# {given.functions:,} functions in {len(ACCOUNTS)} accounts and {len(REGIONS)} regions\n\n{machine()}\n")
    rounds = apart(given.functions, paced=given.paced)
    print("| round | calls | metrics | events | CPU s | wall s | pace s | RSS MB | target |\n|---|" + "---|" * 8)
    for turn, (name, one) in enumerate(zip(ROUNDS, rounds, strict=True)):
        calls, metrics = expected(given.functions, turn)
        assert one["calls"] == calls, _difference(one["calls"], calls)
        assert one["metrics"] == metrics, (one["metrics"], metrics)
        missed = "" if one["rss_mb"] < 200 else f", short by {one['rss_mb'] - 200:.0f} MB"
        print(
            f"| {name} | {sum(calls.values()):,} | {metrics:,} | {one['events']:,} | {one['cpu']:.1f} |"
            f" {one['wall']:.1f} | {one['pace']:.1f} | {one['rss_mb']:.0f} | exact; under 200 MB{missed} |"
        )
    assert rounds[0]["functions"] == given.functions
    print("\n| operation | " + " | ".join(ROUNDS) + " |\n|---|" + "---|" * len(ROUNDS))
    for operation in sorted({name for one in rounds for name in one["calls"]}):
        print(f"| {operation} | " + " | ".join(f"{one['calls'].get(operation, 0):,}" for one in rounds) + " |")


def _difference(had: dict[str, int], wanted: dict[str, int]) -> str:
    names = sorted({*had, *wanted})
    told = (
        f"{name}: {had.get(name, 0)} for {wanted.get(name, 0)}" for name in names if had.get(name) != wanted.get(name)
    )
    return "calls differ: " + "; ".join(told)


if __name__ == "__main__":
    main()
