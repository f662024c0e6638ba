"""Which IAM permissions are missing, what for, and the statement that would allow each."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from collectors.sources.cloudwatch.allowed_calls import FEATURES, READINGS
from collectors.sources.cloudwatch.policy import LOG_GROUP_NAME, resources_of
from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import Column, Kind, OnScreen, columns_of
from lambdatui.views.scope import Scope


@dataclass(frozen=True, slots=True)
class MissingPermission:
    """An action that the newest collection of some source was denied.

    ``statement`` is JSON, to be put among the statements of the policy that the collecting role has.
    """

    action: Annotated[str, shared.ACTION, OnScreen(0, 26)]
    purpose: Annotated[
        str, Column("Needed for", Kind.TEXT, 30, "What it is for."), OnScreen(1, 24, grows=True, most=60)
    ]
    lacks: Annotated[
        str,
        Column("What lacks it", Kind.TEXT, 40, "The parts that could not be had without it."),
        OnScreen(2, 22, grows=True, most=70),
    ]
    source: Annotated[str, shared.SOURCE, OnScreen(4, 28)]
    denied_at: Annotated[
        int, Column("Last denied", Kind.TIME, 19, "The newest collection that was denied it."), OnScreen(3, 12)
    ]
    statement: Annotated[str, shared.STATEMENT]


PERMISSION_COLUMNS = columns_of(MissingPermission)


def missing_permissions(reader: Reader) -> list[MissingPermission]:
    """By action. Only the newest collection of each source that has ended counts: what it had, is allowed by now."""
    seen: set[str] = set()
    by_action: dict[str, list[tuple[str, str, str, int]]] = {}
    for collection in account_rows.collections(reader):
        if collection.ended_ms is None or collection.source in seen:
            continue
        seen.add(collection.source)
        for kind, action, text, _ in collection.notes:
            if kind == "denied":
                what, _, resource = text.partition("\n")
                source = collection.source.removeprefix("collect ")
                by_action.setdefault(action, []).append((what, resource, source, collection.started_ms))
    return [_missing(action, denials) for action, denials in sorted(by_action.items())]


def _missing(action: str, denials: Sequence[tuple[str, str, str, int]]) -> MissingPermission:
    reading = next((one for one in READINGS if one.action == action), None)
    return MissingPermission(
        action=action,
        purpose=FEATURES[reading.feature] if reading is not None else "what AWS itself asks for with it",
        lacks=_joined(what for what, _, _, _ in denials),
        source=_joined(source for _, _, source, _ in denials),
        denied_at=max(at for _, _, _, at in denials),
        statement=json.dumps(_statement(action, [resource for _, resource, _, _ in denials if resource]), indent=2),
    )


def _statement(action: str, denied_on: Sequence[str]) -> dict[str, object]:
    """What ``lambdatui iam-policy`` says of the action, and the resources that lie outside of that."""
    partition = next((one.split(":")[1] for one in denied_on if one.startswith("arn:")), "aws")
    resources = resources_of(action, denied_on, partition)
    return {
        "Sid": "Lambdatui" + action.partition(":")[2],
        "Effect": "Allow",
        "Action": action,
        "Resource": list(resources) if len(resources) > 1 else resources[0],
    }


def own_log_groups(reader: Reader, *, scope: Scope | None = None) -> list[str]:
    """The groups outside of Lambda's own that functions of accounts write to, by name: what a policy has to add."""
    rows = (scope or Scope()).chosen(reader.functions())
    groups = {row.function.log_group for row in rows if row.function.log_group and row.function.key.account}
    return sorted(one for one in groups if not one.startswith("/aws/lambda/") and LOG_GROUP_NAME.fullmatch(one))


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(parts))
