"""What a layer says that it is compatible with, how listings choose by it, and AWS's texts for what is no runtime."""

from typing import Any

from lambdatui.runner.api.call import Call
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.deployments.function import Document
from lambdatui.runner.runtimes import registry

_ARCHITECTURES = ("x86_64", "arm64")
_SHOWN_OF_ARCHITECTURES = (
    "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
)
# In AWS's order. Its message on publishing names those for which functions can be made; it takes older ones too.
_TO_PUBLISH = (
    *("nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x", "nodejs22.x", "java25"),
    *("python3.10", "python3.11", "java21", "ruby3.3", "ruby3.4", "ruby3.2", "python3.8", "python3.9", "java17"),
    *("nodejs16.x", "dotnet10", "dotnet8", "java11", "dotnet6", "nodejs18.x", "provided.al2", "java8.al2"),
)
_KNOWN = (
    *("ruby3.5", "ruby2.6", "dotnetcore1.0", "python3.7", "nodejs8.10", "nasa", "ruby2.7", "python2.7-greengrass"),
    *("dotnetcore2.0", "python3.8", "java21", "dotnet6", "dotnetcore2.1", "python3.9", "java11", "nodejs6.10"),
    *("provided", "dotnetcore3.1", "dotnet8", "java25", "java17", "nodejs", "nodejs4.3", "java8.al2", "go1.x"),
    *("dotnet10", "nodejs20.x", "go1.9", "byol", "nodejs10.x", "provided.al2023", "nodejs22.x", "python3.10", "java8"),
    *("nodejs12.x", "python3.11", "nodejs24.x", "nodejs8.x", "python3.12", "nodejs14.x", "nodejs8.9", "nodejs26.x"),
    *("python3.13", "python3.14", "nodejs16.x", "python3.15", "provided.al2", "nodejs4.3-edge", "nodejs18.x"),
    *("ruby3.2", "python3.4", "ruby3.3", "ruby3.4", "ruby2.5", "python3.6", "python2.7"),
)


def _is_runtime(identifier: object) -> bool:
    return identifier in _KNOWN or registry.is_known(str(identifier))


def check_published(request: Document) -> None:
    """Raise ApiError where a layer to publish names something that is no runtime or architecture."""
    constraints = Constraints()
    runtimes, architectures = request.get("CompatibleRuntimes"), request.get("CompatibleArchitectures")
    constraints.length("compatibleRuntimes", runtimes, 0, 15)
    if not all(map(_is_runtime, runtimes or ())):
        allowed = ", ".join(_TO_PUBLISH)
        constraints.broken("compatibleRuntimes", runtimes, f"Member must satisfy enum value set: [{allowed}]")
    if not set(architectures or ()) <= set(_ARCHITECTURES):
        constraints.broken("compatibleArchitectures", architectures, _SHOWN_OF_ARCHITECTURES)
    constraints.length("description", request.get("Description"), 0, 256)
    constraints.length("licenseInfo", request.get("LicenseInfo"), 0, 512)
    constraints.check()


def compatible(call: Call, versions: list[Document]) -> list[Document]:
    """Those of ``versions`` that a listing asks for. Raises ApiError for what is no runtime or architecture.

    ``CompatibleRuntime`` and ``CompatibleArchitecture`` of the call choose; a version that names none has none.
    """
    runtime, architecture = call.query.get("CompatibleRuntime"), call.query.get("CompatibleArchitecture")
    constraints = Constraints()
    if runtime is not None and not _is_runtime(runtime):
        constraints.one_of("compatibleRuntime", runtime, _KNOWN)
    constraints.one_of("compatibleArchitecture", architecture, _ARCHITECTURES)
    constraints.check()
    wanted: tuple[tuple[str, Any], ...] = (("CompatibleRuntimes", runtime), ("CompatibleArchitectures", architecture))
    return [
        version
        for version in versions
        if all(value is None or value in version.get(field, ()) for field, value in wanted)
    ]
