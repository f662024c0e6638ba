"""Policies of layer versions, numbers that are never used again, and what layers are compatible with."""

import json
from pathlib import Path
from typing import Any

from tests.support.runner_server import Served, refusal, served, zipped

CONTENT = {"ZipFile": zipped({"python/shared.py": "VALUE = 1\n"})}
ALLOW = {"LayerName": "open", "VersionNumber": 1, "Action": "lambda:GetLayerVersion"}
ARN = "arn:aws:lambda:us-east-1:000000000000:layer:open:1"


def test_the_life_of_a_policy(runner: Served) -> None:
    api = runner.client
    api.publish_layer_version(LayerName="open", Content=CONTENT)
    named = {"LayerName": "open", "VersionNumber": 1}
    assert refusal(api.get_layer_version_policy, **named)[2] == "No policy is associated with the given resource."
    added = api.add_layer_version_permission(**ALLOW, StatementId="all", Principal="*")
    assert json.loads(added["Statement"]) == {
        "Sid": "all",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:GetLayerVersion",
        "Resource": ARN,
    }
    assert api.get_layer_version_policy(**named)["RevisionId"] == added["RevisionId"]
    second = api.add_layer_version_permission(
        **ALLOW, StatementId="one", Principal="123456789012", RevisionId=added["RevisionId"]
    )
    assert json.loads(second["Statement"])["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    organization = api.add_layer_version_permission(
        **ALLOW, StatementId="org", Principal="*", OrganizationId="o-1234567890"
    )
    assert json.loads(organization["Statement"])["Condition"] == {
        "StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}
    }
    refused: list[tuple[dict[str, Any], int, str]] = [
        ({"Action": "*"}, 400, "Value '*' at 'action' failed to satisfy constraint"),
        ({"Principal": "me"}, 400, "Value 'me' at 'principal'"),
        ({"StatementId": "all"}, 409, "The statement id (all) provided already exists."),
        ({"RevisionId": "wrong"}, 412, "Call the GetLayerPolicy API"),
        ({"VersionNumber": 2}, 404, f"Layer version {ARN[:-1]}2 does not exist."),
    ]
    for members, status, message in refused:
        answer = refusal(api.add_layer_version_permission, **{**ALLOW, "StatementId": "s", "Principal": "*", **members})
        assert (answer[0], message in answer[2]) == (status, True)
    for statement in ("all", "one", "org"):
        api.remove_layer_version_permission(**named, StatementId=statement)
    assert refusal(api.get_layer_version_policy, **named)[0] == 404
    assert "No policy is associated" in refusal(api.remove_layer_version_permission, **named, StatementId="all")[2]


def test_a_number_is_never_used_again_also_after_a_restart(tmp_path: Path) -> None:
    with served(tmp_path / "runner.db") as first:
        for number in (1, 2):
            assert first.client.publish_layer_version(LayerName="counted", Content=CONTENT)["Version"] == number
        for number in (1, 2):
            first.client.delete_layer_version(LayerName="counted", VersionNumber=number)
        assert first.client.list_layers()["Layers"] == []
    with served(tmp_path / "runner.db") as second:
        assert second.client.publish_layer_version(LayerName="counted", Content=CONTENT)["Version"] == 3
        for number in (0, -1):
            refused = refusal(second.client.get_layer_version, LayerName="counted", VersionNumber=number)
            assert refused[1:] == ("InvalidParameterValueException", "Layer Version Cannot be less than 1")
        assert second.ask("GET", "/2018-10-31/layers/counted/versions/x")[0] == 400


def test_listings_choose_by_what_layers_are_compatible_with(runner: Served) -> None:
    api = runner.client
    for runtimes, architectures in ((["python3.12"], ["x86_64"]), (["python3.13"], ["arm64"])):
        published = api.publish_layer_version(
            LayerName="choosy",
            Content=CONTENT,
            LicenseInfo="MIT",
            CompatibleRuntimes=runtimes,
            CompatibleArchitectures=architectures,
        )
        assert (published["CompatibleRuntimes"], published["LicenseInfo"]) == (runtimes, "MIT")
    versions = api.list_layer_versions(LayerName="choosy", CompatibleRuntime="python3.12")["LayerVersions"]
    assert [version["Version"] for version in versions] == [1]
    assert "Description" not in versions[0]
    layers = api.list_layers(CompatibleArchitecture="arm64")["Layers"]
    assert [(layer["LayerName"], layer["LatestMatchingVersion"]["Version"]) for layer in layers] == [("choosy", 2)]
    assert "at 'compatibleRuntime' failed" in refusal(api.list_layers, CompatibleRuntime="cobol")[2]
    both = refusal(
        api.publish_layer_version,
        LayerName="choosy",
        Content=CONTENT,
        CompatibleRuntimes=["cobol"],
        CompatibleArchitectures=["mips"],
    )
    assert both[2].startswith("2 validation errors detected: Value '[cobol]' at 'compatibleRuntimes'")
    assert refusal(api.get_layer_version_by_arn, Arn=published["LayerArn"])[1] == "ValidationException"
