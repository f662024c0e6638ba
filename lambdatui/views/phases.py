"""An invocation's phases in time: what a waterfall is drawn from."""

from dataclasses import dataclass

from lambdatui.views.invocations import InvocationView


@dataclass(frozen=True, slots=True)
class Phase:
    """``start_ms`` counts from the first phase's start; ``billed`` says whether its time is charged."""

    name: str
    start_ms: float
    length_ms: float
    billed: bool


def phases(row: InvocationView) -> tuple[Phase, ...]:
    """Init or restore, the handler, and what was billed beyond them: rounding up, and extensions that ran on.

    Init is billed since 2025-08-01 ("AWS Lambda standardizes billing for INIT Phase"); before, and for a restore
    that is billed otherwise, billed time is less than the phases' sum, which then shows.
    """
    parts: list[Phase] = []
    begin_ms = 0.0
    billed = float(row.billed_ms) if row.billed_ms is not None else 0.0
    before = [("init", row.init_ms), ("restore", row.restore_ms)]
    handler = row.duration_ms
    charged_before = handler is not None and billed > handler + 1
    for name, length in before:
        if length is not None:
            parts.append(Phase(name, begin_ms, length, charged_before))
            begin_ms += length
    if handler is not None:
        parts.append(Phase("invoke", begin_ms, handler, True))
        begin_ms += handler
        overhead = billed - (begin_ms if charged_before or not parts[:-1] else handler)
        if overhead > 0:
            parts.append(Phase("overhead" if overhead >= 1 else "rounding", begin_ms, overhead, True))
    return tuple(parts)
