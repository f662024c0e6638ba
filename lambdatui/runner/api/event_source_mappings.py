"""Event source mappings: what is polled for a function. ``triggers`` has the kinds of sources."""

import uuid
from typing import Any

from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.api.mapping_members import (
    NO_RESULT,
    check_members,
    check_position,
    check_source_exists,
    service_of,
    transition_reason,
    with_defaults,
    without_results,
)
from lambdatui.runner.api.tags import checked_tags
from lambdatui.runner.clock import now_s
from lambdatui.runner.deployments.function import ResolvedFunction
from lambdatui.runner.deployments.names import split_name
from lambdatui.runner.errors import ApiError, conflict, invalid, not_found
from lambdatui.runner.functions import arn_of, resource_arn
from lambdatui.runner.service import Runner
from lambdatui.runner.triggers.event_source import event_source_of, mapping_settings


def _polled_for(runner: Runner, name: object) -> ResolvedFunction:
    """The function of a mapping. Raises ApiError: 400 where there is none, as AWS does here."""
    try:
        return runner.functions.resolve(str(name or ""))
    except ApiError as error:
        raise invalid("Function does not exist") if error.status == 404 else error from None


def _check_alone(runner: Runner, arn: str, resolved: ResolvedFunction) -> None:
    """Raise ApiError where the function has a mapping of this source already."""
    for other in runner.mappings.values():
        if (other["EventSourceArn"], other["FunctionArn"]) == (arn, resolved.arn):
            name, other_id = resolved.function.name, other["UUID"]
            subject = (
                f'An event source mapping with SQS arn (" {arn} ") and function (" {name} ") already exists.'
                if service_of(arn) == "sqs"
                else f'The event source arn (" {arn} ") and function (" {name} ") provided mapping already exists.'
            )
            raise conflict(f"{subject} Please update or delete the existing mapping with UUID {other_id}")


@operation("POST", "/2015-03-31/event-source-mappings")
async def create_event_source_mapping(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "CreateEventSourceMapping".

    Of SQS queues and DynamoDB and Kinesis streams, at any endpoint. The state is Creating in the answer.

    Takes: EventSourceArn, FunctionName, Enabled, BatchSize, FilterCriteria, ScalingConfig,
    MaximumBatchingWindowInSeconds, StartingPosition, DestinationConfig, MaximumRecordAgeInSeconds,
    BisectBatchOnFunctionError, MaximumRetryAttempts, FunctionResponseTypes, Tags, SelfManagedEventSource,
    SourceAccessConfigurations.
    Ignores: KMSKeyArn, MetricsConfig, ProvisionedPollerConfig.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ResourceConflictException, ValidationException.
    """
    request = call.document
    arn = str(request.get("EventSourceArn") or "")
    check_members(request, arn)
    _polled_for(runner, request.get("FunctionName"))
    event_source_of(arn)
    check_position(request, arn)
    settings = with_defaults(mapping_settings(request, arn), request, arn)
    tags = checked_tags(request.get("Tags"))
    await check_source_exists(arn)
    resolved = _polled_for(runner, request.get("FunctionName"))  # it may have been deleted meanwhile
    _check_alone(runner, arn, resolved)
    mapping_id = str(uuid.uuid4())
    document = {
        "UUID": mapping_id,
        "EventSourceArn": arn,
        "EventSourceMappingArn": resource_arn(f"event-source-mapping:{mapping_id}"),
        "FunctionArn": resolved.arn,
        **settings,
        "State": "Enabled" if request.get("Enabled", True) else "Disabled",
        "StateTransitionReason": transition_reason(arn),
        "LastModified": now_s(),
        "LastProcessingResult": NO_RESULT,
        "_tags": tags,
    }
    runner.save_mapping(document)
    return 202, without_results(document, arn) | {"State": "Creating"}


@operation("GET", "/2015-03-31/event-source-mappings")
def list_event_source_mappings(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListEventSourceMappings". None of a source or function that there is not.

    Takes: EventSourceArn, FunctionName, Marker, MaxItems.
    Errors: InvalidParameterValueException, ValidationException.
    """
    rows = list(runner.mappings.values())
    if arn := call.query.get("EventSourceArn"):
        rows = [row for row in rows if row["EventSourceArn"] == arn]
    if full_name := call.query.get("FunctionName"):
        name, qualifier = split_name(full_name)
        function_arn = arn_of(name) if qualifier is None else f"{arn_of(name)}:{qualifier}"
        rows = [row for row in rows if row["FunctionArn"] == function_arn]
    return 200, call.page("EventSourceMappings", [without_results(row, row["EventSourceArn"]) for row in rows], 100)


def _existing(runner: Runner, call: Call) -> dict[str, Any]:
    """The mapping of the call. Raises ApiError when there is none."""
    mapping = runner.mappings.get(call.path["UUID"])
    if mapping is None:
        raise not_found("The resource you requested does not exist.")
    return mapping


@operation("GET", "/2015-03-31/event-source-mappings/{UUID}")
def get_event_source_mapping(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetEventSourceMapping".

    Takes: UUID.
    Errors: ResourceNotFoundException.
    """
    mapping = _existing(runner, call)
    return 200, without_results(mapping, mapping["EventSourceArn"])


@operation("PUT", "/2015-03-31/event-source-mappings/{UUID}")
def update_event_source_mapping(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UpdateEventSourceMapping".

    The state is Enabling, Disabling or Updating in the answer.

    Takes: UUID, FunctionName, Enabled, BatchSize, FilterCriteria, ScalingConfig, MaximumBatchingWindowInSeconds,
    DestinationConfig, MaximumRecordAgeInSeconds, BisectBatchOnFunctionError, MaximumRetryAttempts,
    FunctionResponseTypes.
    Ignores: KMSKeyArn, MetricsConfig, ProvisionedPollerConfig.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    before = _existing(runner, call)
    request = call.document
    arn = before["EventSourceArn"]
    check_members(request, arn)
    settings = with_defaults(mapping_settings({**before, **request}, arn), {**before, **request}, arn)
    document = before | settings
    if "FilterCriteria" not in settings:
        document.pop("FilterCriteria", None)
    if request.get("FunctionName"):
        document["FunctionArn"] = _polled_for(runner, request["FunctionName"]).arn
    passing = "Updating"
    if request.get("Enabled") is not None:
        goal = "Enabled" if request["Enabled"] else "Disabled"
        if document["State"] != goal:
            passing = "Enabling" if request["Enabled"] else "Disabling"
        document["State"] = goal
    document["LastModified"] = now_s()
    runner.save_mapping(document)
    return 202, without_results(document, arn) | {"State": passing}


@operation("DELETE", "/2015-03-31/event-source-mappings/{UUID}")
def delete_event_source_mapping(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteEventSourceMapping".

    Takes: UUID.
    Errors: ResourceNotFoundException.
    """
    document = _existing(runner, call)
    runner.remove_mapping(document["UUID"])
    return 202, without_results(document, document["EventSourceArn"]) | {"State": "Deleting"}
