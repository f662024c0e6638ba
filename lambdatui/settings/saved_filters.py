"""The file of saved filters: a line for each, its name, the screen it was saved on, and the filter.

People may edit it: lines that begin with # stay. Programs that save at once do not lose each other's filters: each
reads, changes and writes the file while it alone holds a lock.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from lambdatui.views.filters import FilterError
from lambdatui.views.named_filter import NamedFilter, checked_name, filter_named

_MOST_BYTES = 1 << 20


class SavedFilters:
    """The filters in one file. One that is not there holds none."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    def __call__(self) -> dict[str, NamedFilter]:
        """All filters by name, in the order of the file; of two lines with one name the last counts."""
        return {one.name: one for one in map(_read, self._lines()) if one is not None}

    def save(self, saved: NamedFilter) -> None:
        """Writes a filter, in place of the one of that name. Raises ``FilterError`` where it cannot."""
        checked_name(saved.name)
        expression = " ".join(saved.expression.split())
        if not expression:
            raise FilterError("there is no filter here to save: / types one")
        line = f"{saved.name} {saved.screen} {expression}"
        with self._changing() as lines:
            places = [at for at, old in enumerate(lines) if _name_of(old) == saved.name]
            if places:
                lines[places[-1]] = line
            else:
                lines.append(line)

    def forget(self, name: str) -> None:
        """Takes a filter out of the file. Raises ``FilterError`` where it has none of that name."""
        filter_named(name, self())
        with self._changing() as lines:
            lines[:] = [line for line in lines if _name_of(line) != name]

    def _lines(self) -> list[str]:
        try:
            with open(self._path, encoding="utf-8", errors="replace") as file:
                return file.read(_MOST_BYTES).splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise FilterError(f"{self._path}: cannot be read: {error.strerror or error}") from None

    @contextlib.contextmanager
    def _changing(self) -> Iterator[list[str]]:
        """The lines, to be changed; they are written at the end. No other program changes them meanwhile."""
        import fcntl

        folder, new = self._path.parent, self._path.with_name(f"{self._path.name}.new")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(self._path.with_name(f"{self._path.name}.lock"), "w", opener=_owners_only) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                lines = self._lines()
                yield lines
                with open(new, "w", encoding="utf-8", errors="replace", opener=_owners_only) as file:
                    file.writelines(f"{line}\n" for line in lines)
                os.replace(new, self._path)
        except OSError as error:
            raise FilterError(f"{self._path}: cannot be written: {error.strerror or error}") from None


def _read(line: str) -> NamedFilter | None:
    """A line's filter; None for a remark, or for what is none."""
    name, _, rest = line.strip().partition(" ")
    screen, _, expression = rest.strip().partition(" ")
    try:
        known = checked_name(name)
    except FilterError:
        return None
    return NamedFilter(known, screen, expression.strip()) if expression.strip() else None


def _name_of(line: str) -> str:
    return line.strip().partition(" ")[0]


def _owners_only(path: str, flags: int) -> int:
    """Opens a file for its owner only: filters are in it, as they were typed."""
    return os.open(path, flags, 0o600)
