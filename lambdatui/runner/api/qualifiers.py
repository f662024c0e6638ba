"""Qualifiers of operations that name a version or an alias, and AWS's texts where there is none of that name."""

import re

from lambdatui.runner.deployments.function import DeployedFunction
from lambdatui.runner.errors import ApiError, not_found
from lambdatui.runner.functions import LATEST, arn_of

_ALIAS = re.compile(r"(?!\d+$)[a-zA-Z0-9-_]+")


def is_alias_name(qualifier: str) -> bool:
    """Whether an alias could have this name."""
    return _ALIAS.fullmatch(qualifier) is not None


def no_such_qualifier(name: str, qualifier: str) -> ApiError:
    """404 for a qualifier that a function lacks, or that is asked of a function that there is not."""
    arn = f"{arn_of(name)}:{qualifier}"
    return not_found(f"Cannot find alias arn: {arn}" if is_alias_name(qualifier) else f"Function not found: {arn}")


def check_qualifier(function: DeployedFunction, qualifier: str | None) -> None:
    """Raise ApiError where the function has neither a version nor an alias of this name; None and $LATEST exist."""
    if qualifier not in (None, LATEST, *function.versions, *function.aliases):
        assert qualifier is not None
        raise no_such_qualifier(function.name, qualifier)


def forget_qualifier(function: DeployedFunction, qualifier: str) -> None:
    """Drop what is stored for a version or an alias that is deleted: its policy, URL, settings and environments."""
    for part in ("policies", "event_invoke", "provisioned", "provisioned_modified", "runtime_management", "urls"):
        function.part(part).pop(qualifier, None)
