"""Functions: created, listed, changed and deleted."""

import base64
import binascii
import hashlib
import uuid
from pathlib import Path
from typing import Any

from lambdatui.runner.api.call import Call, Reply, named_function, operation, resolved_function, without_own_fields
from lambdatui.runner.api.qualifiers import forget_qualifier
from lambdatui.runner.api.revisions import check_revision
from lambdatui.runner.api.settings import check_settings, layer_folders
from lambdatui.runner.api.tags import checked_tags
from lambdatui.runner.api.versions import publish
from lambdatui.runner.clock import iso_offset
from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.deployments.names import split_name
from lambdatui.runner.deployments.unzipping import ZIPPED_BYTES, BadZip, decode_base64
from lambdatui.runner.errors import conflict, constraint, invalid, serialization, too_large
from lambdatui.runner.functions import LATEST, NAME, arn_of
from lambdatui.runner.queue import destinations
from lambdatui.runner.service import Runner

# The bucket whose keys are paths of this machine's folders, used in place; LocalStack has the same name for it.
FOLDER_BUCKET = "hot-reload"
REQUEST_BYTES = 70_167_211
"""The largest request with code that the API takes, as its own message says."""

_SETTABLE = (
    *("Role", "Handler", "Description", "Timeout", "MemorySize", "Environment", "Runtime", "DeadLetterConfig"),
    *("TracingConfig", "EphemeralStorage", "LoggingConfig", "VpcConfig", "KMSKeyArn", "SnapStart", "FileSystemConfigs"),
)


@operation("POST", "/2015-03-31/functions")
async def create_function(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "CreateFunction".

    Code is a ZipFile, or a folder of this machine that is used in place: S3Bucket ``hot-reload``, S3Key its path.

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
    name, qualifier = split_name(str(request["FunctionName"]))
    if qualifier is not None or not NAME.fullmatch(name):
        raise invalid("Function name cannot have a qualifier")
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
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }
    _set(runner, latest, request)
    latest.update(await runner.in_thread(_code_fields, runner, name, request["Code"]))
    if name in runner.functions.by_name:
        raise conflict(f"Function already exist: {name}")
    function = DeployedFunction(name, {"versions": {LATEST: latest}, "aliases": {}, "tags": tags})
    _stamp(latest)
    runner.save(function)
    answer = await publish(runner, function) if request.get("Publish") else latest
    return 201, without_own_fields(answer)


def _set(runner: Runner, configuration: Document, request: dict[str, Any]) -> None:
    """Put the settings of a request into a configuration. Raises ApiError for a layer or target that does not exist."""
    for field in _SETTABLE:
        if request.get(field) is not None:
            configuration[field] = request[field]
    logging = configuration.get("LoggingConfig") or {}
    configuration["LoggingConfig"] = {
        "LogFormat": "Text",
        "LogGroup": f"/aws/lambda/{configuration['FunctionName']}",
        **logging,
    }
    if request.get("Layers") is not None:
        configuration["_layers"] = layer_folders(runner, request["Layers"])
        configuration["Layers"] = [{"Arn": arn, "CodeSize": 0} for arn in request["Layers"]]
    target = (configuration.get("DeadLetterConfig") or {}).get("TargetArn")
    if target:
        destinations.check_target(target)


def _code_fields(runner: Runner, name: str, code: dict[str, Any]) -> Document:
    """The fields of a configuration that describe its code; unpacks a ZIP. Runs in a thread. Raises ApiError."""
    if code.get("ImageUri"):
        raise invalid("Container images are not run by this runner: deploy a ZIP or a folder")
    if code.get("S3Bucket"):
        folder = Path(str(code.get("S3Key", "")))
        if code["S3Bucket"] != FOLDER_BUCKET:
            raise invalid(
                "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket "
                f"does not exist. (This runner takes a ZipFile, or a folder: bucket {FOLDER_BUCKET}, key its path)"
            )
        if not folder.is_absolute() or not folder.is_dir():
            raise invalid(f"{folder} is not a folder on this machine")
        digest = base64.b64encode(hashlib.sha256(str(folder).encode()).digest()).decode()
        return {"_path": str(folder), "_watched": True, "CodeSha256": digest, "CodeSize": 0}
    try:
        data = decode_base64(code.get("ZipFile") or "")
    except (binascii.Error, ValueError, TypeError) as error:
        raise serialization(f"ZipFile is not base64: {error}") from error
    if not data:
        raise invalid("Please provide a source for function code.")
    if len(data) > ZIPPED_BYTES:
        raise too_large(REQUEST_BYTES, "CreateFunction")
    try:
        unpacked, digest = runner.functions.unpack(runner.functions.folder_of(name) / "code", data)
    except BadZip as error:
        raise invalid(str(error)) from error
    return {"_path": str(unpacked), "_watched": False, "CodeSha256": digest, "CodeSize": len(data)}


def _stamp(configuration: Document) -> None:
    configuration["LastModified"] = iso_offset(".000")
    configuration["RevisionId"] = str(uuid.uuid4())


@operation("GET", "/2015-03-31/functions")
def list_functions(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListFunctions".

    Takes: FunctionVersion, Marker, MaxItems.
    Errors: InvalidParameterValueException, ValidationException.
    """
    functions = [runner.functions.by_name[name] for name in sorted(runner.functions.by_name)]
    if call.query.get("FunctionVersion") == "ALL":
        rows = [
            without_own_fields(configuration) | {"FunctionArn": f"{arn_of(function.name)}:{version}"}
            for function in functions
            for version, configuration in function.versions.items()
        ]
    else:
        rows = [without_own_fields(function.latest) for function in functions]
    return 200, call.page("Functions", rows)


@operation("GET", "/2015-03-31/functions/{FunctionName}")
def get_function(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetFunction".

    Code.Location is a ``file:`` URL of the folder.

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, ValidationException, InvalidParameterValueException.
    """
    resolved = resolved_function(runner, call)
    configuration = resolved.function.versions[resolved.version]
    answer: Document = {
        "Configuration": without_own_fields(configuration) | {"FunctionArn": resolved.arn},
        "Code": {"RepositoryType": "S3", "Location": Path(configuration["_path"]).as_uri()},
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

    With a version as Qualifier that version alone. The function's log stays.

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ResourceConflictException, ValidationException.
    """
    resolved = resolved_function(runner, call)
    function, qualifier = resolved.function, resolved.qualifier
    if qualifier is None:
        runner.remove(function)
    elif qualifier == LATEST:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    else:
        aliases = [name for name, alias in function.aliases.items() if alias["FunctionVersion"] == qualifier]
        if aliases or qualifier not in function.versions:
            raise conflict(f"Version {qualifier} is used by the alias {', '.join(aliases) or qualifier}")
        del function.versions[qualifier]
        forget_qualifier(function, qualifier)
        runner.save(function)
    return 204, None


@operation("PUT", "/2015-03-31/functions/{FunctionName}/code")
async def update_function_code(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UpdateFunctionCode".

    Code is as in CreateFunction; environments with the former code end when they are free.

    Takes: FunctionName, ZipFile, S3Bucket, S3Key, Architectures, Publish, DryRun, RevisionId.
    Errors: ResourceNotFoundException, InvalidParameterValueException, PreconditionFailedException,
    SerializationException, RequestTooLargeException, ValidationException.
    """
    request = call.document
    function = named_function(runner, call)
    check_revision(function.latest, request)
    code = await runner.in_thread(_code_fields, runner, function.name, request)
    function = named_function(runner, call)  # it may have changed meanwhile
    check_revision(function.latest, request)
    latest = {**function.latest, **code}
    if request.get("Architectures"):
        check_settings({"Architectures": request["Architectures"]})
        latest["Architectures"] = request["Architectures"]
    if request.get("DryRun"):
        return 200, without_own_fields(latest)
    _stamp(latest)
    function.versions[LATEST] = latest
    runner.save(function)
    return 200, without_own_fields(await publish(runner, function) if request.get("Publish") else latest)


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
    check_revision(function.latest, request)
    check_settings(request)
    latest = dict(function.latest)
    _set(runner, latest, request)
    _stamp(latest)
    function.versions[LATEST] = latest
    runner.save(function)
    return 200, without_own_fields(latest)
