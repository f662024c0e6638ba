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


def phases(one: InvocationView) -> tuple[Phase, ...]:
    """Init or restore, the handler, and what was billed beyond them: rounding up, and extensions that ran on.

    Init is billed since 2025-08-01 ("AWS Lambda standardizes billing for INIT Phase"); before, and for a restore
    that is billed otherwise, billed time is less than the phases' sum, which then shows.
    """
    found: list[Phase] = []
    at = 0.0
    billed = float(one.billed_ms) if one.billed_ms is not None else 0.0
    before = [("init", one.init_ms), ("restore", one.restore_ms)]
    handler = one.duration_ms
    charged_before = handler is not None and billed > handler + 1
    for name, length in before:
        if length is not None:
            found.append(Phase(name, at, length, charged_before))
            at += length
    if handler is not None:
        found.append(Phase("invoke", at, handler, True))
        at += handler
        overhead = billed - (at if charged_before or not found[:-1] else handler)
        if overhead > 0:
            found.append(Phase("overhead" if overhead >= 1 else "rounding", at, overhead, True))
    return tuple(found)
