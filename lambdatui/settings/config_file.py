"""The configuration: one small TOML file with the global options' names, and what the screens can be made to do.

Nothing big is imported where there is no such file. Where there is one, ``config_schema`` checks it.
"""

from pathlib import Path

from collectors.model.errors import ExitCode, LambdatuiError
from lambdatui.settings import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TABLES = ("keys", "columns", "thresholds", "retention", "organization", "pricing", "themes")
"""What the file may hold beside the global options, which are in ``lambdatui.settings.options``."""
THRESHOLDS = ("error_rate", "throttles", "p95_ms", "p99_ms", "cold_ratio", "budget_usd")
"""What a function is in trouble from; ``budget_usd`` is of a month and of all functions."""


class ConfigError(LambdatuiError, ValueError):
    """The configuration cannot be used; the message names the file, the line and the key."""

    exit_code = ExitCode.WRONG_USAGE


def path_of(named: "str | None") -> "Path | None":
    """The file to read: the one that is named, else the XDG one if it is there."""
    if named is not None:
        return Path(named).expanduser()
    path = Path(paths.config_file())
    return path if path.is_file() else None


def load(path: "Path | None", *, required: bool = False) -> "dict[str, Any]":
    """The settings by name, with underscores; ``{}`` where there is no file. Raises ``ConfigError``."""
    if path is None:
        return {}
    from collectors.untrusted import Unparsable, parsed_toml
    from lambdatui.settings.config_schema import WrongSetting, checked, line_of

    try:
        content = path.read_bytes()
        document = parsed_toml(content)
    except FileNotFoundError:
        if required:
            raise ConfigError(f"{path}: there is no such configuration", advice="check --config") from None
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    except Unparsable as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    settings: dict[str, Any] = {}
    for key, value in document.items():
        try:
            name, settings[name] = checked(key, value)
        except WrongSetting as wrong:
            line = line_of(content.decode("utf-8", "replace"), key, wrong.inner_key)
            place = f"{path}: line {line}" if line else f"{path}"
            raise ConfigError(f"{place}: {wrong}") from None
    return settings
