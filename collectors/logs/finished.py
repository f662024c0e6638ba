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


def columns_of(
    done: Sequence[Open],
    reports: Sequence[Report | None],
    streams: Sequence[int],
    statuses: Sequence[int],
    errors: Sequence[int],
    *,
    keep_lines: bool,
) -> Columns:
    """The columns of invocations, given with what their REPORTs say, their streams, verdicts and errors."""
    if not done:
        return Columns(0, b"", [], None, None)
    starts = [each.start_ms for each in done]
    whole = None not in starts and None not in reports
    figures = list(zip(*[each or _NO_REPORT for each in reports], strict=True))
    times = [each.times for each in done]
    numbers = np.empty((len(NUMBERS), len(done)), np.int64)
    numbers[0] = streams
    numbers[1] = starts if None not in starts else [each.begins_at() for each in done]  # type: ignore[assignment]
    numbers[2] = Parts.WHOLE if whole else [each.parts for each in done]
    numbers[3] = statuses
    numbers[4] = list(map(max, times))
    numbers[5] = list(map(len, times))
    for row, at in enumerate(_FIGURES, 6):
        numbers[row] = filled(figures[at])
    numbers[13] = errors
    traces = figures[_TRACE]
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
