"""Tags of functions, event source mappings and code signing configurations."""

import pytest

from tests.support.runner_server import Served, refusal

ACCOUNT = "arn:aws:lambda:us-east-1:000000000000"
PUBLISHERS = {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1:123456789012:/signing-profiles/test"]}


def created(runner: Served, kind: str) -> str:
    """The ARN of a new resource with the tag ``first``."""
    tags = {"first": "1"}
    api = runner.client
    if kind == "function":
        return str(runner.create("tagged", "def handler(e, c): return 1", Tags=tags)["FunctionArn"])
    if kind == "mapping":
        runner.create("polls", "def handler(e, c): return 1")
        queue = "arn:aws:sqs:us-east-1:000000000000:tagged"
        mapping = api.create_event_source_mapping(FunctionName="polls", EventSourceArn=queue, Enabled=False, Tags=tags)
        assert not [field for field in mapping if field.startswith("_")]
        return str(mapping["EventSourceMappingArn"])
    config = api.create_code_signing_config(AllowedPublishers=PUBLISHERS, Tags=tags)["CodeSigningConfig"]
    return str(config["CodeSigningConfigArn"])


@pytest.mark.parametrize("kind", ["function", "mapping", "code signing"])
def test_the_life_of_tags(runner: Served, kind: str) -> None:
    api, arn = runner.client, created(runner, kind)
    assert api.list_tags(Resource=arn)["Tags"] == {"first": "1"}
    api.tag_resource(Resource=arn, Tags={"b": "2", "c": "3"})
    api.tag_resource(Resource=arn, Tags={"c": "4"})
    assert api.list_tags(Resource=arn)["Tags"] == {"first": "1", "b": "2", "c": "4"}
    api.untag_resource(Resource=arn, TagKeys=["first", "b", "unknown"])
    assert api.list_tags(Resource=arn)["Tags"] == {"c": "4"}
    api.untag_resource(Resource=arn, TagKeys=["c"])
    assert api.list_tags(Resource=arn)["Tags"] == {}


def test_tags_make_a_new_revision_of_a_function(runner: Served) -> None:
    arn = runner.create("revised", "def handler(e, c): return 1")["FunctionArn"]
    revisions = {runner.client.get_function(FunctionName="revised")["Configuration"]["RevisionId"]}
    runner.client.tag_resource(Resource=arn, Tags={"a": "b"})
    revisions.add(runner.client.get_function(FunctionName="revised")["Configuration"]["RevisionId"])
    runner.client.untag_resource(Resource=arn, TagKeys=["a"])
    revisions.add(runner.client.get_function(FunctionName="revised")["Configuration"]["RevisionId"])
    assert len(revisions) == 3


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("function:absent", f"Function not found: {ACCOUNT}:function:absent"),
        (
            "event-source-mapping:01234567-0123-0123-0123-0123456789ab",
            f"Event source mapping not found: {ACCOUNT}:event-source-mapping:01234567-0123-0123-0123-0123456789ab",
        ),
        ("capacity-provider:mine", f"Capacity provider not found: {ACCOUNT}:capacity-provider:mine"),
        (f"code-signing-config:csc-{'0' * 17}", "Code signing config not found: "),
        ("function:absent:alias", "Tags on function aliases and versions are not supported."),
        ("foobar:x", "1 validation error detected: Value"),
    ],
)
def test_what_cannot_be_tagged(runner: Served, resource: str, message: str) -> None:
    arn = f"{ACCOUNT}:{resource}"
    for refused in (
        refusal(runner.client.list_tags, Resource=arn),
        refusal(runner.client.tag_resource, Resource=arn, Tags={"a": "b"}),
        refusal(runner.client.untag_resource, Resource=arn, TagKeys=["a"]),
    ):
        assert refused[2].startswith(message)


def test_what_are_no_tags(runner: Served) -> None:
    api = runner.client
    arn = runner.create("full", "def handler(e, c): return 1")["FunctionArn"]
    many = {f"key{number}": "x" for number in range(51)}
    assert refusal(api.tag_resource, Resource=arn, Tags=many)[2] == "Number of tags exceeds resource tag limit."
    assert refusal(api.tag_resource, Resource=arn, Tags={})[2] == (
        "An error occurred and the request cannot be processed."
    )
    assert "Value null at 'tagKeys'" in refusal(api.untag_resource, Resource=arn, TagKeys=[])[2]
    assert "length less than or equal to 256" in refusal(api.tag_resource, Resource=arn, Tags={"a": "x" * 257})[2]
    assert refusal(runner.create, name="fuller", source="", Tags=many)[2] == (
        "Number of tags exceeds resource tag limit."
    )
