"""Event source mappings: SQS queues and DynamoDB streams, at any endpoint."""

import time
import uuid
from typing import TYPE_CHECKING, Any

from lambdatui.runner.api import names
from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.api.errors import constraint, invalid, not_found
from lambdatui.runner.functions import ACCOUNT, REGION

if TYPE_CHECKING:
    from lambdatui.runner.service import Runner

_FIELDS = (
    *("BatchSize", "MaximumBatchingWindowInSeconds", "FilterCriteria", "ScalingConfig", "FunctionResponseTypes"),
    *("StartingPosition", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError"),
    *("DestinationConfig", "ParallelizationFactor"),
)


def _kind(arn: str) -> str:
    parts = arn.split(":")
    kind = parts[2] if len(parts) > 5 else ""
    if kind not in ("sqs", "dynamodb"):
        raise invalid(f"Unrecognized event source: {arn}. This runner polls SQS queues and DynamoDB streams")
    return kind


def _checked(runner: "Runner", given: dict[str, Any], arn: str) -> dict[str, Any]:
    kind = _kind(arn)
    document = {field: given[field] for field in _FIELDS if given.get(field) is not None}
    most = 10_000 if kind == "sqs" and not arn.endswith(".fifo") else 10 if kind == "sqs" else 10_000
    size = document.setdefault("BatchSize", 10 if kind == "sqs" else 100)
    if not 1 <= size <= most:
        raise constraint(size, "batchSize", f"Member must have value less than or equal to {most}")
    window = document.setdefault("MaximumBatchingWindowInSeconds", 0)
    if not 0 <= window <= 300:
        raise constraint(window, "maximumBatchingWindowInSeconds", "Member must have value less than or equal to 300")
    if kind == "sqs" and size > 10 and window < 1:
        raise invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
    concurrency = (document.get("ScalingConfig") or {}).get("MaximumConcurrency")
    if concurrency is not None and not 2 <= concurrency <= 1000:
        raise constraint(concurrency, "scalingConfig.maximumConcurrency", "Member must have value between 2 and 1000")
    for response_type in document.get("FunctionResponseTypes") or ():
        if response_type != "ReportBatchItemFailures":
            raise constraint(
                response_type, "functionResponseTypes", "Member must satisfy enum value set: [ReportBatchItemFailures]"
            )
    if kind == "dynamodb" and given.get("StartingPosition") not in ("LATEST", "TRIM_HORIZON"):
        raise invalid("1 validation error detected: Value at 'startingPosition' must be LATEST or TRIM_HORIZON")
    runner.check_filters(document.get("FilterCriteria"))
    if target := ((document.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination"):
        runner.check_target(target)
    return document


@operation("POST", "/2015-03-31/event-source-mappings")
def create_event_source_mapping(runner: "Runner", call: Call) -> Reply:
    given = call.document
    arn = str(given.get("EventSourceArn") or "")
    meant = names.meant(runner.deployed, str(given.get("FunctionName", "")))
    mapping_id = str(uuid.uuid4())
    document = {
        "UUID": mapping_id,
        "EventSourceArn": arn,
        "EventSourceMappingArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{mapping_id}",
        "FunctionArn": meant.arn,
        **_checked(runner, given, arn),
        "State": "Enabled" if given.get("Enabled", True) else "Disabled",
        "StateTransitionReason": "USER_INITIATED",
        "LastModified": time.time(),
        "LastProcessingResult": "No records processed",
    }
    for other in runner.mappings.values():
        if (other["EventSourceArn"], other["FunctionArn"]) == (arn, meant.arn):
            from lambdatui.runner.api.errors import conflict

            raise conflict(
                f'An event source mapping with SQS arn (" {arn} ") and function (" {meant.function.name} ") already '
                f"exists. Please update or delete the existing mapping with UUID {other['UUID']}"
            )
    runner.mapped(document)
    return 202, document | {"State": "Creating"}


@operation("GET", "/2015-03-31/event-source-mappings")
def list_event_source_mappings(runner: "Runner", call: Call) -> Reply:
    rows = list(runner.mappings.values())
    if arn := call.asked.get("EventSourceArn"):
        rows = [row for row in rows if row["EventSourceArn"] == arn]
    if name := call.asked.get("FunctionName"):
        wanted = names.meant(runner.deployed, name)
        rows = [row for row in rows if row["FunctionArn"] == wanted.arn]
    page, marker = call.page(rows, 100)
    return 200, {"EventSourceMappings": page, **({"NextMarker": marker} if marker else {})}


def _mapping(runner: "Runner", call: Call) -> dict[str, Any]:
    found = runner.mappings.get(call.at["UUID"])
    if found is None:
        raise not_found("The resource you requested does not exist.")
    return found


@operation("GET", "/2015-03-31/event-source-mappings/{UUID}")
def get_event_source_mapping(runner: "Runner", call: Call) -> Reply:
    return 200, _mapping(runner, call)


@operation("PUT", "/2015-03-31/event-source-mappings/{UUID}")
def update_event_source_mapping(runner: "Runner", call: Call) -> Reply:
    before = _mapping(runner, call)
    given = call.document
    document = before | _checked(runner, {**before, **given}, before["EventSourceArn"])
    if given.get("FunctionName"):
        document["FunctionArn"] = names.meant(runner.deployed, given["FunctionName"]).arn
    if given.get("Enabled") is not None:
        document["State"] = "Enabled" if given["Enabled"] else "Disabled"
    document["LastModified"] = time.time()
    runner.mapped(document)
    return 202, document | {"State": "Updating"}


@operation("DELETE", "/2015-03-31/event-source-mappings/{UUID}")
def delete_event_source_mapping(runner: "Runner", call: Call) -> Reply:
    document = _mapping(runner, call)
    runner.unmapped(document["UUID"])
    return 202, document | {"State": "Deleting"}
