"""How a function is set up, as the Configuration and Function screens and ``lambdatui function`` say it."""

import json
from pathlib import Path

import pytest

from collectors.model.account import Configured, Inventory
from collectors.model.records import Function, FunctionKey, MetricPoint
from collectors.model.units import DAY_MS, DAY_S, MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from lambdatui.screens.dialogs.settings import settings_parts
from lambdatui.views.function import function
from lambdatui.views.function_charts import function_charts
from lambdatui.views.function_facts import NOT_COLLECTED
from lambdatui.views.function_settings import function_settings
from lambdatui.views.log_search import log_search
from lambdatui.views.time_range import TimeRange
from tests.support.command_line import run

ACCOUNT, REGION, T0 = "123456789012", "eu-west-1", 1_743_415_200_000
RANGE = TimeRange(T0 - 1, T0 + DAY_MS, "a day")
Told = tuple[str, str, dict[str, object]]


def store(path: Path, *told: Told) -> Path:
    found = [Configured(ACCOUNT, REGION, "pay", kind, item, settings) for kind, item, settings in told]  # type: ignore[arg-type]
    with writing(path) as connection:
        writer = Writer(connection, fingerprint)
        writer.begin("cloudwatch")
        writer.configure([Function(FunctionKey("pay", ACCOUNT, REGION))])
        kinds = tuple(dict.fromkeys(one.kind for one in found))
        kept.keep_inventory(connection, Inventory(ACCOUNT, REGION, kinds, found), T0)
        writer.flush()
    return path


def parts(path: Path) -> dict[str, str]:
    with Reader(path) as reader:
        (row,) = function_settings(reader, RANGE).rows
    return dict(settings_parts(row, utc=True))


OWN: Told = ("function", "", {"memory_mb": 512, "package_type": "Zip"})


def test_what_is_known_is_said_in_words(tmp_path: Path) -> None:
    own = {
        "memory_mb": 512, "vpc": "vpc-1", "subnets": "subnet-1,subnet-2", "security_groups": "sg-1", "ipv6": True,
        "kms_key": "arn:aws:kms:r:1:key/k", "tenancy": "PER_TENANT", "durable_timeout_s": DAY_S,
        "durable_retention_days": 30, "layers": "arn:layer:a:1 arn:layer:b:2", "log_group": "/g", "log_format": "JSON",
        "application_log_level": "INFO", "capacity_provider": "arn:aws:lambda:r:1:capacity-provider:pool",
        "environment_concurrency": 16, "file_systems": "arn:fs at /mnt/a",
    }  # fmt: skip
    said = parts(
        store(
            tmp_path / "s.db",
            ("function", "", own),
            ("status", "", {"state": "Failed", "state_reason": "no key", "state_reason_code": "KMSKeyNotFound",
                            "last_update": "Successful"}),
            ("permission", "", {"statements": 3}),
            ("permission", "bucket", {"effect": "Allow", "principal": "s3.amazonaws.com",
                                      "action": "lambda:InvokeFunction", "source_arn": "arn:aws:s3:::b",
                                      "source_account": "1"}),
            ("permission", "no", {"effect": "Deny", "principal": "*", "action": "lambda:InvokeFunctionUrl",
                                  "conditions": "Bool a false"}),
            ("permission", "live", {"statements": 1}),
            ("permission", "live x", {"effect": "Allow", "principal": "arn:aws:iam::2:root",
                                      "action": "lambda:InvokeFunction"}),
            ("recursion", "", {"recursive_loop": "Allow"}),
            ("runtime", "", {"update_on": "Manual", "pinned": "arn:rt"}),
            ("async", "$LATEST", {"maximum_retries": 1, "on_failure": "arn:q"}),
            ("managed version", "3", {"provider": "pool", "state": "Active"}),
            ("event source", "u-1", {"source": "arn:q", "state": "Enabled", "batch_size": 10, "minimum_pollers": 2,
                                     "maximum_pollers": 9, "problem": "PROBLEM: Function call failed"}),
            ("scaling", "3", {"minimum_environments": 2, "maximum_environments": 9}),
            ("code signing", "", {"config": "arn:csc", "untrusted_code": "Warn"}),
        )
    )  # fmt: skip
    assert said["State"] == "Failed: no key (KMSKeyNotFound)"
    assert said["Last update"] == "Successful"
    assert said["Who may invoke"].split("\n") == [
        "s3.amazonaws.com for arn:aws:s3:::b of account 1",
        "live: arn:aws:iam::2:root",
        "not * if Bool a false, lambda:InvokeFunctionUrl",
    ]
    assert said["Recursive loops"] == "allowed"
    assert said["Runtime updates"] == "by hand, stays at arn:rt"
    assert said["Network"] == "vpc-1, subnets subnet-1,subnet-2, security groups sg-1, IPv6 allowed"
    assert said["Durable"] == "executions of up to 86400 s, kept 30 days"
    assert said["Managed instances"] == "pool, 16 at once in an environment, 3 Active, 3 2 to 9 environments"
    assert said["Logs go to"] == "/g, JSON, application INFO"
    assert said["Layers"].split("\n") == ["arn:layer:a:1", "arn:layer:b:2"]
    assert said["Asynchronous events"] == "$LATEST: 1 retries within - s, failure to arn:q"
    assert said["Event sources"] == "arn:q Enabled, 2 to 9 pollers, batches of 10, PROBLEM: Function call failed"
    assert said["Code signing"] == "arn:csc, untrusted code: Warn"
    assert (said["Tenancy"], said["KMS key"], said["File systems"]) == (
        "PER_TENANT", "arn:aws:kms:r:1:key/k", "arn:fs at /mnt/a",
    )  # fmt: skip


def test_unknown_denied_and_none_are_three_things(tmp_path: Path) -> None:
    said = parts(
        store(
            tmp_path / "s.db",
            OWN,
            ("permission", "", {"statements": 0}),
            ("denied", "recursion", {"action": "lambda:GetFunctionRecursionConfig", "why": "denied"}),
            ("denied", "status", {"action": "lambda:GetFunctionConfiguration", "why": "failed"}),
        )
    )
    assert said["Who may invoke"].startswith("nobody by a policy of its own")
    assert said["Recursive loops"] == "n/a (denied: lambda:GetFunctionRecursionConfig)"
    assert said["State"] == "n/a (failed: lambda:GetFunctionConfiguration)"
    assert said["Runtime updates"] == NOT_COLLECTED
    assert "Network" not in said  # the listing said nothing of a VPC, and nothing is claimed


def test_what_was_known_before_it_was_denied_is_still_said(tmp_path: Path) -> None:
    path = store(
        tmp_path / "s.db", OWN, ("recursion", "", {"recursive_loop": "Terminate"}),
        ("denied", "recursion", {"action": "lambda:GetFunctionRecursionConfig", "why": "denied"}),
    )  # fmt: skip
    assert parts(path)["Recursive loops"] == "stopped by Lambda"


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ({"f": {"destination": "arn:aws:s3:::b"}},
         "no log group keeps its lines; g hands them on to arn:aws:s3:::b"),
        ({"f": {"destination": "arn:aws:firehose:r:1:deliverystream/d"}, "h": {"destination": "arn:aws:s3:::b"}},
         "no log group keeps its lines; g hands them on to arn:aws:firehose:r:1:deliverystream/d,"
         " arn:aws:s3:::b"),
        ({}, "no log group keeps its lines; g hands them on to nobody"),
    ],
)  # fmt: skip
def test_lines_that_no_group_keeps_are_said_to_go_elsewhere(
    tmp_path: Path, filters: dict[str, dict[str, object]], text: str
) -> None:
    told: list[Told] = [("log destination", "", {"log_group": "g", "destinations": len(filters)})]
    told += [("log destination", item, settings) for item, settings in filters.items()]
    path = store(tmp_path / "s.db", OWN, *told)
    assert parts(path)["Logs go to"] == text
    # Who looks for its lines is told so, instead of that there are none.
    asked = run("--db", path, "--function", "pay", "--range", "all", "logs")
    assert asked.exit_code == 0
    assert text.replace("its lines", "the lines of pay") in asked.stderr
    with Reader(path) as reader:
        found = log_search(reader, RANGE, function_id=reader.functions()[0].id)
    assert text.replace("its lines", "the lines of pay") in found.not_kept


def test_a_group_that_it_wrote_to_before_is_not_where_its_lines_go(tmp_path: Path) -> None:
    own: Told = ("function", "", {"log_group": "new"})
    path = store(tmp_path / "s.db", own, ("log destination", "", {"log_group": "old", "destinations": 0}))
    assert parts(path)["Logs go to"] == "new"


def test_the_command_prints_it_and_json_has_it(tmp_path: Path) -> None:
    path = store(
        tmp_path / "s.db", OWN,
        ("status", "", {"state": "Inactive", "state_reason": "idle\x1b[2J", "last_update": "Failed"}),
    )  # fmt: skip
    printed = run("--db", path, "function", "pay")
    assert printed.exit_code == 0, printed.output
    assert "State" in printed.stdout
    assert "Inactive: idle" in printed.stdout
    assert "\x1b" not in printed.stdout
    told = json.loads(run("--db", path, "function", "pay", "--json").stdout)["setup"]
    assert told["last_update"] == "Failed"
    assert told["who_may_invoke"] == NOT_COLLECTED


def test_a_store_of_logs_alone_says_nothing_of_it(tmp_path: Path) -> None:
    path = store(tmp_path / "s.db")
    assert "Who may invoke" not in parts(path)
    told = json.loads(run("--db", path, "function", "pay", "--json").stdout)
    assert told["setup"] == {}


def test_metrics_that_few_functions_have_are_charted_where_there_are_any(tmp_path: Path) -> None:
    path = store(tmp_path / "s.db", OWN, ("event source", "u-1", {"source": "arn:aws:kafka:r:1:orders"}))
    key = FunctionKey("pay", ACCOUNT, REGION)
    points = [("IteratorAge", "Maximum", 5_000.0), ("ExecutionEnvironmentCPUUtilization", "Maximum", 71.0),
              ("ProvisionedPollers u-1", "Maximum", 3.0), ("PolledEventCount u-1", "Sum", 9.0),
              ("DeadLetterErrors", "Sum", 0.0)]  # fmt: skip
    with writing(path) as connection:
        writer = Writer(connection, fingerprint)
        writer.measure(MetricPoint(key, name, stat, 60, T0 + MINUTE_MS, value) for name, stat, value in points)
        writer.flush()
    span = TimeRange(T0, T0 + 180_000, "three minutes")
    with Reader(path) as reader:
        detail = function(reader, span, reader.functions()[0].id, chart_columns=3)
        assert detail is not None
        charts = {one.title: one for one in function_charts(reader, span, detail, None)}
    assert charts["Iterator age, peak"].curves[0].values == (None, 5_000.0, None)
    assert charts["Pollers of orders"].curves[0].values == (None, 3.0, None)
    assert charts["Events of orders"].curves[0].values == (None, 9.0, None)
    assert [one.name for one in charts["Environments, % of CPU and memory"].curves] == ["CPU"]
    assert charts["Not delivered"].curves[0].values == (None, 0.0, None)  # answered: none failed
    assert not [title for title in charts if title.startswith(("Lag", "Offset", "Asynchronous"))]
