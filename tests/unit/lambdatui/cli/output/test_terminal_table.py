"""Tables are as wide as the terminal, or whole through a pipe; what has no room is told."""

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdatui.cli.output import terminal_table
from lambdatui.text.table import GAP, cells, columns_that_fit
from tests.support import small_store
from tests.support.command_line import run
from tests.support.under_terminal import UnderTerminal

texts = st.text(st.sampled_from("abcdefg .日é"), max_size=30)


@given(
    st.lists(st.lists(texts, min_size=4, max_size=4), min_size=1, max_size=6),
    st.integers(1, 120),
    st.permutations(range(1, 4)),
)
def test_a_line_is_no_wider_than_the_terminal_but_for_its_first_column(
    rows: list[list[str]], width: int, needs: list[int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terminal_table, "terminal_width", lambda: width)
        text, hidden = terminal_table.fitting_table(rows, cuttable=(0, 1), needs=[0, *needs])
    places = columns_that_fit(rows, width, cuttable=(0, 1), needs=[0, *needs])
    assert hidden == 4 - len(places)
    assert places[0] == 0
    if len(places) > 1:
        assert max(map(cells, text.splitlines()), default=0) <= width
    for left_out in set(range(4)) - set(places):  # the least needed went first
        assert all(([0, *needs])[left_out] > ([0, *needs])[place] for place in places)


@given(st.lists(st.lists(texts, min_size=3, max_size=3), min_size=1, max_size=4))
def test_a_pipe_has_every_column_whole(rows: list[list[str]]) -> None:
    text, hidden = terminal_table.fitting_table(rows, cuttable=(0, 1, 2))
    assert hidden == 0
    assert len(text.splitlines()) == len(rows)
    for line, row in zip(text.splitlines(), rows, strict=True):
        assert line.split(GAP)[0].strip() == row[0].split(GAP)[0].strip()
        assert "…" not in line


@pytest.mark.parametrize(
    "command", ["functions", "errors", "throttles", "costs", "invocations", "db query 'SELECT * FROM functions'"]
)
@pytest.mark.parametrize("columns", [50, 80])
def test_every_table_fits_the_terminal(tmp_path: Path, command: str, columns: int) -> None:
    db = small_store.make(tmp_path / "store.db")
    arguments = ["--db", str(db), "--range", "all", *shlex.split(command)]
    with UnderTerminal(arguments, columns=columns, NO_COLOR="1") as program:
        program.process.wait(60)
        printed = program.there().decode().replace("\r\n", "\n")
    table = printed.partition("\n(")[0] + "\n"
    assert table.count("\n") >= 2
    assert max(map(cells, table.splitlines())) <= columns
    whole = run(*arguments).stdout.splitlines()[0]
    if cells(whole) > columns:
        assert len(table.splitlines()[0].split()) <= len(whole.split())


def test_columns_that_were_asked_for_are_all_there(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    asked = "function,region,arch,runtime,memory_mb,timeout_s,invocations,errors"
    with UnderTerminal(["--db", str(db), "--range", "all", "functions", "--columns", asked], columns=30) as program:
        program.process.wait(60)
        header = program.there().decode().splitlines()[0]
    assert [title in header for title in ("Function", "Region", "Runtime", "Memory", "Errors")] == [True] * 5
