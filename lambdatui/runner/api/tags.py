"""Tags of functions, event source mappings and code signing configurations."""

import uuid
from collections.abc import Callable
from typing import Any

from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.api.code_signing import save_configs, stored_configs
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.deployments.names import split_name
from lambdatui.runner.errors import invalid, not_found
from lambdatui.runner.service import Runner

_MOST_TAGS = 50
_RESOURCE = (
    r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
    r"(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|"
    r"event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|"
    r"capacity-provider:[a-zA-Z0-9-_]+)"
)
_TITLES = {
    "event-source-mapping": "Event source mapping",
    "code-signing-config": "Code signing config",
    "capacity-provider": "Capacity provider",
    "layer": "Layer",
}

Tags = dict[str, str]


def checked_tags(tags: Any) -> Tags:
    """The tags of a request that creates something; none where it has none. Raises ApiError."""
    constraints = Constraints()
    for key, value in (tags or {}).items():
        constraints.length("tags", key, 1, 128)
        constraints.length("tags", value, 0, 256)
    constraints.check()
    if len(tags or ()) > _MOST_TAGS:
        raise invalid("Number of tags exceeds resource tag limit.")
    return dict(tags or {})


def _tagged(runner: Runner, call: Call) -> tuple[Tags, Callable[[Tags], None]]:
    """The tags of the call's ``Resource``, and what stores other ones. Raises ApiError where there is no resource."""
    arn = call.path["Resource"]
    constraints = Constraints()
    constraints.pattern("resource", arn, _RESOURCE)
    constraints.check()
    kind, _, name = arn.split(":", 5)[5].partition(":")
    if kind == "function":
        return _of_function(runner, arn)
    mapping = runner.mappings.get(name) if kind == "event-source-mapping" else None
    if mapping is not None:
        return mapping.get("_tags", {}), lambda tags: runner.save_mapping_tags(mapping, tags)
    configs = stored_configs(runner) if kind == "code-signing-config" else {}
    if arn in configs:

        def save(tags: Tags) -> None:
            configs[arn]["_tags"] = tags
            save_configs(runner, configs)

        return configs[arn].get("_tags", {}), save
    raise not_found(f"{_TITLES[kind]} not found: {arn}")


def _of_function(runner: Runner, arn: str) -> tuple[Tags, Callable[[Tags], None]]:
    _, qualifier = split_name(arn)
    if qualifier is not None:
        raise invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
    function: DeployedFunction = runner.functions.named(arn)

    def save(tags: Tags) -> None:
        function.document["tags"] = tags
        latest: Document = function.latest
        latest["RevisionId"] = str(uuid.uuid4())
        runner.save_tags(function)

    return function.part("tags"), save


@operation("GET", "/2017-03-31/tags/{Resource}")
def list_tags(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListTags".

    Takes: Resource.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    return 200, {"Tags": _tagged(runner, call)[0]}


@operation("POST", "/2017-03-31/tags/{Resource}")
def tag_resource(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "TagResource".

    Takes: Resource, Tags.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    before, save = _tagged(runner, call)
    new = call.document.get("Tags")
    constraints = Constraints()
    constraints.required("tags", new)
    constraints.check()
    if not new:
        raise invalid("An error occurred and the request cannot be processed.")
    save(checked_tags({**before, **new}))
    return 204, None


@operation("DELETE", "/2017-03-31/tags/{Resource}")
def untag_resource(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UntagResource".

    Takes: Resource, TagKeys.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    keys = call.values("tagKeys")
    constraints = Constraints()
    constraints.required("tagKeys", keys or None)
    constraints.check()
    before, save = _tagged(runner, call)
    save({key: value for key, value in before.items() if key not in keys})
    return 204, None
