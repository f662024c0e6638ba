"""Reads a command line of nothing but global options, without click and with next to no imports."""

from lambdatui.settings.options import FLAG, OPTIONS, REPEATED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def global_only(arguments: "Sequence[str]") -> "dict[str, Any] | None":
    """What ``arguments`` give, by key, where they are nothing but global options; None where there is anything else.

    A shortcut for starting the screens; whatever is odd here is left for click to judge.
    """
    known = {option.name: option for option in OPTIONS if not option.eager}
    values: dict[str, Any] = {}
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.removeprefix("--").partition("=")
        option = known.get(name) if argument.startswith("--") else None
        if option is None:
            return None
        if option.kind == FLAG:
            if equals:
                return None
            values[option.key] = True
            continue
        if not equals:
            value = next(rest, "")
        if not value or (not equals and value.startswith("-")):
            return None
        values[option.key] = (*values.get(option.key, ()), value) if option.kind == REPEATED else value
    return values


def first_frame_knows(values: "dict[str, Any]") -> bool:
    """Whether the first frame can be laid out with these options at once."""
    return all(option.first_frame for option in OPTIONS if option.key in values)
