"""Which SQL a reader ran, how much work each statement was, and how SQLite means to find its rows."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

STEPS_AT_ONCE = 100  # of SQLite's virtual machine, between two looks
MANY_STEPS = 100_000  # more than it takes to find one row for each of some hundred functions
PAGE_STEPS = 200_000  # more than it takes to read and sort two thousand rows for a page of a thousand

# Tables that grow with the invocations: a plan that scans one of them gets slower by the day.
GROWING = re.compile(r"^(invocations|chunks|metrics|streams|request_buckets|\w+_packs|\w+_cells(_errors)?)$")
_OF_OWNER = frozenset(("function_id", "metric", "error_id"))

_LITERAL = re.compile(r"[xX]'[0-9a-fA-F]*'|'(?:[^']|'')*'|(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
_LIST = re.compile(r"\?(?:\s*,\s*\?)+")
_TABLE = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?", re.IGNORECASE)
_NO_ALIAS = frozenset(("where", "on", "order", "group", "left", "cross", "inner", "join", "indexed", "limit", "union"))


@dataclass(slots=True)
class Statement:
    """A statement without its values, which ``sample`` has. ``steps`` and ``runs`` are the most of any one question."""

    text: str
    sample: str
    steps: int = 0
    runs: int = 0
    asked_by: str = ""


@dataclass(slots=True)
class Statements:
    """Everything that was run so far, by text."""

    seen: dict[str, Statement] = field(default_factory=dict)

    @contextmanager
    def of(self, connection: sqlite3.Connection, question: str) -> Iterator["Work"]:
        """Watches one question; what it came to stands in ``Work`` at the end."""
        work = Work()
        connection.set_trace_callback(work.begin)
        connection.set_progress_handler(work.step, STEPS_AT_ONCE)
        try:
            yield work
        finally:
            connection.set_trace_callback(None)
            connection.set_progress_handler(None, 0)
        for text, (sample, runs, steps) in work.by_text().items():
            known = self.seen.setdefault(text, Statement(text, sample))
            if (steps, runs) > (known.steps, known.runs):
                known.sample, known.steps, known.runs, known.asked_by = sample, steps, runs, question


class Work:
    """The statements of one question, and the steps that each took."""

    def __init__(self) -> None:
        self._order: list[str] = []
        self._steps: dict[str, int] = {}

    def begin(self, sql: str) -> None:
        self._order.append(sql)

    def step(self) -> int:
        """Counts for the statement begun last: readers mostly read one to its end before the next."""
        if self._order:
            last = self._order[-1]
            self._steps[last] = self._steps.get(last, 0) + STEPS_AT_ONCE
        return 0

    @property
    def runs(self) -> int:
        return len(self._order)

    @property
    def steps(self) -> int:
        return sum(self._steps.values())

    def by_text(self) -> dict[str, tuple[str, int, int]]:
        """Text without values -> a sample, how often it ran, and its steps."""
        found: dict[str, tuple[str, int, int]] = {}
        for sql in self._order:
            text = normal(sql)
            sample, runs, steps = found.get(text, (sql, 0, 0))
            found[text] = sample, runs + 1, steps
        for sql, taken in self._steps.items():
            text = normal(sql)
            _, runs, steps = found[text]
            found[text] = sql, runs, steps + taken
        return found


def normal(sql: str) -> str:
    """The statement with its values as question marks, a list of them as one."""
    return _LIST.sub("?, ...", _LITERAL.sub("?", " ".join(sql.split())))


def plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    """EXPLAIN QUERY PLAN of a statement, indented as SQLite nests it."""
    depth = {0: -1}
    lines = []
    for identity, parent, _, detail in connection.execute(f"EXPLAIN QUERY PLAN {sql}"):
        depth[identity] = depth.get(parent, -1) + 1
        lines.append("  " * depth[identity] + detail)
    return lines


def scanned(sql: str, lines: list[str]) -> list[str]:
    """The growing tables that the plan scans from end to end, by table or by index."""
    return [table for verb, table, _ in _visits(sql, lines) if verb == "SCAN"]


def timeless(statement: Statement, lines: list[str]) -> list[str]:
    """The growing tables that are searched by a function or metric, but through all of its time.

    A first or last row of a function is found so in a few steps; many steps mean that its whole past was read.
    """
    if statement.steps < MANY_STEPS * statement.runs:
        return []
    return [table for verb, table, terms in _visits(statement.sample, lines) if verb == "SEARCH" and terms <= _OF_OWNER]


def sorted_whole(statement: Statement, lines: list[str]) -> list[str]:
    """The growing tables whose rows of the whole range are read and sorted for one page of them.

    A stretch that was chosen to hold little more than the page takes few steps.
    """
    sql = statement.sample
    if not any("TEMP B-TREE FOR ORDER BY" in line for line in lines) or " LIMIT " not in sql:
        return []
    if statement.steps < PAGE_STEPS * statement.runs:
        return []
    return [table for verb, table, terms in _visits(sql, lines) if verb == "SEARCH" and "start_ms" in terms]


def _visits(sql: str, lines: list[str]) -> Iterator[tuple[str, str, frozenset[str]]]:
    """What a plan does with the growing tables: SCAN or SEARCH, the table, and the columns it is searched by."""
    tables = {
        (alias if alias and alias.lower() not in _NO_ALIAS else name): name for name, alias in _TABLE.findall(sql)
    }
    for line in lines:
        words = line.split()
        table = tables.get(words[1], words[1]) if len(words) > 1 else ""
        if words[0] in ("SCAN", "SEARCH") and GROWING.match(table):
            yield words[0], table, frozenset(re.findall(r"(\w+)[=<>]", line))
