"""The operations of CloudWatch Logs, CloudWatch and their neighbours, by service and name, and what one is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from lambdatui.runner.errors import ApiError
from lambdatui.runner.log.reader import OpenLog
from lambdatui.runner.service import Runner

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One request as its operation sees it: the input, the log as it is now, and what is deployed.

    Operations run in a thread: they read ``runner``, and change nothing of it.
    """

    input: Mapping[str, Any]
    log: OpenLog
    runner: Runner

    def text(self, member: str) -> str:
        """A text of the input; empty where it is missing. Raises ApiError for another value."""
        value = self.input.get(member)
        if value is not None and not isinstance(value, str):
            raise bad_value(member)
        return value or ""

    def integer(self, member: str, default: int, least: int = 0, most: int = 1 << 53) -> int:
        """A whole number of the input; ``default`` where it is missing. Raises ApiError for one that is not allowed."""
        value = self.input.get(member)
        if value is None:
            return default
        number = integer_of(value)
        if number is None or not least <= number <= most:
            raise bad_value(member, f"between {least} and {most}")
        return number

    def flag(self, member: str) -> bool | None:
        """A boolean of the input; None where it is missing."""
        value = self.input.get(member)
        return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value

    def items(self, member: str) -> list[Any]:
        """A list of the input; empty where it is missing. Raises ApiError for another value."""
        value = self.input.get(member) or []  # a form writes an empty list as an empty text
        if not isinstance(value, list):
            raise bad_value(member)
        return value

    def texts(self, member: str) -> list[str]:
        """A list of texts of the input; empty where it is missing. Raises ApiError for another value."""
        values = self.items(member)
        if not all(isinstance(value, str) for value in values):
            raise bad_value(member)
        return values


Operation = Callable[[Question], Answer]
T = TypeVar("T", bound=Operation)
OPERATIONS: dict[tuple[str, str], Operation] = {}


def operation(service: str, name: str) -> Callable[[T], T]:
    """Registers an operation by botocore's names."""

    def register(run: T) -> T:
        OPERATIONS[service, name] = run
        return run

    return register


def integer_of(value: object) -> int | None:
    """A whole number, also where it is written as a text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        return int(value) if value.lstrip("-").isdecimal() and len(value) < 20 else None
    return value if isinstance(value, int) else None


def bad_parameter(message: str) -> ApiError:
    """400 InvalidParameterException, as CloudWatch Logs has it."""
    return ApiError(400, "InvalidParameterException", message)


def bad_value(member: str, rule: str = "of another kind") -> ApiError:
    """400 InvalidParameterException: a member of the input has a value that it cannot have."""
    return bad_parameter(f"1 validation error detected: Value at '{member}' failed to satisfy constraint: {rule}")


def page(rows: list[Any], token: str, size: int) -> tuple[list[Any], str | None]:
    """A page of a listing that begins at ``token``, and the token of the next one. Raises ApiError for a bad token."""
    if token and not token.isdecimal():
        raise bad_parameter("The specified nextToken is invalid.")
    start = int(token or 0)
    end = start + size
    return rows[start:end], str(end) if end < len(rows) else None
