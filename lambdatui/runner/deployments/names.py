"""Names, ARNs and qualifiers of functions, as the Lambda API takes them (API reference, "Invoke", FunctionName)."""

import random
import re
from functools import lru_cache

from lambdatui.runner.deployments.function import Document
from lambdatui.runner.errors import ApiError, constraint
from lambdatui.runner.functions import ACCOUNT, REGION

_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)"
    r"(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)
_NAME = re.compile(_PATTERN)
_QUALIFIER_PATTERN = r"(|[a-zA-Z0-9$_-]+)"
_QUALIFIER = re.compile(r"[a-zA-Z0-9$_-]{1,128}")


@lru_cache(maxsize=1024)
def split_name(full_name: str, qualifier: str | None = None) -> tuple[str, str | None]:
    """The bare name, and the qualifier (None: none), of a name, a partial or a full ARN.

    ``qualifier`` is the one that a call gives beside the name. Raises ApiError where either is not allowed, or they
    differ.
    """
    if not 1 <= len(full_name) <= 170:
        raise constraint(full_name, "functionName", "Member must have length less than or equal to 140")
    match = _NAME.fullmatch(full_name)
    if match is None:
        raise constraint(full_name, "functionName", f"Member must satisfy regular expression pattern: {_PATTERN}")
    _, _, region, _, account, _, name, _, suffix = match.groups()
    if len(name) > 64:
        raise constraint(full_name, "functionName", "Member must have length less than or equal to 64")
    if (account and account != ACCOUNT + ":") or (region and region != REGION + ":"):
        message = f"this runner has the account {ACCOUNT} and the region {REGION} only: {full_name}"
        raise ApiError(403, "AccessDeniedException", message)
    if qualifier is not None and not _QUALIFIER.fullmatch(qualifier):
        raise constraint(
            qualifier, "qualifier", f"Member must satisfy regular expression pattern: {_QUALIFIER_PATTERN}"
        )
    if suffix and qualifier and suffix != qualifier:
        raise ApiError(
            400,
            "InvalidParameterValueException",
            f"The derived qualifier from the function name does not match the specified qualifier: {qualifier}",
        )
    return name, suffix or qualifier


def route_alias(alias: Document) -> str:
    """The version that a call of ``alias`` runs, drawn at random by the weights of its routing configuration."""
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    if weights:
        remainder = random.random()
        for version, weight in weights.items():
            remainder -= float(weight)
            if remainder < 0:
                return str(version)
    return str(alias["FunctionVersion"])
