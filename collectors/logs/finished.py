"""Finished invocations as columns: done for a batch at once, which costs half of doing it one by one."""

from collections.abc import Sequence

import msgspec
import numpy as np

from collectors.columns import NUMBERS, Columns, filled
from collectors.logs.invocation import Open
from collectors.logs.platform import Report
from collectors.model import Parts, packed_id

_encode = msgspec.msgpack.Encoder().encode
_NO_REPORT = Report(None, None)
_FIGURES = tuple(Report._fields.index(name) for name in NUMBERS[6:13])
_TRACE = Report._fields.index("trace_id")


def columns_of(done: Sequence[Open], *, keep_lines: bool) -> Columns:
    """The columns of invocations whose ``slot``, ``status`` and ``error`` are settled."""
    if not done:
        return Columns(0, b"", [], None, None)
    reports = list(zip(*[each.report or _NO_REPORT for each in done], strict=True))
    numbers = np.empty((len(NUMBERS), len(done)), np.int64)
    numbers[0] = [each.slot for each in done]
    starts = [each.start_ms for each in done]
    numbers[1] = starts if None not in starts else [each.begins_at() for each in done]  # type: ignore[assignment]
    numbers[2] = [
        (Parts.START if each.start_ms is not None else 0) | (Parts.REPORT if each.report is not None else 0)
        for each in done
    ]
    numbers[3] = [each.status for each in done]
    numbers[4] = [max(each.times) for each in done]
    numbers[5] = [len(each.times) for each in done]
    for row, at in enumerate(_FIGURES, 6):
        numbers[row] = filled(reports[at])
    numbers[13] = [each.error for each in done]
    traces = reports[_TRACE]
    return Columns(
        len(done),
        numbers.tobytes(),
        packed_ids([each.request_id for each in done]),
        list(traces) if any(traces) else None,
        [_encode((each.times, each.texts)) for each in done] if keep_lines else None,
    )


def packed_ids(ids: Sequence[str]) -> list[bytes | str]:
    """Request ids as ``packed_id`` packs each; all at once where all are UUIDs, as they nearly always are."""
    joined = "".join(ids)
    if joined.islower() and all(len(each) == 36 and each.count("-") == 4 for each in ids):
        try:
            raw = bytes.fromhex(joined.replace("-", ""))
        except ValueError:
            pass
        else:
            return [raw[at : at + 16] for at in range(0, len(raw), 16)]
    return [packed_id(each) for each in ids]
