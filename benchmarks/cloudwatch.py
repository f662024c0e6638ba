"""What collecting from CloudWatch costs this machine: answers read, events carried into the store, memory held.

    python -m benchmarks.cloudwatch [--queries 4000] [--events 7000] [--invocations 100000] [--flat 5000000]

No network: answers are canned and handed to botocore where it would send, so that what is measured is the client.
Stock botocore and the collectors' session take turns on the same answers, the collectors' side with everything up to
the model's records. The pipeline is measured beside the import of the same events from a file. Prints Markdown.
"""

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import machine
from collectors.model.units import MINUTE_MS

ACCOUNT, REGION, GROUP = "123456789012", "eu-central-1", "/aws/lambda/fn"
T0 = 1_743_415_200_000
os.environ |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def canned(client: Any, body: Callable[[], bytes]) -> Any:
    """``client`` answered without a network."""
    from botocore.awsrequest import AWSResponse

    def send(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 200, {"content-type": "application/json"}, _Raw(body()))

    client.meta.events.register_last("before-send", send)
    return client


def stock(service: str) -> Any:
    from botocore.session import Session

    return Session().create_client(service, region_name=REGION, endpoint_url="http://127.0.0.1:9")


def ours(service: str) -> Any:
    from collectors.sources.cloudwatch.session import ReadOnlySession

    return ReadOnlySession(region=REGION, endpoint_url="http://127.0.0.1:9").client(service)


def request(number: int) -> str:
    return f"{number:08x}-1111-4222-a333-{number * 7919 % (1 << 48):012x}"


def page(first: int, invocations: int) -> bytes:
    """FilterLogEvents' answer with five events for each of so many invocations, numbered from ``first``."""
    events = []
    for number in range(first, first + invocations):
        name, at = request(number), T0 + number * 20
        texts = (
            f"START RequestId: {name} Version: $LATEST\n",
            f"2025-03-31T10:00:00.000Z\t{name}\tINFO\torder {number} accepted\n",
            f"2025-03-31T10:00:00.000Z\t{name}\tINFO\tdone in 12 ms, 3 rows\n",
            f"END RequestId: {name}\n",
            f"REPORT RequestId: {name}\tDuration: {number % 997}.25 ms\tBilled Duration: {number % 997 + 1} ms\t"
            "Memory Size: 512 MB\tMax Memory Used: 90 MB\t\n",
        )
        events += [
            {
                "logStreamName": f"2025/03/31/[$LATEST]{number // 500:032x}", "timestamp": at + place, "message": text,
                "ingestionTime": at + 99, "eventId": f"{number:050d}{place:06d}",
            }
            for place, text in enumerate(texts)
        ]  # fmt: skip
    return json.dumps({"events": events, "searchedLogStreams": []}).encode()


def metrics(client: Any, queries: int, points: int, *, modelled: bool) -> Callable[[], int]:
    """GetMetricData of so many queries, 500 a call; returns how many points were read."""
    from collectors.model.records import FunctionKey
    from collectors.sources.cloudwatch.calls import Calls
    from collectors.sources.cloudwatch.metrics import Points, Query, Span, plan

    results = [
        {
            "Id": f"m{number}", "Label": "Invocations", "StatusCode": "Complete",
            "Timestamps": [T0 / 1000 + at * 60 for at in range(points)], "Values": [float(at) for at in range(points)],
        }
        for number in range(500)
    ]  # fmt: skip
    body = json.dumps({"MetricDataResults": results, "Messages": []}).encode()
    canned(client, lambda: body)
    key = FunctionKey("fn", ACCOUNT, REGION)
    asked = [
        Query(key, "Invocations", "Sum", (("FunctionName", f"fn{number}"),), "Invocations") for number in range(queries)
    ]
    over = Span(T0, T0 + points * MINUTE_MS, 60)

    def read_ours() -> int:
        return sum(len(some) for some, _ in Points(client, Calls(), REGION).read(asked, over))

    def read_stock() -> int:
        count = 0
        for call in plan(asked, over):
            answer = client.get_metric_data(
                MetricDataQueries=[query.asked(f"m{number}", 60) for number, query in enumerate(call)],
                StartTime=over.start_ms / 1000, EndTime=over.end_ms / 1000,
            )  # fmt: skip
            count += sum(len(result["Values"]) for result in answer["MetricDataResults"])
        return count

    return read_ours if modelled else read_stock


def events(client: Any, count: int, *, modelled: bool) -> Callable[[], int]:
    """FilterLogEvents' page of so many events; returns how many were read."""
    from collectors.sources.cloudwatch.calls import TokenBucket
    from collectors.sources.cloudwatch.log_events import event_blocks
    from collectors.sources.cloudwatch.log_groups import LogGroup

    body = page(0, count // 5)
    canned(client, lambda: body)
    group, bucket = LogGroup(GROUP, ("fn",)), TokenBucket(1e9)

    def read_ours() -> int:
        here: dict[str, Any] = {"account": ACCOUNT, "region": REGION, "bucket": bucket, "rejects": []}
        return sum(len(block) for block in event_blocks(client, group, T0, T0 + 1, **here))

    def read_stock() -> int:
        return len(client.filter_log_events(logGroupName=GROUP, startTime=T0, endTime=T0 + 1)["events"])

    return read_ours if modelled else read_stock


def in_turns(contestants: Sequence[Callable[[], int]], repeat: int) -> list[float]:
    """The least CPU seconds of each; all must read as much."""
    best = [float("inf")] * len(contestants)
    counts = {contestant() for contestant in contestants}
    assert len(counts) == 1, counts
    for _ in range(repeat):
        for place, contestant in enumerate(contestants):
            began = time.process_time()
            contestant()
            best[place] = min(best[place], time.process_time() - began)
    return best


class Pages:
    """A source that gives pages of events as CloudWatch's does, read by its parser; nothing else."""

    name, account, region = "pages", ACCOUNT, REGION

    def __init__(self, invocations: int, a_page: int = 1_400) -> None:
        self._invocations = invocations
        self._page = a_page
        self._first = 0
        self._client = canned(ours("logs"), self._body)

    def _body(self) -> bytes:
        some = min(self._page, self._invocations - self._first)
        body = page(self._first, some)
        self._first += some
        return body

    def items(self, stored: Any) -> Iterator[Any]:
        from collectors.sources.base import LogEvents
        from collectors.sources.cloudwatch.calls import TokenBucket
        from collectors.sources.cloudwatch.log_events import event_blocks
        from collectors.sources.cloudwatch.log_groups import LogGroup

        here: dict[str, Any] = {"account": ACCOUNT, "region": REGION, "bucket": TokenBucket(1e9), "rejects": []}
        while self._first < self._invocations:
            yield from map(LogEvents, event_blocks(self._client, LogGroup(GROUP, ("fn",)), T0, T0 + 1, **here))

    def counts(self) -> list[Any]:
        return []


def pipeline(invocations: int) -> dict[str, float]:
    """One collection of made pages into a fresh store: CPU without the making of pages, and the largest memory."""
    from collectors.ingest.many_sources import collect_accounts

    began = time.process_time()
    for first in range(0, invocations, 1_400):
        page(first, min(1_400, invocations - first))
    making = time.process_time() - began
    with tempfile.TemporaryDirectory() as folder:
        wall, began = time.perf_counter(), time.process_time()
        (done,) = collect_accounts([lambda: Pages(invocations)], db=Path(folder) / "store.db", now_ms=T0)
        cpu = time.process_time() - began - making
        wall = time.perf_counter() - wall
    assert (done.invocations, done.failures) == (invocations, []), done
    return {"cpu": cpu, "wall": wall, "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def imported(invocations: int) -> dict[str, float]:
    """The import of the same events from a file, in one process."""
    from collectors.ingest import engine as importing
    from collectors.model.records import FunctionKey

    importing.ALONE_BYTES = 1 << 40
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        with path.open("w") as out:
            for first in range(0, invocations, 1_400):
                for event in json.loads(page(first, min(1_400, invocations - first)))["events"]:
                    out.write(json.dumps({"logGroup": GROUP, **event}) + "\n")
        began = time.process_time()
        result = importing.import_files([str(path)], db=Path(folder) / "store.db", defaults=FunctionKey(""))
        cpu = time.process_time() - began
    assert result.invocations == invocations, result
    return {"cpu": cpu}


def apart(what: str, invocations: int) -> dict[str, float]:
    """One of the above in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", what, "--invocations", str(invocations)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )  # fmt: skip
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--queries", type=int, default=4_000)
    parser.add_argument("--points", type=int, default=60)
    parser.add_argument("--events", type=int, default=7_000)
    parser.add_argument("--invocations", type=int, default=100_000)
    parser.add_argument("--flat", type=int, default=5_000_000, help="events for the memory's flatness; 0 leaves it out")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--child", choices=("pipeline", "imported"))
    given = parser.parse_args()
    if given.child:
        print(json.dumps({"pipeline": pipeline, "imported": imported}[given.child](given.invocations)))
        return
    print(f"# Collecting from CloudWatch\n\n{machine()}\n")
    print("| | stock botocore, CPU ms | collectors, CPU ms | ratio | target |\n|---|---|---|---|---|")
    of_metrics = in_turns(
        [metrics(stock("cloudwatch"), given.queries, given.points, modelled=False),
         metrics(ours("cloudwatch"), given.queries, given.points, modelled=True)], given.repeat,
    )  # fmt: skip
    of_events = in_turns(
        [events(stock("logs"), given.events, modelled=False), events(ours("logs"), given.events, modelled=True)],
        max(given.repeat, 10),
    )
    for what, (theirs, mine) in (
        (f"{given.queries:,} metric queries of {given.points} points", of_metrics),
        (f"a page of {given.events:,} log events", of_events),
    ):
        ratio = mine / theirs
        missed = "" if ratio <= 0.2 else f", short by {ratio - 0.2:.2f}"
        print(f"| {what} | {theirs * 1000:.0f} | {mine * 1000:.1f} | {ratio:.3f} | 0.2{missed} |")
    runs = [(apart("imported", given.invocations), apart("pipeline", given.invocations)) for _ in range(given.repeat)]
    theirs, mine = min(one["cpu"] for one, _ in runs), min(one["cpu"] for _, one in runs)
    print(
        f"\n{given.invocations:,} invocations (five events each): import of a file in one process {theirs:.2f} s CPU,"
    )
    print(f"collection from pages {mine:.2f} s CPU (the making of pages taken off): ratio {mine / theirs:.2f}.\n")
    if given.flat:
        flat = apart("pipeline", given.flat // 5)
        small = apart("pipeline", given.flat // 50)
        missed = "" if flat["rss_mb"] < 150 else f", short by {flat['rss_mb'] - 150:.0f} MB"
        print(f"{given.flat:,} events in one collection: {flat['wall']:.0f} s, largest resident size")
        print(f"{flat['rss_mb']:.0f} MB", end=" ")
        print(f"(a tenth of them: {small['rss_mb']:.0f} MB); target under 150 MB{missed}.")


if __name__ == "__main__":
    main()
