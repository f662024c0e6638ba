"""Waits for a debugger, then runs the program of a Python function's process: ``start_debugpy.py FOLDER PORT PROGRAM``.

``FOLDER`` has the package debugpy, ``PORT`` is of 127.0.0.1. The function finds the module search path that it has
without a debugger.
"""

import importlib
import runpy
import sys


def main() -> None:
    """Let a debugger attach, then run the program."""
    folder, port, program = sys.argv[1:]
    search_path = list(sys.path)
    sys.path.insert(0, folder)
    debugpy = importlib.import_module("debugpy")

    address, bound_port = debugpy.listen(("127.0.0.1", int(port)))
    sys.path[:] = search_path
    sys.argv[:] = [program]
    sys.stderr.write(f"Debugger listening on {address}:{bound_port}\n")
    sys.stderr.flush()
    debugpy.wait_for_client()
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
