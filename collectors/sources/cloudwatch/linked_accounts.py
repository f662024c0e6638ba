"""Accounts that are linked to a monitoring account (CloudWatch cross-account observability), read through it.

No credentials of those accounts are needed or used. Their functions are known by their metrics; their metrics and log
groups by what the link shares. Their functions' configuration is unknown.

Source: CloudWatch User Guide, "CloudWatch cross-account observability"; the API references of OAM, CloudWatch and Logs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from collectors.model.records import Function, FunctionKey
from collectors.sources.base import Failed, Item, ListedFunctions, ListedLogGroups, SourceFailed, Stored
from collectors.sources.cloudwatch import log_choices
from collectors.sources.cloudwatch.calls import Calls
from collectors.sources.cloudwatch.errors import is_hopeless
from collectors.sources.cloudwatch.log_groups import LAMBDA_PREFIX
from collectors.sources.cloudwatch.metric_reading import MetricReading
from collectors.sources.cloudwatch.pages import pages
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.source import CloudWatchSource

FEATURES = ("metrics", "logs", "insights")
"""What can be read through a link."""
LIST_METRICS = "cloudwatch:ListMetrics"
_METRICS, _LOGS = "AWS::CloudWatch::Metric", "AWS::Logs::LogGroup"
_NAMED = 5  # of many functions, in a sentence


@dataclass(frozen=True, slots=True)
class Link:
    """A source account, its link's label, and whether the link shares metrics and log groups."""

    account: str
    label: str
    metrics: bool
    logs: bool


def links(client: Any, region: str) -> tuple[list[Link] | None, SourceFailed | None]:
    """The accounts linked to this one in the region, None where it has no sink; and the failure that cut the list
    short, if any.
    """
    where = f"accounts linked in {region}"
    known: dict[str, Link] = {}
    has_sink = False
    try:
        for sink in _items(client.list_sinks, "oam:ListSinks", where):
            has_sink = True
            asked = {"SinkIdentifier": sink.get("Arn", "")}
            for link in _items(client.list_attached_links, "oam:ListAttachedLinks", where, **asked):
                # arn:aws:oam:REGION:ACCOUNT:link/ID
                arn = str(link.get("LinkArn", "")).split(":")
                if len(arn) > 5 and arn[4]:
                    kinds = link.get("ResourceTypes") or ()
                    known[arn[4]] = Link(arn[4], str(link.get("Label") or ""), _METRICS in kinds, _LOGS in kinds)
    except SourceFailed as failed:
        return [known[account] for account in sorted(known)], failed
    return [known[account] for account in sorted(known)] if has_sink else None, None


def _items(ask: Any, action: str, where: str, **asked: Any) -> Iterator[Any]:
    for page in pages(ask, asked, ("NextToken", "NextToken"), action=action, where=where):
        yield from page.get("Items") or ()


def function_names(client: Any, calls: Calls, account: str, region: str) -> Iterator[str]:
    """The functions of a source account that ran in the last two weeks: those that ListMetrics has Invocations of.

    SourceFailed; BudgetReached before a page too many, as pages are billed.
    """
    asked: dict[str, Any] = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": "FunctionName"}],
        "IncludeLinkedAccounts": True,
        "OwningAccount": account,
    }
    listed = pages(
        client.list_metrics, asked, ("NextToken", "NextToken"), action=LIST_METRICS,
        where=f"metrics of {account} in {region}", before=lambda: calls.spend(LIST_METRICS, 1),
    )  # fmt: skip
    for page in listed:
        metrics: list[Any] = page.get("Metrics") or []
        owners = page.get("OwningAccounts") or [account] * len(metrics)
        for metric, owner in zip(metrics, owners, strict=False):
            dimensions: list[Any] = metric.get("Dimensions") or []
            # Aliases and versions have a second dimension.
            if owner == account and len(dimensions) == 1 and dimensions[0].get("Name") == "FunctionName":
                yield str(dimensions[0].get("Value", ""))


class LinkedSession(ReadOnlySession):
    """A session of the monitoring account whose calls for metrics and logs ask about a source account.

    Calls that name metrics or log groups are changed to the API's form for another account: metrics with its id, log
    groups by ARN.
    """

    account: str
    partition: str

    def about(self, account: str, partition: str) -> "LinkedSession":
        """This session, which asks about that account from now on."""
        self.account, self.partition = account, partition
        return self

    def _new(self, service: str, *, retries: bool = True) -> Any:
        client = super()._new(service, retries=retries)
        client.meta.events.register_first("provide-client-params", self._asked_of_the_account)
        return client

    def _asked_of_the_account(self, params: Any, model: Any, **_: object) -> None:
        match model.name:
            case "GetMetricData":
                for query in params["MetricDataQueries"]:
                    query["AccountId"] = self.account
            case "DescribeLogGroups":
                params["includeLinkedAccounts"] = True
                params["accountIdentifiers"] = [self.account]
            case "FilterLogEvents":
                params["logGroupIdentifier"] = self._arn(params.pop("logGroupName"))
            case "StartQuery":
                params["logGroupIdentifiers"] = [self._arn(name) for name in params.pop("logGroupNames")]

    def _arn(self, log_group: str) -> str:
        return f"arn:{self.partition}:logs:{self.region}:{self.account}:log-group:{log_group}"


class LinkedSource(CloudWatchSource):
    """One source account and region, read through the monitoring account ``through``."""

    def __init__(
        self, session: ReadOnlySession, link: Link, through: str, *, rehearsed: bool = False, **settings: Any
    ) -> None:
        """``session`` asks about the source account. ``rehearsed``: the source is only used to count what a collection
        would ask.
        """
        wanted = set(settings.pop("features", FEATURES))
        shared = {"metrics": link.metrics, "logs": link.logs, "insights": link.logs}
        features = tuple(each for each in FEATURES if each in wanted and shared[each])
        super().__init__(session, features=features, **settings)
        self._account = link.account
        self._link = link
        self._through = through
        self._rehearsed = rehearsed
        self._asked["features"] = tuple(wanted)
        self._asked_for = wanted - ({"logs"} if self._logs == log_choices.NONE else set())

    def items(self, stored: Stored, /) -> Iterator[Item]:
        """What the link shares, then a Failed for each wanted kind that it does not share."""
        yield from super().items(stored)
        for feature, shared, what in (
            ("metrics", self._link.metrics, "metrics"),
            ("logs", self._link.logs, "log groups"),
        ):
            if feature in self._asked_for and not shared:
                known = "" if feature == "logs" else "; its functions are known by their log groups alone"
                yield Failed(
                    SourceFailed(
                        f"{what} of {self.account}",
                        f"its link to {self._through} shares no {what}{known}",
                        f"share {_METRICS if feature == 'metrics' else _LOGS} in the link, or use credentials of it",
                    )
                )

    def over(self, session: ReadOnlySession) -> "LinkedSource":
        """An equal source over another session, which counts what a collection would ask."""
        return LinkedSource(session, self._link, self._through, rehearsed=True, **self._asked)

    def _listed(self) -> Iterator[Item]:
        if not self._link.metrics:
            return
        if self._rehearsed:
            self._session.calls.sent(LIST_METRICS)
            self._session.calls.spend(LIST_METRICS, 1)
            yield Failed(
                SourceFailed(
                    f"functions of {self.account}",
                    "how many there are, and so what their metrics cost, is not known: listing them is billed by page",
                    "collect from it once, with a --budget",
                )
            )
            return
        client = self._session.client("cloudwatch")
        names: set[str] = set()
        try:
            names.update(function_names(client, self._session.calls, self.account, self.region))
        except SourceFailed as failed:
            if is_hopeless(failed):
                raise
            yield Failed(failed)
            self._whole = False
        for name in sorted(names - {""}):
            if self._wanted is None or self._wanted(name):
                # To which group it logs is not known, and not kept: Lambda's own is what is looked for.
                key = FunctionKey(name, self.account, self.region)
                self._functions.append(Function(key, log_group=LAMBDA_PREFIX + name))
        yield ListedFunctions([Function(function.key) for function in self._functions])

    def _log_items(self, stored: Stored, metrics: MetricReading) -> Iterator[Item]:
        listed: set[str] = set()
        for item in super()._log_items(stored, metrics):
            if isinstance(item, ListedLogGroups):
                listed.update(group.name for group in item.groups)
            yield item
        hidden = sorted(key.name for key in metrics.active if LAMBDA_PREFIX + key.name not in listed)
        if hidden:
            others = f" and {len(hidden) - _NAMED:,} more" if len(hidden) > _NAMED else ""
            yield Failed(
                SourceFailed(
                    f"log groups of {self.account}",
                    f"not shared, or of other names, of functions that ran: {', '.join(hidden[:_NAMED])}{others}",
                    "share their log groups in the link, or use credentials of the account",
                )
            )

    @property
    def _asking_account(self) -> str:
        return self._through
