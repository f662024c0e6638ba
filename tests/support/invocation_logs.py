"""Invocations as JSON lines with event ids, and what a store keeps of their lines."""

import json
import sqlite3
from pathlib import Path

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.model.units import HOUR_MS
from collectors.store.lines.chunks import opened, unpacked

T0 = 1_770_000_000_000
HOUR = HOUR_MS


def invocation(number: int, *said: str, at_ms: int | None = None, function: str = "shop") -> list[dict[str, object]]:
    request = f"{number:08x}-1111-4111-8111-{number:012x}"
    begin = T0 + number * 1000 if at_ms is None else at_ms
    texts = [
        f"START RequestId: {request} Version: $LATEST\n",
        *said,
        f"END RequestId: {request}\n",
        f"REPORT RequestId: {request}\tDuration: 10.00 ms\tBilled Duration: 10 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 40 MB\t\n",
    ]
    return [
        {
            "logGroup": f"/aws/lambda/{function}", "logStreamName": f"2026/02/02/[$LATEST]{number % 3:032x}",
            "timestamp": begin + at, "message": text, "eventId": f"{(begin + at) * 10**25 + number * 100 + at:056d}",
        }
        for at, text in enumerate(texts)
    ]  # fmt: skip


def write(path: Path, events: list[dict[str, object]]) -> str:
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in events), encoding="utf-8")
    return str(path)


def bring_in(store: Path, *files: str, keep_lines: bool = True) -> None:
    import_files(files, db=store, defaults=FunctionKey(""), keep_lines=keep_lines)


def kept(store: Path) -> tuple[int, int]:
    """Lines and bytes of all that the store keeps, read from its chunks."""
    connection = sqlite3.connect(store)
    try:
        texts = [
            text
            for (content,) in connection.execute("SELECT content FROM chunks")
            for packed in opened(content).values()
            for _, text in unpacked(packed)
        ]
    finally:
        connection.close()
    return len(texts), sum(len(text.encode()) for text in texts)
