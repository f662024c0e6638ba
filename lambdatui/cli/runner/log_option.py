"""What the subcommands of ``lambdatui runner`` share: the log they work on, the API's paths, a line of a log."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec
from urllib.parse import quote

import click

from collectors.model.errors import ExitCode, LambdatuiError
from lambdatui.settings import paths
from lambdatui.text import figures
from lambdatui.text.safe_output import log_text

P = ParamSpec("P")
FUNCTIONS = "/2015-03-31/functions"


class LogUnusable(LambdatuiError):
    """The runner's log is locked or damaged."""

    exit_code = ExitCode.STORE


def with_log(run: Callable[Concatenate[Path, P], None]) -> Callable[P, None]:
    """Give ``run`` the log's path from --runner-db, and say its errors in one line."""

    @wraps(run)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        path = kwargs.pop("runner_db") or paths.runner_log_file()
        with _errors():
            run(Path(str(path)), *args, **kwargs)

    option = click.option(
        "--runner-db", type=click.Path(dir_okay=False), help="The runner's log (default: in the XDG data folder)."
    )
    return option(wrapped)


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LambdatuiError(str(error)) from error
    except sqlite3.Error as error:
        raise LogUnusable(f"the runner's log cannot be used: {error}") from error


def function_path(name: str, more: str = "") -> str:
    """The path of a function in the Lambda API, with ``more`` after it."""
    return f"{FUNCTIONS}/{quote(name, safe='')}{more}"


def log_line(time_ms: int, message: str) -> str:
    """A log event as one line: its time in UTC, then what was logged, made safe for a terminal."""
    return f"{figures.instant(time_ms, millis=True)}Z {log_text(message.rstrip())}"
