"""A runner that is killed again and again at any moment: events, messages and records are all processed, at least once."""

import contextlib
import http.client
import json
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.support import needs
from tests.support.command_line import PROGRAM
from tests.support.runner_server import ROLE, client, wait_for, zipped

pytestmark = needs.linux

KILLS = 5
MARKS = """
import base64, json, os, time, uuid
from pathlib import Path

FOLDER = Path(os.environ["MARKS"])

def mark(kind, n):
    (FOLDER / f"{kind}-{n}-{uuid.uuid4().hex}").write_text("")

def handler(event, context):
    time.sleep(0.05)
    records = event.get("Records")
    if records is None:
        if event["n"] % 5 == 0 and not any(FOLDER.glob(f"tried-{event['n']}-*")):
            mark("tried", event["n"])
            raise ValueError("once")
        mark("event", event["n"])
        return
    for record in records:
        if "kinesis" in record:
            mark("record", json.loads(base64.b64decode(record["kinesis"]["data"]))["n"])
        else:
            mark("message", json.loads(record["body"])["n"])
"""


def start(path: Path, endpoint: str) -> tuple["subprocess.Popen[str]", str]:
    """A runner in a process of its own, and its URL."""
    arguments = ["runner", "serve", "--port", "0", "--time-scale", "100", "--runner-db", str(path)]
    process = subprocess.Popen(
        [*PROGRAM, *arguments, "--endpoint-url", endpoint],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    return process, next(word for word in process.stdout.readline().split() if word.startswith("http"))


def test_nothing_is_lost_by_random_kills(tmp_path: Path, moto: str) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    sqs, kinesis = client("sqs", moto), client("kinesis", moto)
    queue = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
    kinesis.create_stream(StreamName="work", ShardCount=2)
    process, url = start(tmp_path / "runner.db", moto)
    try:
        api = client("lambda", url)
        environment = {"Variables": {"MARKS": str(marks)}}
        code = {"ZipFile": zipped({"app.py": MARKS})}
        from lambdatui.runner.runtimes.python import this_runtime

        settings = {"Runtime": this_runtime(), "Handler": "app.handler", "Role": ROLE, "Environment": environment}
        api.create_function(FunctionName="marks", Code=code, **settings)
        queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        stream_arn = kinesis.describe_stream(StreamName="work")["StreamDescription"]["StreamARN"]
        api.create_event_source_mapping(FunctionName="marks", EventSourceArn=queue_arn, BatchSize=3)
        api.create_event_source_mapping(
            FunctionName="marks", EventSourceArn=stream_arn, BatchSize=3, StartingPosition="LATEST"
        )
        chance = random.Random(18)
        accepted: list[int] = []
        numbers = iter(range(10_000))
        for _ in range(KILLS):
            until = time.monotonic() + chance.uniform(0.2, 1.5)
            while time.monotonic() < until:
                n = next(numbers)
                sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"n": n}))
                kinesis.put_record(StreamName="work", Data=json.dumps({"n": n}).encode(), PartitionKey=str(n))
                with contextlib.suppress(Exception):
                    payload = json.dumps({"n": n}).encode()
                    api.invoke(FunctionName="marks", InvocationType="Event", Payload=payload)
                    accepted.append(n)
            process.send_signal(signal.SIGKILL)
            process.wait()
            process, url = start(tmp_path / "runner.db", moto)
            api = client("lambda", url)
        sent = set(range(next(numbers)))

        def missing() -> dict[str, Any]:
            names = [file.name.split("-") for file in marks.iterdir()]
            seen = {kind: {int(n) for each, n, _ in names if each == kind} for kind in ("event", "message", "record")}
            lost = {"event": set(accepted), "message": sent, "record": sent}
            return {kind: sorted(lost[kind] - seen[kind]) for kind in lost if lost[kind] - seen[kind]}

        deadline = time.monotonic() + 60
        while missing() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert missing() == {}
        assert len(sent) > 20
        wait_for(lambda: status(url)["waiting"] == 0)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def status(url: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    connection.request("POST", "/_lambdatui/status", "{}")
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    return answer
