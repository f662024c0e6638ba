"""One deployed function: its versions, aliases and settings, as its JSON file has them."""

from dataclasses import dataclass
from typing import Any

from lambdatui.runner.functions import LATEST, arn_of

Document = dict[str, Any]
"""A JSON object of the Lambda API; the runner's own fields begin with ``_``."""


@dataclass(slots=True)
class DeployedFunction:
    """A function and all that is stored about it; its ``document`` has ``versions``, ``aliases``, ``tags`` and more."""

    name: str
    document: Document

    @property
    def latest(self) -> Document:
        """The configuration of ``$LATEST``."""
        configuration: Document = self.versions[LATEST]
        return configuration

    @property
    def versions(self) -> dict[str, Document]:
        """Configurations by version: ``$LATEST``, and ``1``, ``2`` and so on where they were published."""
        versions: dict[str, Document] = self.document["versions"]
        return versions

    @property
    def aliases(self) -> dict[str, Document]:
        """The aliases as AliasConfiguration objects of the API, by name."""
        aliases: dict[str, Document] = self.document["aliases"]
        return aliases

    @property
    def reserved(self) -> int | None:
        """Reserved concurrency; None where none is reserved."""
        reserved: int | None = self.document.get("reserved")
        return reserved

    @property
    def recursive_loop(self) -> str:
        """``Terminate`` where calls that lead back to the function are stopped, else ``Allow``."""
        return str(self.document.get("recursion", "Terminate"))

    def part(self, name: str) -> dict[str, Any]:
        """A mapping to read and change: ``tags``, or by qualifier ``provisioned``, ``policies`` and so on."""
        part: dict[str, Any] = self.document.setdefault(name, {})
        return part


@dataclass(frozen=True, slots=True)
class ResolvedFunction:
    """The function and version that a name means now; ``qualifier`` is the caller's, None where it gave none."""

    function: DeployedFunction
    qualifier: str | None
    version: str

    @property
    def arn(self) -> str:
        """The ARN with the caller's qualifier."""
        base = arn_of(self.function.name)
        return base if self.qualifier is None else f"{base}:{self.qualifier}"

    @property
    def qualified_arn(self) -> str:
        """The ARN with the caller's qualifier, ``$LATEST`` where it gave none."""
        return f"{arn_of(self.function.name)}:{self.qualifier or LATEST}"
