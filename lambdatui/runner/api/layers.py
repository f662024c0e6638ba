"""Layers and function URLs."""

import binascii
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdatui.runner.api import names
from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.api.errors import ApiError, conflict, constraint, invalid, not_found, too_large
from lambdatui.runner.deployed import LAYERS, own_name
from lambdatui.runner.functions import ACCOUNT, LATEST, NAME, REGION
from lambdatui.runner.unzipping import ZIPPED_BYTES, BadZip, decoded

if TYPE_CHECKING:
    from lambdatui.runner.service import Runner


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if not key.startswith("_")}


@operation("POST", "/2018-10-31/layers/{LayerName}/versions")
async def publish_layer_version(runner: "Runner", call: Call) -> Reply:
    name = call.at["LayerName"].rpartition(":")[2]
    given = call.document
    if not NAME.fullmatch(name):
        raise constraint(name, "layerName", "Member must satisfy regular expression pattern: [a-zA-Z0-9-_]+")
    try:
        folder, digest, size = await runner.beside(_unpacked, runner, name, given)
    except (binascii.Error, TypeError) as error:
        raise ApiError(400, "SerializationException", f"ZipFile is not base64: {error}") from error
    except BadZip as error:
        raise invalid(str(error)) from error
    versions = runner.layers.setdefault(name, {})
    version = max((int(one) for one in versions), default=0) + 1
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{name}"
    document: dict[str, Any] = {
        "LayerArn": arn,
        "LayerVersionArn": f"{arn}:{version}",
        "Version": version,
        "Description": given.get("Description", ""),
        "CreatedDate": time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", time.gmtime()),
        "CompatibleRuntimes": given.get("CompatibleRuntimes") or [],
        "CompatibleArchitectures": given.get("CompatibleArchitectures") or [],
        "_content": {"CodeSha256": digest, "CodeSize": size, "Location": folder.as_uri()},
        "_path": str(folder),
    }
    versions[str(version)] = document
    runner.deployed.write("layers.json", runner.layers)
    return 201, _shown(document) | {"Content": document["_content"]}


def _unpacked(runner: "Runner", name: str, given: dict[str, Any]) -> tuple[Path, str, int]:
    data = decoded((given.get("Content") or {}).get("ZipFile") or "")
    if len(data) > ZIPPED_BYTES:
        raise too_large(70_167_211, "PublishLayerVersion")
    return *runner.deployed.unpack(runner.deployed.folder / LAYERS / own_name(name), data), len(data)


@operation("GET", "/2018-10-31/layers")
def list_layers(runner: "Runner", call: Call) -> Reply:
    if call.asked.get("find") == "LayerVersion":
        name, _, version = call.asked.get("Arn", "").rpartition(":layer:")[2].partition(":")
        return 200, _found(runner, name, version)
    rows = []
    for name, versions in runner.layers.items():
        if versions:
            latest = versions[max(versions, key=int)]
            rows.append({"LayerName": name, "LayerArn": latest["LayerArn"], "LatestMatchingVersion": _shown(latest)})
    page, marker = call.page(rows)
    return 200, {"Layers": page, **({"NextMarker": marker} if marker else {})}


@operation("GET", "/2018-10-31/layers/{LayerName}/versions")
def list_layer_versions(runner: "Runner", call: Call) -> Reply:
    versions = runner.layers.get(call.at["LayerName"].rpartition(":")[2], {})
    page, marker = call.page([_shown(versions[number]) for number in sorted(versions, key=int, reverse=True)])
    return 200, {"LayerVersions": page, **({"NextMarker": marker} if marker else {})}


def _found(runner: "Runner", name: str, version: str) -> dict[str, Any]:
    document = runner.layer(name, version)
    if document is None:
        raise not_found("The resource you requested does not exist.")
    return _shown(document) | {"Content": document["_content"]}


@operation("GET", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}")
def get_layer_version(runner: "Runner", call: Call) -> Reply:
    return 200, _found(runner, call.at["LayerName"].rpartition(":")[2], call.at["VersionNumber"])


@operation("DELETE", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}")
def delete_layer_version(runner: "Runner", call: Call) -> Reply:
    document = runner.layers.get(call.at["LayerName"].rpartition(":")[2], {}).pop(call.at["VersionNumber"], None)
    if document is not None:
        path = document["_path"]
        in_use = any(
            path in one.get("_layers", ())
            for each in runner.deployed.functions.values()
            for one in each.versions.values()
        ) or any(path == one["_path"] for versions in runner.layers.values() for one in versions.values())
        if not in_use:
            shutil.rmtree(path, ignore_errors=True)
        runner.deployed.write("layers.json", runner.layers)
    return 204, None


# --- function URLs


@operation("POST", "/2021-10-31/functions/{FunctionName}/url")
def create_function_url_config(runner: "Runner", call: Call) -> Reply:
    meant = names.meant(runner.deployed, call.at["FunctionName"], call.asked.get("Qualifier"))
    if meant.qualifier is not None and meant.qualifier not in meant.function.aliases:
        raise invalid("A function URL can be given to $LATEST or to an alias, not to a version")
    if (meant.qualifier or LATEST) in meant.function.part("urls"):
        raise conflict(f"FunctionUrlConfig exists for this Lambda function: {meant.arn}")
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000000000Z", time.gmtime())
    document = _url(call.document, {"CreationTime": now, "LastModifiedTime": now, "FunctionArn": meant.arn})
    document["_port"] = runner.free_port()
    document["FunctionUrl"] = f"http://127.0.0.1:{document['_port']}/"
    meant.function.part("urls")[meant.qualifier or LATEST] = document
    runner.changed(meant.function)
    return 201, _shown(document)


def _url(given: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    document = {"InvokeMode": "BUFFERED", **before}
    for field, allowed in (("AuthType", ("NONE", "AWS_IAM")), ("InvokeMode", ("BUFFERED", "RESPONSE_STREAM"))):
        value = given.get(field, document.get(field))
        if value not in allowed:
            member = field[0].lower() + field[1:]
            raise constraint(value, member, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
        document[field] = value
    if given.get("Cors") is not None:
        document["Cors"] = given["Cors"]
    return document


def _existing(runner: "Runner", call: Call) -> tuple[Any, str]:
    meant = names.meant(runner.deployed, call.at["FunctionName"], call.asked.get("Qualifier"))
    qualifier = meant.qualifier or LATEST
    if qualifier not in meant.function.part("urls"):
        raise not_found("The resource you requested does not exist.")
    return meant.function, qualifier


@operation("GET", "/2021-10-31/functions/{FunctionName}/url")
def get_function_url_config(runner: "Runner", call: Call) -> Reply:
    function, qualifier = _existing(runner, call)
    return 200, _shown(function.part("urls")[qualifier])


@operation("PUT", "/2021-10-31/functions/{FunctionName}/url")
def update_function_url_config(runner: "Runner", call: Call) -> Reply:
    function, qualifier = _existing(runner, call)
    function.part("urls")[qualifier] = _url(call.document, function.part("urls")[qualifier])
    runner.changed(function)
    return 200, _shown(function.part("urls")[qualifier])


@operation("DELETE", "/2021-10-31/functions/{FunctionName}/url")
def delete_function_url_config(runner: "Runner", call: Call) -> Reply:
    function, qualifier = _existing(runner, call)
    del function.part("urls")[qualifier]
    runner.changed(function)
    return 204, None


@operation("GET", "/2021-10-31/functions/{FunctionName}/urls")
def list_function_url_configs(runner: "Runner", call: Call) -> Reply:
    function = names.function(runner.deployed, call.at["FunctionName"])
    return 200, {"FunctionUrlConfigs": [_shown(one) for one in function.part("urls").values()]}
