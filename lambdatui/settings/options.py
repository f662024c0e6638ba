"""The global options: one row for each. Everything that knows of one is made from its row.

That is: the options of every command and their help (``lambdatui.cli.global_options``), shell completions, the start
without click (``lambdatui.start.arguments``), the key of the configuration (``config_file``), the variable of the
environment, and the value that commands see (``context``). A new option is a row here.

Nothing is imported: the first frame reads its arguments by this table.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

VALUE, REPEATED, FLAG = "value", "repeated", "flag"


class GlobalOption:
    """A global option: ``--name``, with one value, several, or none (a flag).

    ``metavar`` and ``help`` may hold ``{presets}`` and ``{preset}``, the names of ranges and the usual one.
    ``variable`` of the environment stands in where the command line says nothing, before the configuration does.
    ``configured``: the configuration may set it, by ``key``. ``first_frame``: what the first frame shows can be laid
    out with it at once; any other option is resolved first, and the frame is painted a little later. ``eager`` ones
    act where they are read, and have no value.
    """

    __slots__ = ("configured", "eager", "first_frame", "help", "kind", "metavar", "name", "variable")

    def __init__(
        self,
        name: str,
        help: str,
        metavar: str | None = None,
        *,
        kind: str = VALUE,
        variable: str = "",
        configured: bool = True,
        first_frame: bool = False,
        eager: bool = False,
    ) -> None:
        self.name, self.help, self.metavar, self.kind, self.variable = name, help, metavar, kind, variable
        self.configured, self.first_frame, self.eager = configured, first_frame, eager

    @property
    def key(self) -> str:
        """Its name in the configuration and in Python: ``no_color``."""
        return self.name.replace("-", "_")

    def arguments(self, value: "Any") -> list[str]:
        """The words of a command line that give the option this value; none where that is the same as no option."""
        if value is None or value is False or value == ():
            return []
        if self.kind == FLAG:
            return [f"--{self.name}"]
        return [f"--{self.name}={one}" for one in (value if self.kind == REPEATED else (value,))]


OPTIONS = (
    GlobalOption("db", "The store (default: $LAMBDATUI_DB, else the XDG data folder).", "FILE", variable="LAMBDATUI_DB",
                 first_frame=True),
    GlobalOption("range", "Span of time (default {preset}); also 3h..1h, yesterday, last-week, 2026-11-01..2026-11-07.",
                 "{presets}", first_frame=True),
    GlobalOption("from", "Start: 3h (ago), 09:30, yesterday, monday, ISO 8601 or epoch seconds; of UTC, unless --tz or "
                 "the time itself names a zone.", "TIME", configured=False),
    GlobalOption("to", "End, exclusive; a bare date, or a word for a day, includes its whole day.", "TIME",
                 configured=False),
    GlobalOption("at", 'Moves "now" for the range.', "TIME", configured=False),
    GlobalOption("account", "Only this account (glob, repeatable).", "A", kind=REPEATED),
    GlobalOption("region", "Only this region (glob, repeatable).", "R", kind=REPEATED),
    GlobalOption("function", "Only functions like this (glob, repeatable).", "PATTERN", kind=REPEATED),
    GlobalOption("tag", "Only functions with KEY=VALUE, KEY, KEY!=VALUE, !KEY (globs).", "TAG", kind=REPEATED),
    GlobalOption("filter", "Only functions that this filter of functions keeps; @NAME is a saved one.", "EXPR",
                 configured=False),
    GlobalOption("tz", "Zone that times are shown in, and typed in: a name such as Europe/Berlin, local or UTC "
                 "(default: shown in this machine's, typed in UTC).", "ZONE"),
    GlobalOption("utc", "Short for --tz UTC.", kind=FLAG, first_frame=True),
    GlobalOption("no-color", "No colour; also $NO_COLOR.", kind=FLAG, variable="NO_COLOR", first_frame=True),
    GlobalOption("no-mouse", "Leave the mouse to the terminal, for selecting text.", kind=FLAG, first_frame=True),
    GlobalOption("reduced-motion", "Nothing blinks or moves by itself, as over SSH.", kind=FLAG, first_frame=True),
    GlobalOption("ascii", "No signs beyond ASCII, for fonts that lack them.", kind=FLAG, first_frame=True),
    GlobalOption("no-redact", "Copy and export with keys, tokens and e-mail addresses.", kind=FLAG, configured=False),
    GlobalOption("theme", "Theme of the screens.", "NAME", first_frame=True),
    GlobalOption("config", "Configuration (default: $XDG_CONFIG_HOME/lambdatui/config.toml).", "FILE",
                 configured=False),
    GlobalOption("raw", "CSV and log lines as they are, with what a terminal would obey.", kind=FLAG, configured=False,
                 eager=True),
)  # fmt: skip
TABLES = ("keys", "columns", "thresholds", "retention", "organization", "pricing", "themes")
"""Tables of the configuration file, beside the global options."""
THRESHOLDS = ("error_rate", "throttles", "p95_ms", "p99_ms", "cold_ratio", "budget_usd")
"""What a function is in trouble from; ``budget_usd`` is of a month and of all functions."""


def resolve_options(
    command_line: "Mapping[str, Any]", environ: "Mapping[str, str]", configured: "Mapping[str, Any]"
) -> "dict[str, Any]":
    """The value of each option by key: the command line's, else the environment's, else the configuration's.

    Without any: None, False for a flag, ``()`` for an option that may be repeated. A flag's variable counts where it
    is set to anything but nothing.
    """
    values: dict[str, Any] = {}
    for option in OPTIONS:
        value = command_line.get(option.key)
        if value is None and option.variable and (text := environ.get(option.variable)):
            value = True if option.kind == FLAG else text
        if value is None:
            value = configured.get(option.key)
        if option.kind == FLAG:
            value = bool(value)
        elif option.kind == REPEATED:
            value = (value,) if isinstance(value, str) else tuple(value or ())
        values[option.key] = value
    return values


def arguments_of(values: "Mapping[str, Any]", without: "Iterable[str]" = ()) -> list[str]:
    """A command line of global options with these values by key, but for those whose key is in ``without``."""
    wanted = [option for option in OPTIONS if option.key not in set(without)]
    return [word for option in wanted for word in option.arguments(values.get(option.key))]
