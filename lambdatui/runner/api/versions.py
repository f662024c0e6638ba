"""Published versions of functions."""

from lambdatui.runner.api.call import Call, Reply, named_function, operation, without_own_fields
from lambdatui.runner.api.revisions import check_revision
from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.errors import invalid
from lambdatui.runner.functions import LATEST, arn_of
from lambdatui.runner.service import Runner

# Lambda publishes no new version where these fields equal those of the last one.
_PUBLISHED_FIELDS = ("CodeSha256", "Timeout", "MemorySize", "Handler", "Runtime", "Environment", "Layers")


async def publish(runner: Runner, function: DeployedFunction, description: str | None = None) -> Document:
    """Publish ``$LATEST``; the new version's configuration, or the last version's when nothing has changed since."""
    numbers = [int(version) for version in function.versions if version != LATEST]
    last = function.versions.get(str(max(numbers))) if numbers else None
    latest = function.latest
    if last is not None and all(last.get(field) == latest.get(field) for field in _PUBLISHED_FIELDS):
        return last
    copied: Document = {}
    if latest.get("_watched"):
        # A published version never changes, so it gets a copy of the folder.
        copied = await runner.in_thread(runner.functions.copy_folder, function.name, latest["_path"])
        runner.functions.named(function.name)  # it may have been deleted meanwhile
    number = int(function.document.get("published", 0)) + 1
    function.document["published"] = number
    version = {**latest, "Version": str(number), "FunctionArn": f"{arn_of(function.name)}:{number}", **copied}
    if description is not None:
        version["Description"] = description
    function.versions[str(number)] = version
    runner.save(function)
    return version


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
    if request.get("CodeSha256") not in (None, "", function.latest["CodeSha256"]):
        raise invalid(f"CodeSHA256 ({request['CodeSha256']}) is different from current CodeSHA256 in $LATEST")
    return 201, without_own_fields(await publish(runner, function, request.get("Description")))


@operation("GET", "/2015-03-31/functions/{FunctionName}/versions")
def list_versions_by_function(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListVersionsByFunction".

    Takes: FunctionName, Marker, MaxItems.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    function = named_function(runner, call)
    rows = [
        without_own_fields(configuration) | {"FunctionArn": f"{arn_of(function.name)}:{version}"}
        for version, configuration in function.versions.items()
    ]
    return 200, call.page("Versions", rows)
