"""Settings of asynchronous events: put, updated, listed, deleted."""

import pytest

from tests.support.runner_server import Served, refusal


@pytest.fixture(scope="module", autouse=True)
def function(runner: Served) -> None:
    runner.create("events", "def handler(e, c): return 1")


def test_the_life_of_settings(runner: Served) -> None:
    api = runner.client
    missing = refusal(api.update_function_event_invoke_config, FunctionName="events", MaximumRetryAttempts=1)
    assert missing[2] == (
        "The function arn:aws:lambda:us-east-1:000000000000:function:events:$LATEST doesn't have an EventInvokeConfig"
    )
    api.put_function_event_invoke_config(FunctionName="events", MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60)
    updated = api.update_function_event_invoke_config(FunctionName="events", MaximumRetryAttempts=0)
    assert (updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]) == (0, 60)
    put = api.put_function_event_invoke_config(FunctionName="events", MaximumRetryAttempts=2)
    assert "MaximumEventAgeInSeconds" not in put
    [listed] = api.list_function_event_invoke_configs(FunctionName="events")["FunctionEventInvokeConfigs"]
    assert (listed["FunctionArn"], listed["MaximumRetryAttempts"]) == (put["FunctionArn"], 2)
    api.delete_function_event_invoke_config(FunctionName="events")
    assert refusal(api.get_function_event_invoke_config, FunctionName="events")[0] == 404


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"MaximumRetryAttempts": "2"}, "2 can not be converted to an Integer"),
        ({"MaximumEventAgeInSeconds": 59}, "greater than or equal to 60"),
        ({"MaximumEventAgeInSeconds": 30_000}, "less than or equal to 21600"),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "mailto:me"}}},
            "Value 'mailto:me' at 'destinationConfig.onFailure.d",
        ),
    ],
)
def test_what_is_refused(runner: Served, document: dict[str, object], message: str) -> None:
    status, _, body = runner.ask("PUT", "/2019-09-25/functions/events/event-invoke-config", document)
    assert status == 400
    assert message in body["message"]
    assert refusal(runner.client.get_function_event_invoke_config, FunctionName="events")[0] == 404


def test_destinations_are_checked_as_aws_does(runner: Served) -> None:
    api = runner.client
    other = runner.create("other-events", "def handler(e, c): return 1")["FunctionArn"]
    own = other.replace("other-events", "events")
    put = api.put_function_event_invoke_config(
        FunctionName="events", DestinationConfig={"OnSuccess": {"Destination": other}}
    )
    assert put["DestinationConfig"] == {"OnSuccess": {"Destination": other}, "OnFailure": {}}
    for destination, message in (
        (own, "You can't specify the function as a destination for itself."),
        (other.replace("other-", "no-"), f"The destination ARN {other.replace('other-', 'no-')} is invalid."),
        (
            own.replace(":lambda:", ":iam:"),
            "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination="
            f"{own.replace(':lambda:', ':iam:')}), onFailure=null) is invalid.",
        ),
    ):
        config = {"OnSuccess": {"Destination": destination}}
        refused = refusal(api.put_function_event_invoke_config, FunctionName="events", DestinationConfig=config)
        assert refused[1:] == ("InvalidParameterValueException", message)
    for place in ("file:///tmp/events", "http://127.0.0.1:9/000000000000/q", "arn:aws:sqs:us-east-1:000000000000:q"):
        config = {"OnFailure": {"Destination": place}}
        api.put_function_event_invoke_config(FunctionName="events", DestinationConfig=config)


def test_what_is_not_there(runner: Served) -> None:
    api = runner.client
    nothing = refusal(api.put_function_event_invoke_config, FunctionName="absent")
    assert nothing[2] == "You must specify at least one of error handling or destination setting."
    absent = refusal(api.put_function_event_invoke_config, FunctionName="absent", MaximumRetryAttempts=1)
    assert absent == (404, "ResourceNotFoundException", "The function doesn't exist.")
    assert refusal(api.list_function_event_invoke_configs, FunctionName="absent")[2] == "The function doesn't exist."
    unset = refusal(api.get_function_event_invoke_config, FunctionName="events", Qualifier="gone")
    assert unset[2].endswith(":function:events:gone doesn't have an EventInvokeConfig")
    assert "absent:$LATEST" in refusal(api.delete_function_event_invoke_config, FunctionName="absent")[2]


def test_settings_are_listed_in_pages(runner: Served) -> None:
    api = runner.client
    api.publish_version(FunctionName="events")
    for qualifier in ("$LATEST", "1"):
        api.put_function_event_invoke_config(FunctionName="events", Qualifier=qualifier, MaximumRetryAttempts=1)
    first = api.list_function_event_invoke_configs(FunctionName="events", MaxItems=1)
    rest = api.list_function_event_invoke_configs(FunctionName="events", Marker=first["NextMarker"])
    arns = [row["FunctionArn"] for page in (first, rest) for row in page["FunctionEventInvokeConfigs"]]
    assert [arn.rpartition(":")[2] for arn in arns] == ["$LATEST", "1"]
