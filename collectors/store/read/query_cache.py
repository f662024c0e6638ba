"""Answers of one connection, kept until another process commits: what several parts of a screen ask is read once.

Nothing is ever answered from before a commit: SQLite's ``data_version`` is looked at first, for some microseconds. An
answer that was read while another process committed may be newer than the version that it is kept under, never older,
and is dropped at the next look.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

MOST_ANSWERS = 80  # of some 100 KB at 500 functions, the days of three months 3 MB

Answer = TypeVar("Answer")


class QueryCache:
    """The last answers, by what was asked. Whoever gets one must not change it."""

    def __init__(self, connection: sqlite3.Connection, most: int = MOST_ANSWERS) -> None:
        self._connection = connection
        self._most = most
        self._version: int | None = None
        self._within = 0
        self._answers: OrderedDict[Hashable, object] = OrderedDict()

    def of(self, asked: Hashable, answer: Callable[[], Answer]) -> Answer:
        """What was answered before, or ``answer()``. ``asked`` names everything that the answer depends on."""
        if not self._within:  # what is asked within an answer is of the look before it
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
        """Answers nothing from before."""
        self._answers.clear()
