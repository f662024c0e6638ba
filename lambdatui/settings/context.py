"""What the global options say, resolved once and handed to every command and to the screens.

Nothing here imports click: ``lambdatui`` alone goes from its arguments to its first frame without it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdatui.settings import config_file, paths
from lambdatui.settings.options import TABLES, resolve_options
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import DEFAULT_PRESET, RangeChoice, check_preset

if TYPE_CHECKING:
    from lambdatui.views.function_set import FunctionSet
    from lambdatui.views.tag_terms import Alternatives
    from lambdatui.views.tagged_functions import Tagged


@dataclass(frozen=True, slots=True)
class CommandContext:
    """The store, the range, what to narrow to, and how to paint.

    ``options`` are the values of all global options by key, as the command line, the environment and the configuration
    give them; ``command_line`` those of the command line alone. ``sets`` are the functions of filters; ``tagged`` is
    what a store answered about ``tags`` and ``sets``.
    ``theme`` is None where the terminal is to decide.

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
    no_color: bool = False
    theme: str | None = None
    config: Path | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    no_mouse: bool = False
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
    already. Raises ``RangeError``, ``ConfigError``, ``TagError``, ``FilterError``.
    """
    path = config_file.path_of(command_line.get("config"))
    configured = config_file.load(path, required="config" in command_line)
    if "db" in configured:
        configured["db"] = os.path.expanduser(configured["db"])
    options = resolve_options(command_line, os.environ, configured)
    return CommandContext(
        db=Path(options["db"] or paths.store_file()),
        range=RangeChoice(
            check_preset(options["range"] or DEFAULT_PRESET), options["from"], options["to"], options["at"]
        ),
        accounts=options["account"],
        regions=options["region"],
        functions=options["function"],
        tags=(*_tags(options["tag"]), *command_line.get("tag_terms", ())),
        sets=(*_sets(options["filter"]), *command_line.get("function_sets", ())),
        config=path,
        range_given=any(options[key] is not None for key in ("range", "from", "to", "at")),
        options=options,
        command_line=dict(command_line),
        **{name: options[name] for name in ("utc", "no_color", "no_mouse", "ascii", "no_redact", "theme")},
        **{name: configured.get(name, {}) for name in TABLES},
    )


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
