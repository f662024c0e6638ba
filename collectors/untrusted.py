"""The only place that parses what others wrote: JSON, TOML, values that Python printed.

Whatever is wrong raises ``Unparsable``, a ValueError: a text that is no JSON, is nested deeper than ``MOST_DEPTH``, has
a number with more digits than Python reads, or does not fit into memory. The depth is a fixed number, not what is left
of Python's stack, so that a line is read alike by a command and by a screen, and whatever was read can be walked and
written again.

Only the standard library is imported, and that when a function is called, because the first frame reads the
configuration by this module. What msgspec decodes is in ``collectors.untrusted_json``. ``pricing`` and
``lambdatui.runner`` may import only units and errors from here, and have parsers of their own.
"""

from collectors.model.errors import CaughtError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

MOST_DEPTH = 200  # of containers within each other; AWS's own documents have twelve


class Unparsable(CaughtError, ValueError):
    """The text cannot be parsed; the message says why."""


class TooDeep(Unparsable):
    """Its containers are nested deeper than ``MOST_DEPTH``."""

    def __init__(self) -> None:
        super().__init__("it is nested too deeply")


FAULTS = (ValueError, RecursionError, MemoryError, OverflowError, TypeError, SyntaxError)
"""What decoders raise, by what is wrong with a text. Errors of Unicode, of JSON and of TOML are ValueErrors."""


def shallow(value: "Any", most: int = MOST_DEPTH) -> bool:
    """Whether the containers of a value are nested no deeper than that. Needs no stack."""
    level = [value]
    for _ in range(most + 1):
        level = [
            inner
            for container in level
            if type(container) in (dict, list, tuple)
            for inner in (container.values() if type(container) is dict else container)
            if type(inner) in (dict, list, tuple)
        ]
        if not level:
            return True
    return False


def may_be_deep(text: str | bytes) -> bool:
    """Whether a text of JSON has so many brackets that it may be nested too deeply."""
    if isinstance(text, str):
        return text.count("[") + text.count("{") > MOST_DEPTH
    return text.count(b"[") + text.count(b"{") > MOST_DEPTH


def unparsable(fault: BaseException) -> Unparsable:
    """The ``Unparsable`` for an exception of a decoder."""
    if isinstance(fault, RecursionError):
        return TooDeep()
    if isinstance(fault, MemoryError):
        return Unparsable("it is larger than memory")
    said = str(fault)
    return Unparsable("a number in it has too many digits" if "integer string conversion" in said else said)


def parsed_json(
    text: str | bytes,
    parse_float: "Callable[[str], Any] | None" = None,
    pairs: "Callable[[list[tuple[str, Any]]], Any] | None" = None,
) -> "Any":
    """A value of JSON, by Python's own decoder, which accepts NaN and lone surrogates. Raises ``Unparsable``.

    ``pairs`` makes each object from its (name, value) pairs; without it, the last of several equal names counts.
    """
    import json

    try:
        value = json.loads(text, parse_float=parse_float, object_pairs_hook=pairs)
    except FAULTS as fault:
        raise unparsable(fault) from fault
    if may_be_deep(text) and not shallow(value):
        raise TooDeep
    return value


def json_at(decode: "Callable[[str, int], tuple[Any, int]]", text: str, place: int) -> "tuple[Any, int]":
    """``decode``, a decoder's ``raw_decode``, at a place in a text: the value, and where it ends.

    Raises json.JSONDecodeError where it is no JSON or is cut, with the place; ``Unparsable`` for all else.
    """
    import json

    try:
        value, end = decode(text, place)
    except json.JSONDecodeError:
        raise
    except FAULTS as fault:
        raise unparsable(fault) from fault
    if not shallow(value):
        raise TooDeep
    return value, end


class CutShort(Unparsable):
    """The text ends within a value."""


def json_values(text: str, between: str = " \t\r\n,\x1e") -> "Iterator[Any]":
    """The JSON values in a text, one after another, separated by nothing but the characters ``between``.

    Raises ``Unparsable`` at the first text that is no value, after giving those before it; ``CutShort`` where the last
    value is not complete.
    """
    import json

    decode, place = json.JSONDecoder().raw_decode, 0
    while True:
        while place < len(text) and text[place] in between:
            place += 1
        if place == len(text):
            return
        try:
            value, place = json_at(decode, text, place)
        except json.JSONDecodeError as fault:
            is_cut = fault.pos >= len(text.rstrip()) or fault.msg.startswith("Unterminated string")
            raise (CutShort("it is cut off") if is_cut else unparsable(fault)) from fault
        yield value


def parsed_toml(text: bytes | str, parse_float: "Callable[[str], Any]" = float) -> "dict[str, Any]":
    """The table of a TOML document. Raises ``Unparsable``."""
    import tomllib

    try:
        table = tomllib.loads(text.decode("utf-8") if isinstance(text, bytes) else text, parse_float=parse_float)
    except (*FAULTS, ArithmeticError) as fault:
        raise unparsable(fault) from fault
    if not shallow(table):
        raise TooDeep
    return table


def parsed_python(text: str) -> "Any":
    """A value as Python prints it, without running anything. Raises ``Unparsable``."""
    import ast

    try:
        value = ast.literal_eval(text)
    except FAULTS as fault:
        raise unparsable(fault) from fault
    if not shallow(value):
        raise TooDeep
    return value


def storable(text: str) -> str:
    """``text`` without lone surrogates, which JSON can spell and neither UTF-8 nor a database can."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
