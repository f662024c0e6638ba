"""Who may invoke a function: the statements of its resource policy, each as settings."""

from collections.abc import Iterator
from typing import Any

from collectors.model.account import Setting
from collectors.sources.cloudwatch.function_settings import Settings, joined
from collectors.untrusted import Unparsable, parsed_json

_ARN, _ACCOUNT = ("aws:sourcearn",), ("aws:sourceaccount", "aws:sourceowner")
# The secret of an Alexa skill or an older trigger: that it has one is kept, its value is not.
_TOKEN = "lambda:eventsourcetoken"


def statements(policy: object) -> Iterator[tuple[str, Settings]]:
    """Each statement of a policy document with its id. Unparsable where it is none."""
    document: Any = parsed_json(policy) if isinstance(policy, str) else policy
    listed = document.get("Statement") if isinstance(document, dict) else None
    if not isinstance(listed, list | dict):
        raise Unparsable("a policy without statements")
    seen: set[str] = set()
    for number, statement in enumerate(_several(listed), 1):
        if not isinstance(statement, dict):
            raise Unparsable("a statement that is no object")
        sid = str(statement.get("Sid") or "")
        name = sid if sid and sid not in seen else f"{sid} {number}".strip()
        seen.add(name)
        yield name, _statement(statement)


def _statement(statement: dict[str, Any]) -> Settings:
    conditions = list(_conditions(statement.get("Condition")))

    def values_of(names: tuple[str, ...]) -> Setting:
        return joined(value for _, key, values in conditions if key.lower() in names for value in values)

    others = [
        f"{operator} {key}" + ("" if key.lower() == _TOKEN else f" {','.join(sorted(values))}")
        for operator, key, values in conditions
        if key.lower() not in (*_ARN, *_ACCOUNT)
    ]
    return {
        "effect": str(statement.get("Effect") or "") or None,
        "principal": _principal(statement.get("Principal")) or _except(_principal(statement.get("NotPrincipal"))),
        "action": joined(_several(statement.get("Action"))) or _except(joined(_several(statement.get("NotAction")))),
        "resource": joined(_several(statement.get("Resource"))),
        "source_arn": values_of(_ARN),
        "source_account": values_of(_ACCOUNT),
        "conditions": "; ".join(sorted(others)) or None,
    }


def _principal(principal: Any) -> str | None:
    """``s3.amazonaws.com``, an account's ARN, ``*``."""
    if isinstance(principal, dict):
        return joined(value for values in principal.values() for value in _several(values))
    return joined(_several(principal))


def _except(text: str | None) -> str | None:
    return None if text is None else f"all but {text}"


def _conditions(told: Any) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in told.items() if isinstance(told, dict) else ():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            yield str(operator), str(key), [str(value) for value in _several(values)]


def _several(told: Any) -> list[Any]:
    """The values of a member that IAM allows to be one value or a list."""
    return [] if told is None else told if isinstance(told, list) else [told]
