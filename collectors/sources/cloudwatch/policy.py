"""IAM documents made from ``allowed_calls.READINGS``: the policy that allows reading, the one for assuming roles, and
the roles' trust policy.

boto3 is not imported, so that they are printed at once. Which actions take which resources is from the service
authorization reference: an action that takes none has the resource ``*``, as otherwise it would allow nothing.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from collectors.sources.cloudwatch.allowed_calls import FEATURES, LOG_GROUP, READINGS, ROLE, Reading

# By how the names of their regions begin (botocore's partitions.json); what begins like none of these lies in ``aws``.
PARTITIONS = {
    "aws": "",
    "aws-cn": "cn-",
    "aws-us-gov": "us-gov-",
    "aws-iso": "us-iso-",
    "aws-iso-b": "us-isob-",
    "aws-iso-e": "eu-isoe-",
    "aws-iso-f": "us-isof-",
    "aws-eusc": "eusc-",
}
MOST_CHARACTERS = 6_144  # of a managed policy, white space not counted (IAM and STS quotas)
BY_DEFAULT = tuple(name for name in FEATURES if name != "organization")  # that one needs a role's name

# CloudWatch Logs: letters, digits, _ - / . #; and what IAM's patterns have.
LOG_GROUP_NAME = re.compile(r"[\w./#*?-]{1,512}", re.ASCII)
ROLE_NAME = re.compile(r"[\w+=,.@/-]{1,512}", re.ASCII)
ROLE_ARN = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role/([\w+=,.@/-]+)", re.ASCII)
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(?:root|(?:role|user)/[\w+=,.@/-]+)", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)

Statement = dict[str, object]


def partition_of(region: str) -> str:
    """The partition of a region, such as ``aws-cn`` for ``cn-north-1``."""
    return next((name for name, begins in PARTITIONS.items() if begins and region.startswith(begins)), "aws")


def role_arn(partition: str, account: str, role_name: str) -> str:
    """The ARN of a role in an account; its name may have a path."""
    return f"arn:{partition}:iam::{account}:role/{role_name.strip('/')}"


def least_policy(
    features: Collection[str] = BY_DEFAULT,
    *,
    partitions: Sequence[str] = ("aws",),
    log_groups: Sequence[str] = (),
    role_name: str = "",
) -> Mapping[str, object]:
    """The IAM policy that allows the ``READINGS`` of ``features``, and the list of functions always.

    ``log_groups`` are names, or patterns of IAM's, beyond Lambda's own; ``role_name`` is what is assumed in each
    account of an organization.
    """
    statements: list[Statement] = []
    for feature in FEATURES:
        if feature != "functions" and feature not in features:
            continue
        by_resources: dict[tuple[str, ...], list[str]] = {}
        for one in READINGS:
            if one.feature == feature:
                for action, resources in _granted(one, partitions, log_groups, role_name):
                    by_resources.setdefault(resources, []).append(action)
        sid = "".join(word.capitalize() for word in feature.split("-"))
        for number, (resources, actions) in enumerate(by_resources.items()):
            statements.append(statement(sid + (str(number) if number else ""), actions, resources))
    return document(statements)


def document(statements: Iterable[Statement]) -> Mapping[str, object]:
    """A policy document of IAM with these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(sid: str, actions: Sequence[str], resources: Sequence[str]) -> Statement:
    """A statement that allows actions on resources."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(dict.fromkeys(actions)),
        "Resource": list(resources) if len(resources) > 1 else resources[0],
    }


def _granted(
    reading: Reading, partitions: Sequence[str], log_groups: Sequence[str], role_name: str
) -> Iterable[tuple[str, tuple[str, ...]]]:
    resources = [
        in_partition(resource.replace(ROLE, role_name.strip("/")), partition)
        for partition in partitions
        for resource in reading.resources
    ]
    if any(LOG_GROUP in resource for resource in reading.resources):
        resources += [
            each
            for partition in partitions
            for name in log_groups
            for each in log_group_arns(name, partition=partition)
        ]
    yield reading.action, tuple(dict.fromkeys(resources))
    # Further actions are those without resources of their own.
    yield from ((action, ("*",)) for action in reading.also)


def in_partition(resource: str, partition: str) -> str:
    """A resource of ``READINGS``, which are written for ``aws``."""
    return resource.replace("arn:aws:", f"arn:{partition}:", 1)


def log_group_arns(name: str, *, partition: str = "aws", region: str = "*", account: str = "*") -> tuple[str, ...]:
    """The two ARNs by which IAM is asked about a log group: the group itself, and the group with its streams."""
    arn = f"arn:{partition}:logs:{region}:{account}:log-group:{name}"
    return (arn,) if name.endswith("*") else (arn, f"{arn}:*")


def missing_statements(denied: Iterable[tuple[str, str]], partition: str = "aws") -> list[Statement]:
    """Statements that would allow everything that was denied, (action, resource or ""), grouped by their resources."""
    on: dict[str, list[str]] = {}
    for action, resource in denied:
        on.setdefault(action, []).extend([resource] if resource else [])
    by_resources: dict[tuple[str, ...], list[str]] = {}
    for action, denied_on in on.items():
        by_resources.setdefault(resources_of(action, denied_on, partition), []).append(action)
    return [
        statement(f"LambdatuiMissing{number or ''}", actions, resources)
        for number, (resources, actions) in enumerate(by_resources.items())
    ]


def resources_of(action: str, denied_on: Sequence[str], partition: str = "aws") -> tuple[str, ...]:
    """The resources on which the printed policy allows the action, and those that it was denied on beyond them.

    Where AWS denies a group's events it names the log stream: the group is what has to be allowed.
    """
    known = next((reading for reading in READINGS if reading.action == action), None)
    outside = [_whole_group(reading) for reading in denied_on if reading != "*"]
    if known is None:
        return tuple(dict.fromkeys(outside)) or ("*",)
    resources = [in_partition(reading, partition) for reading in known.resources if ROLE not in reading]
    outside = [reading for reading in outside if not any(fnmatchcase(reading, each) for each in resources)]
    return tuple(dict.fromkeys([*resources, *outside])) or ("*",)


def _whole_group(resource: str) -> str:
    group, mark, _ = resource.partition(":log-stream:")
    return f"{group}:*" if mark and LOG_GROUP in group else resource


def source_policy(roles: Sequence[str]) -> Mapping[str, object]:
    """The policy for a profile that others name as their ``source_profile``: it may assume the
    roles, and nothing else.
    """
    return document([statement("AssumeRole", ["sts:AssumeRole"], list(dict.fromkeys(roles)))])


def trust_policy(principals: Sequence[str], *, partition: str = "aws", external_id: str = "") -> Mapping[str, object]:
    """A role's trust policy: ``principals`` are ARNs, or account ids for everybody in the account who may assume roles.
    ValueError for anything else.

    With ``external_id``, whoever assumes the role must give it.
    """
    arns = [_principal(one, partition) for one in principals]
    if external_id and not _EXTERNAL_ID.fullmatch(external_id):
        raise ValueError(f"{external_id!r} is no external id: 2 to 1,224 letters, digits and + = , . @ : / -")
    trusted: Statement = {
        "Sid": "Trust",
        "Effect": "Allow",
        "Principal": {"AWS": arns if len(arns) > 1 else arns[0]},
        "Action": "sts:AssumeRole",
    }
    if external_id:
        trusted["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return document([trusted])


def _principal(principal: str, partition: str) -> str:
    if re.fullmatch(r"\d{12}", principal, re.ASCII):
        return f"arn:{partition}:iam::{principal}:root"
    if ":assumed-role/" in principal:
        role = principal.split(":assumed-role/")[1].partition("/")[0]
        raise ValueError(
            f"{principal!r} is a session: give its role, such as {role_arn(partition, principal.split(':')[4], role)}"
        )
    if not _PRINCIPAL.fullmatch(principal):
        raise ValueError(f"{principal!r} is neither an account id nor the ARN of a role, a user or an account's root")
    return principal
