"""The code of functions, to be downloaded as a ZIP: what GetFunction's Code.Location leads to."""

import io
import os
import uuid
import zipfile
from pathlib import Path
from urllib.parse import quote

from lambdatui.runner.api.call import Call
from lambdatui.runner.deployments.function import DeployedFunction
from lambdatui.runner.errors import not_found
from lambdatui.runner.http.server import Request
from lambdatui.runner.service import Runner

PREFIX = "/_lambdatui/code/"


def keep_archive(folder: Path, data: bytes) -> None:
    """Keep a ZIP, as it was uploaded, beside the folder into which it was unpacked."""
    target = _archive_of(folder)
    if not target.exists():
        draft = target.with_name(f".{uuid.uuid4().hex}.zip")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        draft.rename(target)


def code_url(call: Call, function: DeployedFunction, version: str) -> str:
    """Where the code of a version can be downloaded, by those who may call this runner."""
    return f"http://{call.headers.get('host', '127.0.0.1')}{PREFIX}{quote(function.name)}/{quote(version)}"


async def answer(runner: Runner, request: Request, path: str) -> None:
    """Answer a download; ``path`` is NAME/VERSION. Raises ApiError where there is no such version."""
    name, _, version = path.partition("/")
    function = runner.functions.by_name.get(name)
    configuration = function.versions.get(version.replace("%24", "$")) if function else None
    if configuration is None:
        raise not_found(f"no code of {name} {version}")
    data = await runner.in_thread(_archive, Path(configuration["_path"]))
    request.respond(200, data, {"Content-Type": "application/zip"})


def _archive_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.zip")


def _archive(folder: Path) -> bytes:
    """The uploaded ZIP, or one of the folder's files where it was never a ZIP."""
    kept = _archive_of(folder)
    if folder.parent.name == "code" and kept.is_file():
        return kept.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(folder))
    return packed.getvalue()
