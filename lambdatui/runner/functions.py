"""One version of a function as it runs: its configuration, and what is allowed in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.model.errors import LambdatuiError

ACCOUNT = "000000000000"
REGION = "us-east-1"
LATEST = "$LATEST"

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class RunnerError(LambdatuiError):
    """The runner cannot do what was asked; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A function's version as deployed. ``path`` is its folder, ``handler`` what its runtime looks for inside it."""

    name: str
    path: str
    handler: str
    runtime: str
    memory_mb: int = 128
    timeout_s: int = 3
    # Kept out of repr: environment variables hold secrets, and reprs end up in tracebacks.
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    version: str = LATEST
    ephemeral_mb: int = 512
    layers: tuple[str, ...] = ()
    log_format: str = "Text"
    log_group: str = ""
    region: str = REGION
    # A folder that is used where it lies: its files are watched, and environments renewed when they change.
    watched: bool = False
    code_id: str = ""

    def __post_init__(self) -> None:
        if not self.log_group:
            object.__setattr__(self, "log_group", f"/aws/lambda/{self.name}")

    @property
    def arn(self) -> str:
        return f"{arn_of(self.name, self.region)}{'' if self.version == LATEST else ':' + self.version}"


def arn_of(name: str, region: str = REGION) -> str:
    return f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"


def deployment_of(configuration: Mapping[str, Any]) -> Deployment:
    """What runs, from a configuration as the Lambda API gives it and two fields of ours, ``_path`` and ``_layers``."""
    logging = configuration.get("LoggingConfig", {})
    return Deployment(
        name=configuration["FunctionName"],
        path=configuration["_path"],
        handler=configuration.get("Handler", ""),
        runtime=configuration["Runtime"],
        memory_mb=configuration["MemorySize"],
        timeout_s=configuration["Timeout"],
        env=configuration.get("Environment", {}).get("Variables", {}),
        version=configuration["Version"],
        ephemeral_mb=configuration.get("EphemeralStorage", {}).get("Size", 512),
        layers=tuple(configuration.get("_layers", ())),
        log_format=logging.get("LogFormat", "Text"),
        log_group=logging.get("LogGroup", ""),
        watched=bool(configuration.get("_watched")),
        code_id=configuration["CodeSha256"],
    )
