"""Parsing JSON that others wrote, by msgspec. It raises what ``collectors.untrusted`` raises."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from collectors.untrusted import FAULTS, TooDeep, may_be_deep, shallow, unparsable

_decode = msgspec.json.Decoder().decode
Read = TypeVar("Read")


def json_value(text: str | bytes) -> Any:
    """A value of JSON. Raises ``Unparsable``."""
    try:
        value = _decode(text)
    except FAULTS as fault:
        raise unparsable(fault) from None
    if may_be_deep(text) and not shallow(value):
        raise TooDeep
    return value


def json_of(kind: type[Read]) -> Callable[[str | bytes], Read]:
    """A decoder of one kind of document, which raises ``Unparsable`` for any other."""
    decode = msgspec.json.Decoder(kind).decode

    def read(text: str | bytes) -> Read:
        try:
            return decode(text)
        except FAULTS as fault:
            raise unparsable(fault) from None

    return read


def json_lines_of(kind: type[Read]) -> Callable[[bytes], list[Read]]:
    """A decoder of lines of JSON, each a document of this kind, all in one call. It raises ``Unparsable`` for any
    other.
    """
    decode = msgspec.json.Decoder(kind).decode_lines

    def read(text: bytes) -> list[Read]:
        try:
            return decode(text)
        except FAULTS as fault:
            raise unparsable(fault) from None

    return read


def json_bytes(value: object) -> bytes:
    """A value as JSON. Raises ``Unparsable`` where JSON cannot say it."""
    try:
        return msgspec.json.encode(value)
    except FAULTS as fault:
        raise unparsable(fault) from None


def json_or_text(value: object) -> str:
    """A value as JSON; as Python says it, where JSON cannot."""
    try:
        return msgspec.json.encode(value).decode()
    except FAULTS:
        return str(value)
