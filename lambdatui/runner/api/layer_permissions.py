"""Policies of layer versions: which accounts may use one."""

from typing import Any

from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.api.layers import layer_name, version_number
from lambdatui.runner.api.policies import (
    STATEMENT_ID,
    check_policy_revision,
    compact,
    condition_of,
    policy_answer,
    with_statement,
    without_statement,
)
from lambdatui.runner.deployments.function import Document
from lambdatui.runner.errors import not_found
from lambdatui.runner.functions import resource_arn
from lambdatui.runner.service import Runner

_PRINCIPAL = r"\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root"
_POLICY = "_policy"
"""The runner's own field of a layer version."""


def _existing(runner: Runner, call: Call) -> Document:
    """The layer version of the call. Raises ApiError where there is none."""
    name, version = layer_name(call), version_number(call)
    document = runner.layer(name, version)
    if document is None:
        raise not_found(f"Layer version {resource_arn(f'layer:{name}:{version}')} does not exist.")
    return document


def _check_revision(document: Document, expected: object) -> None:
    policy = document.get(_POLICY)
    check_policy_revision(expected, {policy["revision"]} if policy else set(), "GetLayerPolicy")


def _check_members(request: Document) -> None:
    """Raise ApiError for members that the API's model does not allow."""
    constraints = Constraints()
    for field, member in (("StatementId", "statementId"), ("Action", "action"), ("Principal", "principal")):
        constraints.required(member, request.get(field))
    constraints.pattern("statementId", request.get("StatementId"), STATEMENT_ID)
    constraints.length("statementId", request.get("StatementId"), 1, 100)
    constraints.pattern("action", request.get("Action"), "lambda:GetLayerVersion")
    constraints.pattern("principal", request.get("Principal"), _PRINCIPAL)
    constraints.pattern("organizationId", request.get("OrganizationId"), r"o-[a-z0-9]{10,32}")
    constraints.check()


@operation("POST", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy")
def add_layer_version_permission(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "AddLayerVersionPermission". The policy is kept and shown, and not enforced.

    Takes: LayerName, VersionNumber, StatementId, Action, Principal, OrganizationId, RevisionId.
    Errors: ResourceNotFoundException, ResourceConflictException, InvalidParameterValueException, ValidationException,
    PreconditionFailedException, PolicyLengthExceededException.
    """
    request = call.document
    _check_members(request)
    document = _existing(runner, call)
    principal: object = request["Principal"]
    if principal != "*":
        account = request["Principal"]
        principal = {"AWS": account if account.startswith("arn:") else f"arn:aws:iam::{account}:root"}
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": principal,
        "Action": request["Action"],
        "Resource": document["LayerVersionArn"],
        **condition_of({"StringEquals": {"aws:PrincipalOrgID": request.get("OrganizationId")}}),
    }
    policy = with_statement(document.get(_POLICY), statement)
    _check_revision(document, call.query.get("RevisionId"))
    document[_POLICY] = policy
    runner.save_layers()
    return 201, {"Statement": compact(statement), "RevisionId": policy["revision"]}


@operation("DELETE", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy/{StatementId}")
def remove_layer_version_permission(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "RemoveLayerVersionPermission".

    Takes: LayerName, VersionNumber, StatementId, RevisionId.
    Errors: ResourceNotFoundException, InvalidParameterValueException, PreconditionFailedException.
    """
    document = _existing(runner, call)
    policy = without_statement(document.get(_POLICY), call.path["StatementId"])
    _check_revision(document, call.query.get("RevisionId"))
    if policy is None:
        del document[_POLICY]
    else:
        document[_POLICY] = policy
    runner.save_layers()
    return 204, None


@operation("GET", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy")
def get_layer_version_policy(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetLayerVersionPolicy".

    Takes: LayerName, VersionNumber.
    Errors: ResourceNotFoundException, InvalidParameterValueException.
    """
    policy = _existing(runner, call).get(_POLICY)
    if policy is None:
        raise not_found("No policy is associated with the given resource.")
    return 200, policy_answer(policy)
