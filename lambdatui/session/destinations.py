"""Destinations: a class for each screen that is opened over others, with what that screen is to show.

A destination is opened by ``Navigator.open``. Its class says what the screen needs to know; the screen's constructor
takes the session, and the destination where that has fields.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from lambdatui.views.function_set import FunctionSet
    from lambdatui.views.line_stats import Stats
    from lambdatui.views.logs import LogView
    from lambdatui.views.patterns import PatternRow
    from lambdatui.views.tag_terms import Alternatives

InvocationKey = tuple[int, int, str, int]
"""What the store knows an invocation by: ``lambdatui.views.invocations.InvocationView.key``."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A screen to open, and what it is to show."""

    SCREEN: ClassVar[str]
    """Its name in ``lambdatui.app.navigation``."""


@dataclass(frozen=True, slots=True)
class ToFunction(Destination):
    """One function: its id in the store, and its name."""

    SCREEN: ClassVar[str] = "function"
    function_id: int
    name: str


@dataclass(frozen=True, slots=True)
class ToLocalFunction(ToFunction):
    """A function of the local runner, which can be invoked."""

    SCREEN: ClassVar[str] = "local_function"


@dataclass(frozen=True, slots=True)
class ToInvocations(Destination):
    """The invocations of one function; ``function_id`` None: of all functions in scope."""

    SCREEN: ClassVar[str] = "invocations"
    function_id: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class ToInvocation(Destination):
    """One invocation, by its key, or by a request id: then its last attempt."""

    SCREEN: ClassVar[str] = "invocation"
    key: InvocationKey | None = None
    request_id: str = ""
    name: str = ""
    """The function's."""
    awaited: bool = False
    """Whether it was only just begun, and is not collected yet."""
    line: "LogView | None" = None
    """One of its log lines, which the screen opens at."""


@dataclass(frozen=True, slots=True)
class ToLogs(Destination):
    """The log lines of one function; ``function_id`` None: of all functions in scope. ``live`` begins a live tail."""

    SCREEN: ClassVar[str] = "logs"
    function_id: int | None = None
    name: str = ""
    live: bool = False


@dataclass(frozen=True, slots=True)
class ToLineStats(Destination):
    """Figures of the log lines that a search matched."""

    SCREEN: ClassVar[str] = "line_stats"
    typed: str
    """The figures as they were typed: ``count, p95(.ms) by .route``."""
    stats: "Stats"
    """The figures, parsed."""
    where: str
    """The search whose matches are counted."""
    function: tuple[int, str] | None
    """Id and name of the function whose lines are counted; None: of all."""
    tags: "tuple[Alternatives, ...]" = ()
    sets: "tuple[FunctionSet, ...]" = ()
    """With ``tags``, what the search says of the functions whose lines are counted."""


@dataclass(frozen=True, slots=True)
class ToPatternLines(Destination):
    """The log lines of one pattern."""

    SCREEN: ClassVar[str] = "pattern_lines"
    row: "PatternRow"


@dataclass(frozen=True, slots=True)
class ToComparison(Destination):
    """Two functions, by id and name; ``other`` None: one function, and itself in the range before.

    With ``more`` all of them stand beside each other, in one range.
    """

    SCREEN: ClassVar[str] = "compare"
    first: tuple[int, str]
    other: tuple[int, str] | None
    more: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ToFleet(Destination):
    """All functions in scope, and themselves in the range before."""

    SCREEN: ClassVar[str] = "fleet"


@dataclass(frozen=True, slots=True)
class ToFleetGroups(Destination):
    """Accounts, regions or teams beside each other; ``week``: with how they changed since a week before."""

    SCREEN: ClassVar[str] = "fleet_groups"
    week: bool = False


@dataclass(frozen=True, slots=True)
class ToJson(Destination):
    """A row as JSON."""

    SCREEN: ClassVar[str] = "raw"
    json_text: str


@dataclass(frozen=True, slots=True)
class ToCostGroups(Destination):
    """Costs summed by function, dimension, region, day or tag."""

    SCREEN: ClassVar[str] = "cost_groups"


@dataclass(frozen=True, slots=True)
class ToBilled(Destination):
    """AWS's own bill beside ours."""

    SCREEN: ClassVar[str] = "billed"


@dataclass(frozen=True, slots=True)
class ToPermissions(Destination):
    """The IAM permissions that a collection lacked."""

    SCREEN: ClassVar[str] = "permissions"
