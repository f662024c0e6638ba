"""Resource policies of functions: who may call a function, one of its versions or an alias."""

import re
from typing import Any

from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.api.policies import (
    STATEMENT_ID,
    check_policy_revision,
    compact,
    condition_of,
    policy_answer,
    with_statement,
    without_statement,
)
from lambdatui.runner.api.qualifiers import check_qualifier
from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.deployments.names import split_name
from lambdatui.runner.errors import invalid, not_found
from lambdatui.runner.functions import LATEST, arn_of
from lambdatui.runner.service import Runner

_URL_ACTION = "lambda:InvokeFunctionUrl"
_ACTION = r"(lambda:[*]|lambda:[a-zA-Z]+|[*])"
_SOURCE_ARN = (
    r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)
# AWS wants digits as the account; suites of others have a word there, which does no harm.
_LENIENT_SOURCE_ARN = re.compile(r"arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9-]+:[a-z0-9-]*:[a-zA-Z0-9-]*:.*")
_ACCOUNT = re.compile(r"\d{12}")
_SERVICE = re.compile(r"([a-z0-9-]+\.)+(amazonaws\.com(\.cn)?|amazon\.com)")
_IDENTITY = re.compile(r"arn:aws[a-z-]*:(iam|sts)::(\d{12}|aws|cloudfront):.+|A(ROA|IDA)[A-Z0-9]{12,}")


def _principal(text: str) -> object:
    """A request's ``Principal`` as the statement has it. Raises ApiError."""
    if text == "*":
        return text
    if _ACCOUNT.fullmatch(text):
        return {"AWS": f"arn:aws:iam::{text}:root"}
    if _IDENTITY.fullmatch(text):
        return {"AWS": text}
    if _SERVICE.fullmatch(text):
        return {"Service": text}
    raise invalid("The provided principal was invalid. Please check the principal and try again.")


def _check_members(request: Document) -> None:
    """Raise ApiError for members that the API's model does not allow."""
    constraints = Constraints()
    for field, member in (("StatementId", "statementId"), ("Action", "action"), ("Principal", "principal")):
        constraints.required(member, request.get(field))
    constraints.pattern("statementId", request.get("StatementId"), STATEMENT_ID)
    constraints.length("statementId", request.get("StatementId"), 1, 100)
    constraints.pattern("action", request.get("Action"), _ACTION)
    constraints.pattern("principal", request.get("Principal"), r"[^\s]+")
    source = request.get("SourceArn")
    if source is not None and not _LENIENT_SOURCE_ARN.fullmatch(str(source)):
        constraints.pattern("sourceArn", source, _SOURCE_ARN)
    constraints.pattern("sourceAccount", request.get("SourceAccount"), r"\d{12}")
    constraints.pattern("eventSourceToken", request.get("EventSourceToken"), r"[a-zA-Z0-9._\-]+")
    constraints.pattern("principalOrgID", request.get("PrincipalOrgID"), r"o-[a-z0-9]{10,32}")
    constraints.one_of("functionUrlAuthType", request.get("FunctionUrlAuthType"), ("NONE", "AWS_IAM"))
    constraints.check()


def _statement(request: Document, resource: str) -> dict[str, Any]:
    """The statement that a request asks for. Raises ApiError."""
    if request.get("FunctionUrlAuthType") and request["Action"] != _URL_ACTION:
        raise invalid(f"FunctionUrlAuthType is only supported for {_URL_ACTION} action")
    via_url = request.get("InvokedViaFunctionUrl")
    conditions = {
        "StringEquals": {
            "AWS:SourceAccount": request.get("SourceAccount"),
            "lambda:FunctionUrlAuthType": request.get("FunctionUrlAuthType"),
            "aws:PrincipalOrgID": request.get("PrincipalOrgID"),
            "lambda:EventSourceToken": request.get("EventSourceToken"),
        },
        "ArnLike": {"AWS:SourceArn": request.get("SourceArn")},
        "Bool": {"lambda:InvokedViaFunctionUrl": None if via_url is None else str(bool(via_url)).lower()},
    }
    return {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(request["Principal"]),
        "Action": request["Action"],
        "Resource": resource,
        **condition_of(conditions),
    }


def _revisions(function: DeployedFunction, qualifier: str | None) -> set[str]:
    """The revisions of which a request may name one: the policy's; those of an alias that has none are its own."""
    policy = function.part("policies").get(qualifier or LATEST)
    if policy is not None:
        return {policy["revision"]}
    return {function.aliases[qualifier]["RevisionId"]} if qualifier in function.aliases else set()


@operation("POST", "/2015-03-31/functions/{FunctionName}/policy")
def add_permission(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "AddPermission". The policy is kept and shown, and not enforced.

    Takes: FunctionName, Qualifier, StatementId, Action, Principal, SourceArn, SourceAccount, EventSourceToken,
    PrincipalOrgID, FunctionUrlAuthType, InvokedViaFunctionUrl, RevisionId.
    Errors: ResourceNotFoundException, ResourceConflictException, InvalidParameterValueException, ValidationException,
    PreconditionFailedException, PolicyLengthExceededException.
    """
    request = call.document
    name, qualifier = split_name(call.path["FunctionName"], call.query.get("Qualifier"))
    _check_members(request)
    if qualifier == LATEST:
        raise invalid("We currently do not support adding policies for $LATEST.")
    resource = arn_of(name) if qualifier is None else f"{arn_of(name)}:{qualifier}"
    statement = _statement(request, resource)
    function = runner.functions.named(name)
    check_qualifier(function, qualifier)
    check_policy_revision(request.get("RevisionId"), _revisions(function, qualifier), "GetPolicy")
    policies = function.part("policies")
    policies[qualifier or LATEST] = with_statement(policies.get(qualifier or LATEST), statement)
    runner.functions.save(function)
    return 201, {"Statement": compact(statement)}


@operation("DELETE", "/2015-03-31/functions/{FunctionName}/policy/{StatementId}")
def remove_permission(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "RemovePermission".

    Takes: FunctionName, Qualifier, StatementId, RevisionId.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException, PreconditionFailedException.
    """
    name, qualifier = split_name(call.path["FunctionName"], call.query.get("Qualifier"))
    function = runner.functions.by_name.get(name)
    if function is None:
        raise not_found(f"No policy found for: {arn_of(name)}")
    check_qualifier(function, qualifier)
    policies = function.part("policies")
    policy = without_statement(policies.get(qualifier or LATEST), call.path["StatementId"])
    check_policy_revision(call.query.get("RevisionId"), _revisions(function, qualifier), "GetPolicy")
    if policy is None:
        del policies[qualifier or LATEST]
    else:
        policies[qualifier or LATEST] = policy
    runner.functions.save(function)
    return 204, None


@operation("GET", "/2015-03-31/functions/{FunctionName}/policy")
def get_policy(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetPolicy".

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    name, qualifier = split_name(call.path["FunctionName"], call.query.get("Qualifier"))
    function = runner.functions.by_name.get(name)
    policy = function.part("policies").get(qualifier or LATEST) if function is not None else None
    if policy is None:
        raise not_found("The resource you requested does not exist.")
    return 200, policy_answer(policy)
