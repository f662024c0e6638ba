"""The global options as click's: the same before and after the subcommand, resolved into one ``CommandContext``."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from lambdatui.settings.context import CommandContext, resolve_context
from lambdatui.settings.options import FLAG, OPTIONS, REPEATED, GlobalOption
from lambdatui.text.safe_output import raw_output
from lambdatui.views.time_range import DEFAULT_PRESET, PRESETS

_GIVEN = "lambdatui.given"
_ACTIONS: dict[str, Callable[[], None]] = {"raw": raw_output}  # of options that act where they are read
_last_context: list[CommandContext] = []


def global_options(*, hidden: bool) -> list[click.Option]:
    """Fresh click options; ``hidden`` on subcommands, whose help names their own."""
    return [_click_option(option, hidden) for option in OPTIONS]


def _click_option(option: GlobalOption, hidden: bool) -> click.Option:
    names = {"presets": "|".join(PRESETS), "preset": DEFAULT_PRESET}
    return click.Option(
        [f"--{option.name}"],
        expose_value=False,
        is_eager=option.eager,
        callback=_act if option.eager else _keep,
        hidden=hidden,
        is_flag=option.kind == FLAG,
        multiple=option.kind == REPEATED,
        metavar=option.metavar and option.metavar.format_map(names),
        help=option.help.format_map(names),
    )


def add_global_options(command: click.Command) -> None:
    """Let ``command`` take the global options too; what it defines itself stays its own."""
    own = {name for param in command.params for name in param.opts}
    command.params.extend(option for option in global_options(hidden=True) if not own.intersection(option.opts))


def _act(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        _ACTIONS[str(param.name)]()


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value not in (None, (), False):
        ctx.meta.setdefault(_GIVEN, {})[param.name] = value


def keep_tag_terms(ctx: click.Context, terms: Sequence[Any]) -> None:
    """Scope everything to functions of which these conditions on tags hold, as ``--tag`` does."""
    if terms:
        ctx.meta.setdefault(_GIVEN, {})["tag_terms"] = tuple(terms)


def keep_function_sets(ctx: click.Context, sets: Sequence[Any]) -> None:
    """Scope everything to functions that are in these sets, as a filter of functions does."""
    if sets:
        ctx.meta.setdefault(_GIVEN, {})["function_sets"] = tuple(sets)


def current_context(*, chooses_functions: bool = False) -> CommandContext:
    """The global options of the running command line; the configuration's where it gives none.

    ``chooses_functions``: the command is of functions in a store, of which ``--filter`` can choose some. Raises
    ``RangeError``, ``ConfigError``, ``TagError``, ``FilterError``.
    """
    options = click.get_current_context().meta.get(_GIVEN, {})
    if options.get("filter") and not chooses_functions:
        raise click.UsageError("--filter chooses among functions in a store, of which this command is not")
    context = resolve_context(options)
    _last_context[:] = [context]
    return context


def last_context() -> CommandContext | None:
    """The context that was resolved last: the store that an error may be about."""
    return _last_context[0] if _last_context else None
