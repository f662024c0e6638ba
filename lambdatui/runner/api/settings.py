"""Which settings of a function are allowed; refusals have AWS's texts (API reference, "CreateFunction")."""

import re
from pathlib import Path
from typing import Any

from lambdatui.runner.api.variables import check_variables
from lambdatui.runner.errors import constraint, invalid, serialization
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.runtimes import registry
from lambdatui.runner.service import Runner

# AWS Lambda API reference, CreateFunction, and Lambda quotas.
_RANGES = {
    "MemorySize": ("memorySize", 128, 10_240),
    "Timeout": ("timeout", 1, 900),
}
_ROLE = re.compile(r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")
_AWS_RUNTIME = re.compile(r"(python|nodejs|java|ruby|dotnet|dotnetcore|go|provided)[\w.]*")


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
        _check_runtime(str(runtime))
    size = (request.get("EphemeralStorage") or {}).get("Size", 512)
    if not 512 <= size <= 10_240:
        raise constraint(size, "ephemeralStorage.size", "Member must have value between 512 and 10240")
    for architecture in request.get("Architectures") or ():
        if architecture not in ("x86_64", "arm64"):
            raise constraint(
                request["Architectures"], "architectures", "Member must satisfy enum value set: [x86_64, arm64]"
            )
    log_format = (request.get("LoggingConfig") or {}).get("LogFormat", "Text")
    if log_format not in ("Text", "JSON"):
        raise constraint(log_format, "loggingConfig.logFormat", "Member must satisfy enum value set: [JSON, Text]")
    check_variables((request.get("Environment") or {}).get("Variables") or {})
    if request.get("PackageType", "Zip") != "Zip" or (request.get("Code") or {}).get("ImageUri"):
        raise invalid("Container images are not run by this runner: deploy a ZIP or a folder")


def _check_runtime(identifier: str) -> None:
    """Raise ApiError when no runtime has this identifier, or this machine lacks the runtime's program."""
    if not registry.is_known(identifier) and not _AWS_RUNTIME.fullmatch(identifier):
        raise invalid(
            f"Value {identifier} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(registry.identifiers())}] or be a valid ARN"
        )
    try:
        registry.runtime_of(identifier).check(identifier)
    except RunnerError as error:
        raise invalid(str(error)) from error


def layer_folders(runner: Runner, arns: list[str]) -> list[str]:
    """The folders of layer versions, by their ARNs; a folder's path is a layer too. Raises ApiError."""
    if len(arns) > 5:
        raise invalid("Layers: Cannot reference more than 5 layers.")
    folders = []
    for arn in arns:
        if arn.startswith("/"):
            if not Path(arn).is_dir():
                raise invalid(f"Layer {arn} is not a folder on this machine")
            folders.append(arn)
            continue
        name, _, version = arn.rpartition(":layer:")[2].partition(":")
        document = runner.layer(name, version)
        if document is None:
            raise invalid(f"Layer version {arn} does not exist.")
        folders.append(str(document["_path"]))
    return folders
