"""Random log events of a few functions over some days, and what the store counts of their lines."""

import random
import sqlite3
from collections import Counter
from pathlib import Path

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.model.units import DAY_MS
from tests.support.invocation_logs import T0, write

DAY = DAY_MS
Event = dict[str, object]
TEXTS = (
    "stored order {n} in 3 ms\n",
    "no newline at its end {n}",
    "two lines\n\tof {n}\n",
    "\n",
    "  \t \n",
    "grüße € {n} 😀\n",
    '{{"level":"INFO","message":"paid {n}","who":"ann"}}\n',
    '{{"time":"2026-02-02T02:40:29.140Z","level":"ERROR","message":"x","requestId":"{n}"}}\n',
    "[INFO]\t2026-02-02T02:40:29.140Z\tid-{n}\tstep\n",
    "[ERROR] KeyError: 'order_{n}'\nTraceback (most recent call last):\n",
    "x" * 700 + " {n}\n",
    "START of day {n}\n",
)


def fleet(dice: random.Random, *, cut: bool = False) -> list[Event]:
    """Log events of some invocations over some days; where ``cut``, some lack their beginning: their lines are loose,
    or the invocation's before.
    """
    events: list[Event] = []
    for number in range(dice.randrange(1, 40)):
        request = f"{number:08x}-1111-4111-8111-{dice.getrandbits(48):012x}"
        function, stream = dice.randrange(3), dice.randrange(3)
        at = T0 + dice.randrange(5 * DAY)
        said = [dice.choice(TEXTS).format(n=dice.randrange(10**6)) for _ in range(dice.randrange(5))]
        texts = [
            *(
                ["INIT_START Runtime Version: python:3.13.v31\tRuntime Version ARN: arn:x\n"]
                if dice.random() < 0.3
                else []
            ),
            f"START RequestId: {request} Version: {dice.choice(('$LATEST', '7'))}\n",
            *said,
            f"END RequestId: {request}\n",
            f"REPORT RequestId: {request}\tDuration: 10.00 ms\tBilled Duration: 10 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 40 MB\t\n",
        ]
        if cut and dice.random() < 0.15:
            texts = texts[dice.randrange(len(texts)) :]
        for place, text in enumerate(texts):
            at += dice.choice((0, 1, 50))
            events.append(
                {
                    "logGroup": f"/aws/lambda/shop-{function}", "logStreamName": f"2026/02/02/[$LATEST]{stream:032x}",
                    "timestamp": at, "message": text, "eventId": f"{at * 10**25 + number * 100 + place:056d}",
                }
            )  # fmt: skip
    events.sort(key=lambda event: str(event["eventId"]))
    return events


def sums(store: Path, table: str) -> Counter[tuple[int, int]]:
    """Lines and bytes by function and day."""
    connection = sqlite3.connect(store)
    try:
        rows = connection.execute(
            f"SELECT function_id, start_ms / {DAY}, sum(lines), sum(bytes) FROM {table} GROUP BY 1, 2 HAVING sum(lines)"
        ).fetchall()
    finally:
        connection.close()
    return Counter({row[:2]: row[2:] for row in rows})


def counted(store: Path) -> tuple[int, int]:
    found = sums(store, "pattern_hours").values()
    return sum(each[0] for each in found), sum(each[1] for each in found)


def bring_in(store: Path, folder: Path, pieces: list[list[Event]]) -> None:
    for at, piece in enumerate(pieces):
        import_files([write(folder / f"{at}.jsonl", piece)], db=store, defaults=FunctionKey(""))
