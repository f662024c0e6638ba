"""The demo's functions, as they are deployed through the Lambda API."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lambdatui.runner.runtimes.node import node_runtime
from lambdatui.runner.runtimes.python import this_runtime
from lambdatui.runner.serving.client import Api

SAMPLES = Path(__file__).with_name("samples")
ROLE = "arn:aws:iam::000000000000:role/demo"


@dataclass(frozen=True, slots=True)
class Sample:
    """One function; ``folder`` is its name in ``samples/``, ``reserved`` its concurrency, ``dlq``: it has a queue.

    ``team`` is the value of its tag of that name. One that is not ``called`` waits for its day of the week.
    """

    name: str
    folder: str
    memory_mb: int
    timeout_s: int
    runtime: str = field(default_factory=this_runtime)
    handler: str = "app.handler"
    reserved: int | None = None
    dlq: bool = False
    team: str = "shop"
    called: bool = True


def samples() -> list[Sample]:
    """The functions that this machine can run: the Node function only where there is a Node.js."""
    shop = [
        Sample("shop-api", "api", 256, 3),
        Sample("thumbnails", "thumbnails", 512, 10),
        Sample("monthly-report", "report", 128, 10, team="finance"),
        Sample("payments", "payments", 256, 5, dlq=True, team="finance"),
        Sample("order-worker", "worker", 128, 3, reserved=2),
        Sample("nightly-totals", "nightly", 128, 10, team="finance"),
        Sample("price-scraper", "scraper", 128, 1, team="search"),
        Sample("weekly-reindex", "weekly", 3008, 600, team="search", called=False),
    ]
    if (node := node_runtime()) is not None:
        shop.append(Sample("greeter", "greeter", 128, 3, runtime=node, handler="index.handler"))
    return shop


def deploy(api: Api, functions: list[Sample], dead_letters: Path) -> None:
    """Deploy ``functions``, with their limits and the schedule of the nightly job. RunnerError.

    ``dead_letters`` is the folder of the dead-letter queues.
    """
    for sample in functions:
        document: dict[str, Any] = {
            "FunctionName": sample.name,
            "Role": ROLE,
            "Runtime": sample.runtime,
            "Handler": sample.handler,
            "MemorySize": sample.memory_mb,
            "Timeout": sample.timeout_s,
            "Code": {"S3Bucket": "hot-reload", "S3Key": str(SAMPLES / sample.folder)},
            "Tags": {"team": sample.team},
        }
        if sample.dlq:
            document["DeadLetterConfig"] = {"TargetArn": dead_letters.as_uri()}
        api.do("POST", "/2015-03-31/functions", document)
        if sample.reserved is not None:
            path = f"/2017-10-31/functions/{quote(sample.name)}/concurrency"
            api.do("PUT", path, {"ReservedConcurrentExecutions": sample.reserved})
    schedule = {"function": "nightly-totals", "kind": "schedule", "expression": "rate(1 minute)"}
    api.do("POST", "/_lambdatui/triggers/add", schedule)


def deploy_next(api: Api) -> None:
    """The API's next version, whose code fails for a few articles: an error that is new since a deploy. RunnerError."""
    code = {"S3Bucket": "hot-reload", "S3Key": str(SAMPLES / "api_next")}
    api.do("PUT", "/2015-03-31/functions/shop-api/code", code)
