"""Many viewers beside one collector at full speed: who is late, who is refused, what grows.

    python -m benchmarks.soak [--viewers 20] [--minutes 10] [--alone 60] [--columns 120] [--lines 40]

One ``lambdatui import -`` is given invocations as fast as it takes them: first alone, then beside ``--viewers`` real
terminals, each showing Functions. Every block of invocations holds one of the function ``soak-clock``, so that a
viewer's first row says up to which block it has seen, and how long ago that block was committed is how late it is.
A viewer looks every 2 s and then asks and paints: "late" is what lies beyond that, counted from the commit. A third of
the viewers walk through the other screens meanwhile; they are watched for errors and memory, not for lateness.
Memory is a viewer's own (RssAnon): pages of the store that it has mapped (RssFile) are the system's page cache, which
all viewers share and which the system takes back when it likes; they are told beside it. What viewers, this program
and the collector take of the processors is told too: where these are too few for all, the collector gets less.
Exit 1 where a promise of RELIABILITY.md did not hold.
"""

import argparse
import os
import re
import selectors
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pyte

from benchmarks import generate
from benchmarks.measure import ROOT, machine
from collectors.model.units import DAY_MS, HOUR_MS
from tests.support.under_terminal import UnderTerminal

CLOCK = "soak-clock"
BLOCK = 20_000
BLOCK_MS = 1_000_000  # a block's times share all digits but the last six, which one replacement moves
POLL_S = 2.0
REFRESHES_S = 2 * POLL_S  # a look may have begun just before a commit, and the next one shows it
WALKS = ("E", "$", "T", "L", "A", "F", "i", "\x1b", "l", "\x1b", "C", "F")
COUNT = re.compile(rf"{CLOCK}\s+\S+\s+(?:\d+ MB\s+)?([\d,]+) ")
TROUBLE = re.compile(r"locked|busy|Traceback|malformed|damaged|unexpected", re.IGNORECASE)


class Blocks:
    """The same invocations again and again, each time of a later time and under other request ids and streams."""

    def __init__(self, folder: Path) -> None:
        made = folder / "block.jsonl"
        with made.open("w", encoding="utf-8") as out:
            generate.write(out, BLOCK, 40, hours=0.99 * BLOCK_MS / HOUR_MS)
        text = made.read_text(encoding="utf-8") + _clock()
        made.unlink()
        text = re.sub(r"[0-9a-f]{8}(?=-[0-9a-f]{4}-4[0-9a-f]{3}-a)", "{SOAKID}", text)
        self._text = text.replace("[$LATEST]", "[$LATEST]{SOAKID}").encode()
        self._old = str(generate.START_MS // BLOCK_MS).encode()
        self._first = int(time.time() * 1000) // BLOCK_MS - 20 * DAY_MS // BLOCK_MS
        self.given = 0

    def next(self) -> bytes:
        """The following block. All of them lie within three weeks before now, however long it takes."""
        serial, self.given = self.given, self.given + 1
        moved = self._text.replace(self._old, str(self._first + serial).encode())
        return moved.replace(b"{SOAKID}", f"{serial:08x}".encode())


def _clock() -> str:
    """One long and dear invocation: it stands first where rows are sorted by cost."""
    start = generate.START_MS + 1
    request, stream = generate.request_id(1), "2026/02/02/[$LATEST]soak"
    said = (
        (start, f"START RequestId: {request} Version: $LATEST\n"),
        (start, f"END RequestId: {request}\n"),
        (
            start,
            f"REPORT RequestId: {request}\tDuration: 899000.00 ms\tBilled Duration: 899000 ms\t"
            "Memory Size: 10240 MB\tMax Memory Used: 100 MB\t\n",
        ),
    )
    return "".join(
        generate._line(CLOCK, stream, when, message, 10**24 + number) for number, (when, message) in enumerate(said)
    )


@dataclass(slots=True)
class Collector:
    """An import that never ends, and a thread that feeds it."""

    db: Path
    blocks: Blocks
    process: "subprocess.Popen[bytes]" = field(init=False)
    written: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lambdatui", "import", "-", "--db", str(self.db)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdin is not None
        self._thread = threading.Thread(target=self._feed, args=(self.process.stdin,), daemon=True)
        self._thread.start()

    def _feed(self, pipe: BinaryIO) -> None:
        try:
            while not self._stopped.is_set():
                pipe.write(self.blocks.next())
                self.written += BLOCK + 1
            pipe.close()
        except BrokenPipeError:
            return

    def stop(self) -> str:
        """Lets it end as at the end of a file; gives what it said on stderr. Raises where it failed."""
        self._stopped.set()
        self._thread.join()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        said = self.process.stderr.read().decode(errors="replace")
        self.process.stdout.read()
        if self.process.wait() != 0:
            raise SystemExit(f"the collector ended with {self.process.returncode}: {said[-2000:]}")
        return said


class Viewer:
    """A terminal that shows Functions; ``walking`` ones press keys instead of being timed."""

    def __init__(self, db: Path, *, columns: int, lines: int, walking: bool) -> None:
        self.terminal = UnderTerminal(
            ["--db", str(db), "--range", "30d"], columns=columns, lines=lines, XDG_STATE_HOME="/dev/null"
        )
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.walking = walking
        self.step = 0
        self.seen = 0
        self.bytes = 0
        self.troubles: set[str] = set()
        self.own_mb: list[float] = []
        self.mapped_mb: list[float] = []

    def fileno(self) -> int:
        return self.terminal.fileno()

    def read(self) -> None:
        """Takes what was painted, and looks which block the first row has come to."""
        painted = self.terminal.there()
        self.bytes += len(painted)
        self._stream.feed(painted)
        shown = "\n".join(self.screen.display)
        for line in shown.split("\n") if TROUBLE.search(shown) else ():
            if TROUBLE.search(line) and "trouble" not in line:
                self.troubles.add(line.strip())
        found = COUNT.search(shown)
        if found:
            self.seen = max(self.seen, int(found[1].replace(",", "")))

    def walk(self) -> None:
        self.terminal.send(WALKS[self.step % len(WALKS)])
        self.step += 1

    def measure(self) -> None:
        with open(f"/proc/{self.terminal.process.pid}/status", encoding="ascii") as status:
            sizes = {name: value for name, _, value in (line.partition(":") for line in status)}
        self.own_mb.append(int(sizes["RssAnon"].split()[0]) / 1024)
        self.mapped_mb.append(int(sizes["RssFile"].split()[0]) / 1024)


class Commits:
    """When each block was committed: what the store itself says, asked whenever it has changed."""

    def __init__(self, db: Path) -> None:
        self._connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True, isolation_level=None)
        self._version = 0
        self.at: list[tuple[int, float]] = []
        """Number of blocks in the store, and since when, by ``time.monotonic``."""

    def look(self) -> None:
        (version,), now = self._connection.execute("PRAGMA data_version").fetchone(), time.monotonic()
        if version == self._version:
            return
        self._version = version
        (count,) = self._connection.execute(
            "SELECT sum(invocations) FROM day_cells JOIN functions ON functions.id = function_id WHERE name = ?",
            (CLOCK,),
        ).fetchone()
        if count and (not self.at or count > self.at[-1][0]):
            self.at.append((count, now))

    def owed(self, seen: int, now: float) -> float:
        """For how many seconds a viewer that shows ``seen`` blocks has not shown what is in the store."""
        for count, since in self.at:
            if count > seen:
                return now - since
        return 0.0


@dataclass(slots=True)
class Seen:
    """What a stretch of time came to."""

    seconds: float
    committed: int
    cpu_s: float
    viewers_cpu_s: float
    wal_mb: float
    late_s: list[float]

    @property
    def rate(self) -> float:
        """Invocations a second, as the store has them."""
        return self.committed * BLOCK / self.seconds


def watch(db: Path, commits: Commits, viewers: list[Viewer], collector: Collector, seconds: float) -> Seen:
    """Reads every terminal as it is painted until ``seconds`` are over."""
    selector = selectors.DefaultSelector()
    for viewer in viewers:
        selector.register(viewer, selectors.EVENT_READ)
    begun, before, cpu = time.monotonic(), commits.at[-1][0] if commits.at else 0, _cpu(collector.process.pid)
    viewers_cpu = sum(_cpu(viewer.terminal.process.pid) for viewer in viewers)
    late: list[float] = []
    wal = walked = measured = 0.0
    while (now := time.monotonic()) < begun + seconds:
        for key, _ in selector.select(0.05):
            viewer = key.fileobj
            assert isinstance(viewer, Viewer)
            viewer.read()
        commits.look()
        wal = max(wal, _mb(Path(f"{db}-wal")))
        if now - walked > 3:
            walked = now
            for viewer in viewers:
                if viewer.walking:
                    viewer.walk()
        if now - measured > 1:
            measured = now
            for viewer in viewers:
                viewer.measure()
        late += [commits.owed(viewer.seen, now) for viewer in viewers if not viewer.walking]
    selector.close()
    took = time.monotonic() - begun
    viewers_cpu = sum(_cpu(viewer.terminal.process.pid) for viewer in viewers) - viewers_cpu
    return Seen(took, commits.at[-1][0] - before, _cpu(collector.process.pid) - cpu, viewers_cpu, wal, sorted(late))


def _mb(path: Path) -> float:
    return path.stat().st_size / 2**20 if path.exists() else 0.0


def _cpu(of: int) -> float:
    """User and system seconds so far of a process and its children."""
    total = 0.0
    family = [of]
    for pid in family:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            family += [int(child) for child in children.read().split()]
    return total


def _run(args: argparse.Namespace, folder: Path) -> int:
    db = folder / "soak.db"
    collector = Collector(db, Blocks(folder))
    while not db.exists() or not _committed(db):
        time.sleep(0.1)
    commits = Commits(db)
    commits.look()
    alone = watch(db, commits, [], collector, args.alone)
    print(f"alone: {alone.rate:,.0f} invocations/s, {alone.cpu_s / alone.seconds:.2f} cores, WAL {alone.wal_mb:.0f} MB")
    viewers = [
        Viewer(db, columns=args.columns, lines=args.lines, walking=number % 3 == 2) for number in range(args.viewers)
    ]
    starting = watch(db, commits, viewers, collector, min(30.0 + args.viewers, 20 * args.minutes))
    print(f"while they start: {starting.rate:,.0f} invocations/s")
    for viewer in viewers:
        viewer.own_mb.clear()
        viewer.mapped_mb.clear()
    mine = time.process_time()
    beside = watch(db, commits, viewers, collector, 60 * args.minutes)
    mine = time.process_time() - mine
    ended = [viewer.terminal.process.poll() for viewer in viewers]
    for viewer in viewers:
        viewer.terminal.process.kill()
    said = collector.stop()
    return report(alone, beside, viewers, ended, said, _mb(db), mine)


def _committed(db: Path) -> bool:
    connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    try:
        return bool(connection.execute("SELECT count(*) FROM day_cells").fetchone()[0])
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()


def report(
    alone: Seen,
    beside: Seen,
    viewers: list[Viewer],
    ended: list[int | None],
    said: str,
    db_mb: float,
    own_cpu_s: float,
) -> int:
    """Prints what was measured; 1 where a promise did not hold."""
    late = beside.late_s or [0.0]
    p99 = late[int(0.99 * (len(late) - 1))]
    quarter = max(1, min(len(viewer.own_mb) for viewer in viewers) // 4)
    grown = [sum(viewer.own_mb[-quarter:]) / quarter - sum(viewer.own_mb[:quarter]) / quarter for viewer in viewers]
    largest = max(max(viewer.own_mb) for viewer in viewers)
    mapped = max(max(viewer.mapped_mb) for viewer in viewers)
    troubles = sorted({one for viewer in viewers for one in viewer.troubles})
    print(
        f"beside {len(viewers)} viewers for {beside.seconds / 60:.1f} min: {beside.rate:,.0f} invocations/s"
        f" ({beside.rate / alone.rate:.2f} of alone), {beside.committed * BLOCK:,} in all, store {db_mb:,.0f} MB,"
        f" WAL at most {beside.wal_mb:.0f} MB\n"
        f"behind the commits, s: p50 {late[len(late) // 2]:.1f}, p99 {p99:.1f}, most {late[-1]:.1f}"
        f" (two looks: {REFRESHES_S:.0f})\n"
        f"viewers: memory of their own at most {largest:.0f} MB, last quarter less first {min(grown):+.1f} to"
        f" {max(grown):+.1f} MB; of the page cache mapped at most {mapped:.0f} MB,"
        f" {sum(viewer.bytes for viewer in viewers) / len(viewers) / beside.seconds:,.0f} bytes/s each\n"
        f"cores: the collector {beside.cpu_s / beside.seconds:.2f} (alone {alone.cpu_s / alone.seconds:.2f}), that is"
        f" {_per_million(beside):.2f} s of CPU a million invocations (alone {_per_million(alone):.2f}); all viewers"
        f" {beside.viewers_cpu_s / beside.seconds:.2f}, this program {own_cpu_s / beside.seconds:.2f}\n"
        f"ended: {sum(code is not None for code in ended)}, troubles on screens: {troubles or 'none'},"
        f" collector's stderr: {said.strip()[-300:] or 'nothing'}"
    )
    broken = {
        "a viewer ended": any(code is not None for code in ended),
        "trouble on a screen": bool(troubles),
        "a viewer was more than one refresh late": late[-1] > REFRESHES_S,
        "a viewer's memory grew": max(grown) > 10,
        "the writer lost more than 20%": beside.rate < 0.8 * alone.rate,
        "the WAL grew": beside.wal_mb > 256,
    }
    for name, is_so in broken.items():
        if is_so:
            print(f"NOT KEPT: {name}")
    return int(any(broken.values()))


def _per_million(seen: Seen) -> float:
    return seen.cpu_s / max(seen.committed * BLOCK, 1) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--alone", type=float, default=60, help="seconds in which the collector is measured alone")
    parser.add_argument("--columns", type=int, default=120)
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--folder", type=Path, help="where the store lies; else a temporary folder")
    print(machine())
    with tempfile.TemporaryDirectory(dir=parser.parse_args().folder) as folder:
        sys.exit(_run(parser.parse_args(), Path(folder)))


if __name__ == "__main__":
    main()
