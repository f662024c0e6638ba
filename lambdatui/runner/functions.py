"""What is deployed: one private JSON file a function, beside the runner's log."""

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

ACCOUNT = "000000000000"
REGION = "us-east-1"

# AWS Lambda API reference, CreateFunction: FunctionName, MemorySize, Timeout.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RUNTIME = re.compile(r"python3\.\d{1,2}")
_MEMORY_MB = range(128, 10_241)
_TIMEOUT_S = range(1, 901)
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# Set for every function, so a deployment may not. Lambda also reserves the credentials; here a deployment is the
# only way to give a function any, so those are free.
RESERVED = frozenset({"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_REGION", "AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT"})
_RESERVED_PREFIXES = ("AWS_LAMBDA_", "LAMBDA_RUNTIME_")


class RunnerError(Exception):
    """The runner cannot do what was asked; the text says why and what to do."""


def this_runtime() -> str:
    """The runtime identifier of the interpreter that runs us, such as ``python3.11``."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def interpreter(runtime: str) -> str:
    """The path of the interpreter that runs ``runtime``; RunnerError when this machine has none."""
    if not _RUNTIME.fullmatch(runtime):
        raise RunnerError(f"runtime {runtime!r} is not run here: only python3.x is")
    found = sys.executable if runtime == this_runtime() else shutil.which(runtime)
    if not found:
        raise RunnerError(f"no {runtime} on PATH: install it, or deploy with --runtime {this_runtime()}")
    return found


@dataclass(frozen=True, slots=True)
class Deployment:
    """A function as deployed. ``path`` is its folder, ``handler`` ``module.function`` inside it."""

    name: str
    path: str
    handler: str
    runtime: str = field(default_factory=this_runtime)
    memory_mb: int = 128
    timeout_s: int = 3
    # Kept out of repr: environment variables hold secrets, and reprs end up in tracebacks.
    env: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for wrong, said in (
            (not _NAME.fullmatch(self.name), f"name {self.name!r}: 1 to 64 letters, digits, - and _"),
            (not Path(self.path).is_absolute(), f"path {self.path!r} is not absolute"),
            (self.memory_mb not in _MEMORY_MB, f"memory {self.memory_mb} MB is outside 128 to 10240"),
            (self.timeout_s not in _TIMEOUT_S, f"timeout {self.timeout_s} s is outside 1 to 900"),
        ):
            if wrong:
                raise RunnerError(said)
        for key in self.env:
            if not _VARIABLE.fullmatch(key):
                raise RunnerError(f"environment variable {key!r} is no name that Lambda allows")
            if key in RESERVED or key.startswith(_RESERVED_PREFIXES):
                raise RunnerError(f"environment variable {key} is reserved: the runner sets it")

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"

    @property
    def log_group(self) -> str:
        return f"/aws/lambda/{self.name}"


class Deployments:
    """The folder of deployment files that belongs to one log: ``runner.db`` has ``runner.functions/NAME.json``.

    A file a function, so that two deployments at once cannot lose each other. The folder is 0700 and each file
    0600, because environment variables are in them and nowhere else.
    """

    def __init__(self, log_path: Path) -> None:
        self.folder = log_path.with_name(f"{log_path.stem}.functions")

    def put(self, deployment: Deployment) -> None:
        """Keep ``deployment``, in place of an older one of that name. RunnerError when it could not run here."""
        if not Path(deployment.path).is_dir():
            raise RunnerError(f"{deployment.path} is not a folder")
        interpreter(deployment.runtime)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.folder / f".{deployment.name}.{os.getpid()}"
        draft.unlink(missing_ok=True)
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(opened, "w", encoding="utf-8") as file:
            json.dump(asdict(deployment), file, indent=1)
        draft.replace(self._file(deployment.name))

    def get(self, name: str) -> Deployment:
        """The deployment called ``name``; RunnerError when there is none or its file cannot be read."""
        try:
            return Deployment(**json.loads(self._file(name).read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise RunnerError(f"no function {name!r} is deployed: see `lambdatui runner list`") from None
        except (ValueError, TypeError) as error:
            raise RunnerError(f"{self._file(name)} is damaged ({error}): deploy {name} again") from error

    def all(self) -> list[Deployment]:
        """Every deployment, by name."""
        return [self.get(file.stem) for file in sorted(self.folder.glob("*.json"))]

    def remove(self, name: str) -> None:
        """Forget the deployment called ``name``; RunnerError when there is none."""
        try:
            self._file(name).unlink()
        except FileNotFoundError:
            raise RunnerError(f"no function {name!r} is deployed: see `lambdatui runner list`") from None

    def _file(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise RunnerError(f"name {name!r}: 1 to 64 letters, digits, - and _")
        return self.folder / f"{name}.json"
