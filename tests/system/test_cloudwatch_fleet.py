"""A fleet on a moto server: 1,200 functions and 50,000 log events, collected by the command, and killed on the way."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from collectors.model.units import MINUTE_MS
from collectors.store.read.reader import Reader
from lambdatui.cli.main import cli
from tests.support.aws import ACCOUNT, KEYS, REGION, plain, put_events, recent_ms
from tests.support.command_line import PROGRAM
from tests.support.printed_statements import EVER, differences, everything, report, request_id, start

pytestmark = pytest.mark.usefixtures("aws_isolated")

FUNCTIONS, INVOCATIONS, BUSY = 1_200, 10_000, 20  # five events each, in the logs of the first twenty


def name(number: int) -> str:
    return f"fn{number:04d}"


def stock(endpoint: str, began_ms: int) -> None:
    """Functions put into moto's own tables, which takes a second where its API takes minutes; events by its API."""
    from moto.awslambda.models import LambdaFunction, lambda_backends

    role = plain(endpoint, "iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    backend = lambda_backends[ACCOUNT][REGION]
    spec: dict[str, Any] = {
        "Runtime": "python3.13", "Role": role, "Handler": "a.h", "MemorySize": 256,
        "Code": {"ImageUri": "none/such:latest"}, "PackageType": "Image",
    }  # fmt: skip
    for number in range(FUNCTIONS):
        function = LambdaFunction(ACCOUNT, spec | {"FunctionName": name(number)}, REGION)
        backend._lambdas.put_function(function)
    for number in range(BUSY):
        events = []
        for place in range(INVOCATIONS // BUSY):
            at_ms, request = began_ms + place * 1_000, request_id(number * 10_000 + place)
            texts = (start(request), "one\n", "two\n", f"END RequestId: {request}\n", report(request))
            events += [(at_ms + offset, text) for offset, text in enumerate(texts)]
        put_events(endpoint, f"/aws/lambda/{name(number)}", "2025/03/31/[$LATEST]ab", events)


def test_a_fleet_is_collected_whole_and_killed_collections_come_to_the_same(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began_ms = recent_ms(120 * MINUTE_MS)
    stock(endpoint, began_ms)
    arguments = [
        "collect", "--json", "--region", REGION, "--endpoint-url", endpoint, "--logs", "events", "--since", "3h",
        "--without", "inventory", "--without", "alarms", "--without", "metrics",
    ]  # fmt: skip
    clean, killed = tmp_path / "clean.db", tmp_path / "killed.db"
    kills = kill_on_the_way(killed, arguments)
    code = cli.main(["--db", str(clean), *arguments], standalone_mode=False)
    done = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (done["functions"], done["events"], done["invocations"], done["rejected"]) == (
        FUNCTIONS, INVOCATIONS * 5, INVOCATIONS, 0,
    )  # fmt: skip
    assert cli.main(["--db", str(killed), *arguments], standalone_mode=False) == 0
    assert kills > 0
    spans = [EVER, (began_ms, began_ms + 10 * MINUTE_MS)]
    assert differences(everything(clean, spans), everything(killed, spans)) == {}
    with Reader(clean) as reader:
        assert len(reader.functions()) == FUNCTIONS
        assert len(reader.totals(*EVER)) == BUSY


def kill_on_the_way(db: Path, arguments: list[str]) -> int:
    """Starts the collection six times, each killed at a random moment after its store is there; how many were."""
    kills, chance = 0, random.Random(5)
    environment = os.environ | {"AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"]}
    for _ in range(6):
        command = [*PROGRAM, "--db", str(db), *arguments]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and _held_by(db) != process.pid:
            time.sleep(0.02)
        time.sleep(chance.random() * 4)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    return kills


def _held_by(db: Path) -> int:
    try:
        return int(Path(f"{db}.lock").read_text().rpartition(" ")[2])
    except (OSError, ValueError):
        return 0
