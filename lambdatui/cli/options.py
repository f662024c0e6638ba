"""The global options: the same before and after the subcommand, settled into one ``Context``."""

import os
from pathlib import Path
from typing import Any

import click

from lambdatui.cli.context import Context
from lambdatui.views.time_range import DEFAULT_PRESET, PRESETS, RangeChoice, check_preset

_GIVEN = "lambdatui.given"


def global_options(*, hidden: bool) -> list[click.Option]:
    """Fresh click options; ``hidden`` on subcommands, whose help names their own."""

    def option(*names: str, **settings: Any) -> click.Option:
        return click.Option(names, expose_value=False, callback=_keep, hidden=hidden, **settings)

    return [
        option("--db", metavar="FILE", help="The store (default: $LAMBDATUI_DB, else the XDG data folder)."),
        option("--range", metavar="|".join(PRESETS), help=f"Span of time (default {DEFAULT_PRESET})."),
        option("--from", metavar="TIME", help="Start: ISO 8601 (UTC where no zone is named) or epoch seconds."),
        option("--to", metavar="TIME", help="End, exclusive; a bare date includes its whole day."),
        option("--at", metavar="TIME", help='Moves "now" for the range.'),
        option("--account", multiple=True, metavar="A", help="Only this account (glob, repeatable)."),
        option("--region", multiple=True, metavar="R", help="Only this region (glob, repeatable)."),
        option("--function", multiple=True, metavar="PATTERN", help="Only functions like this (glob, repeatable)."),
        option("--utc", is_flag=True, help="Show times in UTC, not in this machine's zone."),
        option("--no-color", is_flag=True, help="No colour; also $NO_COLOR."),
        option("--theme", metavar="NAME", help="Theme of the screens."),
        option("--config", metavar="FILE", help="Configuration (default: $XDG_CONFIG_HOME/lambdatui/config.toml)."),
    ]


def add_global_options(command: click.Command) -> None:
    """Let ``command`` take the global options too; what it defines itself stays its own."""
    own = {name for param in command.params for name in param.opts}
    command.params.extend(one for one in global_options(hidden=True) if not own.intersection(one.opts))


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value not in (None, (), False):
        ctx.meta.setdefault(_GIVEN, {})[param.name] = value


def current_context() -> Context:
    """The global options of the running command line; the configuration's where it gives none.

    Raises ``RangeError``, ``click.UsageError``.
    """
    given: dict[str, Any] = dict(click.get_current_context().meta.get(_GIVEN, {}))
    return settled(given)


def settled(given: dict[str, Any]) -> Context:
    """``given``, the configuration and the environment, in this order of precedence."""
    from lambdatui.cli import config

    path = config.path_of(given.get("config"))
    settings = config.load(path, required="config" in given)
    preset = given.get("range", settings.get("range", DEFAULT_PRESET))
    return Context(
        db=Path(given["db"]) if "db" in given else _default_db(settings.get("db")),
        range=RangeChoice(check_preset(preset), given.get("from"), given.get("to"), given.get("at")),
        accounts=_tuple(given.get("account", settings.get("account", ()))),
        regions=_tuple(given.get("region", settings.get("region", ()))),
        functions=_tuple(given.get("function", settings.get("function", ()))),
        utc=bool(given.get("utc", settings.get("utc", False))),
        no_color=bool(given.get("no_color") or os.environ.get("NO_COLOR") or settings.get("no_color", False)),
        theme=given.get("theme", settings.get("theme")),
        config=path,
        keys=settings.get("keys", {}),
    )


def _default_db(configured: str | None) -> Path:
    from collectors.store.open import default_path

    if configured and "LAMBDATUI_DB" not in os.environ:
        return Path(configured).expanduser()
    return default_path()


def _tuple(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
