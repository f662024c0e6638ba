"""What other installed packages add to this one, by entry points: sources, rules of advice, notifiers.

Nothing of theirs is imported before it is asked for, and what cannot be imported is told in a line: the others go on.
A package says in its ``pyproject.toml``::

    [project.entry-points."lambdatui.sources"]
    journal = "its.module:Journal"
"""

import os
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

SOURCES, ADVICE_RULES, NOTIFIERS = "lambdatui.sources", "lambdatui.advice_rules", "lambdatui.notifiers"


@dataclass(frozen=True, slots=True)
class Additions:
    """The additions to one group: ``parts`` by their names, and for each name in ``broken`` one line that says why it
    cannot be loaded.
    """

    parts: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def _may_have_any() -> bool:
    """Whether an installed package may add anything: a look at two hundred small files, where importlib.metadata costs
    an import of its own that is twenty times as long.
    """
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except NotADirectoryError:  # a zip of packages
            return True
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info", ".egg")):
                try:
                    with open(os.path.join(folder, name, "entry_points.txt"), "rb") as file:
                        if b"[lambdatui." in file.read():
                            return True
                except OSError:
                    continue
    return False


@lru_cache(maxsize=8)
def _entry_points(group: str) -> "tuple[EntryPoint, ...]":
    if not _may_have_any():
        return ()
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=group), key=lambda point: point.name))


def names_of(group: str) -> list[str]:
    """The names of what other packages add to a group; nothing of theirs is imported."""
    return [point.name for point in _entry_points(group)]


@lru_cache(maxsize=32)
def additions(group: str, name: str | None = None) -> Additions:
    """Loads what other packages add to a group, or only its part ``name``. Each part is imported once."""
    added = Additions()
    for point in _entry_points(group):
        if name not in (None, point.name):
            continue
        try:
            added.parts[point.name] = point.load()
        except (Exception, SystemExit) as fault:
            package = point.dist.name if point.dist is not None else point.value
            why = f"{type(fault).__name__}: {fault}"[:200]
            added.broken.append(f"{point.name} of the package {package} cannot be loaded ({why}); upgrade or remove it")
    return added
