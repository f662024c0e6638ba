"""How well lines are told apart: LogHub-2k as corrected by LogHub-2.0, beside drain3 on the same lines.

    python -m benchmarks.patterns PATH-TO-LOGHUB [--systems Apache,Linux]

PATH-TO-LOGHUB is a checkout of github.com/logpai/loghub-2.0, or its git directory, which is read as it is. Prints
Markdown: of each system Grouping Accuracy (the share of lines whose group is exactly the right one) and FGA (the F1
score over groups) of ours, of ``collectors.parsing.fingerprint.normalise`` and of drain3 with its defaults; then the
averages, over the seven systems that our constants were chosen on, over the other seven, and over all. One setting
serves all systems. drain3 is of the [bench] extra. Where the data are absent, says so and ends well.
"""

import argparse
import csv
import io
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from collectors.parsing.fingerprint import normalise
from collectors.parsing.line_patterns import Shapes
from collectors.parsing.pattern_groups import patterns

CHOSEN_ON = ("Apache", "HDFS", "Hadoop", "Linux", "OpenSSH", "Proxifier", "Thunderbird")
HELD_BACK = ("BGL", "HPC", "HealthApp", "Mac", "OpenStack", "Spark", "Zookeeper")
Parser = Callable[[Sequence[str]], Sequence[Hashable]]
Scores = tuple[float, float]


def read(root: Path, system: str) -> str | None:
    """One system's structured lines as CSV; None where they are not there."""
    name = f"2k_dataset/{system}/{system}_2k.log_structured_corrected.csv"
    if (root / name).is_file():
        return (root / name).read_text(encoding="utf-8")
    shown = subprocess.run(["git", f"--git-dir={root}", "show", f"HEAD:{name}"], capture_output=True, check=False)
    return shown.stdout.decode("utf-8") if shown.returncode == 0 else None


def ours(lines: Sequence[str]) -> Sequence[Hashable]:
    shapes = Shapes().of(lines)
    found = patterns(set(shapes))
    return [found[each] for each in shapes]


def normalised(lines: Sequence[str]) -> Sequence[Hashable]:
    return [normalise(each) for each in lines]


def drain3(lines: Sequence[str]) -> Sequence[Hashable]:
    from drain3 import TemplateMiner
    from drain3.template_miner_config import TemplateMinerConfig

    miner = TemplateMiner(config=TemplateMinerConfig())
    return [miner.add_log_message(each)["cluster_id"] for each in lines]


def score(found: Sequence[Hashable], true: Sequence[Hashable]) -> Scores:
    """Grouping Accuracy and F1 of Grouping Accuracy, as LogHub-2.0's evaluation defines them."""
    mine: defaultdict[Hashable, list[int]] = defaultdict(list)
    right: defaultdict[Hashable, list[int]] = defaultdict(list)
    for at, (one, other) in enumerate(zip(found, true, strict=True)):
        mine[one].append(at)
        right[other].append(at)
    groups = {tuple(each) for each in right.values()}
    hit = [each for each in mine.values() if tuple(each) in groups]
    precision, recall = len(hit) / len(mine), len(hit) / len(right)
    return sum(map(len, hit)) / len(true), 2 * precision * recall / (precision + recall) if hit else 0.0


def parsers() -> dict[str, Parser]:
    found: dict[str, Parser] = {"ours": ours, "normalise": normalised}
    try:
        import drain3 as _  # noqa: F401
    except ImportError:
        print("drain3 is not installed (the [bench] extra): it does not take part", file=sys.stderr)
    else:
        found["drain3"] = drain3
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--systems", help="comma-separated; all fourteen without it")
    args = parser.parse_args()
    wanted = args.systems.split(",") if args.systems else sorted(CHOSEN_ON + HELD_BACK)
    taking_part = parsers()
    scores: dict[str, dict[str, Scores]] = {name: {} for name in taking_part}
    spent = dict.fromkeys(taking_part, 0.0)
    print(f"| | lines | groups | {' | '.join(f'{name} GA | FGA' for name in taking_part)} | any order |")
    print(f"|---|---|---|{'---|' * (2 * len(taking_part) + 1)}")
    for system in wanted:
        text = read(args.path, system)
        if text is None:
            print(f"{system}: not at {args.path}", file=sys.stderr)
            continue
        rows = list(csv.DictReader(io.StringIO(text)))
        lines, true = [row["Content"] for row in rows], [row["EventTemplate"] for row in rows]
        cells = []
        for name, parse in taking_part.items():
            began = time.perf_counter()
            found = parse(lines)
            spent[name] += time.perf_counter() - began
            scores[name][system] = score(found, true)
            cells += [f"{each:.3f}" for each in scores[name][system]]
        order = random.Random(7).sample(range(len(lines)), len(lines))
        shuffled = dict(zip(order, ours([lines[at] for at in order]), strict=True))
        same = [shuffled[at] for at in range(len(lines))] == list(ours(lines))
        print(f"| {system} | {len(lines):,} | {len(set(true))} | {' | '.join(cells)} | {'same' if same else 'other'} |")
    for title, systems in (("chosen on these seven", CHOSEN_ON), ("held back", HELD_BACK), ("all", wanted)):
        there = [each for each in systems if each in scores["ours"]]
        if there:
            means = [
                f"{sum(scores[name][each][at] for each in there) / len(there):.3f}"
                for name in taking_part
                for at in (0, 1)
            ]
            print(f"| {title} | | | {' | '.join(means)} | |")
    if any(scores["ours"].values()):
        print(f"\nSeconds: {', '.join(f'{name} {each:.2f}' for name, each in spent.items())}")


if __name__ == "__main__":
    main()
