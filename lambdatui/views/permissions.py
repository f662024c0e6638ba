"""Which IAM permissions are missing, what for, and the statement that would allow each."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from collectors.cloudwatch.readings import FEATURES, READINGS, Reading
from collectors.store import account_rows
from collectors.store.reader import Reader
from lambdatui.views.columns import columns

PERMISSION_COLUMNS = columns("action", "purpose", "lacks", "source", "denied_at", "statement")


@dataclass(frozen=True, slots=True)
class MissingPermission:
    """An action that the newest collection of some source was denied.

    ``statement`` is JSON, to be put among the statements of the policy that the collecting role has.
    """

    action: str
    purpose: str
    lacks: str
    source: str
    denied_at: int
    statement: str


def missing_permissions(reader: Reader) -> list[MissingPermission]:
    """By action. Only the newest collection of each source that has ended counts: what it had, is allowed by now."""
    seen: set[str] = set()
    found: dict[str, list[tuple[str, str, str, int]]] = {}
    for one in account_rows.collections(reader):
        if one.ended_ms is None or one.source in seen:
            continue
        seen.add(one.source)
        for kind, action, text, _ in one.notes:
            if kind == "denied":
                what, _, resource = text.partition("\n")
                source = one.source.removeprefix("collect ")
                found.setdefault(action, []).append((what, resource, source, one.started_ms))
    return [_missing(action, denials) for action, denials in sorted(found.items())]


def _missing(action: str, denials: Sequence[tuple[str, str, str, int]]) -> MissingPermission:
    reading = next((one for one in READINGS if one.action == action), None)
    return MissingPermission(
        action,
        FEATURES[reading.feature] if reading is not None else "what AWS itself asks for with it",
        _joined(what for what, _, _, _ in denials),
        _joined(source for _, _, source, _ in denials),
        max(at for _, _, _, at in denials),
        json.dumps(_statement(action, reading, [resource for _, resource, _, _ in denials if resource]), indent=2),
    )


def _statement(action: str, reading: Reading | None, denied_on: Sequence[str]) -> dict[str, object]:
    """What ``lambdatui iam-policy`` says of the action, and the resources that lie outside of that."""
    if reading is None:
        resources = list(dict.fromkeys(denied_on)) or ["*"]
    else:
        also = [one for one in denied_on if not any(fnmatchcase(one, known) for known in reading.resources)]
        resources = list(dict.fromkeys([*reading.resources, *also]))
    actions = [action, *(reading.also if reading is not None else ())]
    return {
        "Sid": "Lambdatui" + action.partition(":")[2],
        "Effect": "Allow",
        "Action": actions if len(actions) > 1 else action,
        "Resource": resources if len(resources) > 1 else resources[0],
    }


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(parts))
