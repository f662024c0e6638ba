"""What all screens of one run share: the store, the range that is shown, and how the terminal is painted."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.model.clock import now_ms as clock_now_ms
from lambdatui.text.terminal import Marks, Terminal
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import RangeChoice, TimeRange

if TYPE_CHECKING:
    from lambdatui.processes.collection import RunningCollection
    from lambdatui.processes.runner_client import LocalRunner
    from lambdatui.settings.saved_filters import SavedFilters
    from lambdatui.views.function_set import FunctionSet
    from lambdatui.views.startup_view import StartupView
    from pricing.own_price import OwnTerms


def default_profile(environ: Mapping[str, str]) -> str:
    """The AWS profile that is used where none is chosen."""
    return environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or "default"


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong in this run: when (epoch ms), on which screen, and the notice that was shown."""

    at_ms: int
    where: str
    notice: str


_PROBLEMS_KEPT = 200


@dataclass
class Session:
    """``choice`` is the range that was asked for; ``shown`` its begin and end at the last answer from the store.

    ``keys`` remaps bindings: command id -> keys; ``columns`` names a screen's columns; ``thresholds`` say what is
    trouble. ``saved`` is what stays from run to run. While ``paused``, screens stay as they are and collecting goes on.
    """

    db: Path
    terminal: Terminal
    choice: RangeChoice = field(default_factory=RangeChoice)
    scope: Scope = field(default_factory=Scope)
    utc: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)
    now_ms: Callable[[], int] = clock_now_ms
    shown: TimeRange | None = None
    paused: bool = False
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    retention: Mapping[str, str] = field(default_factory=dict)
    """Ages of what a collection keeps, as the configuration names them."""
    redact: bool = True  # what is copied or exported
    saved: dict[str, str] = field(default_factory=dict)
    startup_view: "StartupView | None" = None
    """What the first frame showed, until the first screen has taken it over."""
    problems: list[Problem] = field(default_factory=list)
    places: str = ""
    """Which accounts and regions the functions are of: ``111122223333 eu-central-1``, ``2 accounts, 3 regions``."""
    marked: list[tuple[int, str]] = field(default_factory=list)
    """Marked functions, in the order in which they were marked: their ids in the store, and their names."""
    function_filter: "FunctionSet | None" = None
    """The functions that the filter on the first screen chooses; None without a filter."""

    own_terms: "OwnTerms | None" = None
    """Your terms, from ``[pricing]`` of the configuration: what differs from list price."""
    price_notices: tuple[str, ...] = ()
    """The notices on the price book that were shown already: each is shown once in a run."""

    runner: "LocalRunner | None" = None
    """The local runner that filled the store, while it runs."""
    collecting: "RunningCollection | None" = None
    """The collection that was started here, while it runs."""
    greeting: str = ""
    """What the first screen says until a key is pressed."""
    payloads: dict[str, str] = field(default_factory=dict)
    """What functions of the local runner were invoked with last; never written anywhere."""

    @property
    def saved_filters(self) -> "SavedFilters":
        """The filters that have names, which other runs and the command line know too."""
        from lambdatui.settings import paths
        from lambdatui.settings.saved_filters import SavedFilters

        return SavedFilters(paths.filters_file())

    @property
    def narrowing(self) -> "FunctionSet | None":
        """What a screen that is opened now is narrowed to: the marked functions, else those that a filter chose."""
        if not self.marked:
            return self.function_filter
        from lambdatui.views.function_set import FunctionSet

        names = [name for _, name in self.marked]
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if names[3:] else "")
        return FunctionSet(f"{len(names):,} marked: {shown}", frozenset(id for id, _ in self.marked), by_marks=True)

    def end_narrowing(self) -> None:
        """Takes all marks away or, where none is left, the filter of functions."""
        if self.marked:
            self.marked.clear()
        else:
            self.function_filter = None
            self.saved["functions.filter"] = ""

    @property
    def budget(self) -> Decimal | None:
        """USD that a month may cost, as the configuration says."""
        limit = self.thresholds.get("budget_usd")
        return Decimal(str(limit)) if limit else None

    @property
    def profile(self) -> str:
        """The AWS profile that collections and live tails from here use: the chosen one, else the environment's."""
        return self.saved.get("profile") or default_profile(os.environ)

    @profile.setter
    def profile(self, name: str) -> None:
        self.saved["profile"] = name

    @property
    def chosen_profile(self) -> str | None:
        """The profile that was chosen here; None: credentials are then found as the AWS command line finds them."""
        return self.saved.get("profile") or None

    def account_of(self, profile: str) -> str:
        """The account that a profile read when it collected; empty where that is not known."""
        return self.saved.get(f"account.of.{'_'.join(profile.split())}", "")

    def learn_account(self, profile: str, account: str) -> None:
        """Notes that a profile reads an account, for this run and the next."""
        self.saved[f"account.of.{'_'.join(profile.split())}"] = account

    def profile_of(self, account: str) -> str | None:
        """The profile to read an account with: the chosen one, unless it is known to be another account's."""
        chosen = self.chosen_profile
        if self.account_of(chosen or default_profile(os.environ)) in ("", account):
            return chosen
        from lambdatui.settings.aws_profiles import profiles

        known = (p.name for p in profiles(os.environ) if account in (self.account_of(p.name), p.account))
        return next(known, chosen)

    def add_problem(self, where: str, notice: str) -> None:
        """Notes a problem for the list that ``!`` shows; one that repeats the last is noted once."""
        if not self.problems or self.problems[-1].notice != notice:
            self.problems.append(Problem(self.now_ms(), where, notice))
            del self.problems[:-_PROBLEMS_KEPT]

    @property
    def marks(self) -> Marks:
        """The signs that this terminal can show."""
        return self.terminal.marks
