"""The kinds of details of a function that each need a call: which call, when it is made, how its answer is parsed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.model.account import Setting
from collectors.model.errors import CaughtError
from collectors.sources.cloudwatch import policies
from collectors.sources.cloudwatch.function_settings import Settings, status_of
from collectors.sources.cloudwatch.iso_times import iso_ms

Thing = tuple[str, Settings, int | None]
Known = Mapping[str, Sequence[str]]  # by kind the items of a function that were found in this collection


class IncompleteAnswer(CaughtError):
    """An answer lacks the member that it is asked for: it is then unknown whether there is anything."""


@dataclass(frozen=True, slots=True)
class Detail:
    """A listing that needs a call for each function: its IAM action, its client method, and how its answer is parsed.

    ``where`` decides from a function's settings and what is already known of it whether the call is made. It is made
    for each of ``qualifiers``; "" is the function itself. ``none`` is what is stored where AWS says that there is
    nothing.
    """

    kind: str
    action: str
    method: str
    parse: Callable[[Any], Iterator[Thing]]
    where: Callable[[Mapping[str, Setting], Known], bool] = lambda settings, known: True
    qualifiers: Callable[[Known], Iterable[str]] = lambda known: ("",)
    none: Mapping[str, Setting] | None = None


def _concurrency(answer: Any) -> Iterator[Thing]:
    yield "", {"reserved": answer.get("ReservedConcurrentExecutions")}, None


def _provisioned(answer: Any) -> Iterator[Thing]:
    for config in answer.get("ProvisionedConcurrencyConfigs") or ():
        settings: Settings = {
            "requested": config.get("RequestedProvisionedConcurrentExecutions"),
            "status": config.get("Status"),
        }
        qualifier = str(config.get("FunctionArn", "")).rpartition(":")[2]
        yield qualifier, settings, iso_ms(config.get("LastModified"))


def _async(answer: Any) -> Iterator[Thing]:
    for config in answer.get("FunctionEventInvokeConfigs") or ():
        destinations = config.get("DestinationConfig") or {}
        settings: Settings = {
            "maximum_retries": config.get("MaximumRetryAttempts"),
            "maximum_age_s": config.get("MaximumEventAgeInSeconds"),
            "on_success": (destinations.get("OnSuccess") or {}).get("Destination"),
            "on_failure": (destinations.get("OnFailure") or {}).get("Destination"),
        }
        qualifier = str(config.get("FunctionArn", "")).rpartition(":")[2]
        yield qualifier, settings, iso_ms(config.get("LastModified"))


def _aliases(answer: Any) -> Iterator[Thing]:
    for alias in answer.get("Aliases") or ():
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        settings: Settings = {
            "version": alias.get("FunctionVersion"),
            "weights": ",".join(f"{version}={weight:g}" for version, weight in sorted(weights.items())) or None,
        }
        yield str(alias.get("Name", "")), settings, None


def _versions(answer: Any) -> Iterator[Thing]:
    for version in answer.get("Versions") or ():
        version.pop("Environment", None)
        if version.get("Version") == "$LATEST":
            continue
        snap = version.get("SnapStart") or {}
        settings: Settings = {
            "memory_mb": version.get("MemorySize"),
            "runtime": version.get("Runtime"),
            "package_bytes": version.get("CodeSize"),
            "snap_start": snap.get("OptimizationStatus") if snap.get("ApplyOn") == "PublishedVersions" else None,
        }
        yield str(version.get("Version", "")), settings, iso_ms(version.get("LastModified"))


def _urls(answer: Any) -> Iterator[Thing]:
    for config in answer.get("FunctionUrlConfigs") or ():
        settings: Settings = {
            "url": config.get("FunctionUrl"),
            "auth": config.get("AuthType"),
            "mode": config.get("InvokeMode"),
            "cors": bool(config.get("Cors")) or None,
        }
        item = str(config.get("FunctionArn", "")).rpartition(":")[2]
        yield item, settings, iso_ms(config.get("LastModifiedTime"))


def _status(answer: Any) -> Iterator[Thing]:
    answer.pop("Environment", None)
    if not answer.get("FunctionName"):
        raise IncompleteAnswer
    yield "", status_of(answer), None


def _permissions(answer: Any) -> Iterator[Thing]:
    """Each statement, and how many there are: that there is none is known too."""
    if answer.get("Policy") is None:
        raise IncompleteAnswer
    found = list(policies.statements(answer["Policy"]))
    yield "", {"statements": len(found)}, None
    for name, settings in found:
        yield name, settings, None


def _recursion(answer: Any) -> Iterator[Thing]:
    if not answer.get("RecursiveLoop"):
        raise IncompleteAnswer
    yield "", {"recursive_loop": answer["RecursiveLoop"]}, None


def _runtime(answer: Any) -> Iterator[Thing]:
    if not answer.get("UpdateRuntimeOn"):
        raise IncompleteAnswer
    yield "", {"update_on": answer["UpdateRuntimeOn"], "pinned": answer.get("RuntimeVersionArn")}, None


def _scaling(answer: Any) -> Iterator[Thing]:
    wanted, applied = (answer.get(f"{which}FunctionScalingConfig") or {} for which in ("Requested", "Applied"))
    settings: Settings = {
        "minimum_environments": wanted.get("MinExecutionEnvironments"),
        "maximum_environments": wanted.get("MaxExecutionEnvironments"),
        "applied_minimum": applied.get("MinExecutionEnvironments"),
        "applied_maximum": applied.get("MaxExecutionEnvironments"),
    }
    yield "", settings, None


def _is_published(settings: Mapping[str, Setting], known: Known) -> bool:
    """Whether the function has a version or an alias, or that is unknown: only those can have provisioned
    concurrency.
    """
    return any(known.get(kind, ("unknown",)) for kind in ("version", "alias"))


# Aliases and versions come first: other calls depend on them, or are made for each of them.
DETAILS = (
    Detail("status", "lambda:GetFunctionConfiguration", "get_function_configuration", _status),
    Detail("concurrency", "lambda:GetFunctionConcurrency", "get_function_concurrency", _concurrency),
    Detail("alias", "lambda:ListAliases", "list_aliases", _aliases),
    Detail("version", "lambda:ListVersionsByFunction", "list_versions_by_function", _versions),
    Detail(
        "provisioned", "lambda:ListProvisionedConcurrencyConfigs", "list_provisioned_concurrency_configs", _provisioned,
        where=_is_published,
    ),
    Detail("async", "lambda:ListFunctionEventInvokeConfigs", "list_function_event_invoke_configs", _async),
    Detail("url", "lambda:ListFunctionUrlConfigs", "list_function_url_configs", _urls),
    # The permission to invoke an alias is in the alias's own policy.
    Detail(
        "permission", "lambda:GetPolicy", "get_policy", _permissions,
        qualifiers=lambda known: ("", *known.get("alias", ())), none={"statements": 0},
    ),
    Detail("recursion", "lambda:GetFunctionRecursionConfig", "get_function_recursion_config", _recursion),
    # An image brings its own runtime.
    Detail(
        "runtime", "lambda:GetRuntimeManagementConfig", "get_runtime_management_config", _runtime,
        where=lambda settings, known: settings.get("package_type") != "Image",
    ),
    Detail(
        "scaling", "lambda:GetFunctionScalingConfig", "get_function_scaling_config", _scaling,
        where=lambda settings, known: bool(settings.get("capacity_provider")),
        qualifiers=lambda known: known.get("managed version") or ("$LATEST.PUBLISHED",),
    ),
)  # fmt: skip
