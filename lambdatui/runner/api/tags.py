"""Tags of functions."""

from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.errors import invalid
from lambdatui.runner.service import Runner

_MOST_TAGS = 50


@operation("GET", "/2017-03-31/tags/{Resource}")
def list_tags(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListTags". Of functions only.

    Takes: Resource.
    Errors: ResourceNotFoundException, ValidationException.
    """
    return 200, {"Tags": runner.functions.named(call.path["Resource"]).part("tags")}


@operation("POST", "/2017-03-31/tags/{Resource}")
def tag_resource(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "TagResource". Of functions only.

    Takes: Resource, Tags.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    function = runner.functions.named(call.path["Resource"])
    tags = {**function.part("tags"), **(call.document.get("Tags") or {})}
    if len(tags) > _MOST_TAGS:
        raise invalid(f"Number of tags exceeds resource tag limit of {_MOST_TAGS}")
    function.document["tags"] = tags
    runner.save_tags(function)
    return 204, None


@operation("DELETE", "/2017-03-31/tags/{Resource}")
def untag_resource(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UntagResource". Of functions only; of several TagKeys the last one counts.

    Takes: Resource, TagKeys.
    Errors: ResourceNotFoundException, ValidationException.
    """
    function = runner.functions.named(call.path["Resource"])
    function.part("tags").pop(call.query.get("tagKeys", ""), None)
    runner.save_tags(function)
    return 204, None
