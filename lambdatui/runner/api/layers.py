"""Layers and their versions."""

import binascii
import shutil
from pathlib import Path
from typing import Any

from lambdatui.runner.api.call import Call, Reply, operation, without_own_fields
from lambdatui.runner.api.functions import REQUEST_BYTES
from lambdatui.runner.clock import iso_offset
from lambdatui.runner.deployments.deployed_functions import LAYERS, own_name
from lambdatui.runner.deployments.unzipping import LAYERS_ROOT, ZIPPED_BYTES, BadZip, decode_base64
from lambdatui.runner.errors import constraint, invalid, not_found, serialization, too_large
from lambdatui.runner.functions import ACCOUNT, NAME, REGION
from lambdatui.runner.service import Runner


def _layer_name(call: Call) -> str:
    """The layer's name in ``LayerName``, which may be an ARN."""
    return call.path["LayerName"].rpartition(":")[2]


@operation("POST", "/2018-10-31/layers/{LayerName}/versions")
async def publish_layer_version(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PublishLayerVersion". Content is a ZipFile.

    Takes: LayerName, Description, Content.
    Ignores: CompatibleArchitectures, CompatibleRuntimes.
    Errors: InvalidParameterValueException, ValidationException, SerializationException, RequestTooLargeException.
    """
    name = _layer_name(call)
    request = call.document
    if not NAME.fullmatch(name):
        raise constraint(name, "layerName", "Member must satisfy regular expression pattern: [a-zA-Z0-9-_]+")
    try:
        folder, digest, size = await runner.in_thread(_unpack, runner, name, request)
    except (binascii.Error, TypeError) as error:
        raise serialization(f"ZipFile is not base64: {error}") from error
    except BadZip as error:
        raise invalid(str(error)) from error
    versions = runner.layers.setdefault(name, {})
    version = max((int(number) for number in versions), default=0) + 1
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{name}"
    document: dict[str, Any] = {
        "LayerArn": arn,
        "LayerVersionArn": f"{arn}:{version}",
        "Version": version,
        "Description": request.get("Description", ""),
        "CreatedDate": iso_offset(".000"),
        "CompatibleRuntimes": request.get("CompatibleRuntimes") or [],
        "CompatibleArchitectures": request.get("CompatibleArchitectures") or [],
        "_content": {"CodeSha256": digest, "CodeSize": size, "Location": folder.as_uri()},
        "_path": str(folder),
    }
    versions[str(version)] = document
    runner.save_layers()
    return 201, without_own_fields(document) | {"Content": document["_content"]}


def _unpack(runner: Runner, name: str, request: dict[str, Any]) -> tuple[Path, str, int]:
    """Unpack a layer's ZIP: its folder, its SHA-256 in base64 and its size in bytes. Runs in a thread."""
    data = decode_base64((request.get("Content") or {}).get("ZipFile") or "")
    if len(data) > ZIPPED_BYTES:
        raise too_large(REQUEST_BYTES, "PublishLayerVersion")
    return *runner.functions.unpack(runner.functions.folder / LAYERS / own_name(name), data, LAYERS_ROOT), len(data)


@operation("GET", "/2018-10-31/layers?find=LayerVersion")
def get_layer_version_by_arn(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetLayerVersionByArn".

    Takes: Arn.
    Errors: ResourceNotFoundException.
    """
    name, _, version = call.query.get("Arn", "").rpartition(":layer:")[2].partition(":")
    return 200, _existing(runner, name, version)


@operation("GET", "/2018-10-31/layers")
def list_layers(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListLayers". Of all runtimes and architectures.

    Takes: Marker, MaxItems.
    Errors: InvalidParameterValueException, ValidationException.
    """
    rows = []
    for name, versions in runner.layers.items():
        if versions:
            latest = versions[max(versions, key=int)]
            newest = without_own_fields(latest)
            rows.append({"LayerName": name, "LayerArn": latest["LayerArn"], "LatestMatchingVersion": newest})
    return 200, call.page("Layers", rows)


@operation("GET", "/2018-10-31/layers/{LayerName}/versions")
def list_layer_versions(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListLayerVersions". Of all runtimes and architectures; none of an unknown layer.

    Takes: LayerName, Marker, MaxItems.
    Errors: InvalidParameterValueException, ValidationException.
    """
    versions = runner.layers.get(_layer_name(call), {})
    newest_first = sorted(versions, key=int, reverse=True)
    return 200, call.page("LayerVersions", [without_own_fields(versions[number]) for number in newest_first])


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
    Errors: ResourceNotFoundException.
    """
    return 200, _existing(runner, _layer_name(call), call.path["VersionNumber"])


@operation("DELETE", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}")
def delete_layer_version(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteLayerVersion".

    Functions that use it go on. One that is not there is deleted, too.

    Takes: LayerName, VersionNumber.
    Errors: ServiceException.
    """
    document = runner.layers.get(_layer_name(call), {}).pop(call.path["VersionNumber"], None)
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
