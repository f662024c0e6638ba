"""States of functions (Lambda Developer Guide, "Lambda function states").

A new function is Pending and then Active; a change is InProgress and then Successful, and until then no other change is
taken. The code is ready to run before CreateFunction answers, so an invocation never waits for a state.
"""

import uuid

from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.errors import conflict

_REASON = "The function is being created."  # AWS says this of changes, too
_UNFINISHED = ("StateReason", "StateReasonCode", "LastUpdateStatusReason", "LastUpdateStatusReasonCode")
_UNLISTED = (*_UNFINISHED, "State", "LastUpdateStatus", "RuntimeVersionConfig")


def mark_created(configuration: Document) -> None:
    """Make a new function or version Pending."""
    for field in ("LastUpdateStatus", *_UNFINISHED):
        configuration.pop(field, None)
    configuration.update(State="Pending", StateReason=_REASON, StateReasonCode="Creating")


def mark_updated(configuration: Document) -> None:
    """Make a change of ``$LATEST`` InProgress."""
    configuration.update(
        LastUpdateStatus="InProgress", LastUpdateStatusReason=_REASON, LastUpdateStatusReasonCode="Creating"
    )


def is_unfinished(configuration: Document) -> bool:
    """Whether a creation or a change has not ended yet."""
    return configuration.get("State") == "Pending" or configuration.get("LastUpdateStatus") == "InProgress"


def finish(function: DeployedFunction) -> bool:
    """End what is unfinished, which changes revisions; False where nothing was."""
    unfinished = [configuration for configuration in function.versions.values() if is_unfinished(configuration)]
    for configuration in unfinished:
        for field in _UNFINISHED:
            configuration.pop(field, None)
        configuration.update(State="Active", LastUpdateStatus="Successful", RevisionId=str(uuid.uuid4()))
    return bool(unfinished)


def check_changeable(function: DeployedFunction) -> None:
    """Raise ApiError 409 while a creation or a change of ``$LATEST`` has not ended."""
    if function.latest.get("State") == "Pending":
        raise conflict(
            "The operation cannot be performed at this time. The function is currently in the following state: Pending"
        )
    if is_unfinished(function.latest):
        raise conflict(
            "The operation cannot be performed at this time. An update is in progress for resource: "
            + str(function.latest["FunctionArn"])
        )


def listed(configuration: Document) -> Document:
    """A configuration without what listings leave out: states, and the runtime's version."""
    return {field: value for field, value in configuration.items() if field not in _UNLISTED}
