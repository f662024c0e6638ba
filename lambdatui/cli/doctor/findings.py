"""A finding: what ``lambdatui doctor`` reports."""

from dataclasses import dataclass
from typing import Annotated

from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, Column, Kind

OK, WARN, FAIL, NOT_TRIED = "ok", "warn", "fail", "not tried"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was looked at, how it is, and what to do about it.

    ``action`` is the IAM action that it is about; ``statement`` a policy, as JSON, that allows what is missing.
    """

    check: Annotated[str, Column("Check", Kind.TEXT, 12, "What was looked at."), BRIEF]
    state: Annotated[str, Column("State", Kind.TEXT, 5, "ok, warn, fail, or not tried: of that nobody knows."), BRIEF]
    found: Annotated[str, shared.FOUND, BRIEF]
    advice: Annotated[str | None, shared.ADVICE, BRIEF] = None
    action: Annotated[str | None, shared.ACTION] = None
    statement: Annotated[str | None, shared.STATEMENT] = None
