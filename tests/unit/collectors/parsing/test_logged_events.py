"""The event of an invocation among its log lines."""

import json
from typing import Any

import pytest

from collectors.parsing.logged_events import AmbiguousEvents, LoggedEvent, logged_event

EVENT: dict[str, Any] = {"id": 7, "lines": [{"sku": "a"}], "note": "it's"}
TEXT = json.dumps(EVENT)
PLATFORM = ["START RequestId: 8f507cfc-2f2b-4a6c-8a3c-0d5f1c2b7e11 Version: $LATEST\n"]


@pytest.mark.parametrize(
    "line",
    [
        f"{TEXT}\n",
        f"{EVENT}\n",
        f"Received event: {TEXT}\n",
        f"event {EVENT!r}\n",
        f"EVENT: \n{json.dumps(EVENT, indent=2)}\n",
        f"[INFO]\t2026-01-31T10:00:00.000Z\t8f507cfc-2f2b-4a6c-8a3c-0d5f1c2b7e11\tevent={TEXT}\n",
        f"2026-01-31T10:00:00.000Z\t8f507cfc-2f2b-4a6c-8a3c-0d5f1c2b7e11\tINFO\tevent {TEXT}\n",
        json.dumps({"level": "INFO", "location": "decorate:314", "message": EVENT, "service": "orders"}),
        json.dumps({"level": "INFO", "timestamp": "2026", "message": f"event: {TEXT}", "requestId": "8f"}),
        json.dumps({"level": "INFO", "msg": "called", "event": EVENT}),
        f"handling {TEXT} now\n",
    ],
)
def test_how_functions_print_it(line: str) -> None:
    found = logged_event([*PLATFORM, "something else\n", line])
    assert isinstance(found, LoggedEvent)
    assert found.event == EVENT
    assert found.line == line


def test_what_is_called_the_event_comes_before_other_objects() -> None:
    found = logged_event([f"config {json.dumps({'a': 1})}", json.dumps({"b": 2}), f"event: {TEXT}", "payload {}"])
    assert isinstance(found, LoggedEvent)
    assert found.event == EVENT


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["no object\n", "event without one\n", "event: {cut\n", "{ id: 7, name: 'Node prints so' }\n"],
        [json.dumps({"_aws": {"Timestamp": 1}, "n": 1})],
        [json.dumps({"level": "INFO", "message": "nothing"})],
        [json.dumps({"type": "platform.report", "time": "2026-01-31T10:00:00.000Z", "record": {"requestId": "a"}})],
        ["[" * 5000],
    ],
)
def test_lines_without_an_event(lines: list[str]) -> None:
    assert logged_event([*PLATFORM, *lines]) is None


def test_several_objects_of_which_none_is_called_the_event() -> None:
    first, second = json.dumps({"a": 1}), json.dumps({"b": 1})
    assert logged_event([first, second]) == AmbiguousEvents((first, second))
    assert isinstance(logged_event([first, first]), LoggedEvent)
