"""A function's settings: what is allowed, in AWS's words where it is not."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdatui.runner.api.errors import ApiError, constraint, invalid
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.runtimes import runtimes

if TYPE_CHECKING:
    from lambdatui.runner.service import Runner

# AWS Lambda API reference, CreateFunction, and Lambda quotas.
_RANGES = {
    "MemorySize": ("memorySize", 128, 10_240),
    "Timeout": ("timeout", 1, 900),
}
_ROLE = re.compile(r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ENVIRONMENT_BYTES = 4096
# Lambda sets these, so a function may not. Credentials are reserved there too; here a deployment is the only way to
# give a function any, so those are free.
_RESERVED = frozenset(
    {"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_REGION", "AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT", "AWS_DEFAULT_REGION"}
)
_RESERVED_PREFIXES = ("AWS_LAMBDA_", "LAMBDA_RUNTIME_")
_NEVER_RUN = re.compile(r"(python|nodejs|java|ruby|dotnet|dotnetcore|go|provided)[\w.]*")


def checked(given: dict[str, Any]) -> None:
    """Raises ApiError for the first of the settings given that is not allowed."""
    for field, (member, least, most) in _RANGES.items():
        value = given.get(field)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            raise ApiError(400, "SerializationException", f"{field} is not an integer")
        if value > most:
            raise constraint(value, member, f"Member must have value less than or equal to {most}")
        if value < least:
            raise constraint(value, member, f"Member must have value greater than or equal to {least}")
    if (role := given.get("Role")) is not None and not _ROLE.fullmatch(str(role)):
        raise constraint(role, "role", f"Member must satisfy regular expression pattern: {_ROLE.pattern}")
    if (handler := given.get("Handler")) is not None and (re.search(r"\s", handler) or not 0 < len(handler) <= 128):
        raise constraint(handler, "handler", "Member must satisfy regular expression pattern: [^\\s]+")
    if len(str(given.get("Description", ""))) > 256:
        raise constraint(given["Description"], "description", "Member must have length less than or equal to 256")
    if (runtime := given.get("Runtime")) is not None:
        _runtime(str(runtime))
    size = (given.get("EphemeralStorage") or {}).get("Size", 512)
    if not 512 <= size <= 10_240:
        raise constraint(size, "ephemeralStorage.size", "Member must have value between 512 and 10240")
    for architecture in given.get("Architectures") or ():
        if architecture not in ("x86_64", "arm64"):
            raise constraint(
                given["Architectures"], "architectures", "Member must satisfy enum value set: [x86_64, arm64]"
            )
    log_format = (given.get("LoggingConfig") or {}).get("LogFormat", "Text")
    if log_format not in ("Text", "JSON"):
        raise constraint(log_format, "loggingConfig.logFormat", "Member must satisfy enum value set: [JSON, Text]")
    _variables((given.get("Environment") or {}).get("Variables") or {})
    if given.get("PackageType", "Zip") != "Zip" or (given.get("Code") or {}).get("ImageUri"):
        raise invalid("Container images are not run by this runner: deploy a ZIP or a folder")


def _runtime(runtime: str) -> None:
    if not _NEVER_RUN.fullmatch(runtime):
        raise invalid(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[python3.x, {', '.join(runtimes.NODE_RUNTIMES)}, provided.al2023] or be a valid ARN"
        )
    try:
        runtimes.check(runtime)
    except RunnerError as error:
        raise invalid(str(error)) from error


def _variables(variables: dict[str, Any]) -> None:
    for key, value in variables.items():
        if not _VARIABLE.fullmatch(key):
            raise constraint(key, "environment.variables", "Map keys must satisfy constraint: [a-zA-Z]([a-zA-Z0-9_])+")
        if not isinstance(value, str):
            raise ApiError(400, "SerializationException", f"environment variable {key} is not a string")
        if key in _RESERVED or key.startswith(_RESERVED_PREFIXES):
            raise invalid(
                "Lambda was unable to configure your environment variables because the environment variables you have "
                "provided contains reserved keys that are currently not supported for modification. Reserved keys: "
                + key
            )
    size = sum(len(key.encode()) + len(value.encode()) for key, value in variables.items())
    if size > _ENVIRONMENT_BYTES:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {size} bytes"
        )


def layer_folders(runner: "Runner", arns: list[str]) -> list[str]:
    """The folders of layer versions; a folder's own path is a layer too. ApiError."""
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
