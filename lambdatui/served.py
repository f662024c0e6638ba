"""``python -m lambdatui.served``: the screens for a browser, as a child of ``lambdatui serve``.

textual-serve starts it for each visitor with pipes in place of a terminal, and names the driver in the environment.
"""

import os
import sys


def main() -> int:
    """The exit code of the screens; 2 where the arguments are no global options, or no server started this."""
    from lambdatui.cli.arguments import global_only

    given = global_only(sys.argv[1:])
    if given is None or "TEXTUAL_DRIVER" not in os.environ:
        sys.stderr.write("lambdatui.served is started by 'lambdatui serve', with global options only\n")
        return 2
    from lambdatui.app import run
    from lambdatui.cli.context import settled

    return run(settled(given))


if __name__ == "__main__":
    raise SystemExit(main())
