"""What the global options say, settled once and handed to every command and to the screens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import RangeChoice


@dataclass(frozen=True, slots=True)
class Context:
    """The store, the range, what to narrow to, and how to paint.

    ``keys`` remaps bindings: binding id -> keys, from the configuration's ``[keys]`` table. ``theme`` is None where
    the terminal is to decide.
    """

    db: Path
    range: RangeChoice = field(default_factory=RangeChoice)
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    utc: bool = False
    no_color: bool = False
    theme: str | None = None
    config: Path | None = None
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def narrow(self) -> Narrow:
        return Narrow(self.accounts, self.regions, self.functions)
