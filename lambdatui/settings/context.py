"""What the global options say, settled once and handed to every command and to the screens.

Nothing here imports click: ``lambdatui`` alone goes from its arguments to its first frame without it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdatui.views.scope import Narrow
from lambdatui.views.time_range import DEFAULT_PRESET, RangeChoice, check_preset

if TYPE_CHECKING:
    from lambdatui.views.tag_terms import Alternatives
    from lambdatui.views.tagged_functions import Tagged


@dataclass(frozen=True, slots=True)
class Context:
    """The store, the range, what to narrow to, and how to paint. ``tagged`` is what a store said of ``tags``.

    ``keys`` remaps bindings: binding id -> keys, from the configuration's ``[keys]`` table. ``theme`` is None where
    the terminal is to decide.
    """

    db: Path
    range: RangeChoice = field(default_factory=RangeChoice)
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    tags: "tuple[Alternatives, ...]" = ()
    tagged: "Tagged | None" = None
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

    @property
    def narrow(self) -> Narrow:
        return Narrow(self.accounts, self.regions, self.functions, self.tags, self.tagged)


def settled(given: dict[str, Any]) -> Context:
    """``given``, the environment and the configuration, in this order of precedence.

    Raises ``RangeError``, ``ConfigError``, ``TagError``.
    """
    from lambdatui.settings import config_file

    path = config_file.path_of(given.get("config"))
    settings = config_file.load(path, required="config" in given)
    preset = given.get("range", settings.get("range", DEFAULT_PRESET))
    return Context(
        db=Path(given["db"]) if "db" in given else _default_db(settings.get("db")),
        range=RangeChoice(check_preset(preset), given.get("from"), given.get("to"), given.get("at")),
        accounts=_tuple(given.get("account", settings.get("account", ()))),
        regions=_tuple(given.get("region", settings.get("region", ()))),
        functions=_tuple(given.get("function", settings.get("function", ()))),
        tags=(*_tags(given.get("tag", settings.get("tag", ()))), *given.get("tag_terms", ())),
        utc=bool(given.get("utc", settings.get("utc", False))),
        no_color=bool(given.get("no_color") or os.environ.get("NO_COLOR") or settings.get("no_color", False)),
        theme=given.get("theme", settings.get("theme")),
        config=path,
        keys=settings.get("keys", {}),
        no_mouse=bool(given.get("no_mouse", settings.get("no_mouse", False))),
        ascii=bool(given.get("ascii", settings.get("ascii", False))),
        no_redact=bool(given.get("no_redact", False)),
        range_given=bool(given.keys() & {"range", "from", "to", "at"}) or "range" in settings,
        columns=settings.get("columns", {}),
        thresholds=settings.get("thresholds", {}),
        themes=settings.get("themes", {}),
        pricing=settings.get("pricing", {}),
        retention=settings.get("retention", {}),
        organization=settings.get("organization", {}),
    )


def _default_db(configured: str | None) -> Path:
    from collectors.store.connection import default_path

    if configured and "LAMBDATUI_DB" not in os.environ:
        return Path(configured).expanduser()
    return default_path()


def _tags(value: str | list[str] | tuple[str, ...]) -> "tuple[Alternatives, ...]":
    if not value:
        return ()
    from lambdatui.views.tag_terms import parsed

    return parsed(_tuple(value))


def _tuple(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
