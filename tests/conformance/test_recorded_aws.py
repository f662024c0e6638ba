"""Recorded answers of the real AWS, through botocore's own serialiser and parsers, into the model."""

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.model.records import FunctionKey
from collectors.model.units import HOUR_MS
from collectors.sources.cloudwatch import alarms, inventory, log_groups
from collectors.sources.cloudwatch.calls import Calls, TokenBucket
from collectors.sources.cloudwatch.functions import list_functions
from collectors.sources.cloudwatch.metrics import Points, Query, Span
from tests.support import needs
from tests.support.aws import ACCOUNT, REGION, canned_session
from tests.support.places import SHARED

RECORDED = SHARED / "workload" / "fixtures_custodian_placebo.zip"
pytestmark = [needs.file(RECORDED), pytest.mark.usefixtures("aws_isolated")]
FREE = TokenBucket(1e9)


def answers(operation: str) -> Iterator[dict[str, Any]]:
    """Every recorded answer of an operation, as AWS sent it: placebo keeps times as parts of a date."""
    with zipfile.ZipFile(RECORDED) as recorded:
        for file in sorted(recorded.namelist()):
            if f"/{operation}_" in file or file.startswith(f"{operation}_"):
                data = json.loads(recorded.read(file), object_hook=_plain)["data"]
                data.pop("ResponseMetadata", None)
                yield data


def _plain(value: dict[str, Any]) -> Any:
    if value.get("__class__") != "datetime":
        return value
    parts = [value[name] for name in ("year", "month", "day", "hour", "minute", "second", "microsecond")]
    return datetime(*parts, tzinfo=UTC).timestamp()


def test_functions() -> None:
    seen = 0
    for answer in answers("lambda.ListFunctions"):
        one, aws = canned_session()
        aws.answers["lambda:ListFunctions"] = lambda _, answer=answer: answer  # type: ignore[misc]
        rejects: list[Any] = []
        found = list(list_functions(one.client("lambda"), REGION, FREE, rejects))
        assert len(found) + len(rejects) == len(answer.get("Functions", ()))
        for function, settings in found:
            assert function.key.name
            assert settings.settings
            assert "Environment" not in repr(settings)
            if "MemorySize" in str(answer):
                assert function.memory_mb is None or function.memory_mb >= 128
        seen += len(found)
    assert seen > 10


def test_log_groups_event_sources_and_alarms() -> None:
    groups = [
        log_groups.facts_of(group, ACCOUNT, REGION)
        for answer in answers("logs.DescribeLogGroups")
        for group in answer.get("logGroups", ())
    ]
    assert groups
    assert all(group is not None and group.name for group in groups)
    found = 0
    for answer in answers("lambda.ListEventSourceMappings"):
        one, aws = canned_session()
        aws.answers["lambda:ListEventSourceMappings"] = lambda _, answer=answer: answer  # type: ignore[misc]
        mappings = inventory.event_sources(one.client("lambda"), ACCOUNT, REGION, FREE).configured
        found += len(mappings)
        assert all(mapping.function and mapping.item for mapping in mappings)
    assert found
    listed = 0
    for answer in answers("monitoring.DescribeAlarms"):
        one, aws = canned_session()
        aws.answers["cloudwatch:DescribeAlarms"] = lambda _, answer=answer: answer  # type: ignore[misc]
        these = list(alarms.list_alarms(one.client("cloudwatch"), ACCOUNT, REGION))
        assert len(these) == len(answer.get("MetricAlarms", [])) + len(answer.get("CompositeAlarms", []))
        assert all(alarm.state in ("OK", "ALARM", "INSUFFICIENT_DATA") for alarm in these)
        listed += len(these)
    assert listed


def test_metric_data() -> None:
    points = 0
    for answer in answers("monitoring.GetMetricData"):
        results = answer["MetricDataResults"]
        for number, result in enumerate(results):
            result["Id"] = f"m{number}"
        one, aws = canned_session()
        aws.answers["cloudwatch:GetMetricData"] = lambda _, results=results: {"MetricDataResults": results}  # type: ignore[misc]
        asked = [Query(FunctionKey("fn"), "Invocations", "Sum", (), str(number)) for number in range(len(results))]
        reading = Points(one.client("cloudwatch"), Calls(), REGION)
        found = [point for some, _ in reading.read(asked, Span(0, HOUR_MS, 60)) for point in some]
        assert len(found) == sum(len(result["Values"]) for result in results)
        points += len(found)
    assert points
