"""The AWS SDKs that Lambda's runtimes bring along: boto3 for Python, ``@aws-sdk`` for Node.js.

Python's are those of the command line's own environment, where the function's interpreter is new enough for them. What
``lambdatui runner runtimes --install`` has installed is in the data folder, in ``runtimes/python3.9`` and
``runtimes/nodejs``. Functions see these packages and no other of our environment.
"""

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from lambdatui.runner.runtimes.data_folder import data_folder

# The packages that Lambda's Python runtimes have besides the standard library.
_PYTHON_SDK = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
_PYTHON_RUNTIME = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
_DISTRIBUTIONS = {"dateutil": "python-dateutil", "snapshot_restore_py": "snapshot-restore-py", "runtime_client": ""}
_LEAST = re.compile(r">=\s*3\.(\d+)")


def installed_folder(runtime: str) -> Path:
    """Where ``runner runtimes --install`` puts packages: ``runtime`` is such as ``python3.9``, or ``nodejs``."""
    return data_folder() / "lambdatui" / "runtimes" / runtime


@cache
def least_minor() -> int:
    """The oldest minor version of Python 3 for which our environment's boto3 is made."""
    try:
        required = str(distribution("botocore").metadata["Requires-Python"])
    except PackageNotFoundError:
        return 0
    match = _LEAST.search(required)
    return int(match[1]) if match else 0


def python_sdk(minor: int) -> str | None:
    """The version of boto3 that functions of Python 3's ``minor`` version get; None where there is none for them."""
    if minor >= least_minor():
        try:
            return distribution("boto3").version
        except PackageNotFoundError:
            return None
    for folder in installed_folder(f"python3.{minor}").glob("boto3-*.dist-info"):
        return folder.name.removeprefix("boto3-").removesuffix(".dist-info")
    return None


def node_sdk() -> list[str]:
    """The installed packages of ``@aws-sdk``, by name."""
    return sorted(f"@aws-sdk/{path.name}" for path in (installed_folder("nodejs") / "node_modules/@aws-sdk").glob("*"))


def python_packages(minor: int) -> list[Path]:
    """Files and folders for the module search path of functions of Python 3's ``minor`` version."""
    if minor < least_minor():
        return sorted(installed_folder(f"python3.{minor}").glob("[!_.]*"))
    paths: list[Path] = []
    for name in (*_PYTHON_SDK, *_PYTHON_RUNTIME):
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            continue
        origin = Path(spec.origin)
        paths.append(origin.parent if origin.name == "__init__.py" else origin)
        wanted = _DISTRIBUTIONS.get(name, name).replace("-", "_")
        paths += paths[-1].parent.glob(f"{wanted}-*.dist-info") if wanted else []
    return paths
