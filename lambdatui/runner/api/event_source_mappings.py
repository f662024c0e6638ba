"""Event source mappings: what is polled for a function. ``triggers`` has the kinds of sources."""

import uuid
from typing import Any

from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.clock import now_s
from lambdatui.runner.errors import conflict, not_found
from lambdatui.runner.functions import ACCOUNT, REGION
from lambdatui.runner.service import Runner
from lambdatui.runner.triggers.event_source import mapping_settings


@operation("POST", "/2015-03-31/event-source-mappings")
def create_event_source_mapping(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "CreateEventSourceMapping".

    Of SQS queues and DynamoDB streams, at any endpoint.

    Takes: EventSourceArn, FunctionName, Enabled, BatchSize, FilterCriteria, ScalingConfig,
    MaximumBatchingWindowInSeconds, StartingPosition, DestinationConfig, MaximumRecordAgeInSeconds,
    BisectBatchOnFunctionError, MaximumRetryAttempts, FunctionResponseTypes.
    Ignores: ParallelizationFactor.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ResourceConflictException, ValidationException.
    """
    request = call.document
    arn = str(request.get("EventSourceArn") or "")
    resolved = runner.functions.resolve(str(request.get("FunctionName", "")))
    mapping_id = str(uuid.uuid4())
    document = {
        "UUID": mapping_id,
        "EventSourceArn": arn,
        "EventSourceMappingArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{mapping_id}",
        "FunctionArn": resolved.arn,
        **mapping_settings(request, arn),
        "State": "Enabled" if request.get("Enabled", True) else "Disabled",
        "StateTransitionReason": "USER_INITIATED",
        "LastModified": now_s(),
        "LastProcessingResult": "No records processed",
    }
    for other in runner.mappings.values():
        if (other["EventSourceArn"], other["FunctionArn"]) == (arn, resolved.arn):
            raise conflict(
                f'An event source mapping with SQS arn (" {arn} ") and function (" {resolved.function.name} ") already '
                f"exists. Please update or delete the existing mapping with UUID {other['UUID']}"
            )
    runner.save_mapping(document)
    return 202, document | {"State": "Creating"}


@operation("GET", "/2015-03-31/event-source-mappings")
def list_event_source_mappings(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListEventSourceMappings".

    Takes: EventSourceArn, FunctionName, Marker, MaxItems.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    rows = list(runner.mappings.values())
    if arn := call.query.get("EventSourceArn"):
        rows = [row for row in rows if row["EventSourceArn"] == arn]
    if name := call.query.get("FunctionName"):
        function_arn = runner.functions.resolve(name).arn
        rows = [row for row in rows if row["FunctionArn"] == function_arn]
    return 200, call.page("EventSourceMappings", rows, 100)


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
    return 200, _existing(runner, call)


@operation("PUT", "/2015-03-31/event-source-mappings/{UUID}")
def update_event_source_mapping(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UpdateEventSourceMapping".

    Takes: UUID, FunctionName, Enabled, BatchSize, FilterCriteria, ScalingConfig, MaximumBatchingWindowInSeconds,
    DestinationConfig, MaximumRecordAgeInSeconds, BisectBatchOnFunctionError, MaximumRetryAttempts,
    FunctionResponseTypes.
    Ignores: ParallelizationFactor.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    before = _existing(runner, call)
    request = call.document
    document = before | mapping_settings({**before, **request}, before["EventSourceArn"])
    if request.get("FunctionName"):
        document["FunctionArn"] = runner.functions.resolve(request["FunctionName"]).arn
    if request.get("Enabled") is not None:
        document["State"] = "Enabled" if request["Enabled"] else "Disabled"
    document["LastModified"] = now_s()
    runner.save_mapping(document)
    return 202, document | {"State": "Updating"}


@operation("DELETE", "/2015-03-31/event-source-mappings/{UUID}")
def delete_event_source_mapping(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteEventSourceMapping".

    Takes: UUID.
    Errors: ResourceNotFoundException.
    """
    document = _existing(runner, call)
    runner.remove_mapping(document["UUID"])
    return 202, document | {"State": "Deleting"}
