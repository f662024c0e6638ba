"""Names, ARNs and qualifiers of functions, as the Lambda API takes them (API reference, "Invoke", FunctionName)."""

import random
import re
from functools import lru_cache

from lambdatui.runner.deployments.function import Document
from lambdatui.runner.errors import ApiError, invalid, not_found
from lambdatui.runner.functions import ACCOUNT, CALLER_REGION

_START = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
)
_PATTERN = _START + r"([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
_NEW_PATTERN = _START + r"([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
_NAME = re.compile(_PATTERN)
_NEW_NAME = re.compile(_NEW_PATTERN)
_REGION_GROUP, _ACCOUNT_GROUP, _NAME_GROUP, _QUALIFIER_GROUP = 3, 9, 11, 13
_QUALIFIER_PATTERN = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
_QUALIFIER = re.compile(_QUALIFIER_PATTERN)
_LONGEST_ARN, _LONGEST_QUALIFIER, _LONGEST_NEW_ARN, _LONGEST_NEW_NAME = 170, 128, 140, 64


def split_name(full_name: str, qualifier: str | None = None) -> tuple[str, str | None]:
    """The bare name, and the qualifier (None: none), of a name, a partial or a full ARN.

    ``qualifier`` is the one that a call gives beside the name. Raises ApiError where either is not allowed, they
    differ, or the ARN is one of another account or of another region than that for which the caller signed.
    """
    name, qualifier, region, account = _parts(full_name, qualifier)
    _check_reach(full_name, region, account)
    return name, qualifier


def new_name(full_name: str) -> str:
    """The bare name for a new function, of a name or an ARN. Raises ApiError as CreateFunction does."""
    broken = []
    if len(full_name) > _LONGEST_NEW_ARN:
        broken.append(_rule(full_name, "functionName", _length_rule(_LONGEST_NEW_ARN)))
    match = _NEW_NAME.fullmatch(full_name)
    if match is None:
        broken.append(_rule(full_name, "functionName", _pattern_rule(_NEW_PATTERN)))
    _check(broken)
    assert match is not None
    name: str = match[_NAME_GROUP]
    if len(name) > _LONGEST_NEW_NAME:
        rule = _rule(full_name, "functionName", _length_rule(_LONGEST_NEW_NAME))
        raise invalid(f"1 validation error detected: {rule}")
    _check_reach(full_name, (match[_REGION_GROUP] or "").rstrip(":"), (match[_ACCOUNT_GROUP] or "").rstrip(":"))
    if match[_QUALIFIER_GROUP]:
        raise invalid("Function name cannot have a qualifier")
    return name


@lru_cache(maxsize=1024)
def _parts(full_name: str, qualifier: str | None) -> tuple[str, str | None, str, str]:
    """Name, qualifier, region and account; the latter are empty where the name has none."""
    broken = []
    match = _NAME.fullmatch(full_name)
    if match is None:
        broken.append(_rule(full_name, "functionName", _pattern_rule(_PATTERN)))
    elif len(full_name) > _LONGEST_ARN:  # AWS mentions it of such names only
        broken.append(_rule(full_name, "functionName", _length_rule(_LONGEST_ARN)))
    if qualifier is not None and not _QUALIFIER.fullmatch(qualifier):
        broken.append(_rule(qualifier, "qualifier", _pattern_rule(_QUALIFIER_PATTERN)))
    if qualifier is not None and len(qualifier) > _LONGEST_QUALIFIER:
        broken.append(_rule(qualifier, "qualifier", _length_rule(_LONGEST_QUALIFIER)))
    _check(broken)
    assert match is not None
    suffix = match[_QUALIFIER_GROUP]
    if suffix and qualifier and suffix != qualifier:
        raise invalid("The derived qualifier from the function name does not match the specified qualifier.")
    region, account = match[_REGION_GROUP] or "", match[_ACCOUNT_GROUP] or ""
    return match[_NAME_GROUP], suffix or qualifier, region.rstrip(":"), account.rstrip(":")


def _check_reach(full_name: str, region: str, account: str) -> None:
    if account and account != ACCOUNT:
        raise ApiError(403, "AccessDeniedException", f"this runner has the account {ACCOUNT} only: {full_name}")
    here = CALLER_REGION.get()
    if region and here and region != here:
        raise not_found(f"Functions from '{region}' are not reachable in this region ('{here}')")


def _rule(value: str, member: str, rule: str) -> str:
    return f"Value '{value}' at '{member}' failed to satisfy constraint: {rule}"


def _pattern_rule(pattern: str) -> str:
    return f"Member must satisfy regular expression pattern: {pattern}"


def _length_rule(most: int) -> str:
    return f"Member must have length less than or equal to {most}"


def _check(broken: list[str]) -> None:
    if broken:
        errors = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: {'; '.join(broken)}"
        raise ApiError(400, "ValidationException", errors)


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
