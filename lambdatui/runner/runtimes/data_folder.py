"""Where programs keep their data: the data folder of the XDG Base Directory Specification."""

import os
from pathlib import Path


def data_folder() -> Path:
    """``$XDG_DATA_HOME``, else ``~/.local/share``: of this program, and of uv and fnm, which install runtimes there."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
