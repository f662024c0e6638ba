"""Starts the real awslambdaric with Lambda's module search path, without the folders that ``site`` would add.

``LAMBDA_TASK_ROOT``, the layers' Python folders, ``LAMBDA_RUNTIME_DIR``, then the standard library: Lambda's order.
Other packages that this interpreter has installed are not available to the function.
"""

import os
import sys


def keep_compiled_code_elsewhere() -> None:
    """Write compiled code of the function into the writable /var/lang, because /var/task and /opt are read-only."""
    from importlib import _bootstrap_external as importing

    beside_source = importing.cache_from_source

    def cache_from_source(path, *rest, **options):  # type: ignore[no-untyped-def] # one of importlib's own functions
        beside = beside_source(path, *rest, **options)
        if beside.startswith(("/var/task/", "/opt/")) and not os.path.exists(beside):
            return "/var/lang" + beside
        return beside

    importing.cache_from_source = cache_from_source


def main() -> None:
    """Set the module search path, then run awslambdaric."""
    opt = os.environ.pop("LAMBDATUI_OPT", "")
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    layers = [f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"] if opt else []
    sys.path[0:1] = [os.environ["LAMBDA_TASK_ROOT"], *layers, os.environ["LAMBDA_RUNTIME_DIR"]]
    if os.environ["LAMBDA_TASK_ROOT"] == "/var/task":
        keep_compiled_code_elsewhere()
    import _sitebuiltins
    import builtins

    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D")
    from awslambdaric.__main__ import main as run

    run(["bootstrap", os.environ["_HANDLER"]])


if __name__ == "__main__":
    main()
