"""Names, ARNs and qualifiers: which function and which of its versions a call means."""

import re
from dataclasses import dataclass
from functools import lru_cache

from lambdatui.runner.api.errors import ApiError, constraint, not_found
from lambdatui.runner.deployed import Deployed, Function
from lambdatui.runner.functions import ACCOUNT, LATEST, REGION, arn_of

_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)"
    r"(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)
_NAME = re.compile(_PATTERN)
_QUALIFIER_PATTERN = r"(|[a-zA-Z0-9$_-]+)"
_QUALIFIER = re.compile(r"[a-zA-Z0-9$_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Meant:
    """``qualifier`` as the caller gave it (None: none), ``version`` what it stands for now."""

    function: Function
    qualifier: str | None
    version: str

    @property
    def arn(self) -> str:
        base = arn_of(self.function.name)
        return base if self.qualifier is None else f"{base}:{self.qualifier}"


@lru_cache(maxsize=1024)
def split(given: str, qualifier: str | None = None) -> tuple[str, str | None]:
    """The bare name and the qualifier of a name, a partial or a full ARN. ApiError."""
    if not 1 <= len(given) <= 170:
        raise constraint(given, "functionName", "Member must have length less than or equal to 140")
    found = _NAME.fullmatch(given)
    if found is None:
        raise constraint(given, "functionName", f"Member must satisfy regular expression pattern: {_PATTERN}")
    _, _, region, _, account, _, name, _, suffix = found.groups()
    if len(name) > 64:
        raise constraint(given, "functionName", "Member must have length less than or equal to 64")
    if (account and account != ACCOUNT + ":") or (region and region != REGION + ":"):
        raise ApiError(
            403, "AccessDeniedException", f"this runner has the account {ACCOUNT} and the region {REGION} only: {given}"
        )
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


def function(deployed: Deployed, given: str) -> Function:
    """The function alone, whatever qualifier is given."""
    name, _ = split(given)
    found = deployed.functions.get(name)
    if found is None:
        raise not_found(f"Function not found: {arn_of(name)}")
    return found


def meant(deployed: Deployed, given: str, qualifier: str | None = None) -> Meant:
    """The function's version that a call means. ApiError when there is none."""
    name, named = split(given, qualifier)
    found = deployed.functions.get(name)
    suffix = f":{named}" if named else ""
    if found is None:
        raise not_found(f"Function not found: {arn_of(name)}{suffix}")
    if named is None or named == LATEST:
        return Meant(found, named, LATEST)
    if named in found.versions:
        return Meant(found, named, named)
    if named in found.aliases:
        return Meant(found, named, _routed(found.aliases[named]))
    raise not_found(f"Function not found: {arn_of(name)}:{named}")


def _routed(alias: dict[str, object]) -> str:
    """The version behind an alias: the other one for its share of calls."""
    routing = alias.get("RoutingConfig")
    weights = routing.get("AdditionalVersionWeights") if isinstance(routing, dict) else None
    if weights:
        import random

        at = random.random()
        for version, weight in weights.items():
            at -= float(weight)
            if at < 0:
                return str(version)
    return str(alias["FunctionVersion"])
