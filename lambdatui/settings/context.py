"""What the global options say, resolved once and handed to every command and to the screens.

Nothing here imports click: ``lambdatui`` alone goes from its arguments to its first frame without it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collectors.model.clock import now_ms
from lambdatui.settings import config_file, paths
from lambdatui.settings.options import TABLES, resolve_options
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import DEFAULT_PRESET, RangeChoice

if TYPE_CHECKING:
    from lambdatui.views.function_set import FunctionSet
    from lambdatui.views.tag_terms import Alternatives
    from lambdatui.views.tagged_functions import Tagged


@dataclass(frozen=True, slots=True)
class CommandContext:
    """The store, the range, what to narrow to, and how to paint.

    ``options`` are the values of all global options by key, as the command line, the environment and the configuration
    give them; ``command_line`` those of the command line alone. ``sets`` are the functions of filters; ``tagged`` is
    what a store answered about ``tags`` and ``sets``. ``theme`` is None where the terminal is to decide. ``zone`` is
    the one that was named for times; None where they are shown in the machine's and typed in UTC.

    The rest are tables of the configuration: ``keys`` (keys by binding id), ``columns`` (column ids by screen),
    ``thresholds`` (``options.THRESHOLDS``), ``themes`` (colours by theme), ``pricing``, ``retention`` (ages such as
    ``30d``) and ``organization`` (``role_name``, ``external_id``).
    """

    db: Path
    range: RangeChoice = field(default_factory=RangeChoice)
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    tags: "tuple[Alternatives, ...]" = ()
    tagged: "Tagged | None" = None
    sets: "tuple[FunctionSet, ...]" = ()
    utc: bool = False
    zone: str | None = None
    no_color: bool = False
    theme: str | None = None
    config: Path | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    no_mouse: bool = False
    reduced_motion: bool = False
    ascii: bool = False
    no_redact: bool = False
    range_given: bool = False
    columns: Mapping[str, list[str]] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    themes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    pricing: Mapping[str, Any] = field(default_factory=dict)
    retention: Mapping[str, Any] = field(default_factory=dict)
    organization: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    command_line: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """The accounts, regions, functions, tags and sets of functions that everything is narrowed to."""
        scope = Scope(self.accounts, self.regions, self.functions, self.tags).and_functions(*self.sets)
        return replace(scope, tagged=self.tagged)


def resolve_context(command_line: Mapping[str, Any]) -> CommandContext:
    """The context of a command line: its own options, then the environment's, then those of the configuration.

    ``command_line`` has values by an option's key, and may have ``tag_terms`` and ``function_sets``, which were read
    already. Local time is that of the zone which the options name, from then on in this process. Raises
    ``RangeError``, ``ConfigError``, ``TagError``, ``FilterError``, ``UnknownZone``.
    """
    path = config_file.path_of(command_line.get("config"))
    configured = config_file.load(path, required="config" in command_line)
    if "db" in configured:
        configured["db"] = os.path.expanduser(configured["db"])
    options = resolve_options(command_line, os.environ, configured)
    zone = _zone(command_line, options)
    return CommandContext(
        db=Path(options["db"] or paths.store_file()),
        range=_range(options, zone),
        accounts=options["account"],
        regions=options["region"],
        functions=options["function"],
        tags=(*_tags(options["tag"]), *command_line.get("tag_terms", ())),
        sets=(*_sets(options["filter"]), *command_line.get("function_sets", ())),
        config=path,
        range_given=any(options[key] is not None for key in ("range", "from", "to", "at")),
        options=options,
        command_line=dict(command_line),
        utc=zone == _UTC,
        zone=zone,
        **{name: options[name] for name in _AS_THEY_ARE},
        **{name: configured.get(name, {}) for name in TABLES},
    )


_UTC = "UTC"
_AS_THEY_ARE = ("no_color", "no_mouse", "reduced_motion", "ascii", "no_redact", "theme")


def _zone(command_line: Mapping[str, Any], options: Mapping[str, Any]) -> str | None:
    """The zone that is named; the command line's ``--utc`` and ``--tz`` go before the configuration's."""
    asked = command_line if command_line.get("tz") or command_line.get("utc") else options
    name: str | None = asked.get("tz")
    utc = asked.get("utc")
    if not name and not utc:
        return None
    from lambdatui.text.zones import UnknownZone, is_utc, use_zone

    if not name or is_utc(name):
        name = _UTC
    elif utc:
        raise UnknownZone(f"both utc and tz = {name!r} are named: times are shown in one zone")
    use_zone(name)
    return name


def _range(options: Mapping[str, Any], zone: str | None) -> RangeChoice:
    """What was asked for, which is checked: words that are none are told before anything is shown."""
    local = zone not in (None, _UTC)
    choice = RangeChoice(at=options["at"], local_words=local, local_labels=local)
    choice = choice.with_words(options["range"] or DEFAULT_PRESET)
    if options["from"] is not None or options["to"] is not None:
        start, end = (options[key] if options[key] is not None else of_range
                      for key, of_range in (("from", choice.start), ("to", choice.end)))  # fmt: skip
        choice = replace(choice, start=start, end=end)
    if choice.start is not None or choice.end is not None or choice.at is not None:
        choice.resolve(now_ms())
    return choice


def _tags(values: tuple[str, ...]) -> "tuple[Alternatives, ...]":
    if not values:
        return ()
    from lambdatui.views.tag_terms import parsed

    return parsed(values)


def _sets(expression: str | None) -> "tuple[FunctionSet, ...]":
    if not expression:
        return ()
    from lambdatui.settings.saved_filters import SavedFilters
    from lambdatui.views.named_filter import function_set

    return (function_set(expression, SavedFilters(paths.filters_file())),)
