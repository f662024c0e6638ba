"""``lambdatui runner replay``: collected events and dead letters again, with the local function."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import needs
from tests.support.command_line import run
from tests.support.runner_server import wait_for

pytestmark = needs.linux

APP = """
import json
def handler(event, context):
    print("Received event:", json.dumps(event))
    {}
"""
DIVIDES = "return 100 // event['n']"
UUID = "8f507cfc-2f2b-4a6c-8a3c-0d5f1c2b7e11"


class Place:
    """A folder with a function ``shop``, a runner's log and a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "src").mkdir()
        self.write(DIVIDES)
        deployed = self.runner("deploy", folder / "src", "--name", "shop", "--handler", "app.handler")
        assert deployed.exit_code == 0, deployed.output

    def write(self, does: str, template: str = APP) -> None:
        (self.folder / "src" / "app.py").write_text(template.format(does))

    def runner(self, *arguments: str | Path) -> Any:
        db = ("--db", str(self.folder / "store.db"))
        return run(*db, "runner", *arguments, "--runner-db", self.folder / "runner.db")

    def fail(self, event: object) -> str:
        """The request id of an invocation."""
        self.runner("invoke", "shop", "--payload", json.dumps(event))
        listed = run("--db", self.folder / "store.db", "collect", "--source", self.folder / "runner.db")
        assert listed.exit_code == 0, listed.output
        rows = json.loads(run("--db", self.folder / "store.db", "invocations", "--json").stdout)["rows"]
        return str(rows[0]["request_id"])  # the newest comes first

    def replay(self, *arguments: str | Path) -> tuple[int, list[dict[str, Any]]]:
        answer = self.runner("replay", *arguments, "--json")
        return answer.exit_code, json.loads(answer.stdout)["rows"] if answer.stdout else []


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_collected_invocation(place: Place) -> None:
    request_id = place.fail({"n": 0})
    code, [row] = place.replay(request_id)
    assert (code, row["result"], row["function"], row["request_id"]) == (1, "same error", "shop", request_id)
    assert row["fingerprint"] == row["recorded_fingerprint"]
    assert row["event_from"] == 'the log line Received event: {"n": 0}'
    place.write("\n    " + DIVIDES)  # another line of the file: the same group of errors
    assert place.replay(request_id)[1][0]["result"] == "same error"
    place.write("return event['missing']")
    code, [row] = place.replay(request_id)
    assert (code, row["result"], row["error"]) == (1, "another error", "KeyError: 'missing'")
    place.write("return 0")
    code, [row] = place.replay(request_id)
    assert (code, row["result"], row["error"], row["fingerprint"]) == (0, "no error now", None, None)
    text = place.runner("replay", request_id).stdout
    assert text.startswith(f"no error now: shop, request {request_id}\n  recorded  ZeroDivisionError: ")


def test_one_that_did_not_fail(place: Place) -> None:
    request_id = place.fail({"n": 1})
    assert place.replay(request_id)[1][0]["result"] == "no error, as recorded"
    place.write("raise ValueError(event)")
    code, [row] = place.replay(request_id)
    assert (code, row["result"], row["recorded_error"]) == (1, "an error now", None)


def test_an_event_that_nobody_knows(place: Place) -> None:
    place.write(DIVIDES, "def handler(event, context):\n    {}\n")
    request_id = place.fail({"n": 0})
    answer = place.runner("replay", request_id)
    assert (answer.exit_code, answer.stdout) == (3, "")
    assert "shop did not print it; give it as --payload" in answer.stderr
    assert place.replay(request_id, "--payload", '{"n": 0}')[1][0]["result"] == "same error"
    (place.folder / "event.json").write_text('{"n": 5}')
    code, [row] = place.replay(request_id, "--payload", f"@{place.folder / 'event.json'}")
    assert (code, row["result"], row["event_from"]) == (0, "no error now", "--payload")
    assert place.runner("replay", request_id, "--payload", "{").exit_code == 2


def test_of_the_runners_own_log_without_a_store(place: Place) -> None:
    place.runner("invoke", "shop", "--payload", '{"n": 0}')
    log = place.runner("logs", "shop").stdout
    request_id = log.partition("START RequestId: ")[2].split()[0]
    code, [row] = place.replay(request_id)
    assert (code, row["result"]) == (1, "same error")
    answer = place.runner("replay", UUID)
    assert (answer.exit_code, f"no invocation '{UUID}'" in answer.stderr) == (1, True)


def test_an_event_that_waits_in_the_runners_queue(place: Place) -> None:
    place.write(DIVIDES, "def handler(event, context):\n    {}\n")
    accepted = place.runner("invoke", "shop", "--payload", '{"n": 0}', "--type", "Event").stderr
    request_id = accepted.partition("request ")[2].split(";")[0].strip()
    code, [row] = place.replay(request_id)
    assert (code, row["event_from"], row["recorded_error"]) == (1, "the runner's queue", None)
    assert row["result"] == "an error; the recorded one is not known"


ZERO = '{"n": 0}'
ATTRIBUTES = {
    "RequestID": {"DataType": "String", "StringValue": UUID},
    "ErrorCode": {"DataType": "Number", "StringValue": "200"},
    "ErrorMessage": {"DataType": "String", "StringValue": "integer division or modulo by zero"},
}
RECORD = {
    "version": "1.0",
    "requestContext": {
        "requestId": UUID,
        "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:shop:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    },
    "requestPayload": {"n": 0},
    "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    "responsePayload": {
        "errorType": "ZeroDivisionError",
        "errorMessage": "integer division or modulo by zero",
        "stackTrace": ['  File "/var/task/app.py", line 5, in handler\n'],
    },
}
SNS_ATTRIBUTES = {name: {"Type": "String", "Value": value["StringValue"]} for name, value in ATTRIBUTES.items()}
EVENT_ATTRIBUTES = {
    name: {"stringValue": value["StringValue"], "dataType": "String"} for name, value in ATTRIBUTES.items()
}


@pytest.mark.parametrize(
    "letter",
    [
        {"Messages": [{"MessageId": "1", "Body": ZERO, "MessageAttributes": ATTRIBUTES}]},
        {"MessageId": "1", "Body": ZERO, "MessageAttributes": ATTRIBUTES},
        {"Type": "Notification", "MessageId": "1", "Message": ZERO, "MessageAttributes": SNS_ATTRIBUTES},
        {"Records": [{"messageId": "1", "body": ZERO, "messageAttributes": EVENT_ATTRIBUTES}]},
        {"body": {"n": 0}, "attributes": {name: value["StringValue"] for name, value in ATTRIBUTES.items()}},
        RECORD,
        {"MessageId": "1", "Body": json.dumps(RECORD)},
        {"source": "lambda", "detail-type": "Lambda Function Invocation Result - Failure", "detail": RECORD},
        [RECORD],
    ],
    ids=["receive-message", "message", "sns", "event", "folder", "record", "record in a queue", "eventbridge", "list"],
)
def test_dead_letters(place: Place, letter: Any) -> None:
    file = place.folder / "letter.json"
    file.write_text(json.dumps(letter))
    code, [row] = place.replay("--dead-letter", file, "--function", "shop")
    assert (code, row["result"], row["request_id"]) == (1, "same error", UUID)
    place.write("raise ZeroDivisionError('of another kind')")
    assert place.replay("--dead-letter", file, "--function", "shop")[1][0]["result"] == "another error"
    place.write("return 1")
    assert place.replay("--dead-letter", file, "--function", "shop")[0] == 0


def test_letters_without_an_event_or_an_error(place: Place) -> None:
    without_event = {name: value for name, value in RECORD.items() if name != "requestPayload"}
    file = place.folder / "letters.json"
    file.write_text(f"{json.dumps(without_event)}\n{ZERO}\n")
    code, [first, second] = place.replay("--dead-letter", file, "--function", "shop")
    assert (code, first["result"]) == (1, "unknown event")
    assert (second["result"], second["recorded_error"]) == ("an error; the recorded one is not known", None)
    file.write_text(json.dumps(without_event))
    assert place.replay("--dead-letter", file)[0] == 3
    file.write_text(ZERO)
    answer = place.runner("replay", "--dead-letter", file)
    assert (answer.exit_code, "give --function NAME" in answer.stderr) == (1, True)
    file.write_text("{")
    assert "that is no dead letter" in place.runner("replay", "--dead-letter", file).stderr
    file.write_text(json.dumps(RECORD).replace("function:shop", "function:other"))
    assert "other is not deployed here" in place.runner("replay", "--dead-letter", file).stderr
    assert place.runner("replay").exit_code == 2


def test_the_folder_of_dead_letters_of_this_runner(place: Place) -> None:
    dead = place.folder / "dead"
    source = place.folder / "src"
    place.runner(
        "deploy", source, "--name", "shop", "--handler", "app.handler", "--dlq", dead.as_uri(), "--retries", "0"
    )
    from tests.support.runner_server import served

    with served(place.folder / "runner.db") as runner:
        runner.client.invoke(FunctionName="shop", InvocationType="Event", Payload=b'{"n": 0}')
        [letter] = wait_for(lambda: list(dead.glob("[!.]*.json")))
    code, [row] = place.replay("--dead-letter", letter, "--function", "shop")
    assert (code, row["result"]) == (1, "same error")
