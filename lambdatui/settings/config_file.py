"""The configuration: one small TOML file with the global options' names, and what the screens can be made to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from collectors.store.write.retention import DEFAULTS as RETAINED
from collectors.store.write.retention import age_ms
from collectors.untrusted import Unparsable, parsed_toml
from lambdatui.start.arguments import default_config

THRESHOLDS = ("error_rate", "throttles", "p95_ms", "p99_ms", "cold_ratio", "budget_usd")
"""What a function is in trouble from; ``budget_usd`` is of a month and of all functions."""


class ConfigError(ValueError):
    """The configuration cannot be used; the message names the file and the line or key."""


def path_of(given: str | None) -> Path | None:
    """The file to read: the one given, else the XDG one if it is there."""
    if given is not None:
        return Path(given).expanduser()
    path = Path(default_config())
    return path if path.is_file() else None


def load(path: Path | None, *, required: bool = False) -> dict[str, Any]:
    """The settings, dashes in names forgiven; ``{}`` where there is no file. Raises ``ConfigError``."""
    if path is None:
        return {}
    try:
        with path.open("rb") as file:
            read = parsed_toml(file.read())
    except FileNotFoundError:
        if required:
            raise ConfigError(f"{path}: there is no such configuration; check --config") from None
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    except Unparsable as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    return dict(_checked(path, *item) for item in read.items())


def _checked(path: Path, given: str, value: Any) -> tuple[str, Any]:
    name = given.replace("-", "_")
    if name not in _KINDS:
        raise ConfigError(f"{path}: {given!r} is no setting; there are {', '.join(_KINDS)}")
    fits, expected = _KINDS[name]
    if not fits(value):
        raise ConfigError(f"{path}: {given} must be {expected}")
    if name == "thresholds":
        unknown = [key for key in value if key.replace("-", "_") not in THRESHOLDS]
        if unknown:
            raise ConfigError(f"{path}: thresholds: {unknown[0]!r} is none; there are {', '.join(THRESHOLDS)}")
        value = {key.replace("-", "_"): float(figure) for key, figure in value.items()}
    if name == "retention":
        _check_ages(path, value)
    return name, value


def _check_ages(path: Path, ages: dict[str, Any]) -> None:
    for key, age in ages.items():
        if key not in RETAINED:
            raise ConfigError(f"{path}: retention: {key!r} is none; there are {', '.join(RETAINED)}")
        try:
            age_ms(age)
        except ValueError as error:
            raise ConfigError(f"{path}: retention: {key} = {json.dumps(age, default=str)} must be {error}") from None


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _text_or_texts(value: Any) -> bool:
    return _text(value) or _texts(value)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _table(value: Any) -> bool:
    return isinstance(value, dict)


def _table_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(fits(one) for one in value.values())


def _organization(value: Any) -> bool:
    return _table_of(_text)(value) and value.keys() <= {"role_name", "external_id"}


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "db": (_text, "text"),
    "range": (_text, "text"),
    "account": (_text_or_texts, "text or a list of text"),
    "region": (_text_or_texts, "text or a list of text"),
    "function": (_text_or_texts, "text or a list of text"),
    "tag": (_text_or_texts, "text or a list of text"),
    "utc": (_flag, "true or false"),
    "no_color": (_flag, "true or false"),
    "no_mouse": (_flag, "true or false"),
    "ascii": (_flag, "true or false"),
    "theme": (_text, "text"),
    "keys": (_table_of(_text), 'a table of binding = "keys"'),
    "columns": (_table_of(_texts), 'a table of screen = ["column", ...]'),
    "thresholds": (_table_of(_figure), "a table of figure = number"),
    "retention": (_table, f'a table of {", ".join(RETAINED)} = "30d" or "forever"'),
    "organization": (_organization, 'a table of role_name and external_id = "text"'),
    "pricing": (_table, "a table of discount, rates, savings_plan and credits"),
    "themes": (_table_of(_table_of(_text)), 'tables of colour = "#rrggbb"'),
}
SETTINGS = tuple(_KINDS)
