"""Parsing protobuf that others wrote. It raises what ``collectors.untrusted`` raises.

protobuf is an optional dependency, and imported when it is needed.
"""

from typing import Any

from collectors.model.errors import CaughtError
from collectors.untrusted import Unparsable


class NoProtobuf(CaughtError):
    """The package that has OTLP's messages is not installed."""


def otlp_logs_request(data: bytes) -> Any:
    """An ``ExportLogsServiceRequest`` of ``opentelemetry.proto.collector.logs.v1``.

    Raises ``Unparsable`` where the bytes are none, ``NoProtobuf`` where opentelemetry-proto is not installed.
    """
    try:
        from google.protobuf.message import DecodeError
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    except ImportError as missing:
        raise NoProtobuf from missing
    try:
        return ExportLogsServiceRequest.FromString(data)
    except (DecodeError, ValueError, RecursionError, MemoryError, OverflowError) as fault:
        raise Unparsable("it is no OTLP request of logs, or a damaged one") from fault
