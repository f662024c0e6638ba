"""Code signing configurations, and the functions that have one."""

from typing import Any

from tests.support.runner_server import Served, refusal

PUBLISHERS = {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:123456789012:/signing-profiles/test"]}


def test_the_life_of_a_configuration(runner: Served) -> None:
    api = runner.client
    runner.create("signed", "def handler(e, c): return 1")
    created = api.create_code_signing_config(AllowedPublishers=PUBLISHERS, Description="mine")["CodeSigningConfig"]
    arn = created["CodeSigningConfigArn"]
    assert arn.endswith(f":code-signing-config:{created['CodeSigningConfigId']}")
    assert created["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    update = {"CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"}}
    updated = api.update_code_signing_config(CodeSigningConfigArn=arn, **update)["CodeSigningConfig"]
    assert (updated["Description"], updated["AllowedPublishers"]) == ("mine", PUBLISHERS)
    assert api.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"] == updated
    assert api.list_code_signing_configs()["CodeSigningConfigs"] == [updated]
    assert "CodeSigningConfigArn" not in api.get_function_code_signing_config(FunctionName="signed")
    api.put_function_code_signing_config(FunctionName="signed", CodeSigningConfigArn=arn)
    answer = api.get_function_code_signing_config(FunctionName="signed")
    assert (answer["CodeSigningConfigArn"], answer["FunctionName"]) == (arn, "signed")
    users = api.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"]
    assert [user.rpartition(":")[2] for user in users] == ["signed"]
    assert refusal(api.delete_code_signing_config, CodeSigningConfigArn=arn)[:2] == (409, "ResourceConflictException")
    api.delete_function_code_signing_config(FunctionName="signed")
    api.delete_function_code_signing_config(FunctionName="signed")
    api.delete_code_signing_config(CodeSigningConfigArn=arn)
    assert refusal(api.get_code_signing_config, CodeSigningConfigArn=arn)[:2] == (404, "ResourceNotFoundException")
    missing = refusal(api.put_function_code_signing_config, FunctionName="signed", CodeSigningConfigArn=arn)
    assert missing[:2] == (404, "CodeSigningConfigNotFoundException")


def test_what_is_refused(runner: Served) -> None:
    refused: list[tuple[dict[str, Any], str]] = [
        ({}, "Value null at 'allowedPublishers'"),
        ({"AllowedPublishers": {"SigningProfileVersionArns": []}}, "length greater than or equal to 1"),
        ({"AllowedPublishers": {"SigningProfileVersionArns": ["x"]}}, "signingProfileVersionArns.1.member"),
        (
            {"AllowedPublishers": PUBLISHERS, "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "No"}},
            "enum value set: [Warn, Enforce]",
        ),
        ({"AllowedPublishers": PUBLISHERS, "Description": "x" * 257}, "length less than or equal to 256"),
    ]
    for document, message in refused:
        status, _, body = runner.ask("POST", "/2020-04-22/code-signing-configs", document)
        assert (status, message in body["message"]) == (400, True)
    assert runner.ask("GET", "/2020-04-22/code-signing-configs/csc")[0] == 400
    two = runner.ask("POST", "/2020-04-22/code-signing-configs", {"Description": "x" * 257})[2]["message"]
    assert two.startswith("2 validation errors detected: ")
    assert two.count("; ") == 1
