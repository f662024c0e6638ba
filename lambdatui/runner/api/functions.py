"""Functions, their versions, aliases and tags."""

import base64
import binascii
import hashlib
import re
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdatui.runner.api import names
from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.api.errors import ApiError, conflict, constraint, invalid, not_found, too_large
from lambdatui.runner.api.settings import checked, layer_folders
from lambdatui.runner.deployed import Document, Function
from lambdatui.runner.functions import ACCOUNT, LATEST, NAME, arn_of
from lambdatui.runner.unzipping import ZIPPED_BYTES, BadZip, decoded

if TYPE_CHECKING:
    from lambdatui.runner.service import Runner

# The bucket whose keys are folders on this machine, used where they lie; LocalStack's users know it by this name.
FOLDER_BUCKET = "hot-reload"
_ALIAS = re.compile(r"(?!^[0-9]+$)[a-zA-Z0-9-_]{1,128}")
_SETTABLE = (
    *("Role", "Handler", "Description", "Timeout", "MemorySize", "Environment", "Runtime", "DeadLetterConfig"),
    *("TracingConfig", "EphemeralStorage", "LoggingConfig", "VpcConfig", "KMSKeyArn", "SnapStart", "FileSystemConfigs"),
)


@operation("POST", "/2015-03-31/functions")
async def create_function(runner: "Runner", call: Call) -> Reply:
    given = call.document
    for field in ("FunctionName", "Role", "Code"):
        if given.get(field) is None:
            member = field[0].lower() + field[1:]
            raise constraint(None, member, "Member must not be null")
    name, qualifier = names.split(str(given["FunctionName"]))
    if qualifier is not None or not NAME.fullmatch(name):
        raise invalid("Function name cannot have a qualifier")
    checked(given)
    for field in ("Runtime", "Handler"):
        if not given.get(field):
            raise invalid(f"{field} is mandatory for functions created with deployment packages.")
    if name in runner.deployed.functions:
        raise conflict(f"Function already exist: {name}")
    latest: Document = {
        "FunctionName": name,
        "FunctionArn": arn_of(name),
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "Version": LATEST,
        "PackageType": "Zip",
        "Architectures": given.get("Architectures") or [runner.architecture],
        "EphemeralStorage": {"Size": 512},
        "TracingConfig": {"Mode": "PassThrough"},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }
    _set(runner, latest, given)
    latest.update(await runner.beside(_code, runner, name, given["Code"]))
    if name in runner.deployed.functions:
        raise conflict(f"Function already exist: {name}")
    function = Function(name, {"versions": {LATEST: latest}, "aliases": {}, "tags": given.get("Tags") or {}})
    _touch(latest)
    runner.changed(function)
    answer = await _publish(runner, function) if given.get("Publish") else latest
    return 201, shown(answer)


def _set(runner: "Runner", configuration: Document, given: dict[str, Any]) -> None:
    for field in _SETTABLE:
        if given.get(field) is not None:
            configuration[field] = given[field]
    logging = configuration.get("LoggingConfig") or {}
    configuration["LoggingConfig"] = {
        "LogFormat": "Text",
        "LogGroup": f"/aws/lambda/{configuration['FunctionName']}",
        **logging,
    }
    if given.get("Layers") is not None:
        configuration["_layers"] = layer_folders(runner, given["Layers"])
        configuration["Layers"] = [{"Arn": arn, "CodeSize": 0} for arn in given["Layers"]]
    target = (configuration.get("DeadLetterConfig") or {}).get("TargetArn")
    if target:
        runner.check_target(target)


def _code(runner: "Runner", name: str, code: dict[str, Any]) -> Document:
    """The fields of a configuration that say what code it has."""
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
        data = decoded(code.get("ZipFile") or "")
    except (binascii.Error, ValueError, TypeError) as error:
        raise ApiError(400, "SerializationException", f"ZipFile is not base64: {error}") from error
    if not data:
        raise invalid("Please provide a source for function code.")
    return _unzipped(runner, name, data)


def _unzipped(runner: "Runner", name: str, data: bytes) -> Document:
    if len(data) > ZIPPED_BYTES:
        raise too_large(70_167_211, "CreateFunction")
    try:
        folder, digest = runner.deployed.unpack(runner.deployed.folder_of(name) / "code", data)
    except BadZip as error:
        raise invalid(str(error)) from error
    return {"_path": str(folder), "_watched": False, "CodeSha256": digest, "CodeSize": len(data)}


def _touch(configuration: Document) -> None:
    configuration["LastModified"] = time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", time.gmtime())
    configuration["RevisionId"] = str(uuid.uuid4())


def shown(configuration: Document, arn: str | None = None) -> Document:
    """A configuration as the API gives it: without our own fields."""
    found = {key: value for key, value in configuration.items() if not key.startswith("_")}
    if arn is not None:
        found["FunctionArn"] = arn
    return found


def _configuration(runner: "Runner", call: Call) -> Document:
    meant = names.meant(runner.deployed, call.at["FunctionName"], call.asked.get("Qualifier"))
    return shown(meant.function.versions[meant.version], meant.arn)


@operation("GET", "/2015-03-31/functions")
def list_functions(runner: "Runner", call: Call) -> Reply:
    functions = [runner.deployed.functions[name] for name in sorted(runner.deployed.functions)]
    if call.asked.get("FunctionVersion") == "ALL":
        rows = [
            shown(one, f"{arn_of(each.name)}:{version}") for each in functions for version, one in each.versions.items()
        ]
    else:
        rows = [shown(each.latest) for each in functions]
    page, marker = call.page(rows)
    return 200, {"Functions": page, **({"NextMarker": marker} if marker else {})}


@operation("GET", "/2015-03-31/functions/{FunctionName}")
def get_function(runner: "Runner", call: Call) -> Reply:
    meant = names.meant(runner.deployed, call.at["FunctionName"], call.asked.get("Qualifier"))
    configuration = meant.function.versions[meant.version]
    answer: Document = {
        "Configuration": shown(configuration, meant.arn),
        "Code": {"RepositoryType": "S3", "Location": Path(configuration["_path"]).as_uri()},
    }
    if meant.function.part("tags"):
        answer["Tags"] = meant.function.part("tags")
    if meant.function.reserved is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": meant.function.reserved}
    return 200, answer


@operation("GET", "/2015-03-31/functions/{FunctionName}/configuration")
def get_function_configuration(runner: "Runner", call: Call) -> Reply:
    return 200, _configuration(runner, call)


@operation("DELETE", "/2015-03-31/functions/{FunctionName}")
def delete_function(runner: "Runner", call: Call) -> Reply:
    meant = names.meant(runner.deployed, call.at["FunctionName"], call.asked.get("Qualifier"))
    function = meant.function
    if meant.qualifier is None:
        runner.remove(function)
    elif meant.qualifier == LATEST:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    else:
        using = [name for name, alias in function.aliases.items() if alias["FunctionVersion"] == meant.qualifier]
        if using or meant.qualifier not in function.versions:
            raise conflict(f"Version {meant.qualifier} is used by the alias {', '.join(using) or meant.qualifier}")
        del function.versions[meant.qualifier]
        runner.changed(function)
    return 204, None


def _checked_revision(configuration: Document, given: dict[str, Any]) -> None:
    if given.get("RevisionId") not in (None, configuration["RevisionId"]):
        raise ApiError(
            412,
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
            "retrieve the latest Revision Id",
        )


@operation("PUT", "/2015-03-31/functions/{FunctionName}/code")
async def update_function_code(runner: "Runner", call: Call) -> Reply:
    given = call.document
    function = names.function(runner.deployed, call.at["FunctionName"])
    _checked_revision(function.latest, given)
    code = await runner.beside(_code, runner, function.name, given)
    function = names.function(runner.deployed, call.at["FunctionName"])  # it may have changed meanwhile
    _checked_revision(function.latest, given)
    latest = {**function.latest, **code}
    if given.get("Architectures"):
        checked({"Architectures": given["Architectures"]})
        latest["Architectures"] = given["Architectures"]
    if given.get("DryRun"):
        return 200, shown(latest)
    _touch(latest)
    function.versions[LATEST] = latest
    runner.changed(function)
    return 200, shown(await _publish(runner, function) if given.get("Publish") else latest)


@operation("PUT", "/2015-03-31/functions/{FunctionName}/configuration")
def update_function_configuration(runner: "Runner", call: Call) -> Reply:
    function = names.function(runner.deployed, call.at["FunctionName"])
    given = call.document
    _checked_revision(function.latest, given)
    checked(given)
    latest = dict(function.latest)
    _set(runner, latest, given)
    _touch(latest)
    function.versions[LATEST] = latest
    runner.changed(function)
    return 200, shown(latest)


async def _publish(runner: "Runner", function: Function, description: str | None = None) -> Document:
    numbers = [int(version) for version in function.versions if version != LATEST]
    last = function.versions.get(str(max(numbers))) if numbers else None
    latest = function.latest
    same = ("CodeSha256", "Timeout", "MemorySize", "Handler", "Runtime", "Environment", "Layers")
    if last is not None and all(last.get(key) == latest.get(key) for key in same):
        return last  # Lambda publishes nothing when nothing has changed
    copy: Document = {}
    if latest.get("_watched"):
        # A published version does not change: it gets a copy of the folder.
        copy = await runner.beside(runner.frozen, function.name, latest["_path"])
        names.function(runner.deployed, function.name)  # it may be gone meanwhile
    number = int(function.document.get("published", 0)) + 1
    function.document["published"] = number
    version = {**latest, "Version": str(number), "FunctionArn": f"{arn_of(function.name)}:{number}", **copy}
    if description is not None:
        version["Description"] = description
    function.versions[str(number)] = version
    runner.changed(function)
    return version


@operation("POST", "/2015-03-31/functions/{FunctionName}/versions")
async def publish_version(runner: "Runner", call: Call) -> Reply:
    function = names.function(runner.deployed, call.at["FunctionName"])
    given = call.document
    _checked_revision(function.latest, given)
    if given.get("CodeSha256") not in (None, "", function.latest["CodeSha256"]):
        raise invalid(f"CodeSHA256 ({given['CodeSha256']}) is different from current CodeSHA256 in $LATEST")
    return 201, shown(await _publish(runner, function, given.get("Description")))


@operation("GET", "/2015-03-31/functions/{FunctionName}/versions")
def list_versions_by_function(runner: "Runner", call: Call) -> Reply:
    function = names.function(runner.deployed, call.at["FunctionName"])
    rows = [shown(one, f"{arn_of(function.name)}:{version}") for version, one in function.versions.items()]
    page, marker = call.page(rows)
    return 200, {"Versions": page, **({"NextMarker": marker} if marker else {})}


# --- aliases


def _alias_document(function: Function, name: str, given: dict[str, Any], before: Document) -> Document:
    version = str(given.get("FunctionVersion") or before.get("FunctionVersion") or "")
    if version not in function.versions:
        raise not_found(f"Function not found: {arn_of(function.name)}:{version}")
    routing = given.get("RoutingConfig", before.get("RoutingConfig"))
    for other, weight in ((routing or {}).get("AdditionalVersionWeights") or {}).items():
        if other not in function.versions or not 0 <= float(weight) <= 1 or version == LATEST:
            raise invalid("A version in the routing configuration does not exist, or its weight is not 0 to 1")
    document: Document = {
        "AliasArn": f"{arn_of(function.name)}:{name}",
        "Name": name,
        "FunctionVersion": version,
        "Description": given.get("Description", before.get("Description", "")),
        "RevisionId": str(uuid.uuid4()),
    }
    if routing:
        document["RoutingConfig"] = routing
    return document


@operation("POST", "/2015-03-31/functions/{FunctionName}/aliases")
def create_alias(runner: "Runner", call: Call) -> Reply:
    function = names.function(runner.deployed, call.at["FunctionName"])
    given = call.document
    name = str(given.get("Name", ""))
    if not _ALIAS.fullmatch(name):
        raise constraint(name, "name", f"Member must satisfy regular expression pattern: {_ALIAS.pattern}")
    if name in function.aliases:
        raise conflict(f"Alias already exists: {arn_of(function.name)}:{name}")
    function.aliases[name] = _alias_document(function, name, given, {})
    runner.changed(function)
    return 201, function.aliases[name]


@operation("GET", "/2015-03-31/functions/{FunctionName}/aliases")
def list_aliases(runner: "Runner", call: Call) -> Reply:
    function = names.function(runner.deployed, call.at["FunctionName"])
    version = call.asked.get("FunctionVersion")
    rows = [one for one in function.aliases.values() if version in (None, one["FunctionVersion"])]
    page, marker = call.page(rows)
    return 200, {"Aliases": page, **({"NextMarker": marker} if marker else {})}


def _alias(runner: "Runner", call: Call) -> tuple[Function, str]:
    function = names.function(runner.deployed, call.at["FunctionName"])
    name = call.at["Name"]
    if name not in function.aliases:
        raise not_found(f"Cannot find alias arn: {arn_of(function.name)}:{name}")
    return function, name


@operation("GET", "/2015-03-31/functions/{FunctionName}/aliases/{Name}")
def get_alias(runner: "Runner", call: Call) -> Reply:
    function, name = _alias(runner, call)
    return 200, function.aliases[name]


@operation("PUT", "/2015-03-31/functions/{FunctionName}/aliases/{Name}")
def update_alias(runner: "Runner", call: Call) -> Reply:
    function, name = _alias(runner, call)
    _checked_revision(function.aliases[name], call.document)
    function.aliases[name] = _alias_document(function, name, call.document, function.aliases[name])
    runner.changed(function)
    return 200, function.aliases[name]


@operation("DELETE", "/2015-03-31/functions/{FunctionName}/aliases/{Name}")
def delete_alias(runner: "Runner", call: Call) -> Reply:
    function = names.function(runner.deployed, call.at["FunctionName"])
    if function.aliases.pop(call.at["Name"], None) is not None:
        runner.changed(function)
    return 204, None


# --- tags


@operation("GET", "/2017-03-31/tags/{Resource}")
def list_tags(runner: "Runner", call: Call) -> Reply:
    return 200, {"Tags": names.function(runner.deployed, call.at["Resource"]).part("tags")}


@operation("POST", "/2017-03-31/tags/{Resource}")
def tag_resource(runner: "Runner", call: Call) -> Reply:
    function = names.function(runner.deployed, call.at["Resource"])
    tags = {**function.part("tags"), **(call.document.get("Tags") or {})}
    if len(tags) > 50:
        raise invalid("Number of tags exceeds resource tag limit of 50")
    function.document["tags"] = tags
    runner.tagged(function)
    return 204, None


@operation("DELETE", "/2017-03-31/tags/{Resource}")
def untag_resource(runner: "Runner", call: Call) -> Reply:
    function = names.function(runner.deployed, call.at["Resource"])
    function.part("tags").pop(call.asked.get("tagKeys", ""), None)
    runner.tagged(function)
    return 204, None


@operation("GET", "/2016-08-19/account-settings")
def get_account_settings(runner: "Runner", call: Call) -> Reply:
    limit = runner.fleet.limits.account
    sizes = [int(one["CodeSize"]) for each in runner.deployed.functions.values() for one in each.versions.values()]
    return 200, {
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": ZIPPED_BYTES,
            "ConcurrentExecutions": limit,
            "UnreservedConcurrentExecutions": limit - sum(runner.fleet.reserved.values()),
        },
        "AccountUsage": {"TotalCodeSize": sum(sizes), "FunctionCount": len(runner.deployed.functions)},
    }


ACCOUNT_ID = ACCOUNT
