"""Durable executions, which need a service of AWS: none is ever started here, so none is found."""

from lambdatui.runner.api.call import Call, Reply, named_function, operation
from lambdatui.runner.errors import ApiError, invalid, not_found
from lambdatui.runner.service import Runner

_EXECUTION = "/2025-12-01/durable-executions/{DurableExecutionArn}"
_CALLBACK = "/2025-12-01/durable-execution-callbacks/{CallbackId}"


def _no_execution() -> ApiError:
    return not_found("The resource you requested does not exist.")


@operation("GET", "/2025-12-01/functions/{FunctionName}/durable-executions")
def list_durable_executions_by_function(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListDurableExecutionsByFunction". There are none.

    Takes: FunctionName, Marker, MaxItems.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    named_function(runner, call)
    return 200, call.page("DurableExecutions", [])


@operation("GET", _EXECUTION + "/history")
def get_durable_execution_history(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetDurableExecutionHistory". There are none.

    Takes: DurableExecutionArn.
    Errors: ResourceNotFoundException.
    """
    raise _no_execution()


@operation("GET", _EXECUTION + "/state")
def get_durable_execution_state(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetDurableExecutionState". There are none.

    Takes: DurableExecutionArn, CheckpointToken.
    Errors: InvalidParameterValueException.
    """
    raise invalid("The durable execution does not exist.")


@operation("POST", _EXECUTION + "/checkpoint")
def checkpoint_durable_execution(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "CheckpointDurableExecution". There are none.

    Takes: DurableExecutionArn, CheckpointToken.
    Errors: InvalidParameterValueException.
    """
    raise invalid("The durable execution does not exist.")


@operation("POST", _EXECUTION + "/pause")
def pause_durable_execution(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PauseDurableExecution". There are none.

    Takes: DurableExecutionArn.
    Errors: ResourceNotFoundException.
    """
    raise _no_execution()


@operation("POST", _EXECUTION + "/resume")
def resume_durable_execution(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ResumeDurableExecution". There are none.

    Takes: DurableExecutionArn.
    Errors: ResourceNotFoundException.
    """
    raise _no_execution()


@operation("POST", _EXECUTION + "/stop")
def stop_durable_execution(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "StopDurableExecution". There are none.

    Takes: DurableExecutionArn.
    Errors: ResourceNotFoundException.
    """
    raise _no_execution()


@operation("GET", _EXECUTION)
def get_durable_execution(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetDurableExecution". There are none.

    Takes: DurableExecutionArn.
    Errors: ResourceNotFoundException.
    """
    raise _no_execution()


@operation("DELETE", _EXECUTION)
def delete_durable_execution(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteDurableExecution". There are none.

    Takes: DurableExecutionArn.
    Errors: ResourceNotFoundException.
    """
    raise _no_execution()


@operation("POST", _CALLBACK + "/fail")
def send_durable_execution_callback_failure(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "SendDurableExecutionCallbackFailure". There are none.

    Takes: CallbackId.
    Errors: ResourceNotFoundException.
    """
    raise _no_execution()


@operation("POST", _CALLBACK + "/heartbeat")
def send_durable_execution_callback_heartbeat(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "SendDurableExecutionCallbackHeartbeat". There are none.

    Takes: CallbackId.
    Errors: ResourceNotFoundException.
    """
    raise _no_execution()


@operation("POST", _CALLBACK + "/succeed")
def send_durable_execution_callback_success(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "SendDurableExecutionCallbackSuccess". There are none.

    Takes: CallbackId.
    Errors: ResourceNotFoundException.
    """
    raise _no_execution()
