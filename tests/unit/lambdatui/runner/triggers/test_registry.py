"""A new trigger is one file that registers itself: the command line asks for it, the API takes it, a restart keeps it."""

import http.client
import importlib.util
import json
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from lambdatui.cli.runner.trigger import trigger_options, trigger_request
from lambdatui.runner.triggers.base import TRIGGERS
from tests.support.places import ROOT
from tests.support.runner_server import Served, served

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the runner reads /proc")

MODULE = '''
import asyncio
import json

from lambdatui.runner.errors import invalid
from lambdatui.runner.triggers.base import KeptTrigger, Option, OptionKind, SentEvent, register
from lambdatui.runner.triggers.event_source import EventSource


class Mailbox(KeptTrigger):
    """Calls a function with each line that is added to a file."""

    kind = "mailbox"
    options = (Option("mailbox", "A file of letters.", metavar="FILE"),)

    def document(self, values):
        return {"file": values["mailbox"]}

    def check(self, document):
        if not document.get("file"):
            raise invalid("a mailbox needs a file")

    def start(self, trigger_id, document, host):
        return host.run(trigger_id, self._read(document, host))

    async def _read(self, document, host):
        read = 0
        while True:
            with open(document["file"]) as file:
                lines = file.read().splitlines()
            for line in lines[read:]:
                await host.send(document["function"], {"letter": line})
            read = len(lines)
            await asyncio.sleep(0.02)


class Shelf(EventSource):
    """Calls a function with the books of a file, the records of a mapping."""

    service = "shelf"
    title = "shelf"
    fields = ("StartingPosition",)
    default_records = 2
    own_options = (Option("from-top", "A shelf: from its top on.", OptionKind.FLAG),)

    def own_fields(self, values):
        return {"StartingPosition": "TRIM_HORIZON" if values["from_top"] else "LATEST"}

    def most_records(self, arn):
        return 3

    def start(self, trigger_id, document, host):
        return host.run(trigger_id, self._lend(document, host))

    async def _lend(self, mapping, host):
        path = mapping["EventSourceArn"].split(":", 5)[5]
        with open(path) as file:
            books = file.read().splitlines()[: mapping["BatchSize"]]
        await host.invoker.invoke(mapping["FunctionArn"], json.dumps({"books": books}).encode())
        mapping["LastProcessingResult"] = "OK"
        host.save_mappings()


class Shout(SentEvent):
    """Sends a text once."""

    options = (Option("shout", "Send this now.", metavar="TEXT"),)

    def event(self, values):
        return {"shout": values["shout"].upper()}


register(Mailbox())
register(Shelf())
register(Shout())
'''
SOURCE = "import json\ndef handler(e, c): print('got', json.dumps(e, sort_keys=True))"


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[None]:
    before = list(TRIGGERS)
    (tmp_path / "scratch_triggers.py").write_text(MODULE)
    spec = importlib.util.spec_from_file_location("scratch_triggers", tmp_path / "scratch_triggers.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    yield
    TRIGGERS[:] = before


def command() -> click.Command:
    """``lambdatui runner trigger`` as it is made of the triggers that there are now; it prints what it would ask for."""

    @click.command()
    @click.argument("name")
    @trigger_options
    def trigger(name: str, **values: Any) -> None:
        click.echo(json.dumps(trigger_request(name, values)))

    return trigger


def asked_for(*arguments: str) -> tuple[str, dict[str, Any]]:
    result = CliRunner().invoke(command(), arguments)
    assert result.exit_code == 0, result.output
    path, document = json.loads(result.output)
    return path, document


def post(runner: Served, request: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    connection = http.client.HTTPConnection(runner.host, runner.port, timeout=20)
    connection.request("POST", request[0], json.dumps(request[1]))
    answer = connection.getresponse()
    document: dict[str, Any] = json.loads(answer.read())
    return document | {"status": answer.status}


def wait_for(condition: Callable[[], Any]) -> None:
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come")


def got(runner: Served) -> list[Any]:
    return [json.loads(line.removeprefix("got ")) for line in runner.messages() if line.startswith("got ")]


def test_a_kept_trigger_is_one_file(tmp_path: Path, scratch: None) -> None:
    mailbox = tmp_path / "letters.txt"
    mailbox.write_text("first\n")
    request = asked_for("reads", "--mailbox", str(mailbox))
    assert request[1] == {"function": "reads", "kind": "mailbox", "file": str(mailbox)}
    with served(tmp_path / "runner.db") as runner:
        runner.create("reads", SOURCE)
        assert post(runner, (request[0], {"function": "reads", "kind": "mailbox"})) == {
            "message": "a mailbox needs a file",
            "Type": "User",
            "status": 400,
        }
        trigger_id = post(runner, request)["id"]
        wait_for(lambda: got(runner) == [{"letter": "first"}])
        assert post(runner, ("/_lambdatui/triggers/list", {}))["triggers"] == {trigger_id: request[1]}
    mailbox.write_text("second\n")
    with served(tmp_path / "runner.db") as runner:
        wait_for(lambda: got(runner) == [{"letter": "first"}, {"letter": "second"}])
        post(runner, ("/_lambdatui/triggers/remove", {"id": trigger_id}))
        mailbox.write_text("second\nthird\n")
        time.sleep(0.2)
        assert len(got(runner)) == 2


def test_an_event_source_is_one_file(tmp_path: Path, scratch: None) -> None:
    shelf = tmp_path / "books.txt"
    shelf.write_text("Emma\nUlysses\nDune\nWalden\n")
    arn = f"arn:aws:shelf:us-east-1:000000000000:{shelf}"
    with served(tmp_path / "runner.db") as runner:
        runner.create("lends", SOURCE)
        request = asked_for("lends", "--source", arn, "--from-top", "--batch-size", "3")
        mapping = post(runner, request)
        assert (mapping["StartingPosition"], mapping["BatchSize"]) == ("TRIM_HORIZON", 3)
        wait_for(lambda: got(runner) == [{"books": ["Emma", "Ulysses", "Dune"]}])
        api = runner.client
        wait_for(lambda: api.get_event_source_mapping(UUID=mapping["UUID"])["LastProcessingResult"] == "OK")
        with pytest.raises(ClientError, match=r"Value '4' at 'batchSize'.*less than or equal to 3"):
            api.update_event_source_mapping(UUID=mapping["UUID"], BatchSize=4)
        unknown = "arn:aws:telegraph:us-east-1:000000000000:line"
        with pytest.raises(ClientError, match="polls SQS queues and DynamoDB streams and Kinesis streams and shelfs"):
            api.create_event_source_mapping(FunctionName="lends", EventSourceArn=unknown)


def test_an_event_that_is_sent_at_once_is_one_file(tmp_path: Path, scratch: None) -> None:
    with served(tmp_path / "runner.db") as runner:
        runner.create("hears", SOURCE)
        assert "request_id" in post(runner, asked_for("hears", "--shout", "hey"))
        wait_for(lambda: got(runner) == [{"shout": "HEY"}])


def test_help_and_usage_name_what_there_is(scratch: None) -> None:
    output = CliRunner().invoke(command(), ["--help"]).output
    for line in ("--mailbox FILE", "A file of letters.", "--from-top", "A shelf: from its top on.", "--shout TEXT"):
        assert line in output
    assert "An SQS queue or a DynamoDB stream or a Kinesis stream or a shelf." in " ".join(output.split())
    refused = CliRunner().invoke(command(), ["name"])
    assert refused.exit_code == 2
    assert "--sns, --event" in " ".join(refused.output.split())
    assert "--mailbox and --shout" in " ".join(refused.output.split())


def test_the_contract_on_imports_is_of_every_trigger() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [contract] = [one for one in contracts if one["name"] == "a trigger knows no other"]
    modules = {type(trigger).__module__ for trigger in TRIGGERS}
    assert {module.rpartition(".")[0] + ".*" for module in modules} == set(contract["modules"])
    assert not modules & {each.partition(" -> ")[2] for each in contract["ignore_imports"]}


def test_a_trigger_that_is_no_more_is_reported_and_stops_no_other(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with served(tmp_path / "runner.db") as runner:
        runner.create("calls", SOURCE)
        folder = runner.runner.functions.folder
    triggers = {
        "gone": {"function": "calls", "kind": "telegraph"},
        "stays": {"function": "calls", "kind": "schedule", "expression": "rate(1 minute)"},
    }
    (folder / "triggers.json").write_text(json.dumps(triggers))
    mapping = {"UUID": "m", "State": "Enabled", "EventSourceArn": "arn:aws:telegraph:us-east-1:000000000000:line"}
    (folder / "mappings.json").write_text(json.dumps({"m": mapping}))
    with served(tmp_path / "runner.db", time_scale=600) as runner:
        wait_for(lambda: got(runner))
        assert got(runner)[0]["source"] == "aws.events"
    complaints = capfd.readouterr().err
    assert "trigger gone is of a kind that there is not: 'telegraph'" in complaints
    assert "trigger m cannot be polled: Unrecognized event source" in complaints
