"""Groups a store's errors anew where they were grouped by older rules: when the store is written,
or when it is opened.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.parsing.fingerprint_rules import RULES
from collectors.store.error_rules import rules_of

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader

Progress = Callable[[int, int], None]


def _quietly(done: int, total: int) -> None:
    pass


def regroup_here(connection: sqlite3.Connection, progress: Progress = _quietly) -> bool:
    """Regroups by a writer's connection; False where nothing was to do. ``progress`` gets the
    numbers done and in all.
    """
    if not _is_older(rules_of(connection)):
        return False
    from collectors.parsing.fingerprint import family, fingerprint
    from collectors.store.write.regroup import regroup

    def name(error_type: str, message: str) -> tuple[str, str]:
        return fingerprint(error_type, message), family(error_type, message)

    return regroup(connection, RULES, name, _said, progress)


def _said(error_type: str, texts: Sequence[str]) -> str | None:
    """The message of an error of this type in the lines of its invocation; None where they show
    another error, or none.
    """
    from collectors.parsing.failures import evidence

    error = evidence(texts).error
    return error.message if error is not None and error.error_type == error_type else None


def _is_older(rules: int | None) -> bool:
    """Whether errors were grouped by an older version of the rules. Groups of a newer one stay: else two versions of
    the program would undo each other's.
    """
    return rules is None or rules < RULES


def is_old(reader: "Reader") -> bool:
    """Whether the open store was grouped by older rules."""
    return _is_older(reader.error_rules())


def regroup_store(path: Path, progress: Progress = _quietly) -> bool:
    """Groups the store's errors anew where they are old, and it can be written now; else readers show what is there."""
    from collectors.store.connection import writing
    from collectors.store.errors import StoreError
    from collectors.store.read.reader import Reader

    with contextlib.suppress(StoreError):
        with Reader(path) as reader:
            if not is_old(reader):
                return False
        with writing(path) as connection:
            return regroup_here(connection, progress)
    return False
