"""The answers of one connection, cached until another process commits: what several parts of a screen ask is read once.

No answer is older than the last commit: SQLite's ``data_version``, which takes some microseconds, is checked first. An
answer that was read during another process's commit may be newer than the version that it is cached under, never older,
and is dropped at the next check.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

MOST_ANSWERS = 80  # each some 100 KB at 500 functions, the days of three months 3 MB

Answer = TypeVar("Answer")


class QueryCache:
    """The last ``most`` answers, by their keys. Nobody may change an answer, because others get the same object."""

    def __init__(self, connection: sqlite3.Connection, most: int = MOST_ANSWERS) -> None:
        self._connection = connection
        self._most = most
        self._version: int | None = None
        self._within = 0
        self._answers: OrderedDict[Hashable, object] = OrderedDict()

    def of(self, asked: Hashable, answer: Callable[[], Answer]) -> Answer:
        """The cached answer for the key ``asked``, or ``answer()``. The key names all that the answer depends on."""
        if not self._within:  # queries inside ``answer`` belong to the check before it
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                self._answers.clear()
                self._version = version
        if asked in self._answers:
            self._answers.move_to_end(asked)
            return cast(Answer, self._answers[asked])
        self._within += 1
        try:
            result = answer()
        finally:
            self._within -= 1
        self._answers[asked] = result
        if len(self._answers) > self._most:
            self._answers.popitem(last=False)
        return result

    def forget(self) -> None:
        """Empties the cache."""
        self._answers.clear()
