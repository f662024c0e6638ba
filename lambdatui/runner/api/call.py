"""One API call as its operation sees it, and the operations by method and path."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote

from lambdatui.runner.deployments.function import DeployedFunction, ResolvedFunction
from lambdatui.runner.errors import ApiError, constraint, invalid, serialization
from lambdatui.runner.service import Runner
from lambdatui.runner.untrusted import parsed_json


@dataclass(slots=True)
class Call:
    """A request: the path's variables, the query's parameters, headers with names in lower case, and the body."""

    path: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    raw_query: str = ""

    def values(self, name: str) -> list[str]:
        """Every value of a parameter that the query may have several times."""
        return [value for key, value in parse_qsl(self.raw_query, keep_blank_values=True) if key == name]

    @property
    def document(self) -> dict[str, Any]:
        """The body as JSON. Raises ApiError 400 SerializationException when it is no object."""
        if not self.body:
            return {}
        try:
            document = parsed_json(self.body)
        except ValueError as error:
            raise serialization(f"Could not parse request body into json: {error}") from error
        if not isinstance(document, dict):
            raise serialization("Start of structure or map found where not expected.")
        return document

    def page(self, member: str, rows: list[Any], most: int = 50) -> dict[str, Any]:
        """The answer of a listing: one page of ``rows`` as ``member``, and ``NextMarker`` where there are more.

        The request's ``Marker`` is where the page begins, ``MaxItems`` how many rows it has, at most ``most``.
        """
        try:
            size = int(self.query.get("MaxItems", most))
            start = int(self.query.get("Marker", 0))
        except ValueError:
            raise invalid("Invalid pagination token or MaxItems") from None
        if not 1 <= size <= 10_000:
            raise constraint(size, "maxItems", "Member must have value between 1 and 10000")
        end = start + min(size, most)
        return {member: rows[start:end]} | ({"NextMarker": str(end)} if end < len(rows) else {})


def named_function(runner: Runner, call: Call) -> DeployedFunction:
    """The function that ``FunctionName`` means, whatever its qualifier. Raises ApiError when there is none."""
    return runner.functions.named(call.path["FunctionName"])


def resolved_function(runner: Runner, call: Call) -> ResolvedFunction:
    """The version that ``FunctionName`` and ``Qualifier`` mean. Raises ApiError when there is none."""
    return runner.functions.resolve(call.path["FunctionName"], call.query.get("Qualifier"))


def without_own_fields(document: dict[str, Any]) -> dict[str, Any]:
    """A document as the API gives it: the runner's own fields begin with ``_``."""
    return {key: value for key, value in document.items() if not key.startswith("_")}


Reply = tuple[int, object]
"""An HTTP status, and the document of the answer; None: it has no body."""

Operation = Callable[[Runner, Call], Reply | Awaitable[Reply]]
T = TypeVar("T", bound=Operation)


@dataclass(frozen=True, slots=True)
class Route:
    """Where an operation is called: its request URI in botocore's model is ``uri``."""

    method: str
    uri: str
    pattern: re.Pattern[str]
    query: dict[str, str]
    run: Operation


ROUTES: list[Route] = []


def operation(method: str, uri: str) -> Callable[[T], T]:
    """Registers an operation. ``{Name}`` in the path is a variable (an ARN may have slashes in it).

    A query such as ``?List=ALL`` tells operations of one path apart: the operation with it comes first.
    """
    path, _, query = uri.partition("?")
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+|arn:.+)", path) + "/?")

    def register(run: T) -> T:
        ROUTES.append(Route(method, uri, pattern, dict(parse_qsl(query)), run))
        return run

    return register


def match_route(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[Operation, Call]:
    """The operation that a request asks for, and the call it gets. Raises ApiError when there is none."""
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    for route in ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)):
            if any(parameters.get(name) != value for name, value in route.query.items()):
                continue
            variables = {name: unquote(value) for name, value in match.groupdict().items()}
            return route.run, Call(variables, parameters, headers, body, query)
    raise ApiError(404, "UnknownOperationException", f"this runner does not know {method} {path}")
