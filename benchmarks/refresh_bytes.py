"""Bytes on the wire for one refresh: htop's, and ours with five changed rows of fifty.

    python -m benchmarks.refresh_bytes [--seconds 15]

Both run under a pseudo-terminal of 200x50 in true colour. htop redraws each 1.5 s; its bytes are the mean of its
refreshes. Ours shows fifty functions of which five are invoked once more, so that their rows change.
htop's bytes grow with what the machine does: an idle one has some 500 a second.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.measure import machine
from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from tests.support import small_store
from tests.support.under_terminal import UnderTerminal

HTOP_S = 1.5
FUNCTIONS = [f"function-{number:02d}" for number in range(50)]


def invoke(names: list[str], round_: int, db: Path, times: int = 1) -> None:
    """Functions take so different times that one more invocation does not change their order."""
    lines = []
    for name in names:
        key, number = FunctionKey(name, "111122223333", "us-east-1"), FUNCTIONS.index(name)
        for at in range(times):
            made = small_store.invocation_events(
                key,
                (round_ * 100 + at) * 100 + number,
                small_store.T0 + round_ * 1000 + at,
                duration_ms=2000 - 30.0 * number,
            )
            lines += [
                {
                    "timestamp": one.timestamp_ms, "message": one.message, "logGroup": f"/aws/lambda/{name}",
                    "logStream": one.log_stream, "region": "us-east-1", "eventId": f"{name}{at}{one.event_id}"[-56:],
                }
                for one in made
            ]  # fmt: skip
    log = db.with_suffix(".jsonl")
    log.write_text("".join(json.dumps(one) + "\n" for one in lines))
    import_files([str(log)], db=db, defaults=FunctionKey(""))


def ours(folder: Path, rounds: int) -> float:
    db = folder / "fifty.db"
    invoke(FUNCTIONS, 0, db, 100)
    arguments = ["--db", str(db), "--utc", "--at", str(small_store.T0 + 600_000), "--range", "1h"]
    written = []
    with UnderTerminal(arguments, columns=200, lines=55, COLORTERM="truecolor") as terminal:
        terminal.until(b" help")
        terminal.quiet(2.5)
        for number in range(1, rounds + 1):
            first = 7 * number % 45
            invoke(FUNCTIONS[first : first + 5], number, db)
            written.append(len(terminal.until(b"\x1b[") + terminal.quiet(2.5)))
    return sum(written) / len(written)


def htop(seconds: float) -> float | None:
    command = shutil.which("htop")
    if command is None:
        return None
    with UnderTerminal(
        [f"--delay={HTOP_S * 10:.0f}"], columns=200, lines=50, COLORTERM="truecolor", program=[command]
    ) as it:
        it.during(3 * HTOP_S)
        return len(it.during(seconds)) / (seconds / HTOP_S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0)
    args = parser.parse_args()
    os.environ.setdefault("HOME", tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="lambdatui-bench-") as name:
        began = time.monotonic()
        mine, peer = ours(Path(name), 4), htop(args.seconds)
    print(f"{machine()}, {time.monotonic() - began:.0f} s\n\n| | bytes a refresh | beside htop |\n|---|---|---|")
    if peer is None:
        print(f"| lambdatui, five changed rows of fifty | {mine:,.0f} | htop is not installed |")
        return
    said = "met" if mine <= 3 * peer else f"short by {mine / peer - 3:.1f}x"
    print(
        f"| htop | {peer:,.0f} | 1.0x |\n| lambdatui, five changed rows of fifty | {mine:,.0f} | {mine / peer:.1f}x |"
    )
    print(f"\n<= 3x: {said}")


if __name__ == "__main__":
    main()
