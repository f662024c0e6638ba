"""What is told of a wrong command line: what is wrong, what was meant, and where the help is, in one line."""

from collections.abc import Collection
from difflib import get_close_matches

import click


def usage_text(error: click.UsageError) -> str:
    """One line: the command, what is wrong with it, the nearest name where one is misspelt, and where the help is."""
    command = error.ctx.command_path if error.ctx else "lambdatui"
    message = _without_end(_message(error))
    return f"{command}: {message[:1].lower()}{message[1:]} (see '{command} --help')"


def did_you_mean(name: str, names: Collection[str]) -> str:
    """``; did you mean functions?``, or what there is where nothing is near."""
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(names)}"


def _message(error: click.UsageError) -> str:
    """click's message; where a name is misspelt, with one suggestion as the house writes it."""
    if isinstance(error, click.NoSuchOption):
        near = get_close_matches(error.option_name, _options(error), n=1, cutoff=0.5)
        return f"no such option '{error.option_name}'" + (f"; did you mean {near[0]}?" if near else "")
    wrong = _misspelt_command(error)
    if wrong is not None:
        names, name = wrong
        return f"no command {name!r}{did_you_mean(name, names)}"
    if isinstance(error, click.BadParameter) and error.param is not None and error.message:
        return f"invalid value for '{_hint(error.param)}': {_without_end(_of_value(error, error.param))}"
    return error.format_message()


def _options(error: click.NoSuchOption) -> list[str]:
    command = error.ctx.command if error.ctx else None
    params = command.params if command is not None else ()
    return [
        name for param in params if isinstance(param, click.Option) for name in (*param.opts, *param.secondary_opts)
    ]


def _misspelt_command(error: click.UsageError) -> tuple[list[str], str] | None:
    """The names that there are, and the one that is none of them; None for any other error.

    Only newer versions of click have a class of their own for it.
    """
    name = getattr(error, "command_name", None)
    if name is None or error.ctx is None or not isinstance(error.ctx.command, click.Group):
        return None
    return error.ctx.command.list_commands(error.ctx), str(name)


def _hint(param: click.Parameter) -> str:
    """``--limit``, or an argument's name in capitals."""
    return max(param.opts, key=len) if isinstance(param, click.Option) else (param.name or "").upper()


def _of_value(error: click.BadParameter, param: click.Parameter) -> str:
    kind = param.type
    if isinstance(kind, click.Choice) and " is not one of " in error.message:
        value = error.message.partition(" is not one of ")[0].strip("'")
        return f"there is no {value!r}{did_you_mean(value, [str(choice) for choice in kind.choices])}"
    if isinstance(kind, click.IntRange) and "is not a valid" in error.message:
        return error.message.replace("is not a valid integer range", "is no whole number")
    return error.message


def _without_end(message: str) -> str:
    return message.rstrip(".")
