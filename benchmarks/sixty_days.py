"""Sixty simulated days of a store that deletes what is old, beside two processes that read it all the while.

    python -m benchmarks.sixty_days [--days 60] [--functions 20] [--invocations 20000] [--readers 2]

Day after day of invocations with their lines comes in by ``lambdatui import``'s own way; after each, what is too old at
the simulated hour goes as ``collect --watch`` deletes it, in rounds of two seconds at most. The ages are short, so that
all of them have passed within a third of the time: invocations 10 days, lines 5, minutes 20. The readers ask for
functions, patterns and lines without a pause, through the readers that screens use. Exit 1 where the file is not on a
plateau (in the last third it may grow by what hours and days add), the write-ahead log or a reader's memory grows, a
lock is met, or an answer has other figures than were written.
"""

import argparse
import contextlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import ROOT, machine
from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.model.units import DAY_MS, HOUR_MS
from collectors.store.write.retention import Retention, retain

HOUR, DAY = HOUR_MS, DAY_MS
T0 = 1_760_054_400_000  # a midnight
AGES = {"invocations": "10d", "lines": "5d", "minutes": "20d"}
HOUR_BYTES = 1_200  # of a function's hour with its share of days, patterns and indexes: these stay for ever
REPORT_DAYS = 5
WAL_MB = 64.0


def day_of(number: int, functions: int, invocations: int) -> Iterator[str]:
    """One day's events, JSON lines in order of time."""
    dice = random.Random(number)
    step = DAY // invocations
    for at in range(invocations):
        begins, function, ms = T0 + number * DAY + at * step, at % functions, dice.randrange(5, 900)
        request = f"{number:04x}{at:04x}-0000-4000-a000-{at:012x}"
        head = f'"logGroup":"/aws/lambda/fn-{function:02}","logStreamName":"d{number}/{function:032x}","timestamp":'
        said = (
            f"START RequestId: {request} Version: $LATEST\\n",
            f"[INFO]\\t2026-01-01T00:00:00.000Z\\t{request}\\torder {dice.randrange(10**6)} stored\\n",
            f"END RequestId: {request}\\n",
            f"REPORT RequestId: {request}\\tDuration: {ms}.00 ms\\tBilled Duration: {ms} ms\\t"
            "Memory Size: 128 MB\\tMax Memory Used: 40 MB\\t\\n",
        )
        for place, text in enumerate(said):
            when = begins + (ms if place > 1 else 0)
            yield f'{{{head}{when},"message":"{text}","eventId":"{when:020}{at:08}{place}"}}\n'


def written(path: Path, text: str) -> None:
    """Whole, whoever reads it at that moment."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def read(db: Path, clock: Path, told: Path) -> None:
    """A reader: asks until it is killed, and keeps saying how it goes."""
    from lambdatui.session.queries import QueryError, ask
    from lambdatui.views.functions import functions
    from lambdatui.views.patterns import patterns
    from lambdatui.views.time_range import RangeChoice

    questions = (
        ("24h", lambda asked: functions(asked.reader, asked.range, asked.book)),
        ("7d", lambda asked: functions(asked.reader, asked.range, asked.book)),
        ("all", lambda asked: functions(asked.reader, asked.range, asked.book)),
        ("24h", lambda asked: patterns(asked.reader, asked.range, asked.book)),
        ("24h", lambda asked: asked.reader.search(asked.range.from_ms, asked.range.to_ms, "order 77")),
    )
    count, longest_s, errors, page = 0, 0.0, [], os.sysconf("SC_PAGE_SIZE")
    while True:
        choice, of = questions[count % len(questions)]
        began = time.monotonic()
        try:
            ask(db, RangeChoice(choice), int(clock.read_text()), of)
        except QueryError as error:
            errors.append(str(error))
        longest_s, count = max(longest_s, time.monotonic() - began), count + 1
        rss_mb = int(Path("/proc/self/statm").read_text().split()[1]) * page / 2**20
        said = {"asked": count, "longest_s": longest_s, "rss_mb": rss_mb, "errors": errors[:5]}
        written(told, json.dumps(said))
        time.sleep(0.02)


class Log:
    """The largest size of the write-ahead log, looked at every few milliseconds."""

    def __init__(self, db: Path) -> None:
        self._path = Path(f"{db}-wal")
        self.most = 0
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                self.most = max(self.most, self._path.stat().st_size)
            time.sleep(0.01)


def asked(db: Path, sql: str) -> int:
    connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    try:
        return int(connection.execute(sql).fetchone()[0] or 0)
    finally:
        connection.close()


def simulate(folder: Path, days: int, functions: int, invocations: int, readers: int) -> list[str]:
    """Prints the days; what did not hold."""
    db, clock, retention = folder / "days.db", folder / "clock", Retention(AGES)
    written(clock, str(T0 + DAY))
    log, slowest_s, slowest_cpu_s, wrong, rows = Log(db), 0.0, 0.0, [], []
    children: list[subprocess.Popen[bytes]] = []
    told = [folder / f"reader-{number}.json" for number in range(readers)]
    sys.stdout.write(
        "| day | file MB | free MB | WAL MB at most | reader RSS MB | longest round s | most CPU of a round ms |"
        " longest answer s |\n|---|---|---|---|---|---|---|---|\n"
    )
    try:
        for number in range(days):
            file, now_ms = folder / "day.jsonl", T0 + (number + 1) * DAY
            with file.open("w") as out:
                out.writelines(day_of(number, functions, invocations))
            result = import_files([str(file)], db=db, defaults=FunctionKey(""))
            if result.failures or result.duplicates or result.invocations != invocations:
                wrong.append(f"day {number + 1} came in as {result}")
            written(clock, str(now_ms))
            while True:
                began, cpu = time.monotonic(), time.thread_time()
                deleted = retain(db, retention, now_ms)
                slowest_s = max(slowest_s, time.monotonic() - began)
                slowest_cpu_s = max(slowest_cpu_s, time.thread_time() - cpu)
                if not deleted:
                    break
            if not children:
                own = [sys.executable, __file__, "--read", str(db), str(clock)]
                children = [subprocess.Popen([*own, str(each)], cwd=ROOT) for each in told]
            if (number + 1) % REPORT_DAYS:
                continue
            said = [json.loads(each.read_text()) for each in told if each.exists()]
            pages, free = asked(db, "PRAGMA page_count"), asked(db, "PRAGMA freelist_count")
            size = asked(db, "PRAGMA page_size")
            row = {
                "day": number + 1,
                "file": pages * size / 2**20,
                "free": free * size / 2**20,
                "wal": log.most / 2**20,
                "rss": max((each["rss_mb"] for each in said), default=0.0),
                "hours": asked(db, "SELECT count(*) FROM hour_cells"),
            }
            rows.append(row)
            longest_s = max((each["longest_s"] for each in said), default=0.0)
            sys.stdout.write(
                f"| {row['day']} | {row['file']:.1f} | {row['free']:.1f} | {row['wal']:.1f} | {row['rss']:.0f} |"
                f" {slowest_s:.2f} | {slowest_cpu_s * 1000:.0f} | {longest_s:.2f} |\n"
            )
            sys.stdout.flush()
            log.most, slowest_s, slowest_cpu_s = 0, 0.0, 0.0
            wrong += [error for each in said for error in each["errors"]]
        wrong += ["a reader has ended" for child in children if child.poll() is not None]
        wrong += _grown(rows, days)
        if asked(db, "SELECT sum(invocations) FROM day_cells") != days * invocations:
            wrong.append("the days do not add up to what came in")
        sys.stdout.write(f"\n{sum(json.loads(each.read_text())['asked'] for each in told):,} questions were answered\n")
    finally:
        for child in children:
            child.kill()
            child.wait()
    return wrong


def _grown(rows: list[dict[str, float]], days: int) -> list[str]:
    """What has grown in the last third, or is not bounded."""
    before = [row for row in rows if row["day"] <= days * 2 // 3]
    after = [row for row in rows if row["day"] > days * 2 // 3]
    found = []
    grown = (after[-1]["file"] - before[-1]["file"]) * 2**20
    if grown > (after[-1]["hours"] - before[-1]["hours"]) * HOUR_BYTES:
        found.append(f"the file grew by {grown / 2**20:.1f} MB in the last third")
    settled = max(row["rss"] for row in before[len(before) // 2 :])
    if max(row["rss"] for row in after) > 1.1 * settled + 2:
        found.append(f"a reader grew from {settled:.0f} MB to {max(row['rss'] for row in after):.0f} MB")
    if max(row["wal"] for row in rows) > WAL_MB or after[-1]["wal"] > 1.5 * max(row["wal"] for row in before):
        found.append("the write-ahead log is not bounded")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--functions", type=int, default=20)
    parser.add_argument("--invocations", type=int, default=20_000)
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--read", nargs=3, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        read(*given.read)
    sys.stdout.write(f"{machine()}\n\n")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        wrong = simulate(Path(folder), given.days, given.functions, given.invocations, given.readers)
    sys.stdout.write(f"{time.monotonic() - began:.0f} s. " + ("All held.\n" if not wrong else "Did not hold:\n"))
    sys.stdout.writelines(f"- {each}\n" for each in wrong)
    return bool(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
