"""Which settings of a function are allowed; refusals have AWS's texts (API reference, "CreateFunction")."""

import re
from pathlib import Path
from typing import Any

from lambdatui.runner.api.code import NO_IMAGES
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.api.runtimes import check_runtime
from lambdatui.runner.api.variables import check_variables
from lambdatui.runner.errors import constraint, invalid, serialization
from lambdatui.runner.service import Runner

# AWS Lambda API reference, CreateFunction, and Lambda quotas.
_RANGES = {
    "MemorySize": ("memorySize", 128, 10_240),
    "Timeout": ("timeout", 1, 900),
}
_ROLE = re.compile(r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")


_LAYER_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:"
    r"[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)"
)
_LAYER = re.compile(_LAYER_PATTERN)
_LAYER_RULE = (
    "Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length "
    f"greater than or equal to 1, Member must satisfy regular expression pattern: {_LAYER_PATTERN}, Member must not be "
    "null]"
)


def check_settings(request: dict[str, Any]) -> None:
    """Raise ApiError for the first of a request's settings that is not allowed."""
    for field, (member, least, most) in _RANGES.items():
        value = request.get(field)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            raise serialization(f"{field} is not an integer")
        if value > most:
            raise constraint(value, member, f"Member must have value less than or equal to {most}")
        if value < least:
            raise constraint(value, member, f"Member must have value greater than or equal to {least}")
    if (role := request.get("Role")) is not None and not _ROLE.fullmatch(str(role)):
        raise constraint(role, "role", f"Member must satisfy regular expression pattern: {_ROLE.pattern}")
    if (handler := request.get("Handler")) is not None and (re.search(r"\s", handler) or not 0 < len(handler) <= 128):
        raise constraint(handler, "handler", "Member must satisfy regular expression pattern: [^\\s]+")
    if len(str(request.get("Description", ""))) > 256:
        raise constraint(request["Description"], "description", "Member must have length less than or equal to 256")
    if (runtime := request.get("Runtime")) is not None:
        check_runtime(str(runtime))
    size = (request.get("EphemeralStorage") or {}).get("Size", 512)
    if not 512 <= size <= 10_240:
        rule = "less than or equal to 10240" if size > 10_240 else "greater than or equal to 512"
        raise constraint(size, "ephemeralStorage.size", f"Member must have value {rule}")
    constraints = Constraints()
    _check_architectures(constraints, request.get("Architectures"))
    constraints.one_of(
        "snapStart.applyOn", (request.get("SnapStart") or {}).get("ApplyOn"), ("PublishedVersions", "None")
    )
    constraints.one_of(
        "tracingConfig.mode", (request.get("TracingConfig") or {}).get("Mode"), ("Active", "PassThrough")
    )
    constraints.one_of("packageType", request.get("PackageType"), ("Image", "Zip"))
    _check_vpc(constraints, request.get("VpcConfig") or {})
    constraints.check()
    log_format = (request.get("LoggingConfig") or {}).get("LogFormat", "Text")
    if log_format not in ("Text", "JSON"):
        raise constraint(log_format, "loggingConfig.logFormat", "Member must satisfy enum value set: [JSON, Text]")
    check_variables((request.get("Environment") or {}).get("Variables") or {})
    if request.get("PackageType", "Zip") != "Zip" or (request.get("Code") or {}).get("ImageUri"):
        raise invalid(NO_IMAGES)


def _check_architectures(constraints: Constraints, architectures: list[Any] | None) -> None:
    if any(name not in ("x86_64", "arm64") for name in architectures or ()):
        rule = "Member must satisfy enum value set: [x86_64, arm64], Member must not be null"
        constraints.broken("architectures", architectures, f"Member must satisfy constraint: [{rule}]")
    constraints.length("architectures", architectures, 1, 1)


def _check_vpc(constraints: Constraints, vpc: dict[str, Any]) -> None:
    for field, member, pattern in (
        ("SubnetIds", "vpcConfig.subnetIds", "subnet-[0-9a-z]*"),
        ("SecurityGroupIds", "vpcConfig.securityGroupIds", "sg-[0-9a-zA-Z]*"),
    ):
        identifiers = vpc.get(field) or []
        if not all(isinstance(one, str) and len(one) <= 1024 and re.fullmatch(pattern, one) for one in identifiers):
            constraints.broken(
                member,
                identifiers,
                "Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have "
                f"length greater than or equal to 0, Member must satisfy regular expression pattern: {pattern}]",
            )


def layer_folders(runner: Runner, arns: list[str], region: str) -> list[str]:
    """The folders of layer versions, by their ARNs; a folder's path is a layer too. Raises ApiError.

    ``region`` is the function's.
    """
    if len(arns) > 5:
        raise invalid("Cannot reference more than 5 layers.")
    if not all(arn.startswith("/") or _LAYER.fullmatch(arn) for arn in arns):
        raise constraint(f"[{', '.join(arns)}]", "layers", _LAYER_RULE)
    folders = []
    by_layer: dict[str, str] = {}
    for arn in arns:
        if arn.startswith("/"):
            if not Path(arn).is_dir():
                raise invalid(f"Layer {arn} is not a folder on this machine")
            folders.append(arn)
            continue
        if arn.split(":")[3] != region:
            raise invalid(
                f"Layers are not in the same region as the function. Layers are expected to be in region {region}."
            )
        name, _, version = arn.rpartition(":layer:")[2].partition(":")
        document = runner.layer(name, version)
        if document is None:
            raise invalid(f"Layer version {arn} does not exist.")
        if name in by_layer:
            raise invalid(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{by_layer[name]} and {arn} are versions of the same layer."
            )
        by_layer[name] = arn
        folders.append(str(document["_path"]))
    return folders


def layer_rows(runner: Runner, arns: list[str]) -> list[dict[str, Any]]:
    """The layers of a function as its configuration shows them; a folder counts no bytes."""
    rows = []
    for arn in arns:
        name, _, version = arn.rpartition(":layer:")[2].partition(":")
        document = None if arn.startswith("/") else runner.layer(name, version)
        rows.append({"Arn": arn, "CodeSize": document["_content"]["CodeSize"] if document else 0})
    return rows
