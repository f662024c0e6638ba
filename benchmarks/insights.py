"""What summing a fleet by Logs Insights takes: queries, calls, CPU, memory, and how much the store grows.

    python -m benchmarks.insights [--functions 5000] [--hours 24] [--buckets 20]

No network: a fake Logs Insights with AWS's limits (tests/support/fake_insights.py) answers in the form that AWS does,
a row for each function and bucket of duration. Waiting is made up, and told. The run is made in a process of its own,
twice over one store: the second must ask nothing. Prints Markdown.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import machine
from collectors.model.units import HOUR_MS, MINUTE_MS

HERE = Path(__file__).parent
T0 = 1_743_415_200_000
os.environ |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
_BATCH, _HOUR_BYTES = b"@batch", 8_333_333  # of 5,000 functions in 24 hours: a terabyte


def name_of(number: int) -> str:
    return f"fn-{number // 50:06d}-{number % 50:02d}"


def page(account: str, buckets: int) -> bytes:
    """The answer to a query over 50 groups, whose names lack their batch's number."""
    rows = [
        {
            "@log": f"{account}:/aws/lambda/fn-{_BATCH.decode()}-{number:02d}", "bucket": str(500 + bucket),
            "n": str(7 + bucket), "billed_ms": f"{(7 + bucket) * 210}.0", "billed_mb_ms": f"{(7 + bucket) * 107520}.0",
            "duration_ms": f"{(7 + bucket) * 209.25}", "max_ms": "209.99", "init_ms": "0.0", "inits": "0",
            "max_mb": "93.0", "memory_mb": "512.0", "last": str(T0), "restores": "0", "json_restores": "0",
            "timeouts": "0", "json_timeouts": "0", "failures": "0", "json_failures": "0", "json_failed": "0",
            "oom": "0",
        }
        for number in range(50)
        for bucket in range(buckets)
    ]  # fmt: skip
    results = [[{"field": field, "value": value} for field, value in row.items()] for row in rows]
    matched = sum(int(row["n"]) for row in rows)
    statistics = {"bytesScanned": 50.0 * _HOUR_BYTES, "recordsMatched": matched, "recordsScanned": matched * 5}
    return json.dumps({"status": "Complete", "results": results, "statistics": statistics}).encode()


def account_of(fake: Any, functions: int, buckets: int) -> tuple[Any, Any]:
    """A session to an account of so many functions, and its answers."""
    from tests.support import aws

    session, canned = aws.canned_session()
    body = page(aws.ACCOUNT, buckets)
    names = [name_of(number) for number in range(functions)]
    groups = [{"logGroupName": f"/aws/lambda/{name}", "storedBytes": 24 * _HOUR_BYTES * 15 // 100} for name in names]

    def described(asked: dict[str, Any]) -> dict[str, Any]:
        at = int(asked.get("nextToken", 0))
        return {"logGroups": groups[at : at + 50]} | ({"nextToken": str(at + 50)} if at + 50 < functions else {})

    def results(asked: dict[str, Any]) -> Any:
        answer = fake.results(asked)
        if answer["status"] != "Complete":
            return answer
        batch = fake.queries[asked["queryId"]].asked["logGroupNames"][0].rpartition("-")[0][-6:]
        return body.replace(_BATCH, batch.encode())

    canned.answers |= fake.answers() | {
        "lambda:ListFunctions": aws.paged_functions(names),
        "logs:DescribeLogGroups": described,
        "logs:GetQueryResults": results,
    }
    return session, canned


def run(functions: int, hours: int, buckets: int) -> dict[str, Any]:

    from collectors.ingest.many_sources import collect_accounts
    from collectors.sources.cloudwatch.source import CloudWatchSource
    from pricing.call_prices import price
    from tests.support.fake_insights import FakeInsights, Fleet, Group

    fleet = Fleet()
    fleet.groups |= {f"/aws/lambda/{name_of(number)}": Group() for number in range(functions)}
    fake = FakeInsights(fleet)
    first_s: list[float] = []

    def scanned(asked: dict[str, Any]) -> tuple[list[dict[str, str]], int, int]:
        first_s.append(fake.now_s)
        return [], 0, len(asked["logGroupNames"]) * _HOUR_BYTES

    fake.run = scanned
    session, canned = account_of(fake, functions, buckets)
    answer: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "store.db"
        for turn in ("first", "again"):
            session.calls.reset()
            before = len(canned.requests)
            began = time.process_time()
            source = CloudWatchSource(
                session, since_ms=T0 - hours * HOUR_MS, now_ms=T0 + 20 * MINUTE_MS, logs="insights", features=("logs",),
                pause=fake.pause,
            )  # fmt: skip
            (done,) = collect_accounts([lambda source=source: source], db=db, now_ms=T0)
            assert not done.failures, done.failures
            answer.setdefault("waited_s", fake.now_s - first_s[0])
            units = {count.operation: count.units for count in done.calls}.get("logs:StartQuery", 0)
            answer[turn] = {
                "calls": len(canned.requests) - before, "cpu": time.process_time() - began, "scanned": units,
                "usd": str(price("logs:StartQuery", units, "us-east-1")),
                "bytes": sum(each.stat().st_size for each in Path(folder).iterdir()),
            }  # fmt: skip
    answer |= {
        "queries": len(fake.queries), "peak": fake.peak, "refused": sum(fake.refused.values()),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip
    return answer


def apart(functions: int, hours: int, buckets: int) -> dict[str, Any]:
    arguments = ["--child", "--functions", str(functions), "--hours", str(hours), "--buckets", str(buckets)]
    done = subprocess.run(
        [sys.executable, __file__, *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--functions", type=int, default=5_000)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--buckets", type=int, default=20)
    parser.add_argument("--child", action="store_true")
    given = parser.parse_args()
    if given.child:
        print(json.dumps(run(given.functions, given.hours, given.buckets)))
        return
    print(f"# Summing a fleet by Logs Insights\n\n{machine()}\n")
    heads = (
        "functions x hours", "queries", "calls", "CPU s", "largest RSS, MB", "store, MB", "bytes a function and hour",
        "scanned", "us-east-1", "paced by quotas, min", "again: calls, CPU s",
    )  # fmt: skip
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for hours in dict.fromkeys((max(1, given.hours // 8), given.hours)):
        one = apart(given.functions, hours, given.buckets)
        first, again = one["first"], one["again"]
        cells = given.functions * hours
        print(
            f"| {given.functions:,} x {hours} | {one['queries']:,} | {first['calls']:,} | {first['cpu']:.1f} |"
            f" {one['rss_mb']:.0f} | {first['bytes'] / 1e6:.1f} | {first['bytes'] / cells:.0f} |"
            f" {first['scanned'] / 1e9:,.0f} GB | ${float(first['usd']):.2f} | {one['waited_s'] / 60:.0f} |"
            f" {again['calls']:,}, {again['cpu']:.1f} |"
        )
    print(f"\nAt most {one['peak']} queries at once; {one['refused']} refused. Memory target under 200 MB.")


if __name__ == "__main__":
    main()
