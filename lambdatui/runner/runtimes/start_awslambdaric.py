"""Starts the real awslambdaric with Lambda's module search path, without the folders that ``site`` would add.

``LAMBDA_TASK_ROOT``, the layers' Python folders, ``LAMBDA_RUNTIME_DIR``, then the standard library: Lambda's order.
Other packages that this interpreter has installed are not available to the function.
"""

import os
import sys


def main() -> None:
    """Set the module search path, then run awslambdaric."""
    opt = os.environ.get("LAMBDATUI_OPT", "")
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    layers = [f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"] if opt else []
    sys.path[0:1] = [os.environ["LAMBDA_TASK_ROOT"], *layers, os.environ["LAMBDA_RUNTIME_DIR"]]
    import _sitebuiltins
    import builtins

    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D")
    from awslambdaric.__main__ import main as run

    run(["bootstrap", os.environ["_HANDLER"]])


if __name__ == "__main__":
    main()
