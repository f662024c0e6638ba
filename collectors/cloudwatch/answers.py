"""The answers that are large, read by msgspec: a page of 7,000 log events, a thousand series of points,
ten thousand rows of sums.

botocore walks every value by its model, in Python. Its component ``response_parser_factory`` is where another parser
is put. Ours reads the three large answers; every other answer, and every error, goes to botocore's own parser. A large
answer that is not as documented is given as the plain JSON that it is.
"""

import contextlib
from functools import lru_cache
from typing import Any

import msgspec
from botocore.parsers import PROTOCOL_PARSERS, JSONParser, ResponseParser, ResponseParserFactory
from botocore.utils import parse_timestamp

from collectors.model import LogEvent
from collectors.untrusted import Unparsable
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

    events: list[ReadEvent] = []
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


class FastParser(JSONParser):
    """botocore's parser of the JSON protocol, with the large answers read fast."""

    def _handle_json_body(self, raw_body: bytes, shape: Any) -> Any:
        fast = _FAST.get(shape.name)
        if fast is not None:
            with contextlib.suppress(Unparsable):
                return fast(raw_body)
            # Something is not as documented. Whoever reads it looks at each value: one odd time loses no other.
            with contextlib.suppress(Unparsable):
                return json_value(raw_body)
        return super()._handle_json_body(raw_body, shape)  # type: ignore[misc]


class FastFactory(ResponseParserFactory):
    """Makes ``FastParser`` for the JSON protocol, botocore's own for all others."""

    def create_parser(self, protocol_name: str) -> ResponseParser:
        return _parser(protocol_name)


@lru_cache
def _parser(protocol_name: str) -> ResponseParser:
    kind: Any = FastParser if protocol_name == "json" else PROTOCOL_PARSERS[protocol_name]
    made: ResponseParser = kind(timestamp_parser=_time_or_none)
    return made


def _time_or_none(value: Any) -> Any:
    """botocore's reading of a time; None for what is none, so that the rest of an answer is had."""
    try:
        return parse_timestamp(value)
    except (ValueError, RuntimeError, OverflowError):
        return None
