"""The log groups of one account and region: which there are, of what class, and whose functions write to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from collectors.account import LogGroupFacts
from collectors.cloudwatch.errors import reading
from collectors.model import Function

LAMBDA_PREFIX = "/aws/lambda/"

# What can be done with a log group of a class (CloudWatch Logs User Guide, "Log classes").
READS_EVENTS = frozenset(("STANDARD",))
RUNS_INSIGHTS = frozenset(("STANDARD", "INFREQUENT_ACCESS"))
FINDS_PATTERNS = frozenset(("STANDARD",))  # "Logs Insights QL commands supported in log classes"


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group to read. ``functions`` write to it; where they are several, their streams carry the names."""

    name: str
    functions: tuple[str, ...] = ()
    log_class: str = "STANDARD"
    json_format: bool = False

    @property
    def function(self) -> str:
        """The one function whose group this is; empty where there are several, or none is known."""
        return self.functions[0] if len(self.functions) == 1 else ""


def discover(
    client: Any, account: str, region: str, functions: Iterable[Function], json_logging: frozenset[str] = frozenset()
) -> tuple[list[LogGroup], list[LogGroupFacts]]:
    """Lambda's own groups, those of deleted functions too, and the groups that ``functions`` name beyond them.

    ``json_logging`` are the functions whose log format is JSON.
    """
    owners: dict[str, list[str]] = {}
    for function in functions:
        if function.log_group:
            owners.setdefault(function.log_group, []).append(function.key.name)
    elsewhere = sorted({name for name in owners if not name.startswith(LAMBDA_PREFIX)})
    facts: dict[str, LogGroupFacts] = {}
    with reading("logs:DescribeLogGroups", f"log groups in {region}"):
        for prefix in (LAMBDA_PREFIX, *elsewhere):
            for page in client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix):
                for group in page.get("logGroups", ()):
                    fact = facts_of(group, account, region)
                    if fact is not None and (fact.name.startswith(LAMBDA_PREFIX) or fact.name in owners):
                        facts[fact.name] = fact
    # A default group that was not found is of a function that never ran; any other may be hidden, and is tried.
    classes = {name: fact.log_class for name, fact in facts.items()}
    classes |= {name: "STANDARD" for name in elsewhere if name not in facts}
    groups = []
    for name, log_class in sorted(classes.items()):
        writing = tuple(owners.get(name, ()))
        groups.append(LogGroup(name, writing, log_class, bool(writing) and json_logging.issuperset(writing)))
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
