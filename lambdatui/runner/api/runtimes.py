"""Which runtimes a function may have, as AWS answers it, and what the runner says of those that it runs otherwise."""

import sys

from lambdatui.runner.errors import invalid
from lambdatui.runner.runtimes import registry
from lambdatui.runner.runtimes.python import this_runtime

ACCEPTED = (
    *("nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x", "nodejs22.x", "java25"),
    *("python3.10", "python3.11", "java21", "ruby3.3", "ruby3.4", "ruby3.2", "python3.8", "python3.9", "java17"),
    *("nodejs16.x", "dotnet10", "dotnet8", "java11", "dotnet6", "nodejs18.x", "provided.al2", "java8.al2"),
)
"""What AWS accepts for new and changed functions, in the order of its message (recorded in January 2026)."""
_ENDED = frozenset(
    {
        *("python2.7", "python2.7-greengrass", "python3.4", "python3.6", "python3.7", "nodejs", "nodejs4.3"),
        *("nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs8.x", "nodejs10.x", "nodejs12.x", "nodejs14.x"),
        *("java8", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "go1.x", "go1.9"),
        *("ruby2.5", "ruby2.6", "ruby2.7", "provided"),
    }
)


def check_runtime(identifier: str) -> None:
    """Raise ApiError for a runtime that AWS does not have, or has no more.

    One that this machine cannot run is accepted, and its invocations fail with what is missing.
    """
    if identifier in _ENDED:
        raise invalid(
            f"The runtime parameter of {identifier} is no longer supported for creating or updating AWS Lambda "
            "functions. We recommend you use a supported runtime while creating or updating functions."
        )
    accepted = [*ACCEPTED, *_own_identifiers()]
    if identifier not in accepted:
        shown = ", ".join(name for name in accepted if name != this_runtime() or name in ACCEPTED)
        raise invalid(
            f"Value {identifier} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{shown}] or be a valid ARN"
        )


def _own_identifiers() -> list[str]:
    """Runtimes that only this runner has, and the version of Python that it runs with."""
    return [name for name in [*registry.identifiers(), this_runtime()] if name not in {*ACCEPTED, "python3.x"}]


def tell_runtime(function: str, identifier: str) -> None:
    """Write to stderr what runs a function, where that is not the version that it asks for. May start programs."""
    row = registry.program_row(identifier)
    if text := row["error"] or row["note"]:
        sys.stderr.write(f"lambdatui runner: {function}: {text}\n")
