"""``lambdatui`` and ``python -m lambdatui``."""

import os
import sys

from lambdatui import first_frame

INTERRUPTED = 130


def main() -> int:
    """The command line's exit code; see ``lambdatui.cli.main`` for what it means."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's threads spin, and nobody here multiplies matrices
    try:
        code = _screens()
        if code is not None:
            return code
        from lambdatui.cli.main import cli

        return cli.main(standalone_mode=False)
    except KeyboardInterrupt:  # while modules are still being loaded
        sys.stderr.write("interrupted\n")
        return INTERRUPTED


def _screens() -> int | None:
    """Start the screens without click where nothing but global options is given: the first frame stands sooner.

    None where the command line is to go on: there is a subcommand, no terminal, or something to complain about.
    """
    painted = first_frame.at_once(sys.argv[1:], os.environ)
    try:
        from lambdatui.cli.arguments import global_only

        given = global_only(sys.argv[1:])
        if given is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return None
        from lambdatui.app import run
        from lambdatui.cli.context import settled

        try:
            context = settled(given)
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
