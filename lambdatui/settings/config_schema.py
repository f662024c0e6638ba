"""What the configuration may say: a row for each key, and msgspec checks every value against its row's type."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

import msgspec

from collectors.model.errors import CaughtError
from collectors.store.write.retention import DEFAULTS as RETAINED
from collectors.store.write.retention import age_ms
from lambdatui.settings.options import FLAG, OPTIONS, REPEATED, TABLES, THRESHOLDS, VALUE


class _Organization(msgspec.Struct, forbid_unknown_fields=True):
    role_name: str = ""
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of the file. ``type`` is msgspec's, ``expected`` the same in words.

    A table whose keys are fixed has their ``names``; dashes in them are forgiven.
    """

    name: str
    type: Any
    expected: str
    names: tuple[str, ...] = ()


_OPTION_TYPES: dict[str, tuple[Any, str]] = {
    VALUE: (str, "text"),
    REPEATED: (str | list[str], "text or a list of text"),
    FLAG: (bool, "true or false"),
}
_Figure = Annotated[float, msgspec.Meta(ge=0)]
_TABLE_TYPES: dict[str, tuple[Any, str]] = {
    "keys": (dict[str, str], 'a table of binding = "keys"'),
    "columns": (dict[str, list[str]], 'a table of screen = ["column", ...]'),
    "thresholds": (dict[str, _Figure], "a table of figure = number"),
    "retention": (dict[str, Any], f'a table of {", ".join(RETAINED)} = "30d" or "forever"'),
    "organization": (_Organization, 'a table of role_name and external_id = "text"'),
    "pricing": (dict[str, Any], "a table of discount, rates, savings_plan and credits"),
    "themes": (dict[str, dict[str, str]], 'tables of colour = "#rrggbb"'),
}
_TABLE_NAMES = {"thresholds": THRESHOLDS, "retention": tuple(RETAINED)}
SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        *(Setting(option.key, *_OPTION_TYPES[option.kind]) for option in OPTIONS if option.configured),
        *(Setting(name, *_TABLE_TYPES[name], _TABLE_NAMES.get(name, ())) for name in TABLES),
    )
}


class WrongSetting(CaughtError, ValueError):
    """What is wrong with a setting; ``inner_key`` of its table is to blame, where that is known."""

    def __init__(self, message: str, inner_key: str = "") -> None:
        super().__init__(message)
        self.inner_key = inner_key


def checked(key: str, value: Any) -> tuple[str, Any]:
    """The setting's name and value. Raises ``WrongSetting``."""
    setting = SETTINGS.get(_underscored(key))
    if setting is None:
        raise WrongSetting(f"{key!r} is no setting; {_near(key, SETTINGS)}")
    converted = _converted(key, value, setting)
    if not setting.names:
        return setting.name, converted
    table = {_underscored(inner): entry for inner, entry in converted.items()}
    for inner in value:
        if _underscored(inner) not in setting.names:
            raise WrongSetting(f"{setting.name}: {inner!r} is none; {_near(inner, setting.names)}", inner)
    if setting.name == "retention":
        _check_ages(table)
    return setting.name, table


def _converted(key: str, value: Any, setting: Setting) -> Any:
    """The value as the setting's type. Raises ``WrongSetting``: what is expected and, in a table, of which key."""
    try:
        converted = msgspec.convert(value, setting.type)
        return value if isinstance(converted, msgspec.Struct) else converted
    except msgspec.ValidationError as error:
        reason, inner = _in_words(str(error)), ""
        if isinstance(value, dict):
            inner = next((name for name, entry in value.items() if not _fits({name: entry}, setting.type)), "")
        place = f"{inner}: " if inner else ""
        raise WrongSetting(f"{key} must be {setting.expected} ({place}{reason})", inner) from None


_WORDS = {
    "str": "text", "bool": "true or false", "int": "a whole number", "float": "a number", "array": "a list",
    "object": "a table", "str | array": "text or a list",
}  # fmt: skip


def _in_words(reason: str) -> str:
    """msgspec's reason without the place, types as TOML's reader knows them: ``expected text, got a list``."""
    reason = re.sub(r"`([^`]*)`", lambda name: _WORDS.get(name[1], repr(name[1])), reason.partition(" - at ")[0])
    return f"{reason[:1].lower()}{reason[1:]}"


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _check_ages(ages: Mapping[str, Any]) -> None:
    for key, age in ages.items():
        try:
            age_ms(age)
        except ValueError as error:
            raise WrongSetting(f"retention: {key} = {json.dumps(age, default=str)} must be {error}", key) from None


def _underscored(key: str) -> str:
    return key.replace("-", "_")


def _near(key: str, known: Any) -> str:
    """Suggests the nearest of the known names, or lists them all."""
    near = get_close_matches(_underscored(key), known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"


def line_of(text: str, key: str, inner_key: str) -> int | None:
    """The number of the line that writes a key of the document, or of one of its tables; None where that is unclear."""
    key_line = None
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        heading = re.match(r"\s*\[+([^\]]+)\]", line)
        if heading:
            path = table = _parts(heading[1])
        elif "=" in line:
            path = [*table, *_parts(line.partition("=")[0])]
        else:
            continue
        if path[:1] == [key]:
            key_line = key_line or number
            if not inner_key or path[1:2] == [inner_key]:
                return number
    return key_line


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]
