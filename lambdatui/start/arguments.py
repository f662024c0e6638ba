"""The command line where it gives nothing but global options, read without click and next to no imports."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

VALUES = ("db", "range", "from", "to", "at", "theme", "config")
REPEATED = ("account", "region", "function", "tag")
FLAGS = ("utc", "no-color", "no-mouse", "ascii", "no-redact")


def global_only(arguments: "Sequence[str]") -> "dict[str, Any] | None":
    """What ``arguments`` give where they are nothing but global options; None where there is anything else.

    A shortcut for starting the screens; whatever is odd here is left for click to judge.
    """
    given: dict[str, Any] = {}
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.removeprefix("--").partition("=")
        if not argument.startswith("--") or name not in (*VALUES, *REPEATED, *FLAGS):
            return None
        if name in FLAGS:
            if equals:
                return None
            given[name.replace("-", "_")] = True
            continue
        if not equals:
            value = next(rest, "")
        if not value or (not equals and value.startswith("-")):
            return None
        given[name] = (*given.get(name, ()), value) if name in REPEATED else value
    return given


def default_config() -> str:
    """Where the configuration lies if none is named: ``lambdatui/config.toml`` in the XDG folder."""
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(home, "lambdatui", "config.toml")
