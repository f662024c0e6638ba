"""``lambdatui doctor --aws``: whether AWS can be read with the credentials here, an action a call."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.model.clock import now_ms
from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch import policy
from collectors.sources.cloudwatch.functions import account_of
from collectors.sources.cloudwatch.permission_trials import ALLOWED, DENIED, UNREACHABLE, UNTRIED, Trial, Tried
from collectors.sources.cloudwatch.server_clock import REFUSED_S, ServerClock
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.source import ALWAYS
from lambdatui.cli.doctor.findings import FAIL, NOT_TRIED, OK, WARN, CheckResult
from lambdatui.text import figures
from pricing.call_prices import price

DEFAULT_FEATURES = ALWAYS
_TRIFLE_USD = price("cloudwatch:GetMetricData", 1, "us-east-1")  # what is tried without being asked for, and said
_OFF_S = 60.0
_SET_CLOCK = "set this machine's clock: 'timedatectl set-ntp true'"


@dataclass(frozen=True, slots=True)
class AwsAsked:
    """What is to be tried, and as whom. ``billed``: also what AWS bills more than a trifle for."""

    profile: str | None
    region: str | None
    endpoint_url: str | None = None
    features: Sequence[str] = DEFAULT_FEATURES
    billed: bool = False
    role_name: str = ""
    external_id: str = ""


def permissions(asked: AwsAsked) -> Iterator[CheckResult]:
    """The clock, the account, each action, and the statement that is missing. Credentials that do not work end it."""
    clock = ServerClock()
    try:
        session = _session(asked, asked.region)
        sts = session.client("sts")
        clock.listen(sts)
    except SourceFailed as failed:
        yield CheckResult("aws", FAIL, f"{failed.what}: {failed.meaning}", failed.advice)
        return
    try:
        account = account_of(sts, session.region, asked.profile)
    except SourceFailed as failed:
        yield from _clock(clock)
        yield CheckResult("aws", FAIL, f"{failed.what}: {failed.meaning}", failed.advice)
        if failed.denied:  # a profile's role, by its source profile
            yield _missing([(failed.denied, failed.resource)], policy.partition_of(session.region))
        return
    yield from _clock(clock)
    yield CheckResult("aws", OK, f"account {account}, {session.region}")

    def refuses(action: str, units: int) -> str:
        cost = price(action, units, session.region)
        return "" if asked.billed or cost <= _TRIFLE_USD else f"it is billed, {figures.money(cost)}: --billed tries it"

    partition = policy.partition_of(session.region)
    trial = Trial(
        session, account, refuses=refuses, open_in=lambda region: _session(asked, region),
        now_ms=now_ms(), partition=partition, role_name=asked.role_name,
        external_id=asked.external_id,
    )  # fmt: skip
    denied = []
    for tried in trial.tried(asked.features):
        if tried.outcome == DENIED and tried.by_statement:
            denied.append((tried.denied, tried.resource))
        yield _finding(tried, session.region)
    if denied:
        yield _missing(denied, partition)


def _session(asked: AwsAsked, region: str | None) -> ReadOnlySession:
    return ReadOnlySession(asked.profile, region, asked.endpoint_url)


def _clock(clock: ServerClock) -> Iterator[CheckResult]:
    if clock.ahead_s is None:
        yield CheckResult("aws clock", NOT_TRIED, "AWS's answers did not say their time", None)
        return
    away = abs(clock.ahead_s)
    side = "ahead of" if clock.ahead_s > 0 else "behind"
    difference = f"this machine's clock is {figures.milliseconds(away * 1000)} {side} AWS's"
    if away > REFUSED_S:
        yield CheckResult("aws clock", FAIL, f"{difference}: AWS refuses signatures beyond 5 minutes", _SET_CLOCK)
    elif away > _OFF_S:
        yield CheckResult("aws clock", WARN, f"{difference}; beyond 5 minutes AWS refuses signatures", _SET_CLOCK)
    else:
        yield CheckResult("aws clock", OK, "within a minute of AWS's")


def _finding(tried: Tried, region: str) -> CheckResult:
    action = tried.reading.action
    if tried.outcome == ALLOWED:
        cost = price(action, tried.billed, region)
        notes = [tried.words, f"the try was billed {figures.money(cost)}" if cost else ""]
        said = ", ".join(filter(None, notes))
        return CheckResult("permission", OK, f"{action}: {said}" if said else action, None, action)
    state = {DENIED: FAIL, UNREACHABLE: FAIL, UNTRIED: NOT_TRIED}.get(tried.outcome, WARN)
    advice = {
        DENIED: "add the statement below to the policy of who reads" if tried.by_statement else "see that policy",
        UNREACHABLE: "check the network, proxy and region; not every service is in every region",
    }.get(tried.outcome)
    return CheckResult("permission", state, f"{action}: {tried.words}", advice, action)


def _missing(denied: Sequence[tuple[str, str]], partition: str) -> CheckResult:
    document: Any = policy.document(policy.missing_statements(denied, partition))
    actions = len(dict(denied))
    return CheckResult(
        "policy",
        FAIL,
        f"{figures.counted(actions, 'action')} denied: this policy allows {'it' if actions == 1 else 'them'}",
        "'aws iam put-role-policy' (or put-user-policy) takes it as --policy-document",
        statement=json.dumps(document, indent=2),
    )
