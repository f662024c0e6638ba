"""Layers and their versions."""

import binascii
import shutil
from pathlib import Path
from typing import Any

from lambdatui.runner.api.call import Call, Reply, operation, without_own_fields
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.api.functions import REQUEST_BYTES
from lambdatui.runner.api.layer_compatibility import check_published, compatible
from lambdatui.runner.clock import iso_offset
from lambdatui.runner.deployments.deployed_functions import LAYERS, own_name
from lambdatui.runner.deployments.unzipping import ZIPPED_BYTES, BadZip, decode_base64
from lambdatui.runner.errors import constraint, invalid, not_found, serialization, too_large
from lambdatui.runner.functions import NAME, resource_arn
from lambdatui.runner.service import Runner

_OPTIONAL = ("CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo")
_NUMBERS_FILE = "layer_numbers.json"
"""The last version's number of each layer, also where that is deleted: a number is never used again."""

_VERSION_ARN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:"
    r"[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)"
)


def layer_name(call: Call) -> str:
    """The layer's name in ``LayerName``, which may be an ARN."""
    return call.path["LayerName"].rpartition(":")[2]


def version_number(call: Call) -> str:
    """``VersionNumber``, without zeros before it. Raises ApiError where it is no number above 0."""
    try:
        number = int(call.path["VersionNumber"])
    except ValueError:
        raise serialization(f"{call.path['VersionNumber']} can not be converted to a Long") from None
    if number < 1:
        raise invalid("Layer Version Cannot be less than 1")
    return str(number)


def _next_number(runner: Runner, name: str) -> int:
    """The number of a layer's new version, which no other version of it ever had."""
    numbers = runner.functions.documents.read(_NUMBERS_FILE)
    number: int = max(numbers.get(name, 0), *map(int, runner.layers.get(name, ())), 0) + 1
    runner.functions.documents.write(_NUMBERS_FILE, numbers | {name: number})
    return number


def _listed(version: dict[str, Any]) -> dict[str, Any]:
    """A version as listings give it: without its layer, and without a description that it has not."""
    shown = without_own_fields(version)
    del shown["LayerArn"]
    return shown if shown["Description"] else {key: value for key, value in shown.items() if key != "Description"}


@operation("POST", "/2018-10-31/layers/{LayerName}/versions")
async def publish_layer_version(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PublishLayerVersion". Content is a ZipFile.

    Takes: LayerName, Description, Content, LicenseInfo, CompatibleArchitectures, CompatibleRuntimes.
    Errors: InvalidParameterValueException, ValidationException, SerializationException, RequestTooLargeException.
    """
    name = layer_name(call)
    request = call.document
    check_published(request)
    if not NAME.fullmatch(name):
        raise constraint(name, "layerName", "Member must satisfy regular expression pattern: [a-zA-Z0-9-_]+")
    try:
        folder, digest, size = await runner.in_thread(_unpack, runner, name, request)
    except (binascii.Error, TypeError) as error:
        raise serialization(f"ZipFile is not base64: {error}") from error
    except BadZip as error:
        raise invalid(str(error)) from error
    version = _next_number(runner, name)
    arn = resource_arn(f"layer:{name}")
    document: dict[str, Any] = {
        "LayerArn": arn,
        "LayerVersionArn": f"{arn}:{version}",
        "Version": version,
        "Description": request.get("Description", ""),
        "CreatedDate": iso_offset(".000"),
        **{field: request[field] for field in _OPTIONAL if request.get(field) is not None},
        "_content": {"CodeSha256": digest, "CodeSize": size, "Location": folder.as_uri()},
        "_path": str(folder),
    }
    runner.layers.setdefault(name, {})[str(version)] = document
    runner.save_layers()
    return 201, without_own_fields(document) | {"Content": document["_content"]}


def _unpack(runner: Runner, name: str, request: dict[str, Any]) -> tuple[Path, str, int]:
    """Unpack a layer's ZIP: its folder, its SHA-256 in base64 and its size in bytes. Runs in a thread."""
    data = decode_base64((request.get("Content") or {}).get("ZipFile") or "")
    if not data:
        raise invalid("Missing Content")
    if len(data) > ZIPPED_BYTES:
        raise too_large(REQUEST_BYTES, "PublishLayerVersion")
    return *runner.functions.unpack(runner.functions.folder / LAYERS / own_name(name), data), len(data)


@operation("GET", "/2018-10-31/layers?find=LayerVersion")
def get_layer_version_by_arn(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetLayerVersionByArn".

    Takes: Arn.
    Errors: ResourceNotFoundException, ValidationException.
    """
    arn = call.query.get("Arn")
    constraints = Constraints()
    constraints.required("arn", arn)
    constraints.pattern("arn", arn, _VERSION_ARN)
    constraints.check()
    name, _, version = str(arn).rpartition(":layer:")[2].partition(":")
    return 200, _existing(runner, name, version)


@operation("GET", "/2018-10-31/layers")
def list_layers(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListLayers".

    Takes: CompatibleRuntime, CompatibleArchitecture, Marker, MaxItems.
    Errors: InvalidParameterValueException, ValidationException.
    """
    compatible(call, [])
    rows = []
    for name, versions in runner.layers.items():
        if matching := compatible(call, list(versions.values())):
            latest = max(matching, key=lambda version: int(version["Version"]))
            newest = _listed(latest)
            rows.append({"LayerName": name, "LayerArn": latest["LayerArn"], "LatestMatchingVersion": newest})
    return 200, call.page("Layers", rows)


@operation("GET", "/2018-10-31/layers/{LayerName}/versions")
def list_layer_versions(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListLayerVersions". None of an unknown layer.

    Takes: LayerName, CompatibleRuntime, CompatibleArchitecture, Marker, MaxItems.
    Errors: InvalidParameterValueException, ValidationException.
    """
    versions = compatible(call, list(runner.layers.get(layer_name(call), {}).values()))
    newest_first = sorted(versions, key=lambda version: int(version["Version"]), reverse=True)
    return 200, call.page("LayerVersions", [_listed(version) for version in newest_first])


def _existing(runner: Runner, name: str, version: str) -> dict[str, Any]:
    """A layer's version as the API gives it. Raises ApiError when there is none."""
    document = runner.layer(name, version)
    if document is None:
        raise not_found("The resource you requested does not exist.")
    return without_own_fields(document) | {"Content": document["_content"]}


@operation("GET", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}")
def get_layer_version(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetLayerVersion". Content.Location is a ``file:`` URL of the folder.

    Takes: LayerName, VersionNumber.
    Errors: ResourceNotFoundException, InvalidParameterValueException.
    """
    return 200, _existing(runner, layer_name(call), version_number(call))


@operation("DELETE", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}")
def delete_layer_version(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteLayerVersion".

    Functions that use it go on. One that is not there is deleted, too.

    Takes: LayerName, VersionNumber.
    Errors: ServiceException.
    """
    document = runner.layers.get(layer_name(call), {}).pop(version_number(call), None)
    if document is not None:
        path = document["_path"]
        by_function = any(
            path in version.get("_layers", ())
            for function in runner.functions.by_name.values()
            for version in function.versions.values()
        )
        by_layer = any(path == other["_path"] for versions in runner.layers.values() for other in versions.values())
        if not by_function and not by_layer:
            shutil.rmtree(path, ignore_errors=True)
        runner.save_layers()
    return 204, None
