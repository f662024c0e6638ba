"""``lambdatui`` and ``python -m lambdatui``."""

import sys


def main() -> int:
    """The command line's exit code; see ``lambdatui.cli.main`` for what it means."""
    code = _screens()
    if code is not None:
        return code
    from lambdatui.cli.main import cli

    return cli.main(standalone_mode=False)


def _screens() -> int | None:
    """Start the screens without click where nothing but global options is given: the first frame is 50 ms earlier.

    None where the command line is to go on: there is a subcommand, no terminal, or something to complain about.
    """
    from lambdatui.cli.context import global_only, settled

    given = global_only(sys.argv[1:])
    if given is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    try:
        context = settled(given)
    except ValueError:
        return None
    from lambdatui.app import run

    return run(context)


if __name__ == "__main__":
    raise SystemExit(main())
