"""Blocks of lines are read as each line alone would be: their words without digits, and where packed ones stand."""

import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.parsing.line_keys import keys
from collectors.store.lines.chunks import packed_lines
from collectors.store.lines.packed_texts import read

WORD_WITH_DIGIT = re.compile(rb"[^ \t\n\r\v\f,;:()\[\]{}\"'=<>|]*[0-9][^ \t\n\r\v\f,;:()\[\]{}\"'=<>|]*")
LINES = st.lists(
    st.text("ab09 ,:={\t\u00e9\u20ac.-/", max_size=90)
    | st.text(max_size=40).map(lambda text: text.replace("\n", " "))
    | st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda each: "x" * each[0] + "7" + "y" * each[1]),
    min_size=1,
    max_size=40,
)
TIMES = st.integers(-5, 5) | st.integers(0, 2**33) | st.integers(1_700_000_000_000, 1_800_000_000_000)
RUNS = st.lists(
    st.lists(st.tuples(TIMES, st.text(max_size=300) | st.just("\u20ac" * 30_000)), max_size=40), min_size=1, max_size=60
)


@given(LINES, st.binary(max_size=20))
@settings(max_examples=300)
def test_words_with_a_digit_become_one_0_in_whatever_block_they_stand(lines: list[str], between: bytes) -> None:
    encoded = [line.encode("utf-8", "replace") + b"\n" for line in lines]
    block, begins = b"", []
    for line in encoded:
        block += between
        begins.append(len(block))
        block += line
    ends = np.array(begins) + [len(line) for line in encoded]
    assert keys(block + between, np.array(begins), ends) == [WORD_WITH_DIGIT.sub(b"0", line)[:-1] for line in encoded]


@given(RUNS)
@settings(max_examples=150)
def test_packed_lines_are_found_where_they_stand(runs: list[list[tuple[int, str]]]) -> None:
    runs = [[(at, text.encode("utf-8", "replace").decode()) for at, text in run] for run in runs]
    found = read([packed_lines(run) if run else b"" for run in runs])
    said = [
        (owner, at_ms, found.text(at))
        for at, (owner, at_ms) in enumerate(zip(found.owner.tolist(), found.at_ms.tolist(), strict=True))
    ]
    assert said == [(owner, at_ms, text) for owner, run in enumerate(runs) for at_ms, text in run]


def test_many_runs_of_some_lines_and_one_of_very_many_are_found() -> None:
    runs = [[(1_770_000_000_000 + at, f"line {number} {at}\n") for at in range(number % 4)] for number in range(300)]
    runs.append([(1_770_000_000_000, "x" * (at % 70)) for at in range(20_000)])
    runs.append([(1_770_000_000_000, "last")] * 70_000)
    for given_runs in (runs[:-1], runs):
        found = read([packed_lines(run) for run in given_runs])
        texts = [text for run in given_runs for _, text in run]
        assert [found.text(at) for at in range(len(found.begins))] == texts
