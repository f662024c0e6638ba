"""Where this program keeps its files: in the folders of the XDG Base Directory Specification.

Paths are text, and nothing but ``os`` is imported: the first frame asks for them.
"""

import os

_NAME = "lambdatui"


def store_file() -> str:
    """The store: ``$LAMBDATUI_DB``, else ``lambdatui.db`` in the data folder."""
    return os.environ.get("LAMBDATUI_DB") or _in_data("lambdatui.db")


def runner_log_file() -> str:
    """The local runner's log: ``runner.db`` in the data folder."""
    return _in_data("runner.db")


def price_book_file() -> str:
    """The prices that ``lambdatui prices refresh`` wrote: ``prices.json`` in the data folder."""
    return _in_data("prices.json")


def config_file() -> str:
    """The configuration where none is named: ``config.toml`` in the configuration folder."""
    return _in("XDG_CONFIG_HOME", ".config", "config.toml")


def filters_file() -> str:
    """The saved filters: ``filters`` in the configuration folder."""
    return _in("XDG_CONFIG_HOME", ".config", "filters")


def state_file() -> str:
    """Where the screens' last state is stored: ``screens`` in the state folder."""
    return _in("XDG_STATE_HOME", os.path.join(".local", "state"), "screens")


def _in_data(name: str) -> str:
    return _in("XDG_DATA_HOME", os.path.join(".local", "share"), name)


def _in(variable: str, below_home: str, name: str) -> str:
    """``name`` in the folder that the environment names, else in its usual place below the home folder."""
    folder = os.environ.get(variable) or os.path.join(os.path.expanduser("~"), below_home)
    return os.path.join(folder, _NAME, name)
