"""Each operation says which page of AWS's reference it follows, and says so truly: its route and members are the model's."""

import re
from collections.abc import Callable
from typing import Any

import botocore.session
import pytest

from lambdatui.runner.api import front, invocation
from lambdatui.runner.api.call import ROUTES

MODEL = botocore.session.get_session().get_service_model("lambda")
PAGE = re.compile(r'AWS Lambda API Reference, "(\w+)"\.')
# Beside each operation's own in the model: AWS answers these on all of them.
EVERYWHERE = {"ValidationException", "SerializationException", "MethodNotAllowedException", "RequestTooLargeException"}
OPERATIONS: list[tuple[Callable[..., Any], str | None, str | None]] = [
    *((route.run, route.method, route.uri) for route in ROUTES),
    *((run, "POST", f"{start}{{FunctionName}}{end}") for start, end, run in invocation._PATHS),
]


def names(docstring: str, heading: str) -> set[str]:
    """The words after ``Takes:`` and so on, up to the next full stop."""
    match = re.search(rf"^\s*{heading}: ([\w,\s]+)\.$", docstring, re.MULTILINE)
    return set(re.split(r",\s+", match[1])) if match else set()


def test_there_are_operations_and_each_path_has_one() -> None:
    assert front.Front is not None
    assert len(OPERATIONS) > 45
    assert len({(method, uri) for _, method, uri in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize(("run", "method", "uri"), OPERATIONS, ids=lambda value: getattr(value, "__name__", ""))
def test_an_operation_is_the_one_that_it_names(run: Callable[..., Any], method: str, uri: str) -> None:
    docstring = run.__doc__ or ""
    page = PAGE.match(docstring)
    assert page is not None, "it does not begin with its page of the reference"
    assert re.sub(r"(?<!^)(?=[A-Z])", "_", page[1]).lower() == run.__name__
    operation = MODEL.operation_model(page[1])
    assert (method, uri.rstrip("/")) == (operation.http["method"], operation.http["requestUri"].rstrip("/"))
    members = set(operation.input_shape.members) if operation.input_shape else set()
    taken, ignored = names(docstring, "Takes"), names(docstring, "Ignores")
    assert taken or not members
    assert not taken & ignored
    assert taken | ignored <= members
    assert set(operation.input_shape.required_members if operation.input_shape else ()) <= taken
    errors = names(docstring, "Errors")
    assert errors
    assert errors - EVERYWHERE <= {shape.name for shape in operation.error_shapes}
