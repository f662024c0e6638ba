"""Searching the last day's log lines: what is nowhere, and the first page of what is there, with grep beside it.

    python -m benchmarks.search [--db FILE] [--invocations 333333] [--functions 500] [--runs 20]

FILE is a store made by many.py; where it does not exist, a day of INVOCATIONS is made (333,333 are the last day of ten
million over 30 days: 1.7 million lines). Each question is asked RUNS times over the last 24 hours by a reader that
keeps nothing, in turns with ``grep -c`` of the same over the same lines, uncompressed in one file. "First" is when the
first lines that match are handed to the screen, "page" when all 2,000 that it shows are. Prints Markdown.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import many
from benchmarks.measure import machine
from collectors.store.read.reader import Reader
from lambdatui.views.line_query import parse
from lambdatui.views.log_search import log_search
from lambdatui.views.time_range import TimeRange

PATIENCE_MS = 500.0  # with grep, which takes a second and more for some
TEXT_MS, REGEX_MS = 100.0, 400.0  # targets, at p95


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what makes grep look for the same; a target for the p95 of it where no line matches."""

    about: str
    question: str
    grep: tuple[str, ...]
    target_ms: float | None = None


def regex(about: str, pattern: str, flags: str = "", target_ms: float | None = REGEX_MS) -> Asked:
    posix = pattern.replace(r"\d", "[0-9]").replace(r"\s", "[[:space:]]")
    return Asked(about, f"/{pattern}/{flags}", (*(("-i",) if flags else ()), "-E", posix), target_ms)


QUESTIONS = (
    Asked("absent text", "absent-3f9", ("-F", "-i", "absent-3f9"), TEXT_MS),
    Asked("absent field", ".absent>5", ("-F", '"absent"'), TEXT_MS),
    regex("with a text", r"absent-[0-9a-f]+ of \w+"),
    regex("with small choices", r"(foo|bar)baz?"),
    regex("with small choices, case ignored", r"status=5\d\d", "i"),
    regex("at the end", r".*Exception$"),
    regex("without a text", r"\d{13}x"),
    regex("without a text", r"[A-Z]{9,}\d"),
    regex("without a text", r"^\s+at "),
    regex("without a text", r"[a-z]+@[a-z]+\.com"),
    regex("without a text, of ids", r"[0-9a-f]{40}"),
    regex("without a text, a loop in a loop", r"(\w+\s?)+:\d+x"),
    regex("digits that its shapes do not tell", r"\b77\d77\d77\b", target_ms=None),
    regex("matches, most lines", r"\d+ ms", target_ms=None),
    regex("matches, some", r"\d{7}", target_ms=None),
    regex("matches, without a text", r"^[A-Z]+_[A-Z]+ ", target_ms=None),
    Asked("matches, text", "timed out", ("-F", "-i", "timed out")),
)


@dataclass(slots=True)
class Told:
    """What one search came to."""

    found: int
    first_ms: float | None
    whole_ms: float
    cpu_ms: float


def ask(reader: Reader, day: TimeRange, question: str) -> Told:
    reader.forget()
    parse.cache_clear()
    began, cpu = time.perf_counter(), time.process_time()
    first: list[float] = []
    query = parse(question)
    needs, test, shape_test = query.needs, query.in_text, query.in_shape
    span = day.from_ms, day.to_ms
    lines = reader.search(*span, newest_first=True, needs=needs, test=test, shape_test=shape_test)
    if any(test is not None or query.matches(line) for line in lines):  # type: ignore[arg-type]
        first.append(1000 * (time.perf_counter() - began))
    began, cpu = time.perf_counter(), time.process_time()
    found = log_search(reader, day, where=question)
    whole = time.perf_counter() - began
    cpu_ms = 1000 * (time.process_time() - cpu)
    return Told(len(found.rows), first[0] if first else None, 1000 * whole, cpu_ms)


def grepped_ms(grep: str, options: tuple[str, ...], file: Path) -> float:
    began = time.perf_counter()
    subprocess.run([grep, "-c", *options, file], capture_output=True, check=False)  # to /dev/null it stops at the first
    return 1000 * (time.perf_counter() - began)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def row(asked: Asked, told: list[Told], greps: list[float]) -> str:
    wall = [one.whole_ms for one in told]
    p95 = percentile(wall, 0.95)
    target = ""
    if asked.target_ms is not None:
        short = p95 - asked.target_ms
        target = f"{asked.target_ms:.0f}: {'met' if short <= 0 else f'short by {short:.0f}'}"
    firsts = [one.first_ms for one in told if one.first_ms is not None]
    first = f"{percentile(firsts, 0.5):.0f}" if firsts else ""
    grep = f"{percentile(greps, 0.5):.0f}" if greps else "n/a"
    cells = (
        asked.about, f"`{asked.question.replace('|', chr(92) + '|')}`", f"{told[-1].found:,}", first,
        f"{percentile(wall, 0.5):.0f}", f"{p95:.0f}", f"{min(one.cpu_ms for one in told):.0f}", grep, target,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", type=Path, help="the store; made where it does not exist")
    parser.add_argument("--invocations", type=int, default=333_333)
    parser.add_argument("--functions", type=int, default=500)
    parser.add_argument("--runs", type=int, default=20)
    args = parser.parse_args()
    path = args.db or Path(tempfile.gettempdir()) / f"lambdatui-search-{args.invocations}-{args.functions}.db"
    if not path.exists():
        print(f"making {path}", file=sys.stderr)
        many.build(path, args.invocations, args.functions, 1)
    heading, grep = machine(), shutil.which("grep")
    with Reader(path) as reader, tempfile.TemporaryDirectory() as folder:
        reader.stay_open()
        newest = reader.newest_ms()
        if newest is None:
            raise SystemExit(f"{path} holds no invocations")
        day = TimeRange(newest + 1 - many.DAY_MS, newest + 1, "last 24h")
        file, lines = Path(folder) / "day.log", 0
        with file.open("w") as out:
            for line in reader.search(day.from_ms, day.to_ms):
                out.write(re.sub(r"\n(?=.)", "\r", line.text.rstrip("\n")) + "\n")
                lines += 1
        size_mb = file.stat().st_size / 1e6
        print(
            f"{lines:,} lines, {size_mb:,.0f} MB uncompressed, {path.stat().st_size / 1e6:,.0f} MB stored; {heading}\n"
        )
        print("| | asked | found | first ms | p50 ms | p95 ms | CPU ms, least | grep, p50 ms | target, p95 ms |")
        print("|---|---|---:|---:|---:|---:|---:|---:|---|")
        for asked in QUESTIONS:
            told: list[Told] = []
            greps: list[float] = []
            for _ in range(args.runs):
                told.append(ask(reader, day, asked.question))
                if grep is not None and sum(greps) < PATIENCE_MS:
                    greps.append(grepped_ms(grep, asked.grep, file))
            print(row(asked, told, greps), flush=True)


if __name__ == "__main__":
    main()
