"""The configuration: a small TOML file with the same names as the global options, and ``[keys]``."""

from pathlib import Path
from typing import Any

from lambdatui.cli.arguments import default_config

_KINDS: dict[str, tuple[type, ...]] = {
    "db": (str,),
    "range": (str,),
    "account": (str, list),
    "region": (str, list),
    "function": (str, list),
    "utc": (bool,),
    "no_color": (bool,),
    "theme": (str,),
    "keys": (dict,),
}


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
    import tomllib

    try:
        with path.open("rb") as file:
            read = tomllib.load(file)
    except FileNotFoundError:
        if required:
            raise ConfigError(f"{path}: there is no such configuration; check --config") from None
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    return dict(_checked(path, *item) for item in read.items())


def _checked(path: Path, given: str, value: Any) -> tuple[str, Any]:
    name = given.replace("-", "_")
    kinds = _KINDS.get(name)
    if kinds is None:
        raise ConfigError(f"{path}: {given!r} is no setting; there are {', '.join(_KINDS)}")
    words = isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))
    table = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    if not isinstance(value, kinds) or not (words or table or isinstance(value, bool)):
        expected = " or ".join({"str": "text", "list": "a list of text", "bool": "true or false"}.get(
            kind.__name__, "a table of binding = \"keys\"") for kind in kinds)  # fmt: skip
        raise ConfigError(f"{path}: {given} must be {expected}")
    return name, value
