"""What is saved from run to run: the screen, the range, and each table's sort and filter.

Lines of ``name value``. Imports next to nothing: the first frame asks which range it is to show.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


PANES = "panes"
"""The name of what ``Tab`` has chosen to stand beside tables: ``band``, ``pane``, ``none``, or nothing for both."""


def load_state(path: str) -> dict[str, str]:
    """The saved values by name. Empty where there is no file, or none that can be read: a start never fails for it."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read(65_536).splitlines()
    except (OSError, ValueError):
        return {}
    parts = (line.partition(" ") for line in lines)
    return {name: value for name, _, value in parts if name and value}


def save_state(path: str, values: "Mapping[str, str]") -> None:
    """Writes ``values``. Silent where that fails, as on a read-only system: the screens work without it."""
    text = "".join(f"{name} {' '.join(value.split())}\n" for name, value in sorted(values.items()) if value.strip())
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(f"{path}.new", "w", encoding="utf-8", errors="replace", opener=_owners_only) as file:
            file.write(text)
        os.replace(f"{path}.new", path)
    except OSError:
        return


def _owners_only(path: str, flags: int) -> int:
    """Opens a file for its owner only: filters are in it, as they were typed."""
    return os.open(path, flags, 0o600)
