"""Runtime management: when AWS would change the version of a function's runtime. Here it is the machine's program."""

from lambdatui.runner.api.call import Call, Reply, operation, resolved_function
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.deployments.function import Document
from lambdatui.runner.errors import invalid
from lambdatui.runner.functions import LATEST
from lambdatui.runner.service import Runner

_VERSION_ARN = (
    r"((arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}::runtime:.+)|"
    r"(arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:runtime/"
    r"[A-Za-z0-9_.-]{1,128}/version/[A-Za-z0-9_.-]{1,128}))"
)


@operation("GET", "/2021-07-20/functions/{FunctionName}/runtime-management-config")
def get_runtime_management_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetRuntimeManagementConfig".

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    resolved = resolved_function(runner, call)
    config: Document = resolved.function.part("runtime_management").get(resolved.version, {"UpdateRuntimeOn": "Auto"})
    return 200, {**config, "FunctionArn": resolved.qualified_arn}


@operation("PUT", "/2021-07-20/functions/{FunctionName}/runtime-management-config")
def put_runtime_management_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PutRuntimeManagementConfig".

    It is kept and shown, and changes nothing: a function runs on this machine's program of its runtime.

    Takes: FunctionName, Qualifier, UpdateRuntimeOn, RuntimeVersionArn.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    request = call.document
    mode, version_arn = request.get("UpdateRuntimeOn"), request.get("RuntimeVersionArn")
    constraints = Constraints()
    constraints.required("updateRuntimeOn", mode)
    constraints.one_of("updateRuntimeOn", mode, ("Auto", "Manual", "FunctionUpdate"))
    constraints.length("runtimeVersionArn", version_arn, 26, 2048)
    constraints.pattern("runtimeVersionArn", version_arn, _VERSION_ARN)
    constraints.check()
    resolved = resolved_function(runner, call)
    if resolved.qualifier in resolved.function.aliases:
        raise invalid("The function resource provided must be $LATEST or a published version.")
    if mode == "Manual" and version_arn is None:
        raise invalid("You must specify a RuntimeVersionArn when UpdateRuntimeOn is Manual.")
    if mode != "Manual" and version_arn is not None:
        raise invalid("RuntimeVersionArn can only be specified when UpdateRuntimeOn is Manual.")
    config: Document = {"UpdateRuntimeOn": mode} | ({"RuntimeVersionArn": version_arn} if version_arn else {})
    resolved.function.part("runtime_management")[resolved.qualifier or LATEST] = config
    runner.functions.save(resolved.function)
    return 200, {**config, "FunctionArn": resolved.qualified_arn}
