"""What every screen asks of a large store, in milliseconds beside a frame's 16, and how SQLite answers it.

    python -m benchmarks.queries [--invocations 10000000] [--functions 500] [--days 30] [--db FILE]
                                 [--runs 30] [--patience 10] [--plans]

FILE is made by many.py where it does not exist (10 million invocations take some minutes, and 2 GB); without it the
store is kept in the temporary folder for the next time. Every view is asked over the last 1 h, 24 h, 7 d and 30 d:
twice unmeasured, then RUNS times or for PATIENCE seconds, at least 3 times, each time first by a reader that has
forgotten what it answered before, as after a commit, and then again on the unchanged store. Prints Markdown: p50 and
p95 of the first answers, p50 of the others, CPU time of a first answer, how many statements and how many thousand
steps of SQLite's virtual machine one takes (these do not depend on the machine), and the mean time of each of the
reader's calls within. Then every distinct statement with its plan, flagged where it scans a table that grows with the
invocations, reads all of a function's past, or sorts a whole range for one page; ``--plans`` prints all plans, else
those that are flagged and the ten that take the most steps.
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from benchmarks import many
from benchmarks.measure import machine
from benchmarks.statements import Statement, Statements, plan, scanned, sorted_whole, timeless
from collectors.model.records import Status
from collectors.store.read.reader import Reader
from lambdatui.views import costs, errors, function, functions, invocation, invocations, logs, throttles
from lambdatui.views.time_range import PRESETS, RangeChoice, TimeRange
from pricing.pricebook import PriceBook

FRAME_MS = 16.0
RANGES = tuple(preset for preset in PRESETS if preset not in ("mtd", "all"))
WHOLE_ROWS, PAGE_ROWS, LOG_LINES = 1_000, 200, 1_000  # what the screens take at once
CHART_COLUMNS = 60
FAILED = tuple(status for status in Status if status.failed)

Ask = Callable[[Reader], object]


@dataclass(slots=True)
class Calls:
    """Seconds and number of calls, by the reader's method."""

    seconds: dict[str, float] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, seconds: float, times: int = 1) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        self.times[name] = self.times.get(name, 0) + times

    def told(self, runs: int, whole_s: float) -> str:
        """``quantiles 8.2, metric x3 0.4, the view itself 2.1``: mean ms of one answer, the dearest first."""
        own = {"the view itself": whole_s - sum(self.seconds.values())} if self.seconds else {}
        return ", ".join(
            f"{self._counted(name, runs)} {1000 * spent / runs:.1f}"
            for name, spent in sorted((self.seconds | own).items(), key=lambda item: -item[1])
            if spent / runs >= 0.00005
        )

    def _counted(self, name: str, runs: int) -> str:
        times = self.times.get(name, 0) // runs
        return f"{name} x{times}" if times > 1 else name


class TimedReader:
    """A reader whose every call is timed, and whose iterators are timed as they are read."""

    def __init__(self, reader: Reader, calls: Calls) -> None:
        self._reader = reader
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._reader, name)

        if name == "cached" or not callable(method):  # views cache themselves by it: what they ask is timed by itself
            return method

        def timed(*args: Any, **options: Any) -> Any:
            began = time.perf_counter()
            answer = method(*args, **options)
            self._calls.add(name, time.perf_counter() - began)
            return self._read(name, answer) if isinstance(answer, Iterator) else answer

        return timed

    def _read(self, name: str, answer: Iterator[Any]) -> Iterator[Any]:
        while True:
            began = time.perf_counter()
            found = next(answer, self)
            self._calls.add(name, time.perf_counter() - began, 0)
            if found is self:
                return
            yield found


@dataclass(frozen=True, slots=True)
class Subject:
    """What the questions are about: the busiest function, and one of its failures that has log lines."""

    function_id: int
    key: tuple[int, int, str, int]
    request_id: str


def subject_of(reader: Reader, whole: TimeRange) -> Subject:
    """Chosen from the last 24 hours, in which lines are kept."""
    day = whole.to_ms - many.DAY_MS, whole.to_ms
    busiest = max(reader.totals(*day), key=lambda one: one.invocations)
    failures = reader.invocations(*day, [busiest.function_id], statuses=FAILED, limit=1)
    row = failures[0] if failures else reader.invocations(*day, [busiest.function_id], limit=1)[0]
    return Subject(busiest.function_id, row.key, row.request_id)


def questions(about: Subject, book: PriceBook, span: TimeRange) -> dict[str, Ask]:
    """What the screens ask over a range: the views, with the screens' own limits."""
    one = [about.function_id]
    page = invocations.invocations
    return {
        "functions": lambda reader: functions.functions(reader, span, book),
        "function (figures and charts)": lambda reader: function.function(
            reader, span, about.function_id, book, chart_columns=CHART_COLUMNS
        ),
        "invocations of a function, first 1,000": lambda reader: page(
            reader, span, book, function_ids=one, limit=WHOLE_ROWS
        ),
        "invocations of a function, a page 10,000 rows down": lambda reader: page(
            reader, span, book, function_ids=one, offset=10_000, limit=PAGE_ROWS
        ),
        "invocations of a function by duration": lambda reader: page(
            reader, span, book, function_ids=one, order="duration_ms", limit=PAGE_ROWS
        ),
        "invocations of all, first 1,000": lambda reader: page(reader, span, book, limit=WHOLE_ROWS),
        "invocations of all, failed only": lambda reader: page(reader, span, book, statuses=FAILED, limit=WHOLE_ROWS),
        "invocations of all by duration": lambda reader: page(
            reader, span, book, order="duration_ms", limit=PAGE_ROWS
        ),
        "logs of a function, newest 1,000 lines": lambda reader: logs.logs(
            reader, span, function_ids=one, limit=LOG_LINES, newest_first=True
        ),
        "logs of all, newest 1,000 lines": lambda reader: logs.logs(reader, span, limit=LOG_LINES, newest_first=True),
        "errors": lambda reader: errors.errors(reader, span),
        "throttles": lambda reader: throttles.throttles(reader, span),
        "costs": lambda reader: costs.costs(reader, span, book),
    }  # fmt: skip


def rangeless(path: Path, about: Subject, book: PriceBook) -> dict[str, Ask]:
    """What has no range."""
    return {
        "invocation (its lines and attempts)": lambda reader: invocation.invocation(reader, about.key, book),
        "invocation by request id": lambda reader: invocation.find(reader, about.request_id, book),
        "opening the store, newest and oldest": lambda _: _opened(path),
        "data_version (every look for changes)": lambda reader: reader.data_version(),
    }


def _opened(path: Path) -> tuple[int | None, int | None]:
    with Reader(path) as reader:
        return reader.newest_ms(), reader.oldest_ms()


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the table."""

    question: str
    range: str
    p50_ms: float
    p95_ms: float
    again_ms: float
    cpu_ms: float
    runs: int
    statements: int
    steps: int
    calls: str

    def __str__(self) -> str:
        frame = "" if self.p95_ms <= FRAME_MS else f"{self.p95_ms / FRAME_MS:.1f} frames"
        return (
            f"| {self.question} | {self.range} | {self.p50_ms:.1f} | {self.p95_ms:.1f} | {frame}"
            f" | {self.again_ms:.1f} | {self.cpu_ms:.1f} | {self.runs}"
            f" | {self.statements:,} | {self.steps / 1000:,.0f} | {self.calls} |"
        )


def measure(reader: Reader, name: str, span: str, ask: Ask, seen: Statements, *, runs: int, patience_s: float) -> Row:
    """One question: watched once, which is also its first warm-up, then measured."""
    reader.forget()
    with seen.of(connection_of(reader), f"{name}, {span}" if span else name) as work:
        ask(reader)
    reader.forget()
    ask(reader)
    calls = Calls()
    timed = cast(Reader, TimedReader(reader, calls))
    spent: list[float] = []
    again: list[float] = []
    cpu_s = 0.0
    began = time.perf_counter()
    while len(spent) < runs and (len(spent) < 3 or time.perf_counter() - began < patience_s):
        reader.forget()
        start, cpu = time.perf_counter(), time.process_time()
        ask(timed)
        spent.append(1000 * (time.perf_counter() - start))
        cpu_s += time.process_time() - cpu
        start = time.perf_counter()
        ask(reader)
        again.append(1000 * (time.perf_counter() - start))
    spent.sort()
    again.sort()
    p50, p95 = (spent[min(len(spent) - 1, int(share * len(spent)))] for share in (0.5, 0.95))
    print(f"{name} {span}: {p50:.1f} ms", file=sys.stderr)
    cpu_ms = 1000 * cpu_s / len(spent)
    return Row(
        name, span, p50, p95, again[len(again) // 2], cpu_ms, len(spent), work.runs, work.steps,
        calls.told(len(spent), sum(spent) / 1000),
    )  # fmt: skip


def connection_of(reader: Reader) -> sqlite3.Connection:
    """The reader's own connection: nothing else could tell which statements it runs."""
    return reader._connection


def plans(reader: Reader, seen: Statements, *, everything: bool) -> list[str]:
    """The statements and their plans, the most steps first."""
    connection = connection_of(reader)
    lines: list[str] = []
    flagged = 0
    ordered = [
        one for one in sorted(seen.seen.values(), key=lambda one: -one.steps) if not one.text.startswith("PRAGMA")
    ]
    for place, statement in enumerate(ordered):
        steps = plan(connection, statement.sample)
        flags = [f"SCANS {table}" for table in scanned(statement.sample, steps)]
        flags += [f"READS ALL TIME of {table}" for table in timeless(statement, steps)]
        flags += [f"SORTS ALL ROWS of {table} in the range" for table in sorted_whole(statement, steps)]
        flagged += bool(flags)
        if everything or flags or place < 10:
            lines += _told(statement, steps, flags)
    return [f"{len(ordered)} distinct statements, {flagged} flagged: their work grows with the store.", "", *lines]


def _told(statement: Statement, steps: list[str], flags: list[str]) -> list[str]:
    flag = f" **{', '.join(flags)}**" if flags else ""
    return [
        f"{statement.steps / 1000:,.0f}k steps in {statement.runs:,} runs for {statement.asked_by}{flag}",
        "```",
        statement.text,
        *(f"  {step}" for step in steps),
        "```",
        "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invocations", type=int, default=10_000_000, help="of a store that is to be made")
    parser.add_argument("--functions", type=int, default=500)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--db", type=Path, help="the store; made where it does not exist")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--patience", type=float, default=10.0, help="seconds for one figure")
    parser.add_argument("--plans", action="store_true", help="print every plan")
    args = parser.parse_args()
    made = f"lambdatui-{args.invocations}-{args.functions}-{args.days}.db"
    path = args.db or Path(tempfile.gettempdir()) / made
    if not path.exists():
        print(f"making {path}", file=sys.stderr)
        many.build(path, args.invocations, args.functions, args.days)
    heading = machine()
    book, seen, rows = PriceBook.load(), Statements(), []
    with Reader(path) as reader:
        reader.stay_open()
        newest, oldest = reader.newest_ms(), reader.oldest_ms()
        if newest is None:
            raise SystemExit(f"{path} holds no invocations")
        spans = {preset: RangeChoice(preset).resolve(newest, newest, oldest) for preset in RANGES}
        whole = spans[RANGES[-1]]
        about = subject_of(reader, whole)
        asked = [(name, "", ask) for name, ask in rangeless(path, about, book).items()]
        asked += [
            (name, preset, ask) for preset, span in spans.items() for name, ask in questions(about, book, span).items()
        ]
        for name, preset, ask in asked:
            rows.append(measure(reader, name, preset, ask, seen, runs=args.runs, patience_s=args.patience))
        rows.sort(key=lambda row: next(at for at, (name, _, _) in enumerate(asked) if name == row.question))
        count = reader.count_invocations(oldest or 0, newest + 1)
        size_mb = path.stat().st_size / 1e6
        print(f"{count:,} invocations, {len(reader.functions()):,} functions, {size_mb:,.0f} MB; {heading}\n")
        columns = ("view", "range", "p50 ms", "p95 ms", "over 16 ms", "again, p50 ms", "CPU ms", "runs", "statements")
        print(f"| {' | '.join(columns)} | k steps | reader's calls, mean ms |")
        print("|---|---|---|---|---|---|---|---|---|---|---|")
        print(
            "\n".join(map(str, rows)),
            "",
            *plans(reader, seen, everything=args.plans),
            sep="\n",
        )


if __name__ == "__main__":
    main()
