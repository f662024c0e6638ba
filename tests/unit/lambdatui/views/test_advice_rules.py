"""Each rule says in its row what to do, and the command that does it where there is one."""

import dataclasses
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lambdatui.views.advice_item import Advice, AdviceSubject
from lambdatui.views.advice_rules import RULES
from lambdatui.views.function_settings import SettingsView
from lambdatui.views.runtimes import successor
from lambdatui.views.throttle_causes import ACCOUNT, RESERVED, Holder, ThrottleCause
from pricing.recommendations import BASIS, SuggestedChange
from tests.support.small_store import T0

NOTHING = ThrottleCause(7, T0, 60, 40)
KNOWN = SettingsView(7, "pay", "1", "eu-west-1", "python3.9", "x86_64", 1024, 3, None, None, "/aws/lambda/pay")


def change(rule: str, **more: Any) -> SuggestedChange:
    two = Decimal(2)
    return SuggestedChange("pay", "1", "eu-west-1", rule, two, two, two, two, "USD", "high", "2", rule=rule, **more)


def advised(
    kind: str, *, settings: SettingsView | None = None, throttled: ThrottleCause | None = None,
    by_rule: dict[str, SuggestedChange] | None = None, again: tuple[int, str] | None = None, **row: Any,
) -> Advice:  # fmt: skip
    of: dict[str, Any] = {
        "function_id": 7, "function": "pay", "region": "eu-west-1", "runtime": "nodejs22.x", "timeouts": 0,
        "throttles": 0, "invocations": 100, "errors": 0, "max_memory_mb": 80, "memory_mb": 1024, "cold_ratio": 0.0,
        "cold_starts": 0, "timeout_s": 3, "max_ms": 3000.0, "p99_ms": 3000.0, "coverage": 1.0,
    }  # fmt: skip
    subject = AdviceSubject(
        cast(Any, SimpleNamespace(**(of | row))),
        date(2026, 11, 30),
        10_000_000,
        again,
        settings,
        by_rule or {},
        throttled,
    )
    (found,) = (each for rule in RULES for each in rule(subject) if each.kind == kind)
    return found


LAMBDA = "aws lambda"
CASES = {
    "timeout": (
        advised("timeout", timeouts=3), "give its calls a deadline",
        f"{LAMBDA} update-function-configuration --function-name pay --timeout 6 --region eu-west-1",
    ),
    "timeout at the most": (advised("timeout", timeouts=3, timeout_s=900), "give its calls a deadline", ""),
    "timeout unknown": (advised("timeout", timeouts=3, timeout_s=None), "give its calls a deadline", ""),
    "throttle by the account": (
        advised("throttle", throttles=9, throttled=dataclasses.replace(
            NOTHING, limited_by=ACCOUNT, limit=1000, held=1000, holders=(Holder(8, "report-job", 640),))),
        "raise the limit of 1,000",
        "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384"
        " --desired-value 2000 --region eu-west-1",
    ),
    "throttle by its reserve": (
        advised("throttle", throttles=9, throttled=dataclasses.replace(
            NOTHING, limited_by=RESERVED, limit=20, has_reserve=True, of_account=1000, reserved_by_all=890)),
        "reserve 30 in place of 20",
        f"{LAMBDA} put-function-concurrency --function-name pay --reserved-concurrent-executions 30 --region eu-west-1",
    ),
    "throttle without a rest": (
        advised("throttle", throttles=9, throttled=dataclasses.replace(
            NOTHING, limited_by=RESERVED, limit=20, has_reserve=True, of_account=1000, reserved_by_all=900)),
        "reserve less for others", "",
    ),
    "throttle of what is off": (
        advised("throttle", throttles=9, throttled=dataclasses.replace(
            NOTHING, limited_by=RESERVED, limit=0, has_reserve=True)),
        "end its reserve of 0", f"{LAMBDA} delete-function-concurrency --function-name pay --region eu-west-1",
    ),
    "throttle of unknown cause": (
        advised("throttle", throttles=9, throttled=dataclasses.replace(NOTHING, limit=1000, held=40)),
        "T shows what is known of it", "",
    ),
    "memory small": (
        advised("memory small", max_memory_mb=1024), "raise the memory to 1280 MB",
        f"{LAMBDA} update-function-configuration --function-name pay --memory-size 1280 --region eu-west-1",
    ),
    "memory at the most": (
        advised("memory small", memory_mb=10_240, max_memory_mb=10_240), "work on less at once", "",
    ),
    "memory large": (
        advised("memory large", by_rule={"memory": change("memory", memory_mb=512, slower=(1.0, 1.5, 2.0))}),
        "set the memory to 512 MB",
        f"{LAMBDA} update-function-configuration --function-name pay --memory-size 512 --region eu-west-1",
    ),
    "arm64": (
        advised("arm64", by_rule={"arm64": change("arm64")}), "try arm64",
        f"{LAMBDA} update-function-code --function-name pay --architectures arm64 --zip-file fileb://CODE.zip"
        " --region eu-west-1",
    ),
    "cold starts": (
        advised("cold starts", cold_ratio=0.5, cold_starts=50), "load less at import", "",
    ),
    "cold starts with SnapStart": (
        advised("cold starts", cold_ratio=0.5, cold_starts=50, runtime="python3.13"), "SnapStart; load less at import",
        f"{LAMBDA} update-function-configuration --function-name pay --snap-start ApplyOn=PublishedVersions"
        " --region eu-west-1",
    ),
    "cold starts of an alias": (
        advised("cold starts", cold_ratio=0.5, cold_starts=50,
                settings=dataclasses.replace(KNOWN, alias_names=("li've",))),
        "load less at import; keep 1 warm",
        f"{LAMBDA} put-provisioned-concurrency-config --function-name pay --qualifier 'li'\"'\"'ve'"
        " --provisioned-concurrent-executions 1 --region eu-west-1",
    ),
    "cold starts with SnapStart on": (
        advised("cold starts", cold_ratio=0.5, cold_starts=50, runtime="java21",
                settings=dataclasses.replace(KNOWN, has_snapstart=True)),
        "load less at import", "",
    ),
    "runtime": (
        advised("runtime", runtime="python3.9"), "move to python3.14",
        f"{LAMBDA} update-function-configuration --function-name pay --runtime python3.14 --region eu-west-1",
    ),
    "runtime of an image": (advised("runtime", runtime="nodejs4.3-edge"), "move to a supported runtime", ""),
    "retries": (
        advised("retries", again=(3, "r")), "lower its retries",
        f"{LAMBDA} update-function-event-invoke-config --function-name pay --maximum-retry-attempts 0"
        " --region eu-west-1",
    ),
    "retries without settings": (
        advised("retries", again=(3, "r"), settings=dataclasses.replace(KNOWN, looked_at=True)), "lower its retries",
        f"{LAMBDA} put-function-event-invoke-config --function-name pay --maximum-retry-attempts 0 --region eu-west-1",
    ),
    "retries of a queue": (
        advised("retries", again=(3, "r"), settings=dataclasses.replace(KNOWN, sources="arn:aws:sqs:x")),
        "lower its retries", "",
    ),
    "dead letters": (
        advised("dead letters", again=(3, "r"), settings=dataclasses.replace(KNOWN, looked_at=True)),
        "set a dead-letter queue",
        f"{LAMBDA} update-function-configuration --function-name pay --dead-letter-config TargetArn=QUEUE_ARN"
        " --region eu-west-1",
    ),
    "batch failures": (
        advised("batch failures", errors=3, settings=dataclasses.replace(KNOWN, whole_batches={"0f": "arn:aws:sqs:x"})),
        "report failed records",
        f"{LAMBDA} update-event-source-mapping --uuid 0f --function-response-types ReportBatchItemFailures"
        " --region eu-west-1",
    ),
    "log retention": (
        advised("log retention", settings=dataclasses.replace(KNOWN, looked_at=True, log_group_seen=True)),
        "keep it for 30 days",
        "aws logs put-retention-policy --log-group-name /aws/lambda/pay --retention-in-days 30 --region eu-west-1",
    ),
    "logs dearer": (
        advised("logs dearer", by_rule={"logs_dearer": change("logs_dearer")}), "write fewer lines",
        f"{LAMBDA} update-function-configuration --function-name pay --logging-config"
        " LogFormat=JSON,ApplicationLogLevel=WARN,SystemLogLevel=WARN --region eu-west-1",
    ),
    "provisioned off": (
        advised("provisioned off", by_rule={"provisioned_off": change("provisioned_off")},
                settings=dataclasses.replace(KNOWN, provisioned=("live",))),
        "end provisioned concurrency",
        f"{LAMBDA} delete-provisioned-concurrency-config --function-name pay --qualifier live --region eu-west-1",
    ),
    "provisioned on": (
        advised("provisioned on", by_rule={"provisioned_on": change("provisioned_on", environments=4)},
                settings=dataclasses.replace(KNOWN, alias_names=("live", "next"))),
        "keep environments ready",
        f"{LAMBDA} put-provisioned-concurrency-config --function-name pay --qualifier live"
        " --provisioned-concurrent-executions 4 --region eu-west-1",
    ),
    "stale versions": (
        advised("stale versions", by_rule={"stale_versions": change("stale_versions")}), "delete stale versions", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_to_do_and_the_command(case: str) -> None:
    advice, action, command = CASES[case]
    assert (advice.do, advice.command) == (action, command)
    assert len(action) <= 32


def test_throttles_say_who_took_it() -> None:
    advice, _, _ = CASES["throttle by the account"]
    assert "report-job took 640 (64%)" in advice.found
    assert "limit report-job by a reserve of its own" in advice.advice


@pytest.mark.parametrize(
    ("runtime", "newest"),
    [
        ("python3.9", "python3.14"), ("python2.7", "python3.14"), ("nodejs16.x", "nodejs24.x"), ("go1.x", None),
        ("java8.al2", "java25"), ("dotnetcore2.1", None), ("dotnet6", "dotnet10"), ("provided", "provided.al2023"),
        ("ruby2.7", "ruby4.0"), ("python3.14", None), ("nodejs4.3-edge", None), ("container", None), ("", None),
    ],
)  # fmt: skip
def test_the_runtime_to_move_to(runtime: str, newest: str | None) -> None:
    assert successor(runtime, "2026-11-30") == newest


def test_what_a_month_is_worth_is_the_same_as_in_whatif() -> None:
    advice, _, _ = CASES["arm64"]
    assert (advice.saves_usd, advice.basis) == (Decimal(2), BASIS)
