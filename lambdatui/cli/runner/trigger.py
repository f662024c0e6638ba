"""The options of ``lambdatui runner trigger``: the triggers' own, and what the runner is asked for by them."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from lambdatui.runner.triggers.base import Document, Option, OptionError, OptionKind
from lambdatui.runner.triggers.registry import all_options, choosing_options, trigger_with

F = TypeVar("F", bound=Callable[..., Any])


def trigger_options(run: F) -> F:
    """Give a command the options of every trigger."""
    for option in reversed(all_options()):
        run = _click_option(option)(run)
    return run


def _click_option(option: Option) -> Callable[[F], F]:
    settings: dict[str, Any] = {"help": option.help, "default": option.default, "show_default": option.show_default}
    if option.kind is OptionKind.FLAG:
        settings = {"help": option.help, "is_flag": True}
    elif option.kind is OptionKind.NUMBER:
        settings["type"] = click.IntRange(option.least, option.most)
    elif option.kind is OptionKind.FOLDER:
        settings["type"] = click.Path(exists=True, file_okay=False, resolve_path=True)
    if option.metavar:
        settings["metavar"] = option.metavar
    return click.option(f"--{option.flag}", option.name, **settings)


def trigger_request(name: str, values: dict[str, Any]) -> tuple[str, Document]:
    """Path and body of the request for a trigger of the function ``name``. UsageError unless it is one trigger."""
    choosing = choosing_options()
    asked_for = [option for option in choosing if values[option.name] is not None]
    if len(asked_for) != 1:
        *others, last = (f"--{option.flag}" for option in choosing)
        raise click.UsageError(f"give one of {', '.join(others)} and {last}")
    trigger = trigger_with(asked_for[0], values[asked_for[0].name])
    try:
        return trigger.request(name, values)
    except OptionError as error:
        raise click.UsageError(str(error)) from error
