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
        ({"MaximumRetryAttempts": "2"}, "Value '2' at 'maximumRetryAttempts'"),
        ({"MaximumEventAgeInSeconds": 59}, "greater than or equal to 60"),
        ({"MaximumEventAgeInSeconds": 30_000}, "less than or equal to 21600"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "mailto:me"}}}, "mailto:me is no target"),
    ],
)
def test_what_is_refused(runner: Served, document: dict[str, object], message: str) -> None:
    status, _, body = runner.ask("PUT", "/2019-09-25/functions/events/event-invoke-config", document)
    assert status == 400
    assert message in body["message"]
    assert refusal(runner.client.get_function_event_invoke_config, FunctionName="events")[0] == 404
