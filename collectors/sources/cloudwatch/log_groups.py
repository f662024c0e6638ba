"""The log groups of one account and region: their names and classes, and the functions that write to them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from collectors.model.account import LogGroupFacts
from collectors.model.records import Function, Reject
from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.pages import Endless, pages

LAMBDA_PREFIX = "/aws/lambda/"

# What can be done with a log group of a class (CloudWatch Logs User Guide, "Log classes").
READS_EVENTS = frozenset(("STANDARD",))
RUNS_INSIGHTS = frozenset(("STANDARD", "INFREQUENT_ACCESS"))
FINDS_PATTERNS = frozenset(("STANDARD",))  # "Logs Insights QL commands supported in log classes"


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group to read. ``functions`` write to it; if there are several, the streams' names contain the
    function's.
    """

    name: str
    functions: tuple[str, ...] = ()
    log_class: str = "STANDARD"
    json_format: bool = False
    is_listed: bool = field(default=False, compare=False)  # by DescribeLogGroups

    @property
    def function(self) -> str:
        """The only function that writes to the group; empty where there are several, or none is known."""
        return self.functions[0] if len(self.functions) == 1 else ""


def discover(
    client: Any,
    account: str,
    region: str,
    functions: Iterable[Function],
    json_logging: frozenset[str] = frozenset(),
    failures: list[SourceFailed] | None = None,
    rejects: list[Reject] | None = None,
) -> tuple[list[LogGroup], list[LogGroupFacts]]:
    """Lambda's default groups, including those of deleted functions, and the other groups that ``functions`` name.

    ``json_logging`` are the functions whose log format is JSON. Where the listing does not end, its failure is added to
    ``failures``, and what it gave is used. Raises SourceFailed where the groups cannot be listed.
    """
    owners: dict[str, list[str]] = {}
    for function in functions:
        if function.log_group:
            owners.setdefault(function.log_group, []).append(function.key.name)
    elsewhere = sorted({name for name in owners if not name.startswith(LAMBDA_PREFIX)})
    facts: dict[str, LogGroupFacts] = {}
    for prefix in (LAMBDA_PREFIX, *elsewhere):
        try:
            for page in pages(
                client.describe_log_groups, {"logGroupNamePrefix": prefix}, ("nextToken", "nextToken"),
                action="logs:DescribeLogGroups", where=f"log groups in {region}",
            ):  # fmt: skip
                for group in page.get("logGroups", ()):
                    fact = facts_of(group, account, region)
                    if fact is None and rejects is not None:
                        rejects.append(Reject("a log group without a name", repr(group)[:2000], "DescribeLogGroups"))
                    if fact is not None and (fact.name.startswith(LAMBDA_PREFIX) or fact.name in owners):
                        facts[fact.name] = fact
        except Endless as endless:
            if failures is None:
                raise
            failures.append(endless)
    # A default group that was not found is of a function that never ran; any other may be hidden, and is tried.
    classes = {name: fact.log_class for name, fact in facts.items()}
    classes |= {name: "STANDARD" for name in elsewhere if name not in facts}
    groups = []
    for name, log_class in sorted(classes.items()):
        writing = tuple(owners.get(name, ()))
        is_json = bool(writing) and json_logging.issuperset(writing)
        groups.append(LogGroup(name, writing, log_class, is_json, is_listed=name in facts))
    return groups, list(facts.values())


def facts_of(group: Any, account: str, region: str) -> LogGroupFacts | None:
    """A group of DescribeLogGroups' answer; None where it has no name."""
    name = group.get("logGroupName")
    if not name:
        return None
    return LogGroupFacts(
        account, region, name, group.get("logGroupClass") or "STANDARD", group.get("retentionInDays"),
        group.get("storedBytes"),
    )  # fmt: skip
