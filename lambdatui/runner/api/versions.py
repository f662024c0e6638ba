"""Published versions of functions."""

import hashlib
import json
import uuid

from lambdatui.runner.api.call import OWN_COMMAND, Call, Reply, named_function, operation, without_own_fields
from lambdatui.runner.api.revisions import check_revision
from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.deployments.lifecycle import check_changeable, finish, listed, mark_created
from lambdatui.runner.errors import invalid
from lambdatui.runner.functions import LATEST
from lambdatui.runner.service import Runner

# Lambda publishes no new version where these fields equal those of the last one.
_PUBLISHED_FIELDS = ("CodeSha256", "Timeout", "MemorySize", "Handler", "Runtime", "Environment", "Layers")


async def publish(
    runner: Runner, function: DeployedFunction, description: str | None = None, *, new: bool = False
) -> Document:
    """Publish ``$LATEST``; the new version's configuration, or the last version's when nothing has changed since.

    ``new``: ``$LATEST`` was created or changed by the same request, so the version is Pending at first.
    """
    numbers = [int(version) for version in function.versions if version != LATEST]
    last = function.versions.get(str(max(numbers))) if numbers else None
    latest = function.latest
    source = _source(latest)
    if last is not None and _is_unchanged(last, latest, source):
        return last
    copied: Document = {}
    if latest.get("_watched"):
        # A published version never changes, so it gets a copy of the folder.
        copied = await runner.in_thread(runner.functions.copy_folder, function.name, latest["_path"])
        runner.functions.named(function.name)  # it may have been deleted meanwhile
    number = int(function.document.get("published", 0)) + 1
    function.document["published"] = number
    version = {**latest, "Version": str(number), "FunctionArn": f"{function.arn}:{number}", "_source": source}
    version |= {**copied, "RevisionId": str(uuid.uuid4())}
    if (version.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions":
        version["SnapStart"] = {**version["SnapStart"], "OptimizationStatus": "On"}
    if new:
        mark_created(version)
    latest["RevisionId"] = str(uuid.uuid4())
    if description is not None:
        version["Description"] = description
    function.versions[str(number)] = version
    runner.save(function)
    return version


def _source(latest: Document) -> str:
    """A hash of what a version is published from: all settings and the code of ``$LATEST``."""
    settings = {field: value for field, value in listed(latest).items() if field not in ("RevisionId", "LastModified")}
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _is_unchanged(last: Document, latest: Document, source: str) -> bool:
    if "_source" in last:
        return bool(last["_source"] == source)
    return all(last.get(field) == latest.get(field) for field in _PUBLISHED_FIELDS)  # an older runner published it


@operation("POST", "/2015-03-31/functions/{FunctionName}/versions")
async def publish_version(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PublishVersion".

    A folder that is used in place is copied, because a version never changes.

    Takes: FunctionName, CodeSha256, Description, RevisionId.
    Errors: ResourceNotFoundException, InvalidParameterValueException, PreconditionFailedException.
    """
    function = named_function(runner, call)
    request = call.document
    check_revision(function.latest, request)
    if OWN_COMMAND in call.headers:
        finish(function)
    check_changeable(function)
    if request.get("CodeSha256") not in (None, "", function.latest["CodeSha256"]):
        raise invalid(
            f"CodeSHA256 ({request['CodeSha256']}) is different from current CodeSHA256 in $LATEST "
            f"({function.latest['CodeSha256']}). Please try again with the CodeSHA256 in $LATEST."
        )
    return 201, without_own_fields(await publish(runner, function, request.get("Description")))


@operation("GET", "/2015-03-31/functions/{FunctionName}/versions")
def list_versions_by_function(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListVersionsByFunction".

    Takes: FunctionName, Marker, MaxItems.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    function = named_function(runner, call)
    rows = [
        listed(without_own_fields(configuration)) | {"FunctionArn": f"{function.arn}:{version}"}
        for version, configuration in function.versions.items()
    ]
    return 200, call.page("Versions", rows)
