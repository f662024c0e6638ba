"""What belongs to functions: concurrency, event sources, destinations, aliases, versions, URLs, schedules.

Some of it is listed for the whole account at once; the rest is a call for each function, at the control plane's pace
(three a second), so it is asked only of functions that are new, changed, or not looked at for a day.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.account import Configured, Inventory, Setting
from collectors.cloudwatch.calls import TokenBucket
from collectors.cloudwatch.errors import error_code, is_hopeless, is_missing, is_spared, reading
from collectors.cloudwatch.functions import answers, iso_ms
from collectors.cloudwatch.tolerant import faults_of
from collectors.model import FunctionKey, Reject
from collectors.source import BudgetReached, SourceFailed, unforeseen

Settings = dict[str, Setting]


@dataclass(frozen=True, slots=True)
class Detail:
    """One listing that is a call for each function: its IAM action, how it is asked, and what an answer says."""

    kind: str
    action: str
    method: str
    found: Callable[[Any], Iterator[tuple[str, Settings, int | None]]]


def account_settings(
    client: Any, account: str, region: str, bucket: TokenBucket, rejects: list[Reject] | None = None
) -> Inventory:
    """GetAccountSettings: the limits of concurrency and of code."""
    bucket.take()
    with reading("lambda:GetAccountSettings", f"account settings in {region}"):
        answer = client.get_account_settings()
    limits, usage = answer.get("AccountLimit") or {}, answer.get("AccountUsage") or {}
    settings: Settings = {
        "concurrency_limit": limits.get("ConcurrentExecutions"),
        "unreserved_concurrency": limits.get("UnreservedConcurrentExecutions"),
        "code_bytes_limit": limits.get("TotalCodeSize"),
        "code_bytes": usage.get("TotalCodeSize"),
        "functions": usage.get("FunctionCount"),
    }
    found = Configured(account, region, "", "account", "", _known(settings))
    return Inventory(account, region, ("account",), [found])


def event_sources(
    client: Any, account: str, region: str, bucket: TokenBucket, rejects: list[Reject] | None = None
) -> Inventory:
    """ListEventSourceMappings of all functions together, 100 a call. One of no function is counted in ``rejects``."""
    found = []
    where = f"event sources in {region}"
    listed = answers(client.list_event_source_mappings, "lambda:ListEventSourceMappings", where, bucket)
    for mapping in (one for page in listed for one in page.get("EventSourceMappings") or ()):
        arn = str(mapping.get("FunctionArn", "")).split(":")
        if len(arn) < 7 or not mapping.get("UUID"):
            if rejects is not None:
                said = repr(mapping)[:2000]
                rejects.append(Reject("an event source without id or function", said, "ListEventSourceMappings"))
            continue
        destination = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        settings: Settings = {
            "source": mapping.get("EventSourceArn")
            or ",".join(((mapping.get("SelfManagedEventSource") or {}).get("Endpoints") or {}).keys())
            or None,
            "state": mapping.get("State"),
            "batch_size": mapping.get("BatchSize"),
            "batching_window_s": mapping.get("MaximumBatchingWindowInSeconds"),
            "parallelization": mapping.get("ParallelizationFactor"),
            "maximum_concurrency": (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency"),
            "maximum_retries": mapping.get("MaximumRetryAttempts"),
            "maximum_age_s": mapping.get("MaximumRecordAgeInSeconds"),
            "bisect_on_error": mapping.get("BisectBatchOnFunctionError"),
            "on_failure": destination,
            "partial_failures": "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ()),
            "filters": len((mapping.get("FilterCriteria") or {}).get("Filters") or ()) or None,
            "metrics": ",".join((mapping.get("MetricsConfig") or {}).get("Metrics") or ()) or None,
        }
        name, modified = arn[6], iso_ms(mapping.get("LastModified"))
        found.append(Configured(account, region, name, "event source", mapping["UUID"], _known(settings), modified))
    return Inventory(account, region, ("event source",), found)


def schedules(
    client: Any, account: str, region: str, bucket: TokenBucket, rejects: list[Reject] | None = None
) -> Inventory:
    """Application Auto Scaling's scheduled actions: when provisioned concurrency changes by the clock."""
    found = []
    listed = answers(
        client.describe_scheduled_actions, "application-autoscaling:DescribeScheduledActions", f"schedules in {region}",
        bucket, token=("NextToken", "NextToken"), ServiceNamespace="lambda",
    )  # fmt: skip
    for action in (one for page in listed for one in page.get("ScheduledActions") or ()):
        # function:NAME:ALIAS
        resource = str(action.get("ResourceId", "")).split(":")
        if len(resource) < 3:
            if rejects is not None:
                rejects.append(Reject("a schedule of no function", repr(action)[:2000], "DescribeScheduledActions"))
            continue
        target = action.get("ScalableTargetAction") or {}
        settings: Settings = {
            "alias": resource[2],
            "schedule": action.get("Schedule"),
            "timezone": action.get("Timezone"),
            "minimum": target.get("MinCapacity"),
            "maximum": target.get("MaxCapacity"),
        }
        name = str(action.get("ScheduledActionName", ""))
        found.append(Configured(account, region, resource[1], "schedule", name, _known(settings)))
    return Inventory(account, region, ("schedule",), found)


def details(
    client: Any, keys: Sequence[FunctionKey], region: str, bucket: TokenBucket, *, skip: Collection[str] = ()
) -> Iterator[Inventory | SourceFailed]:
    """What is a call for each function, but for the actions of ``skip``.

    What fails is told, by its ``action``, and the others are asked. SourceFailed raised: they would fail too.
    """
    for key in keys:
        for detail in DETAILS:
            if detail.action in skip:
                continue
            faults: list[str] = []
            try:
                found = [
                    Configured(key.account, region, key.name, detail.kind, item, _known(settings), modified)
                    for item, settings, modified in _detail(client, detail, key, bucket, faults)
                ]
            except SourceFailed as failed:
                if is_hopeless(failed) or is_spared(failed):
                    raise
                failed.action = detail.action
                yield failed
                continue
            except (BudgetReached, OSError):
                raise
            except Exception as fault:  # an answer that nobody foresaw
                told = unforeseen(f"{detail.kind} of {key.name}", fault)
                told.action = detail.action
                yield told
                continue
            yield Inventory(key.account, region, (detail.kind,), found, frozenset((key.name,)), bool(faults))
            if faults:
                said = "; ".join(faults)[:300]
                told = SourceFailed(
                    f"{detail.kind} of {key.name}", f"the answer to {detail.action} has what it should not ({said})",
                    "what is fine in it is kept; collect again",
                )  # fmt: skip
                told.action = detail.action
                yield told


def _detail(
    client: Any, detail: Detail, key: FunctionKey, bucket: TokenBucket, faults: list[str]
) -> Iterator[tuple[str, Settings, int | None]]:
    where = f"{detail.kind} of {key.name}"
    try:
        for page in answers(getattr(client, detail.method), detail.action, where, bucket, FunctionName=key.name):
            faults += faults_of(page)
            yield from detail.found(page)
    except SourceFailed as failed:
        # Deleted since it was listed, or there is none of the kind.
        if not is_missing(failed) and error_code(failed) != "ProvisionedConcurrencyConfigNotFoundException":
            raise


def _concurrency(answer: Any) -> Iterator[tuple[str, Settings, int | None]]:
    yield "", {"reserved": answer.get("ReservedConcurrentExecutions")}, None


def _provisioned(answer: Any) -> Iterator[tuple[str, Settings, int | None]]:
    for one in answer.get("ProvisionedConcurrencyConfigs") or ():
        settings: Settings = {
            "requested": one.get("RequestedProvisionedConcurrentExecutions"),
            "status": one.get("Status"),
        }
        qualifier = str(one.get("FunctionArn", "")).rpartition(":")[2]
        yield qualifier, settings, iso_ms(one.get("LastModified"))


def _async(answer: Any) -> Iterator[tuple[str, Settings, int | None]]:
    for one in answer.get("FunctionEventInvokeConfigs") or ():
        destinations = one.get("DestinationConfig") or {}
        settings: Settings = {
            "maximum_retries": one.get("MaximumRetryAttempts"),
            "maximum_age_s": one.get("MaximumEventAgeInSeconds"),
            "on_success": (destinations.get("OnSuccess") or {}).get("Destination"),
            "on_failure": (destinations.get("OnFailure") or {}).get("Destination"),
        }
        qualifier = str(one.get("FunctionArn", "")).rpartition(":")[2]
        yield qualifier, settings, iso_ms(one.get("LastModified"))


def _aliases(answer: Any) -> Iterator[tuple[str, Settings, int | None]]:
    for one in answer.get("Aliases") or ():
        weights = (one.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        settings: Settings = {
            "version": one.get("FunctionVersion"),
            "weights": ",".join(f"{version}={weight:g}" for version, weight in sorted(weights.items())) or None,
        }
        yield str(one.get("Name", "")), settings, None


def _versions(answer: Any) -> Iterator[tuple[str, Settings, int | None]]:
    for one in answer.get("Versions") or ():
        one.pop("Environment", None)
        if one.get("Version") == "$LATEST":
            continue
        snap = one.get("SnapStart") or {}
        settings: Settings = {
            "memory_mb": one.get("MemorySize"),
            "runtime": one.get("Runtime"),
            "package_bytes": one.get("CodeSize"),
            "snap_start": snap.get("OptimizationStatus") if snap.get("ApplyOn") == "PublishedVersions" else None,
        }
        yield str(one.get("Version", "")), settings, iso_ms(one.get("LastModified"))


def _urls(answer: Any) -> Iterator[tuple[str, Settings, int | None]]:
    for one in answer.get("FunctionUrlConfigs") or ():
        settings: Settings = {
            "url": one.get("FunctionUrl"),
            "auth": one.get("AuthType"),
            "mode": one.get("InvokeMode"),
            "cors": bool(one.get("Cors")) or None,
        }
        item = str(one.get("FunctionArn", "")).rpartition(":")[2]
        yield item, settings, iso_ms(one.get("LastModifiedTime"))


DETAILS = (
    Detail("concurrency", "lambda:GetFunctionConcurrency", "get_function_concurrency", _concurrency),
    Detail(
        "provisioned", "lambda:ListProvisionedConcurrencyConfigs", "list_provisioned_concurrency_configs", _provisioned
    ),
    Detail("async", "lambda:ListFunctionEventInvokeConfigs", "list_function_event_invoke_configs", _async),
    Detail("alias", "lambda:ListAliases", "list_aliases", _aliases),
    Detail("version", "lambda:ListVersionsByFunction", "list_versions_by_function", _versions),
    Detail("url", "lambda:ListFunctionUrlConfigs", "list_function_url_configs", _urls),
)


def _known(settings: Settings) -> Settings:
    return {name: value for name, value in settings.items() if value is not None}
