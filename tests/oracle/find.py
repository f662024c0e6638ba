"""``python -m tests.oracle.find [WORLDS] [--large] [--no-edge] [--show] [--random]``: kinds of difference, random worlds.

For people: a test stops at the first difference, this counts each kind and shows one of it with its span.
"""

import re
import sys
from collections import Counter

from hypothesis import Phase, given, settings

from collectors.store.read.reader import Reader
from tests.oracle.examples import modest
from tests.oracle.judge import Judge
from tests.oracle.sayings import LARGE, SMALL
from tests.oracle.store import stored
from tests.oracle.worlds import cut_worlds


def kind_of(problem: str) -> str:
    """The problem without whose it is and without figures."""
    problem = re.sub(r"\('[^)]*\)", "FUNCTION", problem.split(": said")[0].split(": right")[0])
    return re.sub(r"\d[\d.,]*", "#", re.sub(r"\([\d, ]+\)|\[[^\]]*\]", "PARTS", problem))


def main(arguments: list[str]) -> None:
    count = next((int(one) for one in arguments if one.isdigit()), 30)
    kinds: Counter[str] = Counter()
    first: dict[str, str] = {}
    tried = 0
    width = 700 if "--show" in arguments else 0
    large = "--large" in arguments
    wanted: dict[str, object] = {"edge": "--no-edge" not in arguments, "large": large}
    for name in ("metrics", "insights", "missing"):
        if f"--no-{name}" in arguments:
            wanted[name] = False

    @settings(modest(count), max_examples=count, phases=(Phase.generate,), derandomize="--random" not in arguments)
    @given(cut_worlds(**wanted))
    def look(cut: object) -> None:
        nonlocal tried
        world, spans = cut  # type: ignore[misc]
        with stored(world) as path, Reader(path) as reader:
            for low, high in spans:
                for saying in LARGE if large else SMALL:
                    tried += 1
                    try:
                        found = list(saying(reader, Judge(world, low, high)))
                    except Exception as error:  # a view that breaks is a finding, too
                        found = [f"{saying.__name__} broke: {type(error).__name__}"]
                    for kind in {kind_of(one): one for one in found}.items():
                        kinds[f"{saying.__name__}: {kind[0]}"] += 1
                        first.setdefault(f"{saying.__name__}: {kind[0]}", f"{kind[1]}\n{low} {high} {world}")

    look()
    sys.stdout.write(f"{tried} comparisons\n")
    for kind, times in kinds.most_common():
        sys.stdout.write(f"{times:5}  {kind}\n")
        if width:
            sys.stdout.write(f"       {first[kind][:width]}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
