"""Where a store lies that nobody named. The first frame asks: only ``os`` is imported."""

import os


def default_file() -> str:
    """``$LAMBDATUI_DB``, else ``lambdatui/lambdatui.db`` in the XDG data folder."""
    named = os.environ.get("LAMBDATUI_DB")
    if named:
        return named
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(data, "lambdatui", "lambdatui.db")
