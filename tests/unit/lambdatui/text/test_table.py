"""The one text table: every line is aligned by the cells of a terminal, whatever the names are made of."""

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from lambdatui.text.table import GAP, cells, cut, markdown_table, padded, text_table

# Letters, wide signs and combining marks of which a terminal's width is plain to see: an oracle can count them.
signs = st.sampled_from([*"abcXYZ019 .-_/", *"日本語한국ＡＢ", "e\u0301", "o\u0308", "я", "é"])
words = st.lists(signs, max_size=24).map("".join)


def wide(word: str) -> int:
    """Cells, from Unicode's own tables."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in word
    )


@given(words, st.integers(0, 20), st.booleans())
def test_padded_text_takes_exactly_its_cells(word: str, width: int, right: bool) -> None:
    said = padded(word, width, right=right)
    assert wide(said) == width == cells(said)
    if wide(word) <= width:
        assert said.strip() == word.strip()


@given(words, st.integers(1, 20))
def test_cut_text_fits_and_says_that_it_is_cut(word: str, width: int) -> None:
    said = cut(word, width)
    assert wide(said) <= width
    assert said == word if wide(word) <= width else said.endswith("…")
    assert word.startswith(said.removesuffix("…").rstrip())


@given(st.lists(st.tuples(words, words, st.integers(0, 10**6).map(str)), min_size=1, max_size=8), st.integers(30, 80))
def test_columns_begin_and_end_at_the_same_cells(rows: list[tuple[str, str, str]], width: int) -> None:
    table = text_table([("Name", "Also", "Count"), *rows], right=(2,), width=width)
    lines = table.splitlines()
    assert len(lines) == len(rows) + 1
    assert {wide(line) for line in lines} == {max(map(wide, lines))}, "figures end below each other"
    assert max(map(wide, lines)) <= width
    for line, (*_, figure) in zip(lines[1:], rows, strict=True):
        assert line.endswith(f" {figure}"), "a figure is whole"


def test_a_figure_is_never_cut_into_another_one() -> None:
    assert padded("1,234", 3, right=True) == "  …"
    assert padded("1,234", 3, right=True, more=">") == "  >"


def test_controls_in_a_cell_neither_break_the_line_nor_move_it() -> None:
    table = text_table([["Name", "N"], ["a\tb\nc\x1b[31m", "1"], ["日本", "22"]], right=(1,), rule=True)
    assert table == f"Name   {GAP}N\n-----{GAP}--\na b c{GAP} 1\n日本 {GAP}22\n".replace(
        f"Name   {GAP}N", f"Name {GAP} N"
    )


def test_an_empty_table_is_empty() -> None:
    assert text_table([]) == ""
    assert text_table([["Name", "N"]], right=(1,)) == "Name  N\n"


def test_markdown_is_aligned_and_obeys_no_name() -> None:
    table = markdown_table([["Name", "Amount"], ["a|b<c>*d*\n", "$1.00"]], right=(1,))
    header, rule, row = table.splitlines()
    assert header == "| Name | Amount |"
    assert rule == "| :--- | ---: |"
    assert len(re.split(r"(?<!\\)\|", row)) == 4
    assert "\\<c\\>\\*d\\*" in row
