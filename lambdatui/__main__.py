"""``lambdatui`` and ``python -m lambdatui``."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from types import TracebackType
else:
    try:
        import _signal as signal  # what signal adds are enumerations: their modules are a tenth of the whole start
    except ImportError:
        import signal

INTERRUPTED = 130


def _interrupted(*_: object) -> None:
    """Ends quietly at ctrl-c before any work has begun or after all is done: no message, no traceback of an import."""
    os._exit(INTERRUPTED)


def _own_program() -> bool:
    """Whether this program was started itself: another program that imports it handles signals its own way."""
    return __name__ == "__main__" or os.path.basename(sys.argv[0]) == "lambdatui"


if _own_program() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _interrupted)

from lambdatui.start import first_frame  # noqa: E402 - only now


def main() -> int:
    """The command line's exit code; see ``lambdatui.cli.main`` for what it means."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's threads spin, and nobody here multiplies matrices
    if _own_program():
        sys.excepthook = _unforeseen
    try:
        if signal.getsignal(signal.SIGINT) is _interrupted:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        niceness = os.environ.pop("LAMBDATUI_CHILD", None)
        if niceness is not None:
            from lambdatui.processes.child_process import tie_to_parent

            tie_to_parent(niceness)
        code = _screens()
        if code is not None:
            return code
        from lambdatui.cli.main import cli

        return cli.main(standalone_mode=False)
    except KeyboardInterrupt:  # while modules are still being loaded
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    finally:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler and _own_program():
            signal.signal(signal.SIGINT, _interrupted)  # while Python takes itself apart


def _unforeseen(kind: type[BaseException], error: BaseException, trace: "TracebackType | None") -> None:
    """A traceback may quote data: nothing of it is obeyed by the terminal, and it has no values of variables."""
    import traceback

    from lambdatui.text.plain import plain

    sys.stderr.write(plain("".join(traceback.format_exception(kind, error, trace)), newlines=True))


def _screens() -> int | None:
    """Start the screens without click where nothing but global options is given: the first frame stands sooner.

    None where the command line is to go on: there is a subcommand, no terminal, or something to complain about. A
    browser is no terminal either: ``lambdatui serve`` starts us with pipes, and names Textual's driver for them.
    """
    try:
        "".join(sys.argv).encode()
    except UnicodeEncodeError:
        return None
    painted = first_frame.paint_at_once(sys.argv[1:], os.environ)
    try:
        from lambdatui.start.arguments import global_only

        options = global_only(sys.argv[1:])
        terminal = sys.stdin.isatty() and sys.stdout.isatty()
        if options is None or not (terminal or "TEXTUAL_DRIVER" in os.environ):
            return None
        from lambdatui.app.launch import run
        from lambdatui.settings.context import resolve_context

        try:
            context = resolve_context(options)
        except ValueError:  # click says what is wrong
            if painted:
                first_frame.leave()
            return None
    except BaseException:
        if painted:
            first_frame.leave()
        raise
    return run(context, painted=painted)


if __name__ == "__main__":
    raise SystemExit(main())
