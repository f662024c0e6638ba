"""The command: a class whose docstring is its help, with its key beside it."""

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from textual.binding import Binding
from textual.keys import key_to_character

Target = TypeVar("Target")
"""What a screen must have so that the command can act on it: a protocol of ``lambdatui.commands.protocols``."""


class Command(ABC, Generic[Target]):
    """Something that people can do on a screen. A subclass's docstring is its help on the screen; ``run`` does it."""

    ID: ClassVar[str] = ""
    """The command's id, where it is not made from the class's name."""
    BINDING_KEY: ClassVar[str]
    """Textual's names of the keys, comma-separated. The first is the one that is shown."""
    SHOW_IN_FOOTER: ClassVar[bool] = False
    """Whether the key line names it; help and palette always do."""
    FOOTER_TEXT: ClassVar[str] = ""
    """The word in the key line; the command's name where it is empty."""
    GROUP: ClassVar[str] = "General"
    """The heading it stands under in the help."""

    @classmethod
    def id(cls) -> str:
        """``open-row`` for ``OpenRow``: what ``[keys]`` in the configuration remaps."""
        return vars(cls).get("ID") or re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def name(cls) -> str:
        """``Open row`` for ``OpenRow``."""
        return cls.id().replace("-", " ").capitalize()

    @classmethod
    def footer(cls) -> str:
        """The word in the key line: ``FOOTER_TEXT``, else ``open row`` for ``OpenRow``."""
        return cls.FOOTER_TEXT or cls.name().lower()

    @classmethod
    def help(cls) -> str:
        """The docstring in one line, without its markup."""
        return " ".join((inspect.getdoc(cls) or cls.name()).replace("``", "").split())

    @classmethod
    def binding(cls) -> Binding:
        """Textual's binding of the keys; it calls the screen's ``action_run_command`` with this command's id."""
        return Binding(
            cls.BINDING_KEY,
            f"run_command('{cls.id()}')",
            cls.footer(),
            show=cls.SHOW_IN_FOOTER,
            tooltip=cls.help(),
            id=cls.id(),
        )

    @classmethod
    def available(cls, screen: Target) -> bool:
        """Whether the command makes sense on this screen right now."""
        return True

    @classmethod
    @abstractmethod
    def run(cls, screen: Target) -> None:
        """Does what the class's docstring says. Called on the thread that paints."""


AnyCommand: TypeAlias = type[Command[Any]]
Commands: TypeAlias = tuple[AnyCommand, ...]

# Keys as people read them; what is not here is shown as Textual names it.
_DISPLAY = {
    "enter": "Enter", "escape": "Esc", "slash": "/", "question_mark": "?", "colon": ":", "left_square_bracket": "[",
    "right_square_bracket": "]", "dollar_sign": "$", "shift+left": "S-Left", "shift+right": "S-Right", "up": "Up",
    "down": "Down", "left": "Left", "right": "Right", "home": "Home", "end": "End", "pageup": "PgUp",
    "pagedown": "PgDn", "space": "Space", "tab": "Tab", "minus": "-", "plus": "+", "underscore": "_",
    "ctrl+@": "^Space", "shift+up": "S-Up", "shift+down": "S-Down",
}  # fmt: skip


def bindings(commands: Iterable[AnyCommand]) -> list[Binding]:
    """What goes into a screen's ``BINDINGS``."""
    return [command.binding() for command in commands]


def bound_keys(command: AnyCommand, keymap: Mapping[str, str]) -> list[str]:
    """Textual's names of the command's keys, after remapping."""
    return [key.strip() for key in keymap.get(command.id(), command.BINDING_KEY).split(",")]


def keys(command: AnyCommand, keymap: Mapping[str, str]) -> list[str]:
    """The command's keys as people read them, after remapping."""
    return [key_text(key) for key in bound_keys(command, keymap)]


def key_text(key: str) -> str:
    """``ctrl+r`` is ``^r``, ``slash`` is ``/``, ``f1`` is ``F1``."""
    if key in _DISPLAY:
        return _DISPLAY[key]
    if (sign := key_to_character(key)) is not None:
        return sign  # equals_sign, full_stop, exclamation_mark
    if key.startswith("ctrl+"):
        return f"^{key[5:]}"
    return key.upper() if re.fullmatch(r"f\d+", key) else key
