"""The global options: the same before and after the subcommand, settled into one ``Context``."""

from collections.abc import Sequence
from typing import Any

import click

from lambdatui.settings.context import Context, settled
from lambdatui.text.safe_output import raw_output
from lambdatui.views.time_range import DEFAULT_PRESET, PRESETS

_GIVEN = "lambdatui.given"
_settled: list[Context] = []


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
        option(
            "--tag", multiple=True, metavar="TAG", help="Only functions with KEY=VALUE, KEY, KEY!=VALUE, !KEY (globs)."
        ),
        option("--utc", is_flag=True, help="Show times in UTC, not in this machine's zone."),
        option("--no-color", is_flag=True, help="No colour; also $NO_COLOR."),
        option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, for selecting text."),
        option("--ascii", is_flag=True, help="No signs beyond ASCII, for fonts that lack them."),
        option("--no-redact", is_flag=True, help="Copy and export with keys, tokens and e-mail addresses."),
        option("--theme", metavar="NAME", help="Theme of the screens."),
        option("--config", metavar="FILE", help="Configuration (default: $XDG_CONFIG_HOME/lambdatui/config.toml)."),
        click.Option(
            ["--raw"], is_flag=True, expose_value=False, is_eager=True, callback=_raw, hidden=hidden,
            help="CSV and log lines as they are, with what a terminal would obey.",
        ),
    ]  # fmt: skip


def add_global_options(command: click.Command) -> None:
    """Let ``command`` take the global options too; what it defines itself stays its own."""
    own = {name for param in command.params for name in param.opts}
    command.params.extend(one for one in global_options(hidden=True) if not own.intersection(one.opts))


def _raw(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        raw_output()


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value not in (None, (), False):
        ctx.meta.setdefault(_GIVEN, {})[param.name] = value


def keep_tag_terms(ctx: click.Context, terms: Sequence[Any]) -> None:
    """What a filter says of tags narrows everything, as ``--tag`` does."""
    if terms:
        ctx.meta.setdefault(_GIVEN, {})["tag_terms"] = tuple(terms)


def current_context() -> Context:
    """The global options of the running command line; the configuration's where it gives none.

    Raises ``RangeError``, ``click.UsageError``.
    """
    given: dict[str, Any] = dict(click.get_current_context().meta.get(_GIVEN, {}))
    context = settled(given)
    _settled[:] = [context]
    return context


def last_context() -> Context | None:
    """The one that was settled last, for what is said of an error afterwards."""
    return _settled[0] if _settled else None
