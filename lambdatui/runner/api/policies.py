"""Resource policies as they are stored: statements by whom something may be done, and a revision.

A stored policy is ``{"revision": id, "document": {...}}``; the API gives the document as JSON in a string. This runner
enforces none: every caller that it admits may do everything.
"""

import json
import uuid
from typing import Any

from lambdatui.runner.deployments.function import Document
from lambdatui.runner.errors import ApiError, conflict, not_found

_MOST_BYTES = 20_480  # Lambda quotas: function resource-based policy

STATEMENT_ID = "([a-zA-Z0-9-_]+)"


def compact(document: object) -> str:
    """JSON without spaces, as AWS gives policies and statements."""
    return json.dumps(document, separators=(",", ":"))


def policy_text(policy: Document) -> str:
    """The policy's document."""
    return compact(policy["document"])


def policy_answer(policy: Document) -> Document:
    """What the operations that get a policy answer."""
    return {"Policy": policy_text(policy), "RevisionId": policy["revision"]}


def check_policy_revision(expected: object, revisions: set[str], operation: str) -> None:
    """Raise ApiError 412 when a request names a revision that is none of ``revisions``.

    ``operation`` is the one that gets the policy.
    """
    if expected is not None and expected not in revisions:
        raise ApiError(
            412,
            "PreconditionFailedException",
            f"The Revision Id provided does not match the latest Revision Id. Call the {operation} API to retrieve the "
            "latest Revision Id",
        )


def policy_of(document: dict[str, Any]) -> Document:
    """A policy as it is stored, in a new revision. Raises ApiError where it is longer than policies may be."""
    policy: Document = {"revision": str(uuid.uuid4()), "document": document}
    size = len(policy_text(policy).encode())
    if size > _MOST_BYTES:
        message = f"The final policy size ({size}) is bigger than the limit ({_MOST_BYTES})."
        raise ApiError(400, "PolicyLengthExceededException", message)
    return policy


def with_statement(policy: Document | None, statement: dict[str, Any]) -> Document:
    """The policy with one more statement. Raises ApiError where its id is taken, or the policy is too long."""
    document: dict[str, Any] = (
        policy["document"] if policy else {"Version": "2012-10-17", "Id": "default", "Statement": []}
    )
    if any(other.get("Sid") == statement["Sid"] for other in document["Statement"]):
        raise conflict(
            f"The statement id ({statement['Sid']}) provided already exists. Please provide a new statement id, or "
            "remove the existing statement."
        )
    return policy_of({**document, "Statement": [*document["Statement"], statement]})


def without_statement(policy: Document | None, statement_id: str) -> Document | None:
    """The policy without a statement; None when that was the last. Raises ApiError 404 where there is none."""
    if policy is None:
        raise not_found("No policy is associated with the given resource.")
    document = policy["document"]
    statements = [statement for statement in document["Statement"] if statement.get("Sid") != statement_id]
    if len(statements) == len(document["Statement"]):
        raise not_found(f"Statement {statement_id} is not found in resource policy.")
    return policy_of({**document, "Statement": statements}) if statements else None


def condition_of(operators: dict[str, dict[str, Any]]) -> Document:
    """A statement's ``Condition`` without what is None: empty, or one member."""
    condition: Document = {}
    for operator, values in operators.items():
        if present := {key: value for key, value in values.items() if value is not None}:
            condition[operator] = present
    return {"Condition": condition} if condition else {}
