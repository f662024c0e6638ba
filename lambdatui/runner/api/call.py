"""One API call as its operation sees it, and the operations by method and path."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, unquote

from lambdatui.runner.api.errors import ApiError, constraint, invalid
from lambdatui.runner.untrusted import parsed_json

if TYPE_CHECKING:
    from lambdatui.runner.service import Runner


@dataclass(slots=True)
class Call:
    """``at`` are the path's variables, ``asked`` the query's."""

    at: dict[str, str]
    asked: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The body as JSON. ApiError 400 SerializationException when it is none."""
        if not self.body:
            return {}
        try:
            found = parsed_json(self.body)
        except ValueError as error:
            raise ApiError(400, "SerializationException", f"Could not parse request body into json: {error}") from error
        if not isinstance(found, dict):
            raise ApiError(400, "SerializationException", "Start of structure or map found where not expected.")
        return found

    def page(self, rows: list[Any], most: int = 50) -> tuple[list[Any], str | None]:
        """``Marker`` and ``MaxItems``: one page, and the marker of the next."""
        try:
            size = int(self.asked.get("MaxItems", most))
            start = int(self.asked.get("Marker", 0))
        except ValueError:
            raise invalid("Invalid pagination token or MaxItems") from None
        if not 1 <= size <= 10_000:
            raise constraint(size, "maxItems", "Member must have value between 1 and 10000")
        size = min(size, most)
        return rows[start : start + size], str(start + size) if start + size < len(rows) else None


Reply = tuple[int, object]
Operation = Callable[["Runner", Call], Reply | Awaitable[Reply]]
T = TypeVar("T", bound=Operation)
_ROUTES: list[tuple[str, re.Pattern[str], Operation]] = []


def operation(method: str, path: str) -> Callable[[T], T]:
    """Registers an operation; ``{Name}`` in the path is a variable (an ARN may have slashes in it)."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+|arn:.+)", path) + "/?")

    def register(run: T) -> T:
        _ROUTES.append((method, pattern, run))
        return run

    return register


def found(method: str, raw_path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[Operation, Call]:
    """The operation that a request asks for. ApiError when there is none."""
    for wanted, pattern, run in _ROUTES:
        if wanted == method and (match := pattern.fullmatch(raw_path)):
            at = {name: unquote(value) for name, value in match.groupdict().items()}
            return run, Call(at, dict(parse_qsl(query, keep_blank_values=True)), headers, body)
    raise ApiError(404, "UnknownOperationException", f"this runner does not know {method} {raw_path}")
