"""What an account of 2026 has beside code and memory: state, network, instances, policies, code signing, log destinations."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collectors.ingest.many_sources import collect_accounts
from collectors.model.account import Configured, Covered, Inventory
from collectors.model.records import FunctionKey
from collectors.model.units import DAY_MS, DAY_S, FOREVER_MS, HOUR_MS
from collectors.sources.base import Failed, SourceFailed
from collectors.sources.cloudwatch import capacity, inventory, policies
from collectors.sources.cloudwatch.calls import TokenBucket
from collectors.sources.cloudwatch.daily_questions import Daily
from collectors.sources.cloudwatch.function_settings import settings_of
from collectors.sources.cloudwatch.log_groups import LogGroup
from collectors.sources.cloudwatch.source import CloudWatchSource
from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from collectors.untrusted import Unparsable
from tests.support.aws import ACCOUNT, REGION, canned_session, error, listed, no_pause

pytestmark = pytest.mark.usefixtures("aws_isolated")

FREE = TokenBucket(1e9, pause=no_pause)
KEY = FunctionKey("fn", ACCOUNT, REGION)
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn"
PROVIDER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:pool"
T0 = 1_743_415_200_000

Things = dict[tuple[str, str], dict[str, Any]]


def things(found: list[Any]) -> Things:
    return {(one.kind, one.item): dict(one.settings) for part in found for one in getattr(part, "configured", ())}


def details(
    aws: Any, session: Any, own: dict[str, Any] | None = None, known: dict[str, Any] | None = None
) -> list[Any]:
    return list(
        inventory.details(session.client("lambda"), [KEY], REGION, FREE, {"fn": own or {}}, {"fn": known or {}})
    )


def asked_of(aws: Any, operation: str) -> list[dict[str, Any]]:
    return [asked for name, asked in aws.requests if name == operation]


# --- what the listing says --------------------------------------------------------------------------------------------


def test_a_listed_function_tells_its_network_files_instances_and_more() -> None:
    (told,) = listed(
        ["fn"],
        KMSKeyArn="arn:aws:kms:r:1:key/k",
        VpcConfig={"VpcId": "vpc-1", "SubnetIds": ["subnet-2", "subnet-1"], "SecurityGroupIds": ["sg-1"],
                   "Ipv6AllowedForDualStack": True},
        FileSystemConfigs=[
            {"Arn": "arn:aws:s3files:r:1:file-system/fs-2", "LocalMountPath": "/mnt/b",
             "S3FilesConfig": {"DirectS3Read": "AUTO"}},
            {"Arn": "arn:aws:elasticfilesystem:r:1:access-point/fsap-1", "LocalMountPath": "/mnt/a"},
        ],
        TenancyConfig={"TenantIsolationMode": "PER_TENANT"},
        CapacityProviderConfig={"LambdaManagedInstancesCapacityProviderConfig": {
            "CapacityProviderArn": PROVIDER, "PerExecutionEnvironmentMaxConcurrency": 16,
            "ExecutionEnvironmentMemoryGiBPerVCpu": 4.0}},
        DurableConfig={"ExecutionTimeout": DAY_S, "RetentionPeriodInDays": 30},
        AcceleratorConfig={"AcceleratorMemorySize": 24},
        SigningJobArn="arn:aws:signer:r:1:/signing-jobs/j",
    )  # fmt: skip
    told.pop("Environment")
    settings = settings_of(told, KEY).settings
    assert settings["kms_key"] == "arn:aws:kms:r:1:key/k"
    assert (settings["vpc"], settings["subnets"], settings["security_groups"], settings["ipv6"]) == (
        "vpc-1", "subnet-1,subnet-2", "sg-1", True,
    )  # fmt: skip
    assert settings["file_systems"] == (
        "arn:aws:elasticfilesystem:r:1:access-point/fsap-1 at /mnt/a,"
        "arn:aws:s3files:r:1:file-system/fs-2 at /mnt/b (direct S3 reads AUTO)"
    )
    assert (settings["tenancy"], settings["accelerator_gb"]) == ("PER_TENANT", 24)
    assert (settings["capacity_provider"], settings["environment_concurrency"], settings["gib_per_vcpu"]) == (
        PROVIDER, 16, 4.0,
    )  # fmt: skip
    assert (settings["durable_timeout_s"], settings["durable_retention_days"]) == (DAY_S, 30)
    # Another order of the same subnets is no change.
    told["VpcConfig"]["SubnetIds"].reverse()
    assert settings_of(told, KEY).settings == settings


@pytest.mark.parametrize(
    "odd",
    [
        {"VpcConfig": None, "FileSystemConfigs": None, "DurableConfig": None, "CapacityProviderConfig": None,
         "TenancyConfig": None, "LoggingConfig": None, "AcceleratorConfig": None},
        {"VpcConfig": {"VpcId": "", "SubnetIds": [], "SecurityGroupIds": []}, "FileSystemConfigs": [],
         "CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": None}, "Layers": []},
        {},
    ],
)  # fmt: skip
def test_what_the_listing_does_not_say_is_not_known(odd: dict[str, Any]) -> None:
    (told,) = listed(["fn"], **odd)
    told.pop("Environment")
    assert set(settings_of(told, KEY).settings) == {"memory_mb", "timeout_s", "runtime"}


# --- what is a call for each function ---------------------------------------------------------------------------------

POLICY = {
    "Version": "2012-10-17",
    "Id": "default",
    "Statement": [
        {"Sid": "bucket", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
         "Action": "lambda:InvokeFunction", "Resource": ARN,
         "Condition": {"StringEquals": {"AWS:SourceAccount": "1"}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}}},
        {"Sid": "url", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl", "Resource": ARN,
         "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}},
        {"Sid": "skill", "Effect": "Allow", "Principal": {"Service": "alexa-appkit.amazon.com"},
         "Action": "lambda:InvokeFunction", "Resource": ARN,
         "Condition": {"StringEquals": {"lambda:EventSourceToken": "amzn1.ask.skill.s3cret"}}},
        {"Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::2:root", "arn:aws:iam::1:root"]},
         "NotAction": ["lambda:GetPolicy"], "Resource": [ARN], "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::3:root"}, "Action": ["lambda:B", "lambda:A"],
         "Resource": ARN},
    ],
}  # fmt: skip


def test_statements_are_told_one_by_one() -> None:
    found = dict(policies.statements(json.dumps(POLICY)))
    assert found["bucket"] == {
        "effect": "Allow", "principal": "s3.amazonaws.com", "action": "lambda:InvokeFunction", "resource": ARN,
        "source_arn": "arn:aws:s3:::b", "source_account": "1", "conditions": None,
    }  # fmt: skip
    assert (found["url"]["principal"], found["url"]["conditions"]) == (
        "*", "StringEquals lambda:FunctionUrlAuthType NONE",
    )  # fmt: skip
    assert found["skill"]["conditions"] == "StringEquals lambda:EventSourceToken"
    assert "s3cret" not in repr(found)
    assert found["4"] | {"resource": None} == {
        "effect": "Deny", "principal": "all but arn:aws:iam::1:root,arn:aws:iam::2:root",
        "action": "all but lambda:GetPolicy", "resource": None, "source_arn": None, "source_account": None,
        "conditions": "Bool aws:SecureTransport false",
    }  # fmt: skip
    assert found["5"]["action"] == "lambda:A,lambda:B"


@pytest.mark.parametrize("policy", ["", "no", "[]", "{}", '{"Statement": [1]}', '{"Statement": "x"}', "[" * 9_000])
def test_a_policy_that_is_none_is_unparsable(policy: str) -> None:
    with pytest.raises(Unparsable):
        list(policies.statements(policy))


def test_one_statement_may_stand_alone_and_ids_may_be_the_same() -> None:
    one = {"Sid": "a", "Effect": "Allow", "Principal": None, "Condition": {"Bool": None}}
    assert list(dict(policies.statements({"Statement": one}))) == ["a"]
    assert list(dict(policies.statements({"Statement": [one, one]}))) == ["a", "a 2"]


def detail_answers(aws: Any) -> None:
    status = {
        "FunctionName": "fn", "State": "Inactive", "StateReason": "it was idle", "StateReasonCode": "Idle",
        "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no addresses are left",
        "LastUpdateStatusReasonCode": "SubnetOutOfIPAddresses", "Environment": {"Variables": {"TOKEN": "s3cret"}},
        "RuntimeVersionConfig": {"RuntimeVersionArn": "arn:aws:lambda:r::runtime:1"},
    }  # fmt: skip
    aws.answers |= {
        "lambda:GetFunctionConfiguration": lambda _: status,
        "lambda:ListAliases": lambda _: {"Aliases": [{"Name": "live", "FunctionVersion": "3"}]},
        "lambda:ListVersionsByFunction": lambda _: {"Versions": [{"Version": "$LATEST"}, {"Version": "3"}]},
        "lambda:GetPolicy": lambda asked: {"Policy": json.dumps(POLICY)},
        "lambda:GetFunctionRecursionConfig": lambda _: {"RecursiveLoop": "Allow"},
        "lambda:GetRuntimeManagementConfig": lambda _: {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": "arn:rt"},
        "lambda:GetFunctionScalingConfig": lambda _: {
            "RequestedFunctionScalingConfig": {"MinExecutionEnvironments": 2, "MaxExecutionEnvironments": 9},
            "AppliedFunctionScalingConfig": {"MinExecutionEnvironments": 1},
        },
    }


def test_state_policy_recursion_runtime_and_scaling_are_found() -> None:
    session, aws = canned_session()
    detail_answers(aws)
    found = details(aws, session, {"capacity_provider": PROVIDER}, {"managed version": ["3"]})
    known = things(found)
    assert known["status", ""] == {
        "state": "Inactive", "state_reason": "it was idle", "state_reason_code": "Idle", "last_update": "Failed",
        "last_update_reason": "no addresses are left", "last_update_reason_code": "SubnetOutOfIPAddresses",
        "runtime_version": "arn:aws:lambda:r::runtime:1",
    }  # fmt: skip
    assert known["permission", ""] == {"statements": 5}
    assert known["permission", "bucket"]["source_arn"] == "arn:aws:s3:::b"
    assert known["permission", "live"] == {"statements": 5}
    assert known["permission", "live url"]["principal"] == "*"
    assert known["recursion", ""] == {"recursive_loop": "Allow"}
    assert known["runtime", ""] == {"update_on": "Manual", "pinned": "arn:rt"}
    assert known["scaling", "3"] == {"minimum_environments": 2, "maximum_environments": 9, "applied_minimum": 1}
    assert "s3cret" not in repr(found)
    assert [one.get("Qualifier") for one in asked_of(aws, "lambda:GetPolicy")] == [None, "live"]
    assert [one.get("Qualifier") for one in asked_of(aws, "lambda:GetFunctionScalingConfig")] == ["3"]


@pytest.mark.parametrize(
    ("own", "versions", "calls"),
    [
        ({}, [], 9),  # nothing published: no provisioned concurrency can be
        ({}, ["7"], 10),
        ({"package_type": "Image"}, [], 8),  # an image brings its own runtime
        ({"capacity_provider": PROVIDER}, [], 10),
    ],
)
def test_calls_are_those_that_can_have_an_answer(own: dict[str, Any], versions: list[str], calls: int) -> None:
    session, aws = canned_session()
    detail_answers(aws)
    aws.answers["lambda:ListAliases"] = lambda _: {"Aliases": []}
    aws.answers["lambda:ListVersionsByFunction"] = lambda _: {"Versions": [{"Version": one} for one in versions]}
    found = details(aws, session, own)
    assert len(aws.requests) == calls
    # Of what was not asked since there can be none, it is known that there is none.
    assert any("provisioned" in one.kinds for one in found)
    assert not [one for one in found if isinstance(one, SourceFailed)]


@pytest.mark.parametrize(
    ("message", "known"),
    [("The resource you requested does not exist.", {"statements": 0}), (f"Function not found: {ARN}", None)],
)
def test_nobody_may_invoke_is_known_where_aws_says_so(message: str, known: dict[str, Any] | None) -> None:
    session, aws = canned_session()
    detail_answers(aws)
    aws.answers["lambda:GetPolicy"] = lambda _: (404, {"__type": "ResourceNotFoundException", "Message": message})
    assert things(details(aws, session)).get(("permission", "")) == known


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("lambda:GetPolicy", "permission"),
        ("lambda:GetFunctionConfiguration", "status"),
        ("lambda:GetFunctionRecursionConfig", "recursion"),
        ("lambda:GetRuntimeManagementConfig", "runtime"),
    ],
)
def test_an_answer_without_what_was_asked_for_ends_nothing(operation: str, kind: str) -> None:
    session, aws = canned_session()
    detail_answers(aws)
    aws.answers[operation] = lambda _: {}
    found = details(aws, session)
    assert (kind,) not in {one.kinds for one in found}
    assert not [one for one in found if isinstance(one, SourceFailed)]


@pytest.mark.parametrize(
    ("operation", "kind"),
    [("lambda:GetPolicy", "permission"), ("lambda:GetFunctionRecursionConfig", "recursion"),
     ("lambda:ListAliases", "alias")],
)  # fmt: skip
def test_what_is_denied_is_kept_as_denied(operation: str, kind: str) -> None:
    session, aws = canned_session()
    detail_answers(aws)
    said = f"User: arn:aws:iam::1:user/x is not authorized to perform: {operation} on resource: *"
    aws.answers[operation] = lambda _: (403, {"__type": "AccessDeniedException", "Message": said})
    found = details(aws, session)
    assert things(found)["denied", kind] == {"action": operation, "why": "denied"}
    assert (kind,) not in {one.kinds for one in found if isinstance(one, Inventory)}
    # Allowed again, it is denied no more.
    detail_answers(aws)
    (denied,) = [one for one in details(aws, session) if "denied" in one.kinds]
    assert denied.configured == []


def test_a_function_that_is_being_changed_is_asked_again() -> None:
    session, aws = canned_session()
    for status, unsettled in (
        ({"State": "Pending", "LastUpdateStatus": "Successful"}, True),
        ({"State": "Active", "LastUpdateStatus": "InProgress"}, True),
        ({"State": "Active", "LastUpdateStatus": "Failed"}, False),
        ({}, False),
    ):
        told = {"FunctionName": "fn", **status}
        aws.answers["lambda:GetFunctionConfiguration"] = lambda _, told=told: told
        assert any(inventory.is_unsettled(one) for one in details(aws, session)) is unsettled


# --- what is listed for a region, once a day --------------------------------------------------------------------------


def paged(name: str, things: list[Any], size: int = 1) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        at = int(asked.get("Marker", 0))
        return {name: things[at : at + size]} | ({"NextMarker": str(at + size)} if at + size < len(things) else {})

    return answer


def capacity_answers(aws: Any) -> None:
    providers = [
        {
            "CapacityProviderArn": PROVIDER, "State": "Active",
            "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
            "PermissionsConfig": {"CapacityProviderOperatorRoleArn": "arn:role"},
            "InstanceRequirements": {"Architectures": ["arm64"], "AllowedInstanceTypes": ["m8g.large", "c8g.large"]},
            "CapacityProviderScalingConfig": {
                "MaxVCpuCount": 400, "ScalingMode": "Manual",
                "ScalingPolicies": [
                    {"PredefinedMetricType": "LambdaCapacityProviderAverageCPUUtilization", "TargetValue": 70.0},
                    {"PredefinedMetricType": "Odd", "TargetValue": None},
                ],
            },
            "LastModified": "2026-11-01T00:00:00.000+0000",
        },
        {"CapacityProviderArn": f"{PROVIDER}2", "State": "Pending", "VpcConfig": None},
    ]  # fmt: skip
    on = [{"FunctionArn": f"{ARN}:3", "State": "Active"}, {"FunctionArn": f"{ARN}:$LATEST.PUBLISHED"}, {}]
    aws.answers |= {
        "lambda:ListCapacityProviders": paged("CapacityProviders", providers),
        "lambda:ListFunctionVersionsByCapacityProvider": lambda asked: (
            paged("FunctionVersions", on)(asked) if "pool2" not in asked["path"] else {"FunctionVersions": []}
        ),
        "lambda:ListCodeSigningConfigs": paged(
            "CodeSigningConfigs",
            [
                {"CodeSigningConfigArn": "arn:csc:1", "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"},
                 "AllowedPublishers": {"SigningProfileVersionArns": ["arn:p"]}},
                {"CodeSigningConfigArn": "arn:csc:2"},
            ],
        ),
        "lambda:ListFunctionsByCodeSigningConfig": lambda asked: (
            paged("FunctionArns", [ARN, f"{ARN}2"])(asked) if "arn:csc:1" in asked["path"] else {}
        ),
    }  # fmt: skip


def test_capacity_providers_and_who_runs_on_them() -> None:
    session, aws = canned_session()
    capacity_answers(aws)
    found = list(capacity.capacity_providers(session.client("lambda"), ACCOUNT, REGION, FREE))
    known = things(found)
    assert known["capacity provider", "pool"] == {
        "state": "Active", "scaling_mode": "Manual", "maximum_vcpus": 400,
        "scaling_targets": "LambdaCapacityProviderAverageCPUUtilization 70", "arch": "arm64",
        "instance_types": "c8g.large,m8g.large", "subnets": "subnet-1", "security_groups": "sg-1", "role": "arn:role",
    }  # fmt: skip
    assert known["capacity provider", "pool2"] == {"state": "Pending"}
    assert known["managed version", "3"] == {"provider": "pool", "state": "Active"}
    assert known["managed version", "$LATEST.PUBLISHED"] == {"provider": "pool"}
    # A permission that is missing for the functions takes the providers along with it no more than it must.
    aws.answers["lambda:ListFunctionVersionsByCapacityProvider"] = lambda _: error("AccessDeniedException", status=403)
    first, failed = capacity.capacity_providers(session.client("lambda"), ACCOUNT, REGION, FREE)
    assert isinstance(first, Inventory)
    assert len(first.configured) == 2
    assert isinstance(failed, SourceFailed)


def test_code_signing_is_listed_and_not_asked_of_each_function() -> None:
    session, aws = canned_session()
    capacity_answers(aws)
    (found,) = capacity.code_signing(session.client("lambda"), ACCOUNT, REGION, FREE)
    assert {(one.function, one.settings["untrusted_code"]) for one in found.configured} == {
        ("fn", "Warn"),
        ("fn2", "Warn"),
    }
    assert aws.count("lambda:ListFunctionsByCodeSigningConfig") == 3


def daily(covered: dict[str, list[tuple[int, int]]], now_ms: int = T0) -> Daily:
    return Daily(ACCOUNT, REGION, FREE, lambda item: covered.get(item, []), now_ms)


def test_daily_listings_are_asked_once_a_day_and_only_where_there_can_be_any() -> None:
    session, aws = canned_session()
    capacity_answers(aws)
    client = session.client("lambda")
    plain = {"fn": Configured(ACCOUNT, REGION, "fn", "function", "", {"memory_mb": 128})}
    managed = {"fn": Configured(ACCOUNT, REGION, "fn", "function", "", {"capacity_provider": PROVIDER})}
    marks = [one for one in daily({}).listings(client, plain) if isinstance(one, Covered)]
    assert (aws.count("lambda:ListCodeSigningConfigs"), aws.count("lambda:ListCapacityProviders")) == (2, 0)
    covered = {one.item: [(one.from_ms, one.to_ms)] for one in marks}
    marks = [one for one in daily(covered).listings(client, managed) if isinstance(one, Covered)]
    assert (aws.count("lambda:ListCodeSigningConfigs"), aws.count("lambda:ListCapacityProviders")) == (2, 2)
    covered |= {one.item: [(one.from_ms, one.to_ms)] for one in marks}
    assert list(daily(covered, T0 + DAY_MS - 1).listings(client, managed)) == []
    assert list(daily(covered, T0 + DAY_MS).listings(client, managed)) != []


def test_a_listing_that_failed_is_told_and_asked_again() -> None:
    session, aws = canned_session()
    capacity_answers(aws)
    aws.answers["lambda:ListCodeSigningConfigs"] = lambda _: error("AccessDeniedException", status=403)
    managed = {"fn": Configured(ACCOUNT, REGION, "fn", "function", "", {"capacity_provider": PROVIDER})}
    given = list(daily({}).listings(session.client("lambda"), managed))
    assert sum(isinstance(one, Failed) for one in given) == 1
    assert [one.item.split(" ")[0] for one in given if isinstance(one, Covered)] == ["capacity"]
    assert ("capacity provider", "pool") in things(given)


# --- where logs go that no group keeps --------------------------------------------------------------------------------


def test_groups_that_hand_logs_on_are_asked_to_whom() -> None:
    session, aws = canned_session()

    def filters(asked: dict[str, Any]) -> dict[str, Any]:
        if asked["logGroupName"] == "lost":
            return {"subscriptionFilters": []}
        first = {"filterName": "to-s3", "destinationArn": "arn:aws:s3:::bucket", "filterPattern": ""}
        second = {"filterName": "to-firehose", "destinationArn": "arn:aws:firehose:r:1:deliverystream/d"}
        return (
            {"subscriptionFilters": [second]} if asked.get("nextToken") else {"subscriptionFilters": [first],
                                                                              "nextToken": "t"}
        )  # fmt: skip

    aws.answers["logs:DescribeSubscriptionFilters"] = filters
    groups = [
        LogGroup("delivered", ("a", "b"), "DELIVERY"), LogGroup("lost", ("c",), "DELIVERY"),
        LogGroup("kept", ("d",)), LogGroup("nobody's", (), "DELIVERY"),
    ]  # fmt: skip
    given = list(daily({}).log_destinations(session.client("logs"), groups))
    known = {
        (one.function, one.item): dict(one.settings)
        for part in given
        if isinstance(part, Inventory)
        for one in part.configured
    }
    assert known["a", "to-s3"] == known["b", "to-s3"] == {"destination": "arn:aws:s3:::bucket"}
    assert known["a", ""] == {"log_group": "delivered", "destinations": 2}
    assert known["c", ""] == {"log_group": "lost", "destinations": 0}
    assert "d" not in {name for name, _ in known}
    assert aws.count("logs:DescribeSubscriptionFilters") == 3


# --- whole collections ------------------------------------------------------------------------------------------------


def collected(db: Path, session: Any, now_ms: int, **settings: Any) -> Any:
    source = CloudWatchSource(
        session, since_ms=now_ms - HOUR_MS, now_ms=now_ms, pause=no_pause,
        **settings,
    )  # fmt: skip
    (done,) = collect_accounts([lambda: source], db=db, now_ms=now_ms)
    return done


def whole_account(aws: Any) -> None:
    detail_answers(aws)
    capacity_answers(aws)
    provider = {"CapacityProviderArn": PROVIDER}
    aws.answers |= {
        "lambda:ListFunctions": lambda _: {
            "Functions": listed(
                ["fn"],
                CapacityProviderConfig={"LambdaManagedInstancesCapacityProviderConfig": provider},
                LoggingConfig={"LogGroup": "delivered"},
            )
        },
        "logs:DescribeLogGroups": lambda asked: {
            "logGroups": [{"logGroupName": "delivered", "logGroupClass": "DELIVERY"}]
            if asked["logGroupNamePrefix"] == "delivered"
            else []
        },
        "logs:DescribeSubscriptionFilters": lambda _: {
            "subscriptionFilters": [{"filterName": "f", "destinationArn": "arn:aws:s3:::bucket"}]
        },
        "cloudwatch:GetMetricData": lambda asked: {
            "MetricDataResults": [
                {"Id": one["Id"], "StatusCode": "Complete", "Timestamps": [asked["StartTime"]], "Values": [1.0]}
                for one in asked["MetricDataQueries"]
            ]
        },
    }


def metrics_asked(aws: Any) -> set[str]:
    return {
        one["MetricStat"]["Metric"]["MetricName"]
        for asked in asked_of(aws, "cloudwatch:GetMetricData")
        for one in asked["MetricDataQueries"]
    }


def test_a_second_round_asks_for_nothing_that_is_known_and_uses_it(tmp_path: Path) -> None:
    session, aws = canned_session()
    whole_account(aws)
    db = tmp_path / "store.db"
    assert collected(db, session, T0).failures == []
    first = {name: aws.count(name) for name, _ in aws.requests}
    assert first["lambda:GetFunctionScalingConfig"] == 2  # of each version that the provider has
    assert first["logs:DescribeSubscriptionFilters"] == 1
    assert "RecursiveInvocationsDropped" in metrics_asked(aws)
    assert "AsyncEventAge" in metrics_asked(aws)  # once the function had been looked at
    aws.requests.clear()
    assert collected(db, session, T0 + 300_000).failures == []
    second = {name for name, _ in aws.requests}
    assert not {name for name in second if name.startswith("lambda:")} - {
        "lambda:ListFunctions", "lambda:GetAccountSettings", "lambda:ListEventSourceMappings"
    }  # fmt: skip
    assert "logs:DescribeSubscriptionFilters" not in second
    # What the details told: loops are allowed, S3 invokes it asynchronously, code signing only warns.
    assert "RecursiveInvocationsDropped" not in metrics_asked(aws)
    assert metrics_asked(aws) >= {"AsyncEventAge", "SignatureValidationErrors", "ExecutionEnvironmentCPUUtilization"}
    aws.requests.clear()
    assert collected(db, session, T0 + DAY_MS + 300_000).failures == []
    assert aws.count("lambda:GetPolicy") == 2
    # None of it is a secret.
    assert b"s3cret" not in db.read_bytes()


def test_a_change_of_what_is_new_here_stands_in_the_history(tmp_path: Path) -> None:
    session, aws = canned_session()
    whole_account(aws)
    db = tmp_path / "store.db"
    collected(db, session, T0)
    aws.answers["lambda:GetFunctionRecursionConfig"] = lambda _: {"RecursiveLoop": "Terminate"}
    aws.answers["logs:DescribeSubscriptionFilters"] = lambda _: {
        "subscriptionFilters": [{"filterName": "f", "destinationArn": "arn:aws:firehose:r:1:deliverystream/d"}]
    }
    policy = {**POLICY, "Statement": POLICY["Statement"][:1]}
    aws.answers["lambda:GetPolicy"] = lambda _: {"Policy": json.dumps(policy)}
    collected(db, session, T0 + DAY_MS)
    with Reader(db) as reader:
        changed = {
            (one.kind, one.item, one.name): (one.was, one.value) for one in account_rows.changes(reader, 0, FOREVER_MS)
        }
    assert changed["recursion", "", "recursive_loop"] == ("Allow", "Terminate")
    assert changed["log destination", "f", "destination"] == (
        "arn:aws:s3:::bucket", "arn:aws:firehose:r:1:deliverystream/d"
    )  # fmt: skip
    assert changed["permission", "url", "principal"] == ("*", None)
    assert ("permission", "bucket", "principal") not in changed
