"""Which environment variables a function may have (Lambda Developer Guide, "Using Lambda environment variables")."""

import re
from typing import Any

from lambdatui.runner.errors import ApiError, invalid, serialization

RESERVED = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_MAX_CONCURRENCY", "AWS_LAMBDA_METADATA_API"),
        *("AWS_LAMBDA_METADATA_TOKEN", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
    }
)
"""What Lambda sets and a function may not: this list and no other name."""
_NAME = "[a-zA-Z]([a-zA-Z0-9_])+"
_LARGEST = 4096
_TEXT = "Lambda was unable to configure your environment variables because the environment variables you have provided "


def check_variables(variables: dict[str, Any]) -> None:
    """Raise ApiError, with AWS's text, for variables that a function may not have."""
    for name, value in variables.items():
        if not isinstance(value, str):
            raise serialization(f"environment variable {name} is not a string")
    reserved = sorted(RESERVED.intersection(variables))
    if reserved:
        raise invalid(
            f"{_TEXT}contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    for name in variables:
        if not re.fullmatch(_NAME, name):
            raise ApiError(
                400,
                "ValidationException",
                "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: "
                f"Map keys must satisfy constraint: [Member must satisfy regular expression pattern: {_NAME}]",
            )
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > _LARGEST:
        raise invalid(f"{_TEXT}exceeded the 4KB limit. String measured: {size} bytes")
