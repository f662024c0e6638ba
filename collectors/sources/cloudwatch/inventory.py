"""What belongs to functions: state, concurrency, event sources, destinations, aliases, versions, URLs, permissions.

Some is listed for the whole account at once. The rest is a call for each function, at the control plane's pace
(three a second), so it is asked only of functions that are new, changed, or not looked at for a day.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from collectors.model.account import Configured, Inventory, Setting
from collectors.model.records import FunctionKey, Reject
from collectors.sources.base import BudgetReached, SourceFailed, unforeseen
from collectors.sources.cloudwatch.calls import TokenBucket
from collectors.sources.cloudwatch.detail_kinds import DETAILS, Detail, IncompleteAnswer, Known, Thing
from collectors.sources.cloudwatch.errors import error_code, is_hopeless, is_missing, is_spared, reading
from collectors.sources.cloudwatch.function_settings import Settings
from collectors.sources.cloudwatch.function_settings import known as known_of
from collectors.sources.cloudwatch.functions import answers
from collectors.sources.cloudwatch.iso_times import iso_ms
from collectors.sources.cloudwatch.tolerant_parsers import faults_of
from collectors.untrusted import Unparsable

DENIED = "denied"


def account_settings(
    client: Any, account: str, region: str, bucket: TokenBucket, rejects: list[Reject] | None = None
) -> Inventory:
    """GetAccountSettings: the account's limits of concurrency and of stored code."""
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
    found = Configured(account, region, "", "account", "", known_of(settings))
    return Inventory(account, region, ("account",), [found])


def event_sources(
    client: Any, account: str, region: str, bucket: TokenBucket, rejects: list[Reject] | None = None
) -> Inventory:
    """ListEventSourceMappings of all functions together, 100 a call. A mapping that names no function is counted in
    ``rejects``.
    """
    mappings = []
    where = f"event sources in {region}"
    listed = answers(client.list_event_source_mappings, "lambda:ListEventSourceMappings", where, bucket)
    for mapping in (one for page in listed for one in page.get("EventSourceMappings") or ()):
        arn = str(mapping.get("FunctionArn", "")).split(":")
        if len(arn) < 7 or not mapping.get("UUID"):
            if rejects is not None:
                said = repr(mapping)[:2000]
                rejects.append(Reject("an event source without id or function", said, "ListEventSourceMappings"))
            continue
        settings = _mapping_settings(mapping)
        name, modified = arn[6], iso_ms(mapping.get("LastModified"))
        mappings.append(
            Configured(account, region, name, "event source", mapping["UUID"], known_of(settings), modified)
        )
    return Inventory(account, region, ("event source",), mappings)


def _mapping_settings(mapping: Any) -> Settings:
    servers = (mapping.get("SelfManagedEventSource") or {}).get("Endpoints") or {}
    pollers = mapping.get("ProvisionedPollerConfig") or {}
    kafka = mapping.get("AmazonManagedKafkaEventSourceConfig") or mapping.get("SelfManagedKafkaEventSourceConfig") or {}
    last = str(mapping.get("LastProcessingResult") or "")
    return {
        "source": mapping.get("EventSourceArn") or ",".join(servers.keys()) or None,
        "servers": ",".join(sorted(str(one) for names in servers.values() for one in names or ())) or None,
        "topics": ",".join(mapping.get("Topics") or ()) or None,
        "queues": ",".join(mapping.get("Queues") or ()) or None,
        "starting_position": mapping.get("StartingPosition"),
        "state": mapping.get("State"),
        "state_reason": mapping.get("StateTransitionReason"),
        # A successful result changes with every batch and is not worth keeping.
        "problem": last if last.startswith("PROBLEM") else None,
        "batch_size": mapping.get("BatchSize"),
        "batching_window_s": mapping.get("MaximumBatchingWindowInSeconds"),
        "tumbling_window_s": mapping.get("TumblingWindowInSeconds"),
        "parallelization": mapping.get("ParallelizationFactor"),
        "maximum_concurrency": (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency"),
        "minimum_pollers": pollers.get("MinimumPollers"),
        "maximum_pollers": pollers.get("MaximumPollers"),
        "poller_group": pollers.get("PollerGroupName"),
        "maximum_retries": mapping.get("MaximumRetryAttempts"),
        "maximum_age_s": mapping.get("MaximumRecordAgeInSeconds"),
        "bisect_on_error": mapping.get("BisectBatchOnFunctionError"),
        "on_failure": ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination"),
        "partial_failures": "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ()),
        "filters": len((mapping.get("FilterCriteria") or {}).get("Filters") or ()) or None,
        "filters_error": (mapping.get("FilterCriteriaError") or {}).get("ErrorCode"),
        "schema_registry": (kafka.get("SchemaRegistryConfig") or {}).get("SchemaRegistryURI"),
        "metrics": ",".join((mapping.get("MetricsConfig") or {}).get("Metrics") or ()) or None,
        "log_level": (mapping.get("LoggingConfig") or {}).get("SystemLogLevel"),
        "kms_key": mapping.get("KMSKeyArn"),
    }


def schedules(
    client: Any, account: str, region: str, bucket: TokenBucket, rejects: list[Reject] | None = None
) -> Inventory:
    """Application Auto Scaling's scheduled actions: when provisioned concurrency changes by the clock."""
    configured = []
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
        configured.append(Configured(account, region, resource[1], "schedule", name, known_of(settings)))
    return Inventory(account, region, ("schedule",), configured)


def details(
    client: Any,
    keys: Sequence[FunctionKey],
    region: str,
    bucket: TokenBucket,
    settings: Mapping[str, Mapping[str, Setting]] | None = None,
    known: Mapping[str, Known] | None = None,
    skip: Mapping[str, str] | None = None,
) -> Iterator[Inventory | SourceFailed]:
    """Details that need a call for each function. A failure is yielded with its ``action``, and the other calls are
    made.

    ``settings`` and ``known`` are by function name: its own settings, and the items found before. ``skip`` are actions
    that are not called, each with why: ``denied`` or ``failed``. Raises SourceFailed where all other calls would fail
    too.
    """
    for key in keys:
        denied: dict[str, Settings] = {}
        unasked: list[str] = []
        own, items = (settings or {}).get(key.name, {}), dict((known or {}).get(key.name, {}))
        for detail in DETAILS:
            if skip and detail.action in skip:
                denied[detail.kind] = {"action": detail.action, "why": skip[detail.action]}
                continue
            if not detail.where(own, items):
                items[detail.kind] = []
                unasked.append(detail.kind)
                continue
            faults: list[str] = []
            try:
                settings_found = [
                    Configured(key.account, region, key.name, detail.kind, item, known_of(things), modified)
                    for item, things, modified in _detail(client, detail, key, bucket, items, faults)
                ]
            except IncompleteAnswer:
                continue
            except SourceFailed as failed:
                if is_hopeless(failed) or is_spared(failed):
                    raise
                denied[detail.kind] = {"action": detail.action, "why": "denied" if failed.denied else "failed"}
                failed.action = detail.action
                yield failed
                continue
            except (BudgetReached, OSError):
                raise
            except Exception as fault:  # an answer that nobody foresaw
                denied[detail.kind] = {"action": detail.action, "why": "failed"}
                told = unforeseen(f"{detail.kind} of {key.name}", fault)
                told.action = detail.action
                yield told
                continue
            items[detail.kind] = [one.item for one in settings_found]
            yield Inventory(key.account, region, (detail.kind,), settings_found, frozenset((key.name,)), bool(faults))
            if faults:
                yield _faulty(detail, key, faults)
        yield _denied(key, region, denied)
        for kind in unasked:  # there is none
            yield Inventory(key.account, region, (kind,), [], frozenset((key.name,)))


def is_unsettled(answer: object) -> bool:
    """Whether an answer shows a function that AWS is still changing: it is asked again before a day is over."""
    return isinstance(answer, Inventory) and any(
        one.settings.get("state") == "Pending" or one.settings.get("last_update") == "InProgress"
        for one in answer.configured
        if one.kind == "status"
    )


def _faulty(detail: Detail, key: FunctionKey, faults: Sequence[str]) -> SourceFailed:
    words = "; ".join(faults)[:300]
    failure = SourceFailed(
        f"{detail.kind} of {key.name}",
        f"the answer to {detail.action} has what it should not ({words})",
        "what is fine in it is kept; collect again",
    )
    failure.action = detail.action
    return failure


def _denied(key: FunctionKey, region: str, denied: Mapping[str, Settings]) -> Inventory:
    """Which kinds of details of a function are unknown because the call was denied or failed. Unknown is not "none"."""
    found = [Configured(key.account, region, key.name, DENIED, kind, why) for kind, why in denied.items()]
    return Inventory(key.account, region, (DENIED,), found, frozenset((key.name,)))


def _detail(
    client: Any, detail: Detail, key: FunctionKey, bucket: TokenBucket, known: Known, faults: list[str]
) -> Iterator[Thing]:
    for qualifier in detail.qualifiers(known):
        where = f"{detail.kind} of {key.name}" + (f":{qualifier}" if qualifier else "")
        asked: dict[str, Any] = {"FunctionName": key.name} | ({"Qualifier": qualifier} if qualifier else {})
        try:
            for page in answers(getattr(client, detail.method), detail.action, where, bucket, **asked):
                faults += faults_of(page)
                for item, settings, modified in detail.parse(page):
                    yield f"{qualifier} {item}".strip(), settings, modified
        except Unparsable as fault:
            raise SourceFailed(
                where, f"the answer to {detail.action} cannot be read: {fault}", "collect again"
            ) from fault
        except SourceFailed as failed:
            # Deleted since it was listed, or there is none of the kind.
            if not is_missing(failed) and error_code(failed) != "ProvisionedConcurrencyConfigNotFoundException":
                raise
            if detail.none is not None and "function not found" not in str(failed.__cause__).lower():
                yield qualifier, dict(detail.none), None
