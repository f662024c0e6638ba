"""Event source mappings in the API: what is refused, what is shown, and states on the way."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdatui.runner import aws
from tests.support.runner_server import Served, refusal

QUEUE = "arn:aws:sqs:us-east-1:000000000000:letters"
STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/shop/stream/2026-01-01T00:00:00.000"
FUNCTION = {"FunctionName": "polls", "Enabled": False}


class Missing:
    """A service that has nothing of what it is asked for."""

    def __getattr__(self, name: str) -> Any:
        def refuse(**_: object) -> None:
            code = "AWS.SimpleQueueService.NonExistentQueue" if "queue" in name else "ResourceNotFoundException"
            raise ClientError({"Error": {"Code": code, "Message": "none"}}, name)

        return refuse


@pytest.fixture(scope="module", autouse=True)
def function(runner: Served) -> None:
    runner.create("polls", "def handler(e, c): return 1", Publish=True)
    runner.client.create_alias(FunctionName="polls", Name="live", FunctionVersion="1")


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        ({}, "InvalidParameterValueException", "Unrecognized event source."),
        ({"EventSourceArn": QUEUE, "FunctionName": "absent"}, "InvalidParameterValueException", "Function does not"),
        (
            {"EventSourceArn": QUEUE, "DestinationConfig": {"OnSuccess": {"Destination": QUEUE}}},
            "InvalidParameterValueException",
            "Unsupported DestinationConfig parameter for given event source mapping type.",
        ),
        (
            {"SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka:1000"]}}},
            "InvalidParameterValueException",
            "Required 'sourceAccessConfigurations' parameter is missing.",
        ),
        (
            {"SelfManagedEventSource": {"Endpoints": {}}, "SourceAccessConfigurations": []},
            "InvalidParameterValueException",
            "This runner polls no self-managed Kafka.",
        ),
        ({"EventSourceArn": STREAM}, "InvalidParameterValueException", "Value null at 'startingPosition'"),
        ({"EventSourceArn": STREAM, "StartingPosition": "x"}, "ValidationException", "LATEST, AT_TIMESTAMP, TRIM_H"),
        (
            {"EventSourceArn": STREAM, "StartingPosition": "AT_TIMESTAMP"},
            "InvalidParameterValueException",
            f"Unsupported starting position for arn type: {STREAM}",
        ),
        ({"EventSourceArn": QUEUE, "MaximumRetryAttempts": 10_001}, "ValidationException", "'maximumRetryAttempts'"),
        ({"EventSourceArn": QUEUE, "BatchSize": 0}, "ValidationException", "Value '0' at 'batchSize'"),
        *(
            (
                {"EventSourceArn": QUEUE, "FilterCriteria": {"Filters": [{"Pattern": pattern}]}},
                "InvalidParameterValueException",
                "Invalid filter pattern definition.",
            )
            for pattern in ("simple string", '[{"a": ["b"]}]', '{"a": []}', "")
        ),
    ],
)
def test_what_is_refused(runner: Served, members: dict[str, Any], code: str, message: str) -> None:
    status, headers, body = runner.ask("POST", "/2015-03-31/event-source-mappings", {**FUNCTION, **members})
    assert (status, headers["x-amzn-errortype"]) == (400, code)
    assert message in body["message"]


def test_a_source_that_is_not_there(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "client", lambda service, **_: Missing())
    create = runner.client.create_event_source_mapping
    queue = refusal(create, **FUNCTION, EventSourceArn=QUEUE)
    assert "SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified" in queue[2]
    stream = refusal(create, **FUNCTION, EventSourceArn=STREAM, StartingPosition="LATEST")
    assert stream[2] == f"Stream not found: {STREAM}"


def test_the_life_of_a_mapping(runner: Served) -> None:
    api = runner.client
    created = api.create_event_source_mapping(
        **FUNCTION, EventSourceArn=QUEUE, FilterCriteria={"Filters": []}, MetricsConfig={"Metrics": ["EventCount"]}
    )
    named = {"UUID": created["UUID"]}
    assert (created["State"], created["StateTransitionReason"]) == ("Creating", "USER_INITIATED")
    assert created["EventSourceMappingArn"].endswith(f":event-source-mapping:{created['UUID']}")
    assert not {"FilterCriteria", "LastProcessingResult", "MaximumRetryAttempts"} & set(created)
    assert (created["FunctionResponseTypes"], created["MetricsConfig"]) == ([], {"Metrics": ["EventCount"]})
    assert api.get_event_source_mapping(**named)["State"] == "Disabled"
    again = refusal(api.create_event_source_mapping, **FUNCTION, EventSourceArn=QUEUE)
    assert again[:2] == (409, "ResourceConflictException")
    assert f"existing mapping with UUID {created['UUID']}" in again[2]
    pattern = {"Filters": [{"Pattern": '{"a": ["b"]}'}]}
    updated = api.update_event_source_mapping(**named, BatchSize=5, FilterCriteria=pattern, FunctionName="polls:live")
    assert (updated["State"], updated["BatchSize"], updated["FilterCriteria"]) == ("Updating", 5, pattern)
    assert updated["FunctionArn"].endswith(":function:polls:live")
    cleared = api.update_event_source_mapping(**named, FilterCriteria={"Filters": []})
    assert ("FilterCriteria" in cleared, cleared["BatchSize"]) == (False, 5)
    assert api.update_event_source_mapping(**named, Enabled=False)["State"] == "Updating"
    assert refusal(api.update_event_source_mapping, **named, FunctionName="absent")[2] == "Function does not exist"
    lists = {"polls": 0, "polls:live": 1, "absent": 0, "": 1}
    for name, count in lists.items():
        rows = api.list_event_source_mappings(**({"FunctionName": name} if name else {}), EventSourceArn=QUEUE)
        assert len(rows["EventSourceMappings"]) == count
    assert api.delete_event_source_mapping(**named)["State"] == "Deleting"
    for call in (api.get_event_source_mapping, api.update_event_source_mapping, api.delete_event_source_mapping):
        assert refusal(call, **named)[2] == "The resource you requested does not exist."


def test_a_stream_shows_what_aws_adds(runner: Served) -> None:
    api = runner.client
    created = api.create_event_source_mapping(**FUNCTION, EventSourceArn=STREAM, StartingPosition="TRIM_HORIZON")
    expected = {
        "BatchSize": 100,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {}},
        "FunctionResponseTypes": [],
        "LastProcessingResult": "No records processed",
        "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "StartingPosition": "TRIM_HORIZON",
        "StateTransitionReason": "User action",
        "TumblingWindowInSeconds": 0,
    }
    assert {field: created.get(field) for field in expected} == expected
    again = refusal(api.create_event_source_mapping, **FUNCTION, EventSourceArn=STREAM, StartingPosition="LATEST")
    assert again[2].startswith(f'The event source arn (" {STREAM} ") and function (" polls ") provided mapping')
