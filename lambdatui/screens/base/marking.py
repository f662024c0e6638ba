"""Marks: rows that are chosen with a key, which other keys then take in place of the row under the cursor."""

from typing import Any, ClassVar

from lambdatui.screens.base.pane import PaneScreen
from lambdatui.session.session import Session
from lambdatui.text.figures import counted
from lambdatui.widgets.rows import AllRows


class MarkingScreen(PaneScreen):
    """A screen with a table whose rows can be marked."""

    MARKS_FUNCTIONS: ClassVar[bool] = False
    """Whether a row is a function, so that marks stay with it from screen to screen."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._marked_rows: dict[Any, Any] = {}  # by key, where rows are no functions; those are the session's

    def is_marked(self, row: Any) -> bool:
        """Whether a row is marked: on screens of functions, whether its function is."""
        if self.MARKS_FUNCTIONS:
            return any(row.function_id == function_id for function_id, _ in self.session.marked)
        return bool(self._marked_rows) and self.key_of(row) in self._marked_rows

    def marks_count(self) -> int:
        """How many rows are marked here, or functions everywhere."""
        return len(self.session.marked if self.MARKS_FUNCTIONS else self._marked_rows)

    def mark(self) -> None:
        """Marks the row under the cursor, or takes its mark away, and goes to the next row."""
        row = self.table.row
        if row is None:
            return
        first = not self.marks_count()
        if not self.MARKS_FUNCTIONS:
            key = self.key_of(row)
            if key in self._marked_rows:
                del self._marked_rows[key]
            else:
                self._marked_rows[key] = row
        elif (function := self.subject()) is None:
            self.say("this row is of no single function: nothing is marked")
        elif function in self.session.marked:
            self.session.marked.remove(function)
        else:
            self.session.marked.append(function)
        if first and self.marks_count():
            self.say("marked: other keys now take what is marked; Esc takes the marks away")
        self.table.refresh_rows()
        self.table.move(1)
        self.refresh_header()

    def marks_word(self) -> str:
        """``no marks`` where rows are marked."""
        return "no marks" if self.marks_count() else ""

    def let_go(self) -> bool:
        """Takes all marks of this screen away; False where there are none."""
        marks = self.marks_count()
        if not marks:
            return False
        if self.MARKS_FUNCTIONS and self.narrowing is not None and self.narrowing.by_marks:
            return self.end_narrowing()
        self.session.marked.clear() if self.MARKS_FUNCTIONS else self._marked_rows.clear()
        self.say(f"{counted(marks, 'mark')} taken away")
        self.table.refresh_rows()
        self.refresh_header()
        return True

    def rows_exported(self) -> str:
        """``the 3 marked rows``; ``the rows`` where none are marked."""
        return f"the {counted(len(self.rows_taken()), 'marked row')}" if self.marks_count() else super().rows_exported()

    def rows_taken(self) -> list[Any]:
        """What is exported and copied: the marked rows, in their order; without marks all that the filter leaves."""
        shown = [row for at in range(self.table.row_count) if (row := self.table.row_at(at)) is not None]
        if not self.marks_count():
            return shown
        taken = [row for row in shown if self.is_marked(row)]
        keys = {self.key_of(row) for row in taken}
        every = self.table.source.rows if isinstance(self.table.source, AllRows) else ()
        others = filter(self.is_marked, every) if self.MARKS_FUNCTIONS else self._marked_rows.values()
        return taken + [row for row in others if self.key_of(row) not in keys]  # those that the filter hides

    def _pass_marks_on(self) -> None:
        """Has the functions of the marked rows marked, for the screen that is opened next."""
        rows = () if self.MARKS_FUNCTIONS else self._marked_rows.values()
        functions = {row.function_id: row.function for row in rows if getattr(row, "function_id", None)}
        if functions:
            self.session.marked[:] = list(functions.items())

    def logs_subject(self) -> tuple[int, str] | None:
        """The function under the cursor; None where others are marked: then the lines are of those."""
        return None if self.session.marked else self.subject()

    def show_logs(self, *, live: bool) -> None:
        """Goes to the lines of the functions of the marked rows; without marks, to those of the row."""
        self._pass_marks_on()
        super().show_logs(live=live)

    def jump_to(self, name: str) -> None:
        """Goes to a main screen, which is narrowed to the functions of the marked rows."""
        if name != self.NAME:
            self._pass_marks_on()
        super().jump_to(name)

    def compare(self) -> None:
        """Opens the comparison of the marked functions, or of one with its own range before."""
        from lambdatui.session.destinations import ToComparison

        self._pass_marks_on()
        marked, here = list(self.session.marked), self.subject()
        if len(marked) < 2 and here is not None and here not in marked:
            marked.append(here)
        if not marked:
            self.say("there is no function under the cursor to compare")
            return
        first, other, *more = (*marked, None) if len(marked) == 1 else marked
        assert first is not None
        self.navigator.open(ToComparison(first, other, tuple(filter(None, more))))
