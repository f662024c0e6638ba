"""What a trigger is: something that calls a function by itself, with its options of ``lambdatui runner trigger``."""

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
"""A stored trigger: a JSON object of this runner, or an event source mapping of the Lambda API."""

Stop = Callable[[], None]
"""Ends a trigger that was started."""


class Drainable(Protocol):
    """Work that can be ended without cutting off what is under way."""

    @property
    def busy(self) -> bool:
        """Whether records are being processed."""

    async def drain(self) -> None:
        """Take no more records, and return when those taken are processed."""


ADD_PATH = "/_lambdatui/triggers/add"
FIRE_PATH = "/_lambdatui/fire"
MAPPINGS_PATH = "/2015-03-31/event-source-mappings/"


class OptionError(CaughtError, ValueError):
    """Options of the command line that contradict each other or cannot be read; the text says what to give."""


class OptionKind(Enum):
    """What kind of value an option takes."""

    TEXT = "text"
    NUMBER = "number"  # an integer from ``least`` to ``most``
    FOLDER = "folder"  # one that exists; made absolute
    FLAG = "flag"  # no value: the option is given or not


@dataclass(frozen=True, slots=True)
class Option:
    """An option of ``lambdatui runner trigger``; ``flag`` is its name on the command line, without the dashes."""

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
    """What a running trigger may use of the runner."""

    @property
    def invoker(self) -> Invoker:
        """Calls functions."""

    @property
    def gateways(self) -> Gateways:
        """Opens ports."""

    async def send(self, function: str, event: object) -> None:
        """Queue ``event``, as JSON, for a function: asynchronously, as AWS's own services do."""

    def run(self, trigger_id: str, work: Coroutine[Any, Any, None], poller: Drainable | None = None) -> Stop:
        """Run ``work`` in a task, and report an error of it on stderr; returns a function that stops it.

        A ``poller`` is drained before it is stopped, unless the runner ends.
        """

    def subscribe(self, function: str, pattern: Document) -> Stop:
        """Send a function the events of the default bus that match; returns a function that ends it."""

    def save_mappings(self) -> None:
        """Write the event source mappings, after a trigger has changed its own."""


class Trigger(ABC):
    """One way in which functions are called.

    A new one is a module that ends with ``register(ItsClass())``, and a line in ``registry``. The command line's
    options and help, the API's validation and what is stored follow from it. It derives from one of the classes below.
    """

    options: ClassVar[tuple[Option, ...]]
    """The options of the command line. The first one selects this trigger."""

    @abstractmethod
    def request(self, function: str, values: Mapping[str, Any]) -> tuple[str, Document]:
        """Path and body of the POST that asks for this trigger; ``values`` are all options. Raises OptionError."""


class KeptTrigger(Trigger):
    """A trigger stored in ``triggers.json`` by its id: ``{"function", "kind", ...}``; it runs while a runner serves."""

    kind: ClassVar[str]
    """The value of ``kind`` in its document."""

    def request(self, function: str, values: Mapping[str, Any]) -> tuple[str, Document]:
        """The request that adds the trigger, with the fields of ``document``."""
        return ADD_PATH, {"function": function, "kind": self.kind, **self.document(values)}

    @abstractmethod
    def document(self, values: Mapping[str, Any]) -> Document:
        """The fields of the document that the options ask for. Raises OptionError."""

    def check(self, document: Document) -> None:
        """Raise ApiError when the document is not allowed; sets fields that were left out."""

    @abstractmethod
    def start(self, trigger_id: str, document: Document, host: TriggerHost) -> Stop:
        """Call the document's ``function`` from now on. Its port, if it has one, is open when this returns."""


class SentEvent(Trigger):
    """A trigger that is not stored: it sends one event at once."""

    def request(self, function: str, values: Mapping[str, Any]) -> tuple[str, Document]:
        """The request that sends the event of ``event``."""
        return FIRE_PATH, {"function": function, "event": self.event(values)}

    @abstractmethod
    def event(self, values: Mapping[str, Any]) -> Document:
        """The event that the options ask for. Raises OptionError, and OSError where a named file cannot be read."""


def text_or_file(value: str) -> str:
    """An option's text, or for ``@FILE`` the text of that file. Raises OSError."""
    return Path(value[1:]).read_text(encoding="utf-8") if value.startswith("@") else value


TRIGGERS: list[Trigger] = []
"""Every trigger, in the order of ``--help``."""


def register(trigger: Trigger) -> None:
    """Add ``trigger`` to the triggers of the whole runner."""
    TRIGGERS.append(trigger)
