"""The commands that advice gives: what AWS's own models know, quoted for the shell whatever names are."""

import json
import re
import shlex
from typing import Any
from unittest import mock

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdatui.text.plain import plain
from lambdatui.views import advice_commands as commands

NAMES = st.text(min_size=1, max_size=40)


def row(function: str = "checkout", region: str | None = "eu-west-1") -> Any:
    return mock.Mock(function=function, region=region)


EVERY = {
    "memory": commands.set_memory(row(), 512),
    "timeout": commands.set_timeout(row(), 60),
    "runtime": commands.set_runtime(row(), "python3.14"),
    "arm64": commands.to_arm64(row()),
    "snapstart": commands.snapstart_on(row()),
    "provision": commands.provision(row(), "live", 3),
    "provision nothing": commands.provision_nothing(row(), "live"),
    "reserve": commands.reserve(row(), 40),
    "reserve nothing": commands.reserve_nothing(row()),
    "quota": commands.ask_for_concurrency("eu-west-1", 2000),
    "retries of a new configuration": commands.no_retries(row(), has_settings=False),
    "retries": commands.no_retries(row(), has_settings=True),
    "dead letters": commands.dead_letters(row()),
    "batches": commands.partial_batches("eu-west-1", "0f1e-uuid"),
    "retention": commands.keep_logs("eu-west-1", "/aws/lambda/checkout"),
    "log less": commands.log_less(row()),
    "allow": commands.allow("arn:aws:iam::111122223333:role/service-role/pay", "s3:GetObject", '{"Effect": "Allow"}'),
}


def test_the_command_as_one_would_type_it() -> None:
    assert EVERY["memory"] == (
        "aws lambda update-function-configuration --function-name checkout --memory-size 512 --region eu-west-1"
    )
    assert commands.set_memory(row(region=None), 512).endswith("--memory-size 512")
    assert commands.with_profile(EVERY["memory"], "prod eu") == f"{EVERY['memory']} --profile 'prod eu'"
    assert commands.with_profile(EVERY["memory"], None) == EVERY["memory"]
    assert commands.with_profile("", "prod") == ""


@pytest.mark.parametrize("what", EVERY)
def test_aws_has_such_an_operation_with_such_parameters(what: str) -> None:
    """``--memory-size`` of ``update-function-configuration`` is ``MemorySize`` of UpdateFunctionConfiguration."""
    program, service, operation, *words = shlex.split(EVERY[what])
    assert program == "aws"
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model("".join(part.title() for part in operation.split("-"))).input_shape
    options = dict(zip(words[::2], words[1::2], strict=True))
    options.pop("--region", None)
    members = {name.lower(): member for name, member in shape.members.items()}
    for option, value in options.items():
        member = members[option.removeprefix("--").replace("-", "")]
        if getattr(member, "enum", None):
            assert value in member.enum
        if member.type_name == "structure":
            for part in value.split(","):
                name, _, inner = part.partition("=")
                assert not member.members[name].enum or inner in member.members[name].enum
    required = {name.lower() for name in shape.required_members}
    assert required <= {option.removeprefix("--").replace("-", "") for option in options}


def test_the_statement_of_a_permission_is_a_policy() -> None:
    words = shlex.split(EVERY["allow"])
    assert words[words.index("--role-name") + 1] == "pay"
    assert json.loads(words[words.index("--policy-document") + 1]) == {
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow"}],
    }  # fmt: skip
    assert "--region" not in words


@given(name=NAMES, region=st.none() | NAMES, alias=NAMES)
def test_the_shell_gets_every_name_as_it_is_or_there_is_no_command(name: str, region: str | None, alias: str) -> None:
    text = commands.provision(row(name, region), alias, 1)
    values = [name, alias, *([] if region is None else [region])]
    from_elsewhere = any(re.match("(file|fileb|https?)://", value, re.IGNORECASE) for value in values)
    if from_elsewhere or any(plain(value) != value for value in values):
        assert text == ""
        return
    assert plain(text) == text
    words = [part for word in shlex.split(text) for part in (word.split("=", 1) if word.startswith("--") else [word])]
    told = dict(zip(words[3::2], words[4::2], strict=True))
    assert (told["--function-name"], told["--qualifier"], told.get("--region")) == (name, alias, region)


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("x; rm -rf ~", "--function-name 'x; rm -rf ~'"),
        ("$(id)", "--function-name '$(id)'"),
        ("it's", "--function-name 'it'\"'\"'s'"),
        ("-x", "--function-name=-x"),
        ("--debug", "--function-name=--debug"),
    ],
)
def test_names_that_attack_the_shell_or_the_command(name: str, option: str) -> None:
    assert f" {option} " in commands.set_memory(row(name), 512)


@pytest.mark.parametrize("name", ["file:///etc/passwd", "FILEB://x", "https://example.com/", "a\x1b]0;x\x07", "a\nb", "x" * 600])  # fmt: skip
def test_names_that_no_command_should_have(name: str) -> None:
    assert commands.set_memory(row(name), 512) == ""
    assert commands.keep_logs(name, "/aws/lambda/checkout") == ""


def test_commands_for_a_local_runner_do_not_reach_aws() -> None:
    assert commands.for_runner(EVERY["memory"], "http://127.0.0.1:9001") == (
        f"{EVERY['memory']} --endpoint-url http://127.0.0.1:9001"
    )
    assert commands.for_runner(EVERY["memory"], None).endswith(" --endpoint-url RUNNER_URL")
    assert [what for what in EVERY if not commands.for_runner(EVERY[what], None)] == ["quota", "retention", "allow"]
