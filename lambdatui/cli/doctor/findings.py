"""What doctor finds."""

from dataclasses import dataclass

OK, WARN, FAIL, NOT_TRIED = "ok", "warn", "fail", "not tried"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, how it is, and what to do about it.

    ``action`` is the IAM action that it is about; ``statement`` a policy, as JSON, that allows what is missing.
    """

    check: str
    state: str
    found: str
    advice: str | None = None
    action: str | None = None
    statement: str | None = None
