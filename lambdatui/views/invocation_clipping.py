"""What is copied of invocations: the stack trace as it was logged, with whose it is."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lambdatui.text.figures import counted, iso
from lambdatui.views.clipping import Clipping, Fact
from lambdatui.views.invocation import AmbiguousRequest, InvocationDetail, find, invocation

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader

MOST_TRACES = 50
"""How many traces are copied at once."""


@dataclass(frozen=True, slots=True)
class TraceOf:
    """Whose trace is meant: an invocation's key, or a request id; ``otherwise`` is copied where it is not stored."""

    key: tuple[int, int, str, int] | None = None
    request_id: str = ""
    otherwise: str = ""


class WrittenLine(Protocol):
    """A log line: what was written, and when (epoch ms)."""

    @property
    def timestamp(self) -> int:
        """Epoch ms."""

    @property
    def text(self) -> str:
        """Hostile text, as it was logged."""


def traces(reader: "Reader", wanted: Sequence[TraceOf]) -> Clipping | None:
    """The traces of invocations, each under whose it is where they are several; None where nothing is stored."""
    one_by_one = [part for each in wanted[:MOST_TRACES] if (part := _trace(reader, each)) is not None]
    if len(wanted) == 1 or not one_by_one:
        return one_by_one[0] if one_by_one else None
    left_out = len(wanted) - MOST_TRACES
    what = counted(len(one_by_one), "trace") + (f", {left_out:,} left out" if left_out > 0 else "")
    text = "\n\n".join(
        "\n".join((*(" ".join(value for _, value in part.facts[:3]),), part.text)) for part in one_by_one
    )
    return Clipping(what, text, parts=tuple(one_by_one))


def _trace(reader: "Reader", wanted: TraceOf) -> Clipping | None:
    detail = None
    with contextlib.suppress(AmbiguousRequest):
        if wanted.key is not None:
            detail = invocation(reader, wanted.key)
        elif wanted.request_id:
            detail = find(reader, wanted.request_id)
    if detail is not None and detail.lines:
        return of_invocation(detail)
    return Clipping("the message", wanted.otherwise) if wanted.otherwise else None


def of_invocation(detail: InvocationDetail) -> Clipping:
    """Its trace, as logged, and all its lines; of one that has no trace, all its lines alone."""
    facts = facts_of(detail)
    lines = lines_clipping(detail.lines, f"all {counted(len(detail.lines), 'line')}", facts)
    if detail.trace is None:
        return lines
    return Clipping("the trace", detail.trace.text, facts, more=(lines,))


def facts_of(detail: InvocationDetail) -> tuple[Fact, ...]:
    """Function, request id, when it began, and the error's type."""
    row = detail.invocation
    return (
        ("Function", row.function),
        ("Request id", row.request_id),
        ("Time", iso(row.started_at) or ""),
        ("Error", row.error_type or ""),
    )


def lines_clipping(lines: "Sequence[WrittenLine]", what: str, facts: tuple[Fact, ...]) -> Clipping:
    """Log lines: as text without their times, as Markdown with them."""
    texts = [line.text.rstrip("\r\n") for line in lines]
    timed = [f"{iso(line.timestamp)} {text}" for line, text in zip(lines, texts, strict=True)]
    return Clipping(what, "\n".join(texts), facts, markdown_text="\n".join(timed))
