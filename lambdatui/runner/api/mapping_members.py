"""What the API says of an event source mapping before and beside its kind of source: what is refused, and defaults."""

import asyncio

from collectors.model.units import DAY_S
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.deployments.function import Document
from lambdatui.runner.errors import invalid
from lambdatui.runner.functions import REGION
from lambdatui.runner.queue import destinations
from lambdatui.runner.triggers.event_filters import Filters

NO_RESULT = "No records processed"
"""The ``LastProcessingResult`` of a mapping before its first batch."""

_LOOK_UP_S = 2.0
_POSITIONS = ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON")
_STREAMS = ("dynamodb", "kinesis")
# What a mapping of a stream has where a request does not say it.
_STREAM_DEFAULTS: Document = {
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
# Kept and shown, without an effect here.
_SHOWN_ONLY = ("KMSKeyArn", "MetricsConfig", "ProvisionedPollerConfig", "StartingPositionTimestamp")


def service_of(arn: str) -> str:
    """The service in an ARN, such as ``sqs``; empty for what is no ARN."""
    parts = arn.split(":")
    return parts[2] if len(parts) > 5 else ""


def check_members(request: Document, arn: str) -> None:
    """Raise ApiError, in AWS's order and words, for members of a mapping that no kind of source allows."""
    if "OnSuccess" in (request.get("DestinationConfig") or {}):
        raise invalid("Unsupported DestinationConfig parameter for given event source mapping type.")
    if request.get("SelfManagedEventSource") is not None:
        if request.get("SourceAccessConfigurations") is None:
            raise invalid("Required 'sourceAccessConfigurations' parameter is missing.")
        raise invalid("Unrecognized event source. This runner polls no self-managed Kafka.")
    if not arn:
        raise invalid("Unrecognized event source.")
    try:
        patterns = [entry["Pattern"] for entry in (request.get("FilterCriteria") or {}).get("Filters") or ()]
        if not all(isinstance(pattern, str) and pattern for pattern in patterns):
            raise ValueError
        Filters(request.get("FilterCriteria"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise invalid("Invalid filter pattern definition.") from None
    constraints = Constraints()
    constraints.between("maximumRetryAttempts", request.get("MaximumRetryAttempts"), -1, 10_000)
    constraints.between("maximumRecordAgeInSeconds", request.get("MaximumRecordAgeInSeconds"), -1, 7 * DAY_S)
    constraints.between("parallelizationFactor", request.get("ParallelizationFactor"), 1, 10)
    constraints.between("tumblingWindowInSeconds", request.get("TumblingWindowInSeconds"), 0, 900)
    constraints.between("batchSize", request.get("BatchSize"), 1, 10_000)
    constraints.between("maximumBatchingWindowInSeconds", request.get("MaximumBatchingWindowInSeconds"), 0, 300)
    constraints.check()


def check_position(request: Document, arn: str) -> None:
    """Raise ApiError where a stream is to be read from no position, or from one that it does not have."""
    service, position = service_of(arn), request.get("StartingPosition")
    if service not in _STREAMS:
        return
    if position is None:
        raise invalid(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must "
            "not be null."
        )
    constraints = Constraints()
    constraints.one_of("startingPosition", position, _POSITIONS)
    constraints.check()
    if service == "dynamodb" and position == "AT_TIMESTAMP":
        raise invalid(f"Unsupported starting position for arn type: {arn}")


def with_defaults(settings: Document, request: Document, arn: str) -> Document:
    """A mapping's settings as the API shows them, with what AWS adds."""
    document = {field: request[field] for field in _SHOWN_ONLY if request.get(field) is not None}
    document |= {**_STREAM_DEFAULTS, **settings} if service_of(arn) in _STREAMS else settings
    document.setdefault("FunctionResponseTypes", [])
    if not (document.get("FilterCriteria") or {}).get("Filters"):
        document.pop("FilterCriteria", None)
    return document


def transition_reason(arn: str) -> str:
    """What AWS says of a change of state that the user made."""
    return "User action" if service_of(arn) in _STREAMS else "USER_INITIATED"


def without_results(document: Document, arn: str) -> Document:
    """A mapping as the API shows it: without the runner's fields, and for a queue without a result that is none yet."""
    nothing_yet = service_of(arn) == "sqs" and document["LastProcessingResult"] == NO_RESULT
    hidden = ("LastProcessingResult",) if nothing_yet else ()
    return {key: value for key, value in document.items() if not key.startswith("_") and key not in hidden}


async def check_source_exists(arn: str) -> None:
    """Raise ApiError where the endpoint says that there is no such queue or stream.

    Where nothing answers within two seconds, nobody knows: the poller reports what it finds.
    """
    try:
        missing = await asyncio.wait_for(asyncio.to_thread(_missing, arn), _LOOK_UP_S)
    except asyncio.TimeoutError:  # noqa: UP041 - another class before Python 3.11's alias is seen by linters
        return
    if missing:
        raise invalid(missing)


def _missing(arn: str) -> str | None:
    """What to say where a queue or a stream is not there; None where it is, or where nobody can tell."""
    from botocore.exceptions import ClientError

    from lambdatui.runner.aws import client

    service, region = service_of(arn), arn.split(":")[3] or REGION
    try:
        if service == "sqs":
            destinations.queue_client(arn)
        elif service == "dynamodb":
            client("dynamodbstreams", region=region).describe_stream(StreamArn=arn)
        elif service == "kinesis":
            client("kinesis", region=region).describe_stream_summary(StreamName=arn.split("/")[1])
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if service == "sqs" and ("NonExistentQueue" in code or "QueueDoesNotExist" in code):
            return (
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS "
                "Error Message: The specified queue does not exist."
            )
        if service in _STREAMS and code == "ResourceNotFoundException":
            return f"Stream not found: {arn}"
    except Exception:  # whatever keeps it from being asked: the poller meets it too, and reports it
        return None
    return None
