"""Where the pane for the row under the cursor stands: it takes free room only, and it does not jump."""

from hypothesis import given
from hypothesis import strategies as st

from lambdatui.widgets.layout import BELOW, NOWHERE, RIGHT, pane_place, panes_wanted

SIZES = st.tuples(st.integers(20, 260), st.integers(1, 80))
ROWS = st.integers(0, 600)
BEFORE = st.one_of(
    st.just((NOWHERE, 0)),
    st.tuples(st.just(BELOW), st.integers(9, 60)),
    st.tuples(st.just(RIGHT), st.integers(40, 90)),
)


def test_80x24_and_less_is_the_tables_alone() -> None:
    for rows in (0, 1, 5, 500):
        assert pane_place(80, 19, rows, terminal_lines=24) == (NOWHERE, 0)
        assert pane_place(60, 15, rows, terminal_lines=20) == (NOWHERE, 0)


def test_from_twelve_free_lines_on_it_stands_below() -> None:
    assert pane_place(80, 34, 21, terminal_lines=40)[0] == BELOW
    assert pane_place(80, 34, 22, terminal_lines=40) == (NOWHERE, 0)
    assert pane_place(120, 35, 8, terminal_lines=40) == (BELOW, 24)


def test_from_a_hundred_columns_on_it_stands_at_the_right_of_many_rows() -> None:
    assert pane_place(99, 34, 500, terminal_lines=40) == (NOWHERE, 0)
    assert pane_place(100, 34, 500, terminal_lines=40) == (RIGHT, 40)
    assert pane_place(200, 44, 500, terminal_lines=50) == (RIGHT, 80)


def test_one_more_row_moves_nothing() -> None:
    place = pane_place(120, 35, 8, terminal_lines=40)
    for rows in (9, 10, 9, 8, 5, 10):
        assert pane_place(120, 35, rows, terminal_lines=40, before=place) == place


def test_rows_that_come_and_go_at_the_edge_do_not_let_it_jump() -> None:
    place = pane_place(120, 35, 22, terminal_lines=40)
    assert place[0] == BELOW
    for rows in (23, 22, 24, 23, 25, 22) * 3:
        place = pane_place(120, 35, rows, terminal_lines=40, before=place)
        assert place[0] == BELOW
    place = pane_place(120, 35, 30, terminal_lines=40, before=place)
    assert place[0] == RIGHT
    for rows in (29, 28, 25, 23):
        assert pane_place(120, 35, rows, terminal_lines=40, before=place) == place


def test_an_emptied_table_keeps_its_pane_where_it_was() -> None:
    for before in (pane_place(120, 35, 8, terminal_lines=40), pane_place(120, 35, 500, terminal_lines=40)):
        assert pane_place(120, 35, 0, terminal_lines=40, before=before) == before
    assert pane_place(120, 35, 0, terminal_lines=40) == (NOWHERE, 0)


@given(SIZES, ROWS, BEFORE)
def test_rows_stay_in_sight_and_the_same_question_has_the_same_answer(
    size: tuple[int, int], rows: int, before: tuple[str, int]
) -> None:
    columns, lines = size
    where, cells = pane_place(columns, lines, rows, terminal_lines=lines + 5, before=before)
    assert pane_place(columns, lines, rows, terminal_lines=lines + 5, before=(where, cells)) == (where, cells)
    if where == BELOW:
        assert 0 < cells < lines
        assert lines - 1 - cells >= rows, "no row is hidden for it"
        assert rows or lines - cells >= 8, "nor why there are none"
    elif where == RIGHT:
        assert columns - cells >= 60
        assert cells >= 40
    else:
        assert cells == 0


def test_what_was_saved_says_what_is_wanted() -> None:
    assert [panes_wanted(name) for name in (None, "", "both", "band", "pane", "none", "nonsense")] == [
        (True, True), (True, True), (True, True), (True, False), (False, True), (False, False), (True, True),
    ]  # fmt: skip
