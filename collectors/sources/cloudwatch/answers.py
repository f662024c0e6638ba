"""Parses AWS's answers: the large ones by msgspec, and each only if it is complete.

botocore walks every value by its model, in Python. Its component ``response_parser_factory`` lets another parser be put
in its place. Ours parses the three large answers: a page of 7,000 log events, a thousand series of points, ten thousand
rows of sums. All other answers, and every error, go to botocore's own parser. A large answer that is not as documented
is returned as plain JSON.

botocore reads a body that was cut as an empty answer, and a proxy's HTML page as an answer without members. Here a
successful answer that is not complete is ``UnreadableAnswer``: the call is sent again as after a failure of the
network, and fails if no try brings a complete answer.
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

    # Declared again, because msgspec renames only the fields that a class declares itself.
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

# Members that are never null: AWS sends [] where there is nothing.
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

# Members that an answer always has. Without them it is unreadable: taken as empty, it would seem to end the listing.
_ALWAYS = {
    "ListAccountsResponse": "Accounts",
    "DescribeLogGroupsResponse": "logGroups",
    "FilterLogEventsResponse": "events",
    "ListFunctionsResponse": "Functions",
}

TRIES = 5  # for an answer that is not complete, the first one counted
_LONGEST_PAUSE_S = 20.0
_WHY = "lambdatui: why it cannot be read"  # a key that no answer of AWS has


class UnreadableAnswer(CaughtError, ResponseParserError):
    """An answer with a status of success that was cut, or is not what AWS answers with."""


class _Whole:
    """Mixin before a parser of botocore's: an answer that is not complete is parsed into the reason why (under
    ``_WHY``).
    """

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
        """An error's code and message; its HTTP status where the body is only a proxy's page."""
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
    """Why a body cannot be an answer of AWS, as far as that shows before it is parsed; empty where it can."""
    if shape is None or not shape.members or status == 204:
        return ""
    if not body:
        return "it is empty"
    return "it is a page of HTML" if _is_page(body) else ""


def _is_page(body: bytes) -> bool:
    return body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))


class _OfJson(_Whole, Tolerant):
    """For protocols of JSON: a body that is no JSON object is an error, not an empty answer as botocore has it."""

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
            # Something is not as documented. The caller checks value by value, so that one odd time costs no other.
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
            value = parsed_json(body)  # accepts lone surrogates, which logs may have
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
            raise UnreadableAnswer(f"its {name} is no text")  # taken as absent, it would end the listing
    return value


class FastFactory(ResponseParserFactory):
    """Makes ``FastParser`` for the JSON protocol and botocore's own parser for others; each checks that answers are
    complete.
    """

    def create_parser(self, protocol_name: str) -> ResponseParser:
        """The parser of a protocol's answers."""
        return _parser(protocol_name)


@lru_cache
def _parser(protocol_name: str) -> ResponseParser:
    kind: Any = PROTOCOL_PARSERS[protocol_name]
    before = _OfJson if "json" in protocol_name else _Whole
    kind = FastParser if protocol_name == "json" else type(f"Whole{kind.__name__}", (before, kind), {})
    made: ResponseParser = kind(timestamp_parser=_time_or_none)
    return made


def read_by(core: Any) -> None:
    """Makes a botocore session parse the answers of all its clients in this way, also of those that it makes itself
    (AssumeRole).
    """
    core.register_component("response_parser_factory", FastFactory())
    core.register("needs-retry", _again)
    core.register("after-call", _failed)
    # botocore's models of AWS's services take 16 MB a session; shared, 30 regions do not take half a gigabyte.
    core.lazy_register_component("data_loader", lambda: _models(core.get_config_variable("data_path")))


@lru_cache
def _models(data_path: str | None) -> Loader:
    return create_loader(data_path)


def _again(response: Any, attempts: int, **_: object) -> float | None:
    """How many seconds botocore waits before it sends a request again; None: it does not."""
    if response is None or _WHY not in response[1] or attempts >= TRIES:
        return None
    return min(_LONGEST_PAUSE_S, random.random() * 2.0 ** (attempts - 1))


def _failed(parsed: Any, **_: object) -> None:
    if isinstance(parsed, dict) and _WHY in parsed:
        raise UnreadableAnswer(parsed[_WHY])


def _time_or_none(value: Any) -> Any:
    """A time as botocore parses it; None for what is no time, so that the rest of the answer is read."""
    try:
        return parse_timestamp(value)
    except (ValueError, RuntimeError, OverflowError):
        return None
