"""Functions: created, listed, changed and deleted."""

import hashlib
import uuid
from typing import Any

from lambdatui.runner.api.call import (
    OWN_COMMAND,
    Call,
    Reply,
    named_function,
    operation,
    resolved_function,
    without_own_fields,
)
from lambdatui.runner.api.code import code_fields, code_url
from lambdatui.runner.api.qualifiers import forget_qualifier, is_alias_name
from lambdatui.runner.api.revisions import check_revision
from lambdatui.runner.api.runtimes import take_packages, tell_runtime
from lambdatui.runner.api.settings import check_settings, layer_folders, layer_rows
from lambdatui.runner.api.tags import checked_tags
from lambdatui.runner.api.versions import publish
from lambdatui.runner.clock import iso_offset
from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.deployments.lifecycle import check_changeable, finish, listed, mark_created, mark_updated
from lambdatui.runner.deployments.names import new_name, split_name
from lambdatui.runner.errors import conflict, constraint, invalid
from lambdatui.runner.functions import LATEST, arn_of
from lambdatui.runner.queue import destinations
from lambdatui.runner.service import Runner

REQUEST_BYTES = 70_167_211
"""The largest request with code that the API takes, as its own message says."""

_SETTABLE = (
    *("Role", "Handler", "Description", "Timeout", "MemorySize", "Environment", "Runtime", "DeadLetterConfig"),
    *("TracingConfig", "EphemeralStorage", "LoggingConfig", "VpcConfig", "KMSKeyArn", "SnapStart", "FileSystemConfigs"),
)


@operation("POST", "/2015-03-31/functions")
async def create_function(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "CreateFunction".

    Code is a ZipFile, an object of S3, or a folder of this machine that is used in place: S3Bucket ``hot-reload``,
    S3Key its path.

    Takes: FunctionName, Runtime, Role, Handler, Code, Description, Timeout, MemorySize, Publish, DeadLetterConfig,
    Environment, Tags, Layers, Architectures, EphemeralStorage, LoggingConfig, PackageType.
    Ignores: TracingConfig, VpcConfig, KMSKeyArn, SnapStart, FileSystemConfigs.
    Errors: InvalidParameterValueException, ResourceConflictException, ValidationException, SerializationException,
    RequestTooLargeException.
    """
    request = call.document
    for field in ("FunctionName", "Role", "Code"):
        if request.get(field) is None:
            member = field[0].lower() + field[1:]
            raise constraint(None, member, "Member must not be null")
    name = new_name(str(request["FunctionName"]))
    check_settings(request)
    for field in ("Runtime", "Handler"):
        if not request.get(field):
            raise invalid(f"{field} is mandatory for functions created with deployment packages.")
    tags = checked_tags(request.get("Tags"))
    if name in runner.functions.by_name:
        raise conflict(f"Function already exist: {name}")
    latest: Document = {
        "FunctionName": name,
        "FunctionArn": arn_of(name),
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "Version": LATEST,
        "PackageType": "Zip",
        "Architectures": request.get("Architectures") or [runner.architecture],
        "EphemeralStorage": {"Size": 512},
        "TracingConfig": {"Mode": "PassThrough"},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
    }
    mark_created(latest)
    _set(runner, latest, request)
    latest.update(await runner.in_thread(code_fields, runner, name, request["Code"]))
    await runner.in_thread(tell_runtime, name, str(request["Runtime"]))
    await runner.in_thread(take_packages, name, str(request["Runtime"]), latest["_path"])
    if name in runner.functions.by_name:
        raise conflict(f"Function already exist: {name}")
    function = DeployedFunction(name, {"versions": {LATEST: latest}, "aliases": {}, "tags": tags})
    _stamp(latest)
    runner.save(function)
    answer = without_own_fields(await publish(runner, function, new=True) if request.get("Publish") else latest)
    runner.finish_later(function)
    return 201, answer | {"FunctionArn": function.arn}


def _set(runner: Runner, configuration: Document, request: dict[str, Any]) -> None:
    """Put the settings of a request into a configuration. Raises ApiError for a layer or target that does not exist."""
    before = configuration.get("LoggingConfig") or {}
    for field in _SETTABLE:
        if request.get(field) is not None:
            configuration[field] = request[field]
    configuration["LoggingConfig"] = _logging(configuration["FunctionName"], before, request.get("LoggingConfig") or {})
    configuration["SnapStart"] = {"OptimizationStatus": "Off", **configuration["SnapStart"]}
    version = hashlib.sha256(str(configuration.get("Runtime")).encode()).hexdigest()
    region = configuration["FunctionArn"].split(":")[3]
    configuration["RuntimeVersionConfig"] = {"RuntimeVersionArn": f"arn:aws:lambda:{region}::runtime:{version}"}
    if not (configuration.get("DeadLetterConfig") or {}).get("TargetArn"):
        configuration.pop("DeadLetterConfig", None)
    if not configuration.get("KMSKeyArn"):
        configuration.pop("KMSKeyArn", None)
    if request.get("Layers") is not None:
        configuration["_layers"] = layer_folders(runner, request["Layers"], region)
        configuration["Layers"] = layer_rows(runner, request["Layers"])
    target = (configuration.get("DeadLetterConfig") or {}).get("TargetArn")
    if target:
        destinations.check_target(target)


def _logging(name: str, before: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """The logging settings after a request; only the JSON format has levels."""
    settings = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}", **before, **request}
    levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
    if settings["LogFormat"] == "JSON":
        return levels | settings
    return {field: value for field, value in settings.items() if field not in levels}


def _stamp(configuration: Document) -> None:
    configuration["LastModified"] = iso_offset(".000")
    configuration["RevisionId"] = str(uuid.uuid4())


@operation("GET", "/2015-03-31/functions")
def list_functions(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListFunctions".

    Takes: FunctionVersion, Marker, MaxItems.
    Errors: InvalidParameterValueException, ValidationException.
    """
    names = sorted(runner.functions.by_name)
    functions = [function for name in names if (function := runner.functions.reachable(name)) is not None]
    which = call.query.get("FunctionVersion")
    if which not in (None, "ALL"):
        raise constraint(which, "functionVersion", "Member must satisfy enum value set: [ALL]")
    if which == "ALL":
        rows = [
            listed(without_own_fields(configuration)) | {"FunctionArn": f"{function.arn}:{version}"}
            for function in functions
            for version, configuration in function.versions.items()
        ]
    else:
        rows = [listed(without_own_fields(function.latest)) for function in functions]
    return 200, call.page("Functions", rows)


@operation("GET", "/2015-03-31/functions/{FunctionName}")
def get_function(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetFunction".

    Code.Location is a URL of this runner, for a ZIP as it was uploaded, or of the folder that is used in place.

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, ValidationException, InvalidParameterValueException.
    """
    resolved = resolved_function(runner, call)
    configuration = resolved.function.versions[resolved.version]
    answer: Document = {
        "Configuration": without_own_fields(configuration) | {"FunctionArn": resolved.arn},
        "Code": {
            "RepositoryType": "S3",
            "Location": code_url(runner, "functions", resolved.function.name, resolved.version),
        },
    }
    if resolved.function.part("tags"):
        answer["Tags"] = resolved.function.part("tags")
    if resolved.function.reserved is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": resolved.function.reserved}
    return 200, answer


@operation("GET", "/2015-03-31/functions/{FunctionName}/configuration")
def get_function_configuration(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetFunctionConfiguration".

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, ValidationException, InvalidParameterValueException.
    """
    resolved = resolved_function(runner, call)
    configuration = resolved.function.versions[resolved.version]
    return 200, without_own_fields(configuration) | {"FunctionArn": resolved.arn}


@operation("DELETE", "/2015-03-31/functions/{FunctionName}")
def delete_function(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteFunction".

    With a version as Qualifier that version alone, which may be missing. The function's log stays.

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ResourceConflictException, ValidationException.
    """
    _, qualifier = split_name(call.path["FunctionName"], call.query.get("Qualifier"))
    if qualifier == LATEST:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    if qualifier is not None and is_alias_name(qualifier):
        raise invalid("Deletion of aliases is not currently supported.")
    function = named_function(runner, call)
    if qualifier is None:
        runner.remove(function)
    elif qualifier in function.versions:
        aliases = [
            name
            for name, alias in function.aliases.items()
            if qualifier
            in (alias["FunctionVersion"], *alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", ()))
        ]
        if aliases:
            raise conflict(f"Version {qualifier} is used by the alias {', '.join(aliases)}")
        del function.versions[qualifier]
        forget_qualifier(function, qualifier)
        runner.save(function)
    return 204, None


@operation("PUT", "/2015-03-31/functions/{FunctionName}/code")
async def update_function_code(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UpdateFunctionCode".

    Code is as in CreateFunction; environments with the former code end when they are free.

    Takes: FunctionName, ZipFile, S3Bucket, S3Key, S3ObjectVersion, Architectures, Publish, DryRun, RevisionId.
    Errors: ResourceNotFoundException, InvalidParameterValueException, PreconditionFailedException,
    SerializationException, RequestTooLargeException, ValidationException.
    """
    request = call.document
    function = named_function(runner, call)
    _check_change(function, request, call)
    if request.get("ImageUri"):
        raise invalid("Please don't provide ImageUri when updating a function with packageType Zip.")
    code = await runner.in_thread(code_fields, runner, function.name, request)
    await runner.in_thread(take_packages, function.name, str(function.latest["Runtime"]), code["_path"])
    function = named_function(runner, call)  # it may have changed meanwhile
    _check_change(function, request, call)
    latest = {**function.latest, **code}
    if request.get("Architectures"):
        check_settings({"Architectures": request["Architectures"]})
        latest["Architectures"] = request["Architectures"]
    if request.get("DryRun"):
        return 200, without_own_fields(latest)
    _stamp(latest)
    mark_updated(latest)
    function.versions[LATEST] = latest
    runner.save(function)
    answer = without_own_fields(await publish(runner, function, new=True) if request.get("Publish") else latest)
    runner.finish_later(function)
    return 200, answer


def _check_change(function: DeployedFunction, request: dict[str, Any], call: Call) -> None:
    """Raise ApiError where ``$LATEST`` is another revision than the request expects, or is being changed.

    The runner's own commands do not wait: they end what is unfinished.
    """
    if OWN_COMMAND in call.headers:
        finish(function)
    check_revision(function.latest, request)
    check_changeable(function)


@operation("PUT", "/2015-03-31/functions/{FunctionName}/configuration")
def update_function_configuration(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UpdateFunctionConfiguration".

    Environments with the former configuration end when they are free.

    Takes: FunctionName, Role, Handler, Description, Timeout, MemorySize, Environment, Runtime, DeadLetterConfig,
    RevisionId, Layers, EphemeralStorage, LoggingConfig.
    Ignores: TracingConfig, VpcConfig, KMSKeyArn, SnapStart, FileSystemConfigs.
    Errors: ResourceNotFoundException, InvalidParameterValueException, PreconditionFailedException,
    ValidationException, SerializationException.
    """
    function = named_function(runner, call)
    request = call.document
    check_settings(request)
    _check_change(function, request, call)
    latest = dict(function.latest)
    _set(runner, latest, request)
    if request.get("Runtime"):
        tell_runtime(function.name, str(request["Runtime"]))
    _stamp(latest)
    mark_updated(latest)
    function.versions[LATEST] = latest
    runner.save(function)
    answer = without_own_fields(latest)
    runner.finish_later(function)
    return 200, answer
