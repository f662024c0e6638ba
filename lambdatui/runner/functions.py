"""One version of a function as it runs, and the account and region for which this runner stands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.model.errors import LambdatuiError

ACCOUNT = "000000000000"
REGION = "us-east-1"
LATEST = "$LATEST"
"""The version that is changed in place (Lambda Developer Guide, "Manage Lambda function versions")."""

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""A function's or a layer's bare name."""


class RunnerError(LambdatuiError):
    """The runner cannot do what was asked; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A function's version as deployed. ``path`` is its folder, ``handler`` what its runtime looks for in the folder.

    ``memory_mb`` and ``ephemeral_mb`` (of /tmp) are MB of 1,024 * 1,024 bytes; ``layers`` are folders, where later ones
    replace files of earlier ones. ``log_format`` is ``Text`` or ``JSON``; only the latter has levels. ``watched``: the
    folder is used in place, and environments are replaced when its files change. ``code_id`` differs where the code
    does. ``debug_port``: each process waits for a debugger on this port of 127.0.0.1, and has no limits of time and
    memory; None: it does not.
    """

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
    system_level: str = "INFO"
    application_level: str = "INFO"
    region: str = REGION
    watched: bool = False
    code_id: str = ""
    debug_port: int | None = None

    def __post_init__(self) -> None:
        if not self.log_group:
            object.__setattr__(self, "log_group", f"/aws/lambda/{self.name}")

    @property
    def arn(self) -> str:
        """The function's ARN, with the version unless that is ``$LATEST``."""
        return f"{arn_of(self.name, self.region)}{'' if self.version == LATEST else ':' + self.version}"


def arn_of(name: str, region: str = REGION) -> str:
    """The ARN of a function, without a qualifier."""
    return f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"


def resource_arn(resource: str, region: str = REGION) -> str:
    """The ARN of what is no function, such as ``layer:NAME``."""
    return f"arn:aws:lambda:{region}:{ACCOUNT}:{resource}"


def name_in(arn: str) -> str:
    """The bare name in a function's ARN."""
    return arn.split(":")[6]


def qualifier_in(arn: str) -> str:
    """The version or alias in a function's ARN; ``$LATEST`` where it has none."""
    parts = arn.split(":")
    return parts[7] if len(parts) > 7 else LATEST


def deployment_of(configuration: Mapping[str, Any]) -> Deployment:
    """The deployment of an API configuration with the runner's own fields ``_path``, ``_layers``, ``_watched``."""
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
        system_level=logging.get("SystemLogLevel", "INFO"),
        application_level=logging.get("ApplicationLogLevel", "INFO"),
        watched=bool(configuration.get("_watched")),
        code_id=configuration["CodeSha256"],
    )
