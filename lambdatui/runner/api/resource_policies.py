"""Resource policies as whole documents, by the ARN of a function, one of its versions or an alias."""

from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.api.policies import check_policy_revision, policy_answer, policy_of
from lambdatui.runner.api.qualifiers import check_qualifier
from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.deployments.names import split_name
from lambdatui.runner.errors import invalid, not_found
from lambdatui.runner.functions import LATEST
from lambdatui.runner.service import Runner
from lambdatui.runner.untrusted import parsed_json

_RESOURCE = (
    r"arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
    r"(function:[a-zA-Z0-9-_]+(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_])+)?|runtime/[a-zA-Z0-9-_./]+)"
)


def _resource(runner: Runner, call: Call) -> tuple[DeployedFunction, str]:
    """The function and the qualifier that ``ResourceArn`` names. Raises ApiError."""
    arn = call.path["ResourceArn"]
    constraints = Constraints()
    constraints.pattern("resourceArn", arn, _RESOURCE)
    constraints.check()
    if ":runtime/" in arn:
        raise not_found("The resource you requested does not exist.")
    name, qualifier = split_name(arn)
    function = runner.functions.named(name)
    check_qualifier(function, qualifier)
    return function, qualifier or LATEST


def _existing(function: DeployedFunction, qualifier: str) -> Document:
    """The stored policy. Raises ApiError where there is none."""
    policy: Document | None = function.part("policies").get(qualifier)
    if policy is None:
        raise not_found("The resource you requested does not exist.")
    return policy


@operation("PUT", "/2026-07-09/resource-policy/{ResourceArn}")
def put_resource_policy(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PutResourcePolicy". The policy is kept and shown, and not enforced.

    Takes: ResourceArn, Policy, RevisionId.
    Errors: ResourceNotFoundException, InvalidParameterValueException, PreconditionFailedException,
    PolicyLengthExceededException, ValidationException.
    """
    function, qualifier = _resource(runner, call)
    request = call.document
    constraints = Constraints()
    constraints.required("policy", request.get("Policy"))
    constraints.check()
    before = function.part("policies").get(qualifier)
    check_policy_revision(request.get("RevisionId"), {before["revision"]} if before else set(), "GetResourcePolicy")
    try:
        document = parsed_json(str(request["Policy"]))
    except ValueError as error:
        raise invalid(f"The provided policy is not JSON: {error}") from error
    statements = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not all(isinstance(statement, dict) for statement in statements):
        raise invalid("The provided policy has no statements.")
    function.part("policies")[qualifier] = policy_of({**document, "Statement": statements})
    runner.functions.save(function)
    return 200, policy_answer(function.part("policies")[qualifier])


@operation("GET", "/2026-07-09/resource-policy/{ResourceArn}")
def get_resource_policy(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetResourcePolicy".

    Takes: ResourceArn.
    Errors: ResourceNotFoundException, ValidationException.
    """
    return 200, policy_answer(_existing(*_resource(runner, call)))


@operation("DELETE", "/2026-07-09/resource-policy/{ResourceArn}")
def delete_resource_policy(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteResourcePolicy".

    Takes: ResourceArn, RevisionId.
    Errors: ResourceNotFoundException, PreconditionFailedException, ValidationException.
    """
    function, qualifier = _resource(runner, call)
    policy = _existing(function, qualifier)
    check_policy_revision(call.query.get("RevisionId"), {policy["revision"]}, "GetResourcePolicy")
    del function.part("policies")[qualifier]
    runner.functions.save(function)
    return 204, None
