"""What a trigger is: something that calls a function by itself, and how ``lambdatui runner trigger`` asks for it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, Protocol

from collectors.model.errors import CaughtError
from lambdatui.runner.gateways.ports import Gateways
from lambdatui.runner.interface import Invoker

Document = dict[str, Any]
"""A trigger as it is kept: a JSON object, of this runner or an event source mapping of the Lambda API."""

Stop = Callable[[], None]
"""Ends a trigger that was started."""

ADD_PATH = "/_lambdatui/triggers/add"
FIRE_PATH = "/_lambdatui/fire"
MAPPINGS_PATH = "/2015-03-31/event-source-mappings/"


class OptionError(CaughtError, ValueError):
    """The options of the command line contradict each other or cannot be read; the text says what to give."""


class OptionKind(Enum):
    """What an option takes."""

    TEXT = "text"
    NUMBER = "number"  # from ``least`` to ``most``
    FOLDER = "folder"  # that exists; made absolute
    FLAG = "flag"  # nothing: it is there or not


@dataclass(frozen=True, slots=True)
class Option:
    """An option of ``lambdatui runner trigger``; ``flag`` is its name there, without the dashes."""

    flag: str
    help: str | None
    kind: OptionKind = OptionKind.TEXT
    least: int = 0
    most: int = 0
    metavar: str | None = None
    default: str | None = None
    show_default: bool = False
    parameter: str = ""
    """Its key among the values, where that is not ``flag`` with underscores."""

    @property
    def name(self) -> str:
        """The option's key among the values that ``request`` gets."""
        return self.parameter or self.flag.replace("-", "_")


class TriggerHost(Protocol):
    """What a trigger that runs may use of the runner."""

    @property
    def invoker(self) -> Invoker:
        """Calls functions."""

    @property
    def gateways(self) -> Gateways:
        """Opens ports."""

    async def send(self, function: str, event: object) -> None:
        """Queue ``event``, as JSON, for a function: asynchronously, as AWS's own services do."""

    def run(self, trigger_id: str, work: Coroutine[Any, Any, None]) -> Stop:
        """Run ``work`` in a task, and report its error on stderr."""

    def save_mappings(self) -> None:
        """Write the event source mappings, after a trigger changed its own."""


class Trigger(ABC):
    """One way in which functions are called.

    A new one is a module that ends with ``register(ItsClass())``, and its line in ``registry``. The command line's
    options and help, the API's validation and what is kept follow from it. It derives from one of the classes below.
    """

    options: ClassVar[tuple[Option, ...]]
    """Of the command line. The first one asks for this trigger."""

    @abstractmethod
    def request(self, function: str, values: Mapping[str, Any]) -> tuple[str, Document]:
        """Path and body of the POST that asks a runner for it; ``values`` are all options by name. OptionError."""


class KeptTrigger(Trigger):
    """Kept in ``triggers.json`` by its id: ``{"function", "kind", ...}``; runs while a runner serves."""

    kind: ClassVar[str]
    """Its ``kind`` in the document."""

    def request(self, function: str, values: Mapping[str, Any]) -> tuple[str, Document]:
        """Adds the trigger, with what ``document`` has."""
        return ADD_PATH, {"function": function, "kind": self.kind, **self.document(values)}

    @abstractmethod
    def document(self, values: Mapping[str, Any]) -> Document:
        """What the options ask for, as fields of the document. OptionError."""

    def check(self, document: Document) -> None:
        """ApiError when the document is not allowed; sets what was left open."""

    @abstractmethod
    def start(self, trigger_id: str, document: Document, host: TriggerHost) -> Stop:
        """Call the document's ``function`` from now on. What it listens on is open when it returns."""


class SentEvent(Trigger):
    """Nothing is kept: one event is sent at once."""

    def request(self, function: str, values: Mapping[str, Any]) -> tuple[str, Document]:
        """Sends the event that ``event`` makes."""
        return FIRE_PATH, {"function": function, "event": self.event(values)}

    @abstractmethod
    def event(self, values: Mapping[str, Any]) -> Document:
        """The event that the options ask for. OptionError; OSError where one names a file that cannot be read."""


def text_or_file(value: str) -> str:
    """An option's text; of ``@FILE`` the file's. OSError."""
    return Path(value[1:]).read_text(encoding="utf-8") if value.startswith("@") else value


TRIGGERS: list[Trigger] = []
"""Every trigger, in the order of ``--help``."""


def register(trigger: Trigger) -> None:
    """Make ``trigger`` known to the whole runner."""
    TRIGGERS.append(trigger)
