"""What Lambda's control plane answers about a fleet. Each takes the fleet and what is asked."""

import json
from typing import Any

from tests.support.fake_aws.fleet import SHARED_GROUP, FakeFunction, Fleet
from tests.support.fake_aws.paging import paged

Answer = dict[str, Any]
_MODIFIED = "2026-11-20T10:00:00.000+0000"


class Missing(Exception):
    """What is asked about is not there: ResourceNotFoundException."""


def arn(fleet: Fleet, name: str) -> str:
    return f"arn:aws:lambda:{fleet.region}:{fleet.account}:function:{name}"


def configuration(fleet: Fleet, one: FakeFunction) -> Answer:
    logging = {"LogFormat": "Text", "LogGroup": one.log_group}
    return {
        "FunctionName": one.name, "FunctionArn": arn(fleet, one.name), "Runtime": one.runtime,
        "MemorySize": one.memory_mb, "Timeout": 30, "LastModified": _MODIFIED, "Handler": "app.handler",
        "CodeSize": 1_000 + one.number, "CodeSha256": f"sha-{one.number}", "PackageType": "Zip",
        "Architectures": ["arm64" if one.number % 2 else "x86_64"], "EphemeralStorage": {"Size": 512},
        "Environment": {"Variables": {"TOKEN": "s3cret"}}, "TracingConfig": {"Mode": "PassThrough"},
        "Role": f"arn:aws:iam::{fleet.account}:role/{one.name}", "Version": "$LATEST", "State": "Active",
        **({"LoggingConfig": logging} if one.log_group == SHARED_GROUP else {}),
    }  # fmt: skip


def list_functions(fleet: Fleet, asked: Answer) -> Answer:
    listed = [configuration(fleet, one) for one in fleet.listed.values()]
    size = 1 if fleet.functions < 3 else 2 if fleet.functions < 10 else 7
    return paged("lambda:ListFunctions", asked, "Functions", listed, size)


def account_settings(fleet: Fleet, asked: Answer) -> Answer:
    return {
        "AccountLimit": {
            "ConcurrentExecutions": 1_000, "UnreservedConcurrentExecutions": 900, "TotalCodeSize": 80_530_636_800,
        },
        "AccountUsage": {"TotalCodeSize": 1_000_000, "FunctionCount": fleet.functions},
    }  # fmt: skip


def event_sources(fleet: Fleet, asked: Answer) -> Answer:
    mappings = [
        {
            "UUID": f"00000000-0000-4000-8000-{one.number:012d}", "FunctionArn": arn(fleet, one.name),
            "EventSourceArn": f"arn:aws:sqs:{fleet.region}:{fleet.account}:queue-{one.number}", "State": "Enabled",
            "BatchSize": 10, "LastModified": 1_795_000_000 + one.number,
        }
        for one in fleet.listed.values()
        if one.number % 3 == 0 or fleet.functions < 5
    ]  # fmt: skip
    return paged("lambda:ListEventSourceMappings", asked, "EventSourceMappings", mappings, 2)


def concurrency(fleet: Fleet, asked: Answer) -> Answer:
    number = known(fleet, asked).number
    return {"ReservedConcurrentExecutions": 10 + number} if number % 2 == 0 else {}


def provisioned(fleet: Fleet, asked: Answer) -> Answer:
    one = known(fleet, asked)
    found = [
        {
            "FunctionArn": f"{arn(fleet, one.name)}:{alias}", "Status": "READY", "LastModified": _MODIFIED,
            "RequestedProvisionedConcurrentExecutions": 2, "AvailableProvisionedConcurrentExecutions": 2,
        }
        for alias in (("live", "next", "old") if one.number == 0 else ())
    ]  # fmt: skip
    name = "lambda:ListProvisionedConcurrencyConfigs"
    return paged(name, asked, "ProvisionedConcurrencyConfigs", found, 2)


def invoke_configs(fleet: Fleet, asked: Answer) -> Answer:
    one = known(fleet, asked)
    found = [
        {
            "FunctionArn": f"{arn(fleet, one.name)}:{qualifier}", "MaximumRetryAttempts": 1,
            "MaximumEventAgeInSeconds": 600, "LastModified": 1_795_000_000,
            "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:r:1:dlq"}},
        }
        for qualifier in ("$LATEST", "live", "next")
    ]  # fmt: skip
    return paged("lambda:ListFunctionEventInvokeConfigs", asked, "FunctionEventInvokeConfigs", found, 2)


def aliases(fleet: Fleet, asked: Answer) -> Answer:
    one = known(fleet, asked)
    found = [
        {"AliasArn": f"{arn(fleet, one.name)}:{name}", "Name": name, "FunctionVersion": version}
        for name, version in (("live", "2"), ("next", "3"), ("old", "1"))
    ]
    return paged("lambda:ListAliases", asked, "Aliases", found, 2)


def versions(fleet: Fleet, asked: Answer) -> Answer:
    one = known(fleet, asked)
    found = [configuration(fleet, one) | {"Version": version} for version in ("$LATEST", "1", "2", "3")]
    return paged("lambda:ListVersionsByFunction", asked, "Versions", found, 2)


def urls(fleet: Fleet, asked: Answer) -> Answer:
    one = known(fleet, asked)
    found = [
        {
            "FunctionUrl": f"https://{one.name}-{qualifier}.example/", "AuthType": "AWS_IAM",
            "FunctionArn": f"{arn(fleet, one.name)}:{qualifier}", "InvokeMode": "BUFFERED",
            "CreationTime": _MODIFIED, "LastModifiedTime": _MODIFIED,
        }
        for qualifier in ("live", "next", "old")
    ]  # fmt: skip
    return paged("lambda:ListFunctionUrlConfigs", asked, "FunctionUrlConfigs", found, 2)


def policy(fleet: Fleet, asked: Answer) -> Answer:
    one = known(fleet, asked)
    statement = {
        "Sid": "queue", "Effect": "Allow", "Principal": {"Service": "sqs.amazonaws.com"},
        "Action": "lambda:InvokeFunction", "Resource": arn(fleet, one.name),
    }  # fmt: skip
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}), "RevisionId": "1"}


def qualified(fleet: Fleet, asked: Answer) -> Answer:
    return configuration(fleet, known(fleet, asked)) | {"Version": asked.get("Qualifier", "$LATEST")}


def runtime_management(fleet: Fleet, asked: Answer) -> Answer:
    return {"UpdateRuntimeOn": "Auto", "FunctionArn": arn(fleet, known(fleet, asked).name)}


def recursion(fleet: Fleet, asked: Answer) -> Answer:
    known(fleet, asked)
    return {"RecursiveLoop": "Terminate"}


def code_signing(fleet: Fleet, asked: Answer) -> Answer:
    return {"CodeSigningConfigs": []}


def tags_of(one: FakeFunction) -> dict[str, str]:
    """Of every fifth function none."""
    return {"team": f"team {one.number % 3}", "aws:number": str(one.number)} if one.number % 5 else {}


def tags(fleet: Fleet, asked: Answer) -> Answer:
    return {"Tags": tags_of(known(fleet, {"FunctionName": asked["Resource"]}))}


def tagged(fleet: Fleet, asked: Answer) -> Answer:
    """GetResources of the Resource Groups Tagging API: what has tags."""
    found = [
        {"ResourceARN": arn(fleet, one.name), "Tags": [{"Key": key, "Value": value} for key, value in of.items()]}
        for one in fleet.listed.values()
        if (of := tags_of(one))
    ]
    return paged("resourcegroupstaggingapi:GetResources", asked, "ResourceTagMappingList", found, 3)


def known(fleet: Fleet, asked: Answer) -> FakeFunction:
    name = str(asked.get("FunctionName", "")).rpartition(":function:")[2]
    if name not in fleet.listed:
        raise Missing(f"Function not found: {arn(fleet, name)}")
    return fleet.listed[name]


ANSWERS = {
    "lambda:ListFunctions": list_functions,
    "lambda:GetAccountSettings": account_settings,
    "lambda:ListEventSourceMappings": event_sources,
    "lambda:GetFunctionConcurrency": concurrency,
    "lambda:ListProvisionedConcurrencyConfigs": provisioned,
    "lambda:ListFunctionEventInvokeConfigs": invoke_configs,
    "lambda:ListAliases": aliases,
    "lambda:ListVersionsByFunction": versions,
    "lambda:ListFunctionUrlConfigs": urls,
    "lambda:GetPolicy": policy,
    "lambda:GetFunctionConfiguration": qualified,
    "lambda:GetRuntimeManagementConfig": runtime_management,
    "lambda:GetFunctionRecursionConfig": recursion,
    "lambda:ListCodeSigningConfigs": code_signing,
    "lambda:ListTags": tags,
    "resourcegroupstaggingapi:GetResources": tagged,
}
