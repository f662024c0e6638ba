"""The API's errors: status, code and body as AWS sends them."""

from typing import Any

from collectors.model.errors import CaughtError
from lambdatui.runner.environments.fleet import Throttled

# Errors whose body has ``Message``; the others have ``message`` (botocore's service model).
_CAPITAL = {
    *("ResourceNotFoundException", "ServiceException", "InvalidZipFileException", "InvalidRuntimeException"),
    *("ResourceInUseException", "EC2ThrottledException"),
}


class ApiError(CaughtError):
    """What a call is refused with."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        kind = "User" if status < 500 or code.startswith("Invalid") else "Service"
        self.body: dict[str, Any] = {"Message" if code in _CAPITAL else "message": message, "Type": kind, **more}

    @property
    def headers(self) -> dict[str, str]:
        return {"x-amzn-ErrorType": self.code}


def invalid(message: str) -> ApiError:
    return ApiError(400, "InvalidParameterValueException", message)


def constraint(value: object, member: str, rule: str) -> ApiError:
    """A value outside what the API's model allows."""
    shown = "null" if value is None else str(value)
    return ApiError(
        400,
        "ValidationException",
        f"1 validation error detected: Value '{shown}' at '{member}' failed to satisfy constraint: {rule}",
    )


def not_found(message: str) -> ApiError:
    return ApiError(404, "ResourceNotFoundException", message)


def conflict(message: str) -> ApiError:
    return ApiError(409, "ResourceConflictException", message)


def throttled(error: Throttled) -> ApiError:
    return ApiError(429, "TooManyRequestsException", "Rate Exceeded.", Reason=error.reason)


def too_large(limit: int, operation: str = "InvokeFunction") -> ApiError:
    said = f"Request must be smaller than {limit} bytes for the {operation} operation"
    return ApiError(413, "RequestTooLargeException", said)
