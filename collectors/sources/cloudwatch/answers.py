"""Answers read: the large ones by msgspec, and all of them only where they are whole.

botocore walks every value by its model, in Python. Its component ``response_parser_factory`` is where another parser
is put. Ours reads the three large answers, a page of 7,000 log events, a thousand series of points and ten thousand
rows of sums; every other answer, and every error, goes to botocore's own parser. A large answer that is not as
documented is given as the plain JSON that it is.

botocore reads a body that was cut as an empty answer, and a proxy's HTML page as an answer without members. Here a
successful answer that is not whole is ``UnreadableAnswer``: the call is sent again as after a failure of the network,
and fails if no try brings a whole answer.
"""

import contextlib
import random
from functools import lru_cache
from typing import Any

import msgspec
from botocore.loaders import Loader, create_loader
from botocore.parsers import (
    PROTOCOL_PARSERS,
    EventStreamJSONParser,
    JSONParser,
    ResponseParser,
    ResponseParserError,
    ResponseParserFactory,
)
from botocore.utils import parse_timestamp

from collectors.model.errors import CaughtError
from collectors.model.records import LogEvent
from collectors.sources.cloudwatch.tolerant_parsers import Tolerant
from collectors.untrusted import Unparsable, parsed_json
from collectors.untrusted_json import json_of, json_value


class ReadEvent(
    LogEvent, rename={"timestamp_ms": "timestamp", "log_stream": "logStreamName", "event_id": "eventId"}, gc=False
):
    """A LogEvent as FilterLogEvents spells it. Group and function are for the caller to fill in."""

    # Said again, because a rename is of a class's own fields.
    timestamp_ms: int
    message: str
    log_group: str = ""
    log_stream: str = ""
    event_id: str = ""


class EventPage(msgspec.Struct):
    """FilterLogEvents' answer."""

    events: list[ReadEvent]
    nextToken: str | None = None


class Series(msgspec.Struct, rename="pascal", gc=False):
    """One MetricDataResult; its times are epoch seconds."""

    id: str
    timestamps: list[float]
    values: list[float]
    status_code: str = "Complete"


class MetricPage(msgspec.Struct, rename="pascal"):
    """GetMetricData's answer."""

    metric_data_results: list[Series]
    next_token: str | None = None
    messages: list[dict[str, Any]] = []


class ResultField(msgspec.Struct, gc=False):
    """A field of a row that Logs Insights gives."""

    field: str
    value: str | None = None


class ResultPage(msgspec.Struct):
    """GetQueryResults' answer."""

    status: str
    results: list[list[ResultField]] = []
    statistics: dict[str, float | None] | None = None
    nextToken: str | None = None


_events = json_of(EventPage)
_results = json_of(ResultPage)
_metrics = json_of(MetricPage)


def _event_page(body: bytes) -> dict[str, Any]:
    page = _events(body)
    for event in page.events:
        if not event.event_id or not event.log_stream:
            raise Unparsable("an event without its id or stream")
    return {"events": page.events} | ({"nextToken": page.nextToken} if page.nextToken else {})


def _metric_page(body: bytes) -> dict[str, Any]:
    page = _metrics(body)
    token = {"NextToken": page.next_token} if page.next_token else {}
    return {"MetricDataResults": page.metric_data_results, "Messages": page.messages} | token


def _result_page(body: bytes) -> dict[str, Any]:
    page = _results(body)
    token = {"nextToken": page.nextToken} if page.nextToken else {}
    return {"status": page.status, "results": page.results, "statistics": page.statistics or {}} | token


_FAST = {
    "GetQueryResultsResponse": _result_page,
    "FilterLogEventsResponse": _event_page,
    "GetMetricDataOutput": _metric_page,
}

# What is never null: AWS says [] where there is nothing.
_LISTS = {
    "GetMetricDataOutput": ("MetricDataResults",),
    "DescribeAlarmsOutput": ("MetricAlarms", "CompositeAlarms"),
    "DescribeAlarmHistoryOutput": ("AlarmHistoryItems",),
    "DescribeLogGroupsResponse": ("logGroups",),
    "FilterLogEventsResponse": ("events",),
    "GetQueryResultsResponse": ("results",),
    "ListFunctionsResponse": ("Functions",),
    "ListEventSourceMappingsResponse": ("EventSourceMappings",),
    "ListAliasesResponse": ("Aliases",),
    "ListVersionsByFunctionResponse": ("Versions",),
    "ListFunctionEventInvokeConfigsResponse": ("FunctionEventInvokeConfigs",),
    "ListFunctionUrlConfigsResponse": ("FunctionUrlConfigs",),
    "ListProvisionedConcurrencyConfigsResponse": ("ProvisionedConcurrencyConfigs",),
    "ListCodeSigningConfigsResponse": ("CodeSigningConfigs",),
    "DescribeScheduledActionsResponse": ("ScheduledActions",),
    "GetCostAndUsageResponse": ("ResultsByTime",),
    "GetLambdaFunctionRecommendationsResponse": ("lambdaFunctionRecommendations",),
}

# Without these an answer is none, though it be an object: an empty one would be the end of a listing that is not.
_ALWAYS = {
    "ListAccountsResponse": "Accounts",
    "DescribeLogGroupsResponse": "logGroups",
    "FilterLogEventsResponse": "events",
    "ListFunctionsResponse": "Functions",
}

TRIES = 5  # of an answer that is not whole, the first among them
_LONGEST_PAUSE_S = 20.0
_WHY = "lambdatui: why it cannot be read"  # a key of what is parsed that no answer has


class UnreadableAnswer(CaughtError, ResponseParserError):
    """An answer that succeeded by its status, and is cut, or is not what AWS answers."""


class _Whole:
    """Before a parser of botocore's: what is not whole is parsed as the reason why."""

    def parse(self, response: Any, shape: Any) -> Any:
        body, status = response["body"], response["status_code"]
        if not isinstance(body, bytes):  # a stream, which is read later
            return super().parse(response, shape)  # type: ignore[misc]
        why = _cut(body, response["headers"])
        if not why and status >= 300:
            return self._error(response, shape)
        if not why:
            try:
                why = _strange(body, status, shape)
                if not why:
                    parsed = super().parse(response, shape)  # type: ignore[misc]
            except UnreadableAnswer as fault:
                why = str(fault)
            except Exception as fault:  # botocore's parsers raise what they stumble over
                why = f"{type(fault).__name__}: {fault}"[:300]
        return {_WHY: why, "ResponseMetadata": {"HTTPStatusCode": status}} if why else parsed

    def _error(self, response: Any, shape: Any) -> Any:
        """An error's code and words; the HTTP status where only a proxy's page is there."""
        with contextlib.suppress(Exception):
            parsed = {} if _is_page(response["body"]) else super().parse(response, shape)  # type: ignore[misc]
            if (shape is not None and shape.metadata.get("exception")) or parsed["Error"].get("Code"):
                return parsed
        generic = self._do_generic_error_parse(response)  # type: ignore[attr-defined]
        return generic | {"ResponseMetadata": {"HTTPStatusCode": response["status_code"]}}


def _cut(body: bytes, headers: Any) -> str:
    length = str(headers.get("content-length", ""))
    if length.isdigit() and len(body) < int(length):
        return f"it is cut: {len(body):,} of {int(length):,} bytes came"
    return ""


def _strange(body: bytes, status: int, shape: Any) -> str:
    """Why a body is nothing that AWS answers with, as far as that shows before it is parsed."""
    if shape is None or not shape.members or status == 204:
        return ""
    if not body:
        return "it is empty"
    return "it is a page of HTML" if _is_page(body) else ""


def _is_page(body: bytes) -> bool:
    return body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))


class _OfJson(_Whole, Tolerant):
    """JSON that is none is not an empty answer, as botocore has it."""

    def _parse_body_as_json(self, body_contents: bytes) -> Any:
        try:  # as it was looked at: botocore takes what begins with a byte order mark for no JSON, and says nothing
            parsed = parsed_json(body_contents) if body_contents else {}
        except Unparsable:
            parsed = super()._parse_body_as_json(body_contents)  # type: ignore[misc]
        if not isinstance(parsed, dict):
            raise UnreadableAnswer("no object of JSON")
        return parsed

    def _parse_payload(self, response: Any, shape: Any, *rest: Any) -> None:
        if response["status_code"] < 300 and "payload" not in shape.serialization:
            _object(response["body"], shape)
        super()._parse_payload(response, shape, *rest)  # type: ignore[misc]


class _Events(Tolerant, EventStreamJSONParser):
    """The events of a stream, such as a live tail's."""


class FastParser(_OfJson, JSONParser):
    """botocore's parser of the JSON protocol, with the large answers read fast."""

    EVENT_STREAM_PARSER_CLS = _Events

    def _handle_json_body(self, raw_body: bytes, shape: Any) -> Any:
        fast = _FAST.get(shape.name)
        if shape.metadata.get("exception"):
            pass  # an error's own members
        elif fast is not None:
            with contextlib.suppress(Unparsable):
                return fast(raw_body)
            # Something is not as documented. Whoever reads it looks at each value: one odd time loses no other.
            return _object(raw_body, shape)
        else:
            _object(raw_body, shape)
        return super()._handle_json_body(raw_body, shape)  # type: ignore[misc]


def _object(body: bytes, shape: Any) -> dict[str, Any]:
    """The object of JSON that an answer is. Raises UnreadableAnswer where it is none, or has no member of ``shape``."""
    try:
        value = json_value(body)
    except Unparsable:
        try:
            value = parsed_json(body)  # knows half a character, as logs may have them
        except Unparsable as fault:
            raise UnreadableAnswer(f"it is no JSON ({fault})") from None
    if not isinstance(value, dict):
        raise UnreadableAnswer("it is no object of JSON")
    if value and not any(each.serialization.get("name", name) in value for name, each in shape.members.items()):
        raise UnreadableAnswer(f"it is an object of other things ({', '.join(map(str, value))[:60]})")
    if (always := _ALWAYS.get(shape.name, "")) and always not in value:
        raise UnreadableAnswer(f"it has no {always}")
    for name, member in shape.members.items():
        inner = value.get(member.serialization.get("name", name), [])
        is_odd = member.type_name == "list" and not isinstance(inner, list)
        if is_odd and (inner is not None or name in _LISTS.get(shape.name, ())):
            raise UnreadableAnswer(f"its {name} is no list")
    for name in shape.members:
        if name.lower().endswith(("token", "marker")) and not isinstance(value.get(name, ""), str | None):
            raise UnreadableAnswer(f"its {name} is no text")  # which as an absent one would be the end of the listing
    return value


class FastFactory(ResponseParserFactory):
    """Makes ``FastParser`` for the JSON protocol, botocore's own for all others; each looks whether all is there."""

    def create_parser(self, protocol_name: str) -> ResponseParser:
        """The parser of a protocol's answers, ours where it is one that we read."""
        return _parser(protocol_name)


@lru_cache
def _parser(protocol_name: str) -> ResponseParser:
    kind: Any = PROTOCOL_PARSERS[protocol_name]
    before = _OfJson if "json" in protocol_name else _Whole
    kind = FastParser if protocol_name == "json" else type(f"Whole{kind.__name__}", (before, kind), {})
    made: ResponseParser = kind(timestamp_parser=_time_or_none)
    return made


def read_by(core: Any) -> None:
    """Answers to all clients of a botocore session are read so, those of its own among them (AssumeRole, say)."""
    core.register_component("response_parser_factory", FastFactory())
    core.register("needs-retry", _again)
    core.register("after-call", _failed)
    # What AWS's services are like is 16 MB a session, and the same for all: thirty regions would be half a gigabyte.
    core.lazy_register_component("data_loader", lambda: _models(core.get_config_variable("data_path")))


@lru_cache
def _models(data_path: str | None) -> Loader:
    return create_loader(data_path)


def _again(response: Any, attempts: int, **_: object) -> float | None:
    """botocore's question whether to send once more: after how many seconds, or None."""
    if response is None or _WHY not in response[1] or attempts >= TRIES:
        return None
    return min(_LONGEST_PAUSE_S, random.random() * 2.0 ** (attempts - 1))


def _failed(parsed: Any, **_: object) -> None:
    if isinstance(parsed, dict) and _WHY in parsed:
        raise UnreadableAnswer(parsed[_WHY])


def _time_or_none(value: Any) -> Any:
    """botocore's reading of a time; None for what is none, so that the rest of an answer is had."""
    try:
        return parse_timestamp(value)
    except (ValueError, RuntimeError, OverflowError):
        return None
