"""The commands as the documentation shows them, read from click's: one source for the site and the man page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc

import click

from collectors.model import errors
from lambdatui.cli import commands
from lambdatui.cli.main import cli

EXIT_CODES = {code: f"{meaning[:1].upper()}{meaning[1:]}." for code, meaning in errors.EXIT_CODES.items()}
"""What every command may exit with."""

OWN_EXIT_CODES = {
    "collect": {
        1: "Nothing could be read.",
        3: "A source, or a part of one, failed; the rest was kept.",
        4: "`--budget` would have been passed.",
    },
    "import": {
        3: "Some file could not be read, or only in part, or held REPORTs of which no invocation could be made.",
    },
    "patterns": {3: "Lines of an older store are not counted yet."},
    "costs": {
        3: "`--budget`: what is not known could decide.",
        4: "`--budget`: the month passes it.",
    },
    "costs reconcile": {3: "Some lines of the bill could not be compared."},
    "cost-estimate": {
        3: "`--fail-over` or `--budget`: what is not known could decide.",
        4: "`--fail-over` or `--budget`: the month costs more.",
    },
    "prices refresh": {3: "A region failed and keeps its prices."},
    "doctor": {
        1: "Something fails, or is denied.",
        3: "With `--aws`: nothing fails, and something could not be tried.",
    },
    "db check": {3: "`--repair` lost something, and says what.", 5: "The store is not whole."},
    "config check": {2: "Something in the file cannot be used."},
    "runner invoke": {1: "An invocation ended in a function error, or was refused."},
}
"""What a code means for one command, where that is more than ``EXIT_CODES`` says."""


_FEW = 5  # choices that stand in the option's name; more stand in its text


@dataclass(frozen=True)
class OptionText:
    """One option: ``names`` as typed, such as ``--region R``; ``text`` is its help with default and bounds."""

    names: str
    text: str


@dataclass(frozen=True)
class Part:
    """A piece of a command's description: a paragraph, or lines that keep their breaks."""

    text: str
    preformatted: bool


@dataclass(frozen=True)
class CommandText:
    """One command, with the commands of its group beneath it. ``name`` is in full, such as ``db check``."""

    name: str
    usage: str
    parts: tuple[Part, ...]
    options: tuple[OptionText, ...]
    example: str
    beneath: "tuple[CommandText, ...]"

    @property
    def exit_codes(self) -> dict[int, str]:
        """What the command's own codes mean."""
        return OWN_EXIT_CODES.get(self.name, {})

    def all(self) -> "Iterator[CommandText]":
        """The command itself, then those beneath it."""
        yield self
        for child in self.beneath:
            yield from child.all()


def global_options() -> tuple[OptionText, ...]:
    """The options that every command takes."""
    return _options(cli)


def all_commands() -> tuple[CommandText, ...]:
    """Every subcommand, in the order of ``lambdatui --help``."""
    return tuple(command_text(name) for name in commands.known())


def command_text(name: str) -> CommandText:
    """The subcommand of that name. Raises ``KeyError``."""
    command = commands.load(name)
    if command is None:
        raise KeyError(name)
    return _described(command, name)


def summary(name: str) -> str:
    """The line that ``lambdatui --help`` has of a subcommand."""
    return commands.summary(name)


def _described(command: click.Command, name: str) -> CommandText:
    context = click.Context(command, info_name=f"lambdatui {name}")
    usage = " ".join((context.command_path, *command.collect_usage_pieces(context)))
    beneath = command.commands.items() if isinstance(command, click.Group) else ()
    parts = tuple(_parts(command.help or ""))
    example = (command.epilog or "").removeprefix("Example: ")
    return CommandText(
        name,
        usage,
        tuple(part for part in parts if not _is_example(part)),
        _options(command),
        example or next((_one_line(part) for part in parts if _is_example(part)), ""),
        tuple(_described(child, f"{name} {short}") for short, child in beneath),
    )


def _parts(help_text: str) -> Iterator[Part]:
    for block in re.split(r"\n\s*\n", cleandoc(help_text)):
        preformatted = block.startswith("\b")
        text = block.removeprefix("\b").strip("\n") if preformatted else " ".join(block.split())
        if text:
            yield Part(text, preformatted)


def _is_example(part: Part) -> bool:
    return part.text.startswith("Example: ")


def _one_line(part: Part) -> str:
    return " ".join(part.text.removeprefix("Example: ").split())


def _options(command: click.Command) -> tuple[OptionText, ...]:
    shown = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    return tuple(OptionText(_names(option), _explained(option)) for option in shown)


def _names(option: click.Option) -> str:
    names = ", ".join(sorted(option.opts, key=len))
    if option.is_flag:
        return names
    return f"{names} {option.metavar or _kind(option.type)}"


def _kind(kind: click.ParamType) -> str:
    if isinstance(kind, click.Choice):
        return "NAME" if len(kind.choices) > _FEW else "|".join(str(choice) for choice in kind.choices)
    return "N" if isinstance(kind, click.types.IntParamType | click.types.FloatParamType) else kind.name.upper()


def _explained(option: click.Option) -> str:
    remarks = []
    if option.required:
        remarks.append("required")
    if isinstance(option.type, click.Choice) and len(option.type.choices) > _FEW:
        remarks.append(f"one of {', '.join(str(choice) for choice in option.type.choices)}")
    if option.show_default and option.default is not None:
        remarks.append(f"default {option.default}")
    low, high = getattr(option.type, "min", None), getattr(option.type, "max", None)
    if low is not None:
        remarks.append(f"{low:,} to {high:,}" if high is not None else f"{low:,} or more")
    text = " ".join((option.help or "").split())
    return f"{text} ({'; '.join(remarks)})".strip() if remarks else text
