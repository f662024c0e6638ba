"""Errors with which a call is refused: status, code and body as the Lambda API sends them.

Every room may raise them; ``api`` answers with them.
"""

from typing import Any

from collectors.model.errors import CaughtError
from lambdatui.runner.functions import RunnerError

# Errors whose body has ``Message``; the others have ``message`` (botocore's service model).
_CAPITAL_MESSAGE = {
    *("ResourceNotFoundException", "ServiceException", "InvalidZipFileException", "InvalidRuntimeException"),
    *("ResourceInUseException", "EC2ThrottledException"),
}


class ApiError(RunnerError):
    """The refusal of an API call: an HTTP status, and the error's code in the API's model."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        fault = "User" if status < 500 or code.startswith("Invalid") else "Service"
        name = "Message" if code in _CAPITAL_MESSAGE else "message"
        self.body: dict[str, Any] = {name: message, "Type": fault, **more}

    @property
    def headers(self) -> dict[str, str]:
        """The header from which clients read the code."""
        return {"x-amzn-ErrorType": self.code}


class Throttled(CaughtError):
    """A call beyond a limit of concurrency; ``reason`` is AWS's name of the limit."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def invalid(message: str) -> ApiError:
    """400 InvalidParameterValueException."""
    return ApiError(400, "InvalidParameterValueException", message)


def constraint(value: object, member: str, rule: str) -> ApiError:
    """400 ValidationException: ``value`` of the input's ``member`` breaks ``rule``, which is the API's text."""
    text = "null" if value is None else str(value)
    return ApiError(
        400,
        "ValidationException",
        f"1 validation error detected: Value '{text}' at '{member}' failed to satisfy constraint: {rule}",
    )


def not_found(message: str) -> ApiError:
    """404 ResourceNotFoundException."""
    return ApiError(404, "ResourceNotFoundException", message)


def conflict(message: str) -> ApiError:
    """409 ResourceConflictException."""
    return ApiError(409, "ResourceConflictException", message)


def serialization(message: str) -> ApiError:
    """400 SerializationException: the body, or a value in it, has not the form of the API's model."""
    return ApiError(400, "SerializationException", message)


def without_type(error: ApiError) -> ApiError:
    """The error without the ``Type`` in its body, which AWS leaves out of some."""
    del error.body["Type"]
    return error


def throttled(error: Throttled) -> ApiError:
    """429 TooManyRequestsException, with the limit as its reason."""
    return ApiError(429, "TooManyRequestsException", "Rate Exceeded.", Reason=error.reason)


def too_large(limit_bytes: int, operation: str = "InvokeFunction") -> ApiError:
    """413 RequestTooLargeException."""
    message = f"Request must be smaller than {limit_bytes} bytes for the {operation} operation"
    return ApiError(413, "RequestTooLargeException", message)
