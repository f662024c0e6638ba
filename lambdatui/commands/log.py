"""Commands of every screen of log lines."""

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.protocols import ChoosesLines, FillsScreen, HasLog
from lambdatui.commands.table import MOVES, FilterRows, NextMatch, PreviousMatch


class Search(FilterRows):
    """Find text in the lines; ``n`` and ``N`` go from match to match."""

    FOOTER_TEXT = "find"
    GROUP = "Log"


class NextError(Command[HasLog]):
    """Go to the next line that reads like a failure."""

    BINDING_KEY = "e"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "next error"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: HasLog) -> None:
        """Goes one failure on."""
        screen.log_pane.next_error(1)


class PreviousError(Command[HasLog]):
    """Go to the line before that reads like a failure."""

    BINDING_KEY = "E"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: HasLog) -> None:
        """Goes one failure back."""
        screen.log_pane.next_error(-1)


class OnlyErrors(Command[HasLog]):
    """Keep only the lines that read like a failure, or show all again."""

    BINDING_KEY = "x"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: HasLog) -> None:
        """Hides the lines that tell of no failure, or shows them again."""
        screen.log_pane.toggle_only_errors()


class Wrap(Command[HasLog]):
    """Wrap long lines, or let them run off the right edge; left and right then scroll."""

    BINDING_KEY = "w"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "wrap"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: HasLog) -> None:
        """Switches wrapping on or off."""
        screen.log_pane.toggle_wrap()


class Timestamps(Command[HasLog]):
    """Show or hide when each line was written."""

    BINDING_KEY = "t"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "times"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: HasLog) -> None:
        """Shows or hides the times."""
        screen.log_pane.toggle_timestamps()


class ScrollRight(Command[HasLog]):
    """Scroll right, where lines are not wrapped."""

    BINDING_KEY = "right"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: HasLog) -> None:
        """Scrolls 8 cells to the right."""
        screen.log_pane.scroll_columns(8)


class ScrollLeft(Command[HasLog]):
    """Scroll left, where lines are not wrapped."""

    BINDING_KEY = "left"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: HasLog) -> None:
        """Scrolls 8 cells to the left."""
        screen.log_pane.scroll_columns(-8)


class Fold(Command[HasLog]):
    """Fold stack traces to their first line, or unfold them."""

    BINDING_KEY = "z"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "fold"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: HasLog) -> None:
        """Folds or unfolds all stack traces."""
        screen.log_pane.toggle_fold()


class RenderJson(Command[HasLog]):
    """Show JSON lines as level, message and fields, or as they were written."""

    BINDING_KEY = "J"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: HasLog) -> None:
        """Changes how all JSON lines are shown."""
        screen.log_pane.toggle_json()


class FullScreen(Command[FillsScreen]):
    """Give the log the whole screen, without rules or marks: the mouse then selects text and nothing else."""

    BINDING_KEY = "f"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "log only"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: FillsScreen) -> None:
        """Hides all but the log's lines, or shows the rest again."""
        screen.toggle_full_log()


class ChooseDown(Command[ChoosesLines]):
    """Choose lines to copy, downwards: the marked line or the first in sight, then one more below."""

    BINDING_KEY = "shift+down"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: ChoosesLines) -> None:
        """Chooses one line more."""
        screen.choose_lines(1)


class ChooseUp(Command[ChoosesLines]):
    """Choose lines to copy, upwards."""

    BINDING_KEY = "shift+up"
    GROUP = "Log"

    @classmethod
    def run(cls, screen: ChoosesLines) -> None:
        """Chooses one line more."""
        screen.choose_lines(-1)


class CopyChosen(Command[ChoosesLines]):
    """Copy the chosen lines; again within 2 s as Markdown. Where none are chosen, this key leaves lambdatui."""

    BINDING_KEY = "ctrl+c"
    GROUP = "Log"

    @classmethod
    def available(cls, screen: ChoosesLines) -> bool:
        """Only where lines are chosen."""
        return screen.chosen_count() > 0

    @classmethod
    def run(cls, screen: ChoosesLines) -> None:
        """Copies the chosen lines."""
        screen.copy_chosen()


LINES: Commands = (
    ChooseDown, ChooseUp, CopyChosen,
    Search, NextMatch, PreviousMatch, NextError, PreviousError, OnlyErrors, Wrap, Timestamps, Fold, RenderJson,
    ScrollLeft, ScrollRight, *MOVES,
)  # fmt: skip
LOG: Commands = (FullScreen, *LINES)
