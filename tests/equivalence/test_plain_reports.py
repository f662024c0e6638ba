"""REPORT lines read many at a time say what each says when it is read alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collectors.columnar.plain_reports import PlainReports, plain_reports
from collectors.model.records import packed_id
from collectors.parsing.platform import Unreadable
from collectors.parsing.report_line import parse_report

_UUIDS = st.uuids().map(str)


@st.composite
def reports(draw: st.DrawFn) -> str:
    """A REPORT, of a warm environment or a cold one, plausible or out of all proportion."""
    init = f"Init Duration: {draw(_milliseconds())} ms\t" if draw(st.booleans()) else ""
    return (
        f"REPORT RequestId: {draw(_UUIDS)}\tDuration: {draw(_milliseconds())} ms\t"
        f"Billed Duration: {draw(_numbers())} ms\tMemory Size: {draw(_numbers())} MB\t"
        f"Max Memory Used: {draw(_numbers())} MB\t{init}\n"
    )


def _numbers() -> st.SearchStrategy[int]:
    return st.one_of(st.integers(0, 10_240), st.integers(0, 10**10))


@st.composite
def _milliseconds(draw: st.DrawFn) -> str:
    return f"{draw(_numbers())}.{draw(st.integers(0, 99)):02}"


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A REPORT with one character more, less or other."""
    text = draw(reports())
    at = draw(st.integers(0, len(text)))
    return (
        text[:at] + draw(st.sampled_from(("", "\t", "\n", "7", "x", "é", "⚑"))) + text[at + draw(st.integers(0, 1)) :]
    )


def together(texts: list[str]) -> PlainReports:
    return plain_reports("".join(texts), np.array([len(text) for text in texts], np.int64))


def _alone(text: str) -> tuple[int | None, ...] | None:
    try:
        report = parse_report(text)
    except Unreadable:
        return None
    return (report.duration_us, report.billed_ms, report.memory_mb, report.max_memory_mb, report.init_us)


@given(st.lists(st.one_of(reports(), damaged(), st.text()), max_size=40))
def test_many_at_once_say_what_each_says_alone(texts: list[str]) -> None:
    found = together(texts)
    for column, at in enumerate(found.places.tolist()):
        figures = [None if figure < 0 else figure for figure in found.figures[:, column].tolist()]
        assert tuple(figures) == _alone(texts[at])
        assert found.request_ids[column] == packed_id(parse_report(texts[at]).request_id or "")


@given(st.lists(reports(), max_size=20))
def test_none_that_lambda_could_have_written_is_left_out(texts: list[str]) -> None:
    readable = [at for at, text in enumerate(texts) if _alone(text) is not None]
    assert together(texts).places.tolist() == readable
