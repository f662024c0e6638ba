"""The code that a request gives, of a function or a layer: a ZipFile, an object of S3, or a folder used in place."""

import base64
import binascii
import hashlib
from pathlib import Path
from typing import Any

from lambdatui.runner.deployments.deployed_functions import LAYERS, own_name
from lambdatui.runner.deployments.function import Document
from lambdatui.runner.deployments.s3_object import s3_object
from lambdatui.runner.deployments.unzipping import LAYERS_ROOT, TASK_ROOT, ZIPPED_BYTES, BadZip, decode_base64
from lambdatui.runner.errors import ApiError, invalid, serialization
from lambdatui.runner.service import Runner

# The bucket whose keys are paths of this machine's folders, used in place; LocalStack has the same name for it.
FOLDER_BUCKET = "hot-reload"
NO_IMAGES = (
    "Container images are not run by this runner, which needs no Docker: deploy a ZIP or a folder with the runtime of "
    "the image, or provided.al2023 with a bootstrap (PackageType Zip); run the image itself with Docker and AWS's "
    "runtime interface emulator, which each of AWS's base images has"
)


def code_fields(runner: Runner, name: str, code: dict[str, Any]) -> Document:
    """The fields of a configuration about a function's code, which is unpacked. In a thread. Raises ApiError."""
    if code.get("ImageUri"):
        raise invalid(NO_IMAGES)
    if code.get("S3Bucket") == FOLDER_BUCKET:
        folder = Path(str(code.get("S3Key", "")))
        if not folder.is_absolute() or not folder.is_dir():
            raise invalid(f"{folder} is not a folder on this machine")
        digest = base64.b64encode(hashlib.sha256(str(folder).encode()).digest()).decode()
        return {"_path": str(folder), "_watched": True, "CodeSha256": digest, "CodeSize": 0}
    path, digest, size = _unpacked(runner, runner.functions.folder_of(name) / "code", code, TASK_ROOT)
    return {"_path": str(path), "_watched": False, "CodeSha256": digest, "CodeSize": size}


def layer_content(runner: Runner, name: str, content: dict[str, Any]) -> tuple[Path, str, int]:
    """A layer's folder, its ZIP's SHA-256 in base64 and size in bytes. In a thread. Raises ApiError."""
    if not any(content.get(field) for field in ("ZipFile", "S3Bucket", "S3Key")):
        raise invalid("Missing Content")
    return _unpacked(runner, runner.functions.folder / LAYERS / own_name(name), content, LAYERS_ROOT)


def _unpacked(runner: Runner, owner: Path, code: dict[str, Any], mount: str) -> tuple[Path, str, int]:
    try:
        data = _zip(code)
        return *runner.functions.unpack(owner, data, mount), len(data)
    except BadZip as error:
        raise invalid(str(error)) from error


def _zip(code: dict[str, Any]) -> bytes:
    """The ZIP that a request gives. Raises ApiError and BadZip."""
    zip_file, bucket, key = code.get("ZipFile"), code.get("S3Bucket"), code.get("S3Key")
    if zip_file and (bucket or key):
        raise invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")
    if bucket or key:
        if not bucket or not key:
            raise invalid(f"{'S3Key' if bucket else 'S3Bucket'} is required where code is an object of S3.")
        version = code.get("S3ObjectVersion")
        return s3_object(str(bucket), str(key), None if version is None else str(version))
    try:
        data = decode_base64(zip_file or "")
    except (binascii.Error, ValueError, TypeError) as error:
        raise serialization(f"ZipFile is not base64: {error}") from error
    if not data:
        raise invalid("Please provide a source for function code.")
    if len(data) > ZIPPED_BYTES:
        message = f"Zipped size must be smaller than {ZIPPED_BYTES} bytes"
        raise ApiError(413, "RequestEntityTooLargeException", message)
    return data


def code_url(runner: Runner, kind: str, name: str, version: str) -> str:
    """Where the ZIP of a function's or a layer's version can be fetched; ``kind`` is ``functions`` or ``layers``."""
    return f"{runner.host.aws.runner_url}/_lambdatui/code/{kind}/{name}/{version.replace('$', '%24')}"


def code_archive(runner: Runner, place: str) -> bytes:
    """The ZIP of ``functions/NAME/VERSION`` or ``layers/NAME/VERSION``. In a thread. Raises ApiError."""
    kind, _, rest = place.partition("/")
    name, _, version = rest.partition("/")
    if kind == "layers":
        document = runner.layer(name, version)
    else:
        function = runner.functions.by_name.get(name)
        document = function.versions.get(version) if function is not None else None
    if document is None:
        raise ApiError(404, "ResourceNotFoundException", f"there is no code of {place}")
    return runner.functions.archive(Path(document["_path"]))
