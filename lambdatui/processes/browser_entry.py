"""``python -m lambdatui.processes.browser_entry``: the screens for a browser, as a child of ``lambdatui serve``.

textual-serve starts it for each visitor with pipes in place of a terminal, and names the driver in the environment.
"""

import os
import sys


def main() -> int:
    """The exit code of the screens; 2 where the arguments are no global options, or no server started this."""
    from lambdatui.start.arguments import global_only

    given = global_only(sys.argv[1:])
    if given is None or "TEXTUAL_DRIVER" not in os.environ:
        sys.stderr.write(
            "lambdatui.processes.browser_entry is started by 'lambdatui serve', with global options only\n"
        )
        return 2
    from lambdatui.app.launch import run
    from lambdatui.settings.context import resolve_context

    return run(resolve_context(given))


if __name__ == "__main__":
    raise SystemExit(main())
