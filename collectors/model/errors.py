"""The base of every error of this program, and the exit codes of its command.

Nothing of the house is imported here, so that every room may import this one, ``pricing`` and the local runner too.
``lambdatui.cli.main`` is the one place that turns an error into words on stderr and an exit code.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar


class ExitCode:
    """What the command ends with. Plain numbers: an enum would cost the first frame a tenth of a millisecond."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    PARTLY = 3
    OVER_BUDGET = 4
    STORE = 5
    INTERRUPTED = 130


EXIT_CODES = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "failed",
    ExitCode.WRONG_USAGE: "wrong usage",
    ExitCode.PARTLY: (
        "partly done: some source failed, what could be had was kept; what is not known could decide a gate, or could"
        " not be tried"
    ),
    ExitCode.OVER_BUDGET: "`--fail-over` or `--budget` exceeded",
    ExitCode.STORE: "the store is locked, newer than this program, or damaged",
    ExitCode.INTERRUPTED: "interrupted; 128 + n where signal n ended it",
}
"""What each means, in Markdown: the README's table, as a test says."""


class LambdatuiError(Exception):
    """What went wrong, in words for the person at the terminal, and what to do about it.

    ``str()`` is the whole sentence: the message, then ``joint`` and ``advice`` where there is any. A subclass gives the
    ``exit_code`` of a command that ends by it, and the advice that all its errors share. An ``exit_code`` of None is
    for errors that their callers always catch: one that gets out is a fault of this program, and keeps its traceback.
    """

    exit_code: "ClassVar[int | None]" = ExitCode.FAILED
    joint: "ClassVar[str]" = "; "
    advice: str = ""

    def __init__(self, *args: object, advice: str = "") -> None:
        super().__init__(*args)
        if advice:
            self.advice = advice

    @property
    def message(self) -> str:
        """What went wrong, without the advice."""
        return super().__str__()

    def __str__(self) -> str:
        return f"{self.message}{self.joint}{self.advice}" if self.advice else self.message


class CaughtError(LambdatuiError):
    """An error that its caller always catches: it is part of how the two work together, and never reaches the user."""

    exit_code = None
