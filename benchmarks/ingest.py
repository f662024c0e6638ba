"""Reading a file of log events into a store, beside lnav, DuckDB and sqlite-utils on the same file.

    python -m benchmarks.ingest [--invocations 1000000] [--file FILE] [--repeat 3]

FILE is made by generate.py where it does not exist; without it the corpus is made in a temporary folder. The
contestants take turns (A, B, C, A, B, C), each a process of its own on a fresh database, so that whatever else the
machine does meets all of them. Prints Markdown: the best and the median of wall and CPU time (the process and its
children), the peak memory of the process tree, and the ratios beside their targets. A missed target is told, and is
no failure. Needs the [bench] extra; lnav takes part where it is installed.
"""

import argparse
import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks import generate, rivals
from benchmarks.measure import Cost, Costs, environment, machine, run

HERE = Path(__file__).parent
Found = tuple[int, int] | None  # REPORTs and billed ms that a contestant counted: all must agree
Contest = Callable[[Path, Path], tuple[Cost, Found]]  # (corpus, empty folder) -> its cost, and what it counted


def imported(
    corpus: Path, folder: Path, *options: str, program: Sequence[str] = ("-m", "lambdatui")
) -> tuple[Cost, Found]:
    """The real command, on a fresh store."""
    store = folder / "store.db"
    cost, _ = run([sys.executable, *program, "--db", str(store), "import", str(corpus), *options])
    with closing(sqlite3.connect(store)) as connection:
        return cost, connection.execute("SELECT sum(reports), sum(billed_ms) FROM day_cells").fetchone()


def without_lines(corpus: Path, folder: Path) -> tuple[Cost, Found]:
    return imported(corpus, folder, "--no-lines")


def with_lines(corpus: Path, folder: Path) -> tuple[Cost, Found]:
    return imported(corpus, folder)


def uncounted(corpus: Path, folder: Path) -> tuple[Cost, Found]:
    """The same, whose lines are not counted by pattern."""
    return imported(corpus, folder, program=[str(HERE / "without_patterns.py")])


def lnav(corpus: Path, folder: Path) -> tuple[Cost, Found]:
    """lnav without its screen: loads the file and sums REPORT lines by log group."""
    home = rivals.lnav_home(folder)
    answer = folder / "lnav.csv"
    command: list[str | Path] = ["lnav", "-n", "-c", f";{rivals.LNAV_QUERY}", "-c", f":write-csv-to {answer}", corpus]
    cost, _ = run(command, environment(HOME=str(home), XDG_CONFIG_HOME=str(home / ".config")))
    rows = [line.rsplit(",", 2)[1:] for line in answer.read_text().splitlines()[1:]]
    return cost, (sum(int(row[0]) for row in rows), sum(round(float(row[1])) for row in rows))


def duckdb(corpus: Path, folder: Path) -> tuple[Cost, Found]:
    """DuckDB reads the file into a table of its own file, fields by regular expression."""
    cost, answer = run([sys.executable, HERE / "rivals.py", "duckdb", corpus, folder / "duck.db"])
    reports, billed_ms = answer.strip().split(",")
    return cost, (int(reports), int(billed_ms))


class PlainRows:
    """sqlite-utils' insert_all of rows that are already parsed: the rows are those of a store of ours."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, corpus: Path, folder: Path) -> tuple[Cost, Found]:
        store = self._folder / "store.db"
        if not store.exists():
            imported(corpus, self._folder, "--no-lines")
        _, answer = run([sys.executable, HERE / "rivals.py", "sqlite-utils", store, folder / "plain.db"])
        with closing(sqlite3.connect(folder / "plain.db")) as connection:
            found = connection.execute("SELECT count(billed_ms), sum(billed_ms) FROM invocations").fetchone()
        return Cost(**json.loads(answer)), found


OURS, LINED, UNCOUNTED, LNAV, PLAIN, DUCK = (
    "lambdatui import --no-lines",
    "lambdatui import",
    "the same without patterns of lines",
    "lnav: load and aggregate",
    "sqlite-utils insert_all of parsed rows",
    "DuckDB: read_json and regexp_extract into a table",
)


def contests(folder: Path) -> dict[str, Contest]:
    """Who takes part here, in their order."""
    plain = folder / "parsed"
    plain.mkdir()
    found: dict[str, Contest] = {OURS: without_lines, LINED: with_lines, UNCOUNTED: uncounted}
    if shutil.which("lnav"):
        found[LNAV] = lnav
    return found | {PLAIN: PlainRows(plain), DUCK: duckdb}


def compare(corpus: Path, folder: Path, repeat: int) -> dict[str, Costs]:
    """Every contestant ``repeat`` times, taking turns. Ends the program where they do not count the same."""
    taking_part = contests(folder)
    costs = {name: Costs(name) for name in taking_part}
    agreed: Found = None
    for turn in range(repeat):
        for name, contest in taking_part.items():
            fresh = folder / "fresh"
            fresh.mkdir()
            cost, found = contest(corpus, fresh)
            shutil.rmtree(fresh)
            agreed = agreed or found
            if found != agreed:
                raise SystemExit(f"{name} counted {found} (REPORTs, billed ms), the first contestant {agreed}")
            costs[name].runs.append(cost)
            print(f"turn {turn + 1}: {name} {cost.wall_s:.2f} s", file=sys.stderr)
    return costs


def figures(costs: dict[str, Costs], invocations: int) -> list[str]:
    """The table of what each contestant took."""
    lines = [
        "| | wall s, best | median | CPU s, best | median | invocations/s, best | peak RSS MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in costs.values():
        rss = f"{each.rss_mb:.0f}" if each.rss_mb is not None else "-"
        lines.append(
            f"| {each.name} | {each.wall():.2f} | {each.wall(statistics.median):.2f} | {each.cpu():.2f}"
            f" | {each.cpu(statistics.median):.2f} | {invocations / each.wall():,.0f} | {rss} |"
        )
    return lines


def verdict(name: str, best: float, median: float, target: float, *, at_least: bool, unit: str = "x") -> str:
    """A target's row: what was measured, and by how much it falls short. Judged by the best runs."""
    wanted = f"{'>=' if at_least else '<='} {target:g}{unit}"
    missed = target - best if at_least else best - target
    said = "met" if missed <= 0 else f"short by {missed:.2f}{unit}"
    return f"| {name} | {wanted} | {best:.2f}{unit} | {median:.2f}{unit} | {said} |"


def ratios(costs: dict[str, Costs]) -> list[str]:
    """Our times beside the others'."""
    ours, lined, bare, plain, duck = (costs[name] for name in (OURS, LINED, UNCOUNTED, PLAIN, DUCK))
    middle = statistics.median

    def times(name: str, more: Costs, less: Costs, target: float, *, at_least: bool, cpu: bool = False) -> str:
        of_best = more.cpu() / less.cpu() if cpu else more.wall() / less.wall()
        of_middle = more.cpu(middle) / less.cpu(middle) if cpu else more.wall(middle) / less.wall(middle)
        return verdict(name, of_best, of_middle, target, at_least=at_least)

    rows = ["| | target | of the best | of the medians | |", "|---|---|---|---|---|"]
    if LNAV in costs:
        rows.append(times("faster than lnav, without lines", costs[LNAV], ours, 2.2, at_least=True))
        rows.append(times("faster than lnav, with lines", costs[LNAV], lined, 1.4, at_least=True))
    else:
        rows.append("| faster than lnav | >= 2.2x, >= 1.4x with lines | - | - | lnav is not installed |")
    rows.append(times("faster than sqlite-utils, without lines", plain, ours, 2.0, at_least=True))
    rows.append(times("wall time of DuckDB's, without lines", ours, duck, 4.5, at_least=False))
    rows.append(times("CPU time of DuckDB's, without lines", ours, duck, 3.5, at_least=False, cpu=True))
    rows.append(times("wall time, with patterns of lines beside without", lined, bare, 1.25, at_least=False))
    rows.append(times("CPU time, with patterns of lines beside without", lined, bare, 1.25, at_least=False, cpu=True))
    for each in (ours, lined):
        peak = each.rss_mb or 0.0
        rows.append(verdict(f"peak RSS, {each.name}", peak, peak, 300, at_least=False, unit=" MB"))
    return rows


def upkeep(corpus: Path, repeat: int) -> list[str]:
    """What the rollups add to the insert, in CPU time: it is one process, and waiting for others is not its work."""
    _, answer = run([sys.executable, HERE / "upkeep.py", corpus, "--repeat", str(repeat)])
    measured = json.loads(answer)
    titles = {"bare": "executemany alone", "rows": "the writer without rollups", "rollups": "the writer"}
    spent = {job: [cpu for _, cpu in measured[job]] for job in titles}
    lines = ["| | CPU s, best | median | worst | us an invocation, best |", "|---|---|---|---|---|"]
    for job, title in titles.items():
        best, each_us = min(spent[job]), min(spent[job]) / measured["invocations"] * 1e6
        lines.append(
            f"| {title} | {best:.2f} | {statistics.median(spent[job]):.2f} | {max(spent[job]):.2f} | {each_us:.2f} |"
        )

    def share(of: Callable[[list[float]], float], base: str) -> float:
        return 100 * (of(spent["rollups"]) - of(spent["rows"])) / of(spent[base])

    best, middle = share(min, "bare"), share(statistics.median, "bare")
    noise = 100 * max(max(runs) / min(runs) - 1 for runs in spent.values())
    return [
        *lines,
        "",
        f"rollup upkeep = {best:.0f}% of the bare insert ({share(min, 'rows'):.0f}% of the writer without rollups);"
        f" runs of the same work differed by up to {noise:.0f}%",
        "",
        "| | target | of the best | of the medians | |",
        "|---|---|---|---|---|",
        verdict("rollup upkeep of the bare insert", best, middle, 50, at_least=False, unit="%"),
    ]


def corpus_at(file: Path, invocations: int) -> Path:
    """The file, generated where it is not there yet, and read once so that all find it in the page cache."""
    if not file.exists():
        print(f"generating {invocations:,} invocations into {file}", file=sys.stderr)
        with open(file, "w", encoding="utf-8", buffering=1 << 20) as out:
            generate.write(out, invocations)
    with open(file, "rb", buffering=0) as content:
        while content.read(1 << 24):
            pass
    return file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invocations", type=int, default=1_000_000, help="of a corpus that is to be made")
    parser.add_argument("--file", type=Path, help="the corpus; made where it does not exist")
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    heading = machine()
    with tempfile.TemporaryDirectory(prefix="lambdatui-bench-") as name:
        folder = Path(name)
        corpus = corpus_at((args.file or folder / "corpus.jsonl").resolve(), args.invocations)
        costs = compare(corpus, folder, args.repeat)
        with closing(sqlite3.connect(folder / "parsed" / "store.db")) as store:
            (invocations,) = store.execute("SELECT count(*) FROM invocations").fetchone()
        print(f"{invocations:,} invocations, {corpus.stat().st_size / 1e6:,.0f} MB; {heading}\n")
        print("\n".join([*figures(costs, invocations), "", *ratios(costs), "", *upkeep(corpus, args.repeat)]))


if __name__ == "__main__":
    main()
