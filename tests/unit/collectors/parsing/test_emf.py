"""Which lines carry metrics in the Embedded Metric Format, and which are told to be invalid."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.records import EmfSample
from collectors.model.units import DAY_MS, HOUR_MS
from collectors.parsing.emf import read

T0 = 1_770_000_000_000
REQUEST = "5d1b4ef1-6a0f-4b4c-9d24-0c5d8f2f7e11"

POWERTOOLS_PYTHON = (
    '{"_aws":{"Timestamp":1770000000123,"CloudWatchMetrics":[{"Namespace":"Airline","Dimensions":[["service"]],'
    '"Metrics":[{"Name":"Booked","Unit":"Count"},{"Name":"Paid","Unit":"Count","StorageResolution":1}]}]},'
    '"service":"booking","booking_id":"00347014-341d-4b8e-8421-a89d3d588ab3","Booked":[1.0,1.0],"Paid":[3.5]}'
)
POWERTOOLS_TYPESCRIPT = (
    '{"_aws":{"Timestamp":1770000000123,"CloudWatchMetrics":[{"Namespace":"orders","Dimensions":[["service","env"]],'
    '"Metrics":[{"Name":"latency","Unit":"Milliseconds"}]}]},"service":"api","env":"prod","latency":[12,31.25]}'
)
NODE = (
    '{"LogGroup":"fn","ServiceName":"fn","ServiceType":"AWS::Lambda::Function","executionEnvironment":"AWS_Lambda_nodejs",'
    '"memorySize":"128","requestId":"x","_aws":{"Timestamp":1770000000123,"CloudWatchMetrics":[{"Dimensions":'
    '[["LogGroup","ServiceName","ServiceType"],["ServiceName"]],"Metrics":[{"Name":"ProcessingTime","Unit":"Milliseconds"}],'
    '"Namespace":"aws-embedded-metrics"}]},"ProcessingTime":100}'
)
JAVA = (
    '{"_aws":{"Timestamp":1770000000123,"CloudWatchMetrics":[{"Namespace":"jvm","Metrics":[{"Name":"heap","Unit":"Bytes"}],'
    '"Dimensions":[[]]}]},"heap":[1024,2048],"functionVersion":"$LATEST"}'
)
DOTNET = (
    '{"_aws":{"Timestamp":1770000000123,"CloudWatchMetrics":[{"Namespace":"dotnet","Metrics":[{"Name":"Lookups",'
    '"Unit":"Count"}],"Dimensions":[["Service"]]}]},"Service":"geo","Lookups":7}'
)
INSIGHTS = (
    '{"_aws":{"Timestamp":1770000000123,"CloudWatchMetrics":[{"Namespace":"LambdaInsights","Dimensions":[["function_name"],'
    '["function_name","version"]],"Metrics":[{"Name":"memory_utilization","Unit":"Percent"}]}]},"function_name":"shop",'
    '"version":"$LATEST","memory_utilization":46,"event_type":"performance"}'
)


def told(text: str, at_ms: int = T0) -> list[str]:
    samples, problems = read(text, at_ms)
    assert samples == []
    return [reason for reason, _ in problems]


def document(**changes: Any) -> dict[str, Any]:
    """A document with one metric; ``changes`` are of the metadata, the directive, the metric or the root."""
    metric = {"Name": "took", "Unit": "Milliseconds"} | changes.pop("metric", {})
    directive = {"Namespace": "Shop", "Dimensions": [["service"]], "Metrics": [metric]} | changes.pop("directive", {})
    metadata = {"Timestamp": T0, "CloudWatchMetrics": [directive]} | changes.pop("metadata", {})
    whole = {"_aws": metadata, "service": "pay", "took": 5} | changes
    return {name: value for name, value in whole.items() if value is not ...}


def line(**changes: Any) -> str:
    return json.dumps(document(**changes))


def without(part: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != name}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (POWERTOOLS_PYTHON, [("Airline", "Booked", "Count", (("service", "booking"),), (1.0, 1.0)),
                             ("Airline", "Paid", "Count", (("service", "booking"),), (3.5,))]),
        (POWERTOOLS_TYPESCRIPT,
         [("orders", "latency", "Milliseconds", (("env", "prod"), ("service", "api")), (12.0, 31.25))]),
        (NODE, [("aws-embedded-metrics", "ProcessingTime", "Milliseconds",
                 (("LogGroup", "fn"), ("ServiceName", "fn"), ("ServiceType", "AWS::Lambda::Function")), (100.0,)),
                ("aws-embedded-metrics", "ProcessingTime", "Milliseconds", (("ServiceName", "fn"),), (100.0,))]),
        (JAVA, [("jvm", "heap", "Bytes", (), (1024.0, 2048.0))]),
        (DOTNET, [("dotnet", "Lookups", "Count", (("Service", "geo"),), (7.0,))]),
        (INSIGHTS, [("LambdaInsights", "memory_utilization", "Percent", (("function_name", "shop"),), (46.0,)),
                    ("LambdaInsights", "memory_utilization", "Percent",
                     (("function_name", "shop"), ("version", "$LATEST")), (46.0,))]),
    ],
    ids=["powertools-python", "powertools-typescript", "node", "java", "dotnet", "lambda-insights"],
)  # fmt: skip
@pytest.mark.parametrize(
    "before",
    ["", "2026-02-02T02:40:00.123Z\t" + REQUEST + "\tINFO\t", "2026-02-02T02:40:00.123Z\t" + REQUEST + "\tINFO\t\n",
     "[INFO]\t2026-02-02T02:40:00.123Z\t" + REQUEST + "\t", "2026-02-02 02:40:00 " + REQUEST + " INFO  Metrics - ",
     "{main} INFO "],
    ids=["bare", "node", "node-newline", "python", "log4j", "braces"],
)  # fmt: skip
def test_each_metric_and_set_of_dimensions_of_a_line_is_a_sample(
    text: str, expected: list[tuple[Any, ...]], before: str
) -> None:
    samples, problems = read(f"{before}{text}\n", T0)
    assert problems == []
    assert samples == [EmfSample(*said[:4], 1_770_000_000_123, said[4]) for said in expected]


def test_several_directives_and_all_units_and_no_unit() -> None:
    second = {
        "Namespace": "B",
        "Dimensions": [[], ["env"]],
        "Metrics": [{"Name": "n"}, {"Name": "took", "Unit": "Count/Second"}],
    }
    given = document(env="prod", n=[-1.5, 0])
    given["_aws"]["CloudWatchMetrics"].append(second)
    samples, problems = read(json.dumps(given), T0)
    assert problems == []
    assert [(one.namespace, one.metric, one.unit, one.dimensions, one.values) for one in samples] == [
        ("Shop", "took", "Milliseconds", (("service", "pay"),), (5.0,)),
        ("B", "n", "None", (), (-1.5, 0.0)),
        ("B", "n", "None", (("env", "prod"),), (-1.5, 0.0)),
        ("B", "took", "Count/Second", (), (5.0,)),
        ("B", "took", "Count/Second", (("env", "prod"),), (5.0,)),
    ]


def test_a_set_that_is_given_twice_in_another_order_is_one_metric() -> None:
    samples, _ = read(line(directive={"Dimensions": [["service", "env"], ["env", "service"]]}, env="x"), T0)
    assert [one.dimensions for one in samples] == [(("env", "x"), ("service", "pay"))]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line(took="5"), "neither a number nor a list of numbers"),
        (line(took=True), "neither a number nor a list of numbers"),
        (line(took=[1, "2"]), "neither a number nor a list of numbers"),
        (line(took={"Max": 1, "Min": 1}), "neither a number nor a list of numbers"),
        (line(took=[[1]]), "neither a number nor a list of numbers"),
        (line(took=...), "a metric is not among the line's members"),
        (line(took=None), "a metric is not among the line's members"),
        (line(took=[]), "no value, or more than 100"),
        (line(took=[1] * 101), "no value, or more than 100"),
        (line(took=2**361), "not between -2^360 and 2^360"),
        (line(service=...), "a dimension is not among the line's members"),
        (line(service=7), "a dimension's value is no text"),
        (line(service=""), "a dimension's value is no text"),
        (line(service="x" * 1025), "longer than 1,024"),
        (line(directive={"Dimensions": [[f"d{n}" for n in range(31)]]}, **{f"d{n}": "x" for n in range(31)}),
         "more than 30 dimensions"),
        (line(directive={"Dimensions": []}), "no list of Dimensions"),
        (line(directive={"Dimensions": ["service"]}), "a set of dimensions is no list"),
        (line(directive={"Dimensions": [[5]]}), "a dimension has no name"),
        (line(directive={"Namespace": None}), "no Namespace"),
        (line(directive={"Namespace": " "}), "no Namespace"),
        (line(directive={"Metrics": {"Name": "took"}}), "no list of Metrics"),
        (line(directive={"Metrics": ["took"]}), "a metric is no object"),
        (line(directive={"Metrics": [{"Name": "took"}] * 101}), "more than 100 Metrics"),
        (line(metric={"Name": ""}), "a metric has no Name"),
        (line(metric={"Unit": "ms"}), "Unit is none of CloudWatch's"),
        (line(metric={"Unit": None}), "Unit is none of CloudWatch's"),
        (line(metric={"StorageResolution": 30}), "StorageResolution"),
        (line(metadata={"CloudWatchMetrics": None}), "no list of CloudWatchMetrics"),
        (line(metadata={"CloudWatchMetrics": ["x"]}), "a directive is no object"),
        (line(metadata={"Timestamp": None}), "no Timestamp"),
        (line(metadata={"Timestamp": str(T0)}), "no Timestamp"),
        (line(metadata={"Timestamp": T0 // 1000}), "more than 2 weeks before"),
        (line(metadata={"Timestamp": T0 - 15 * DAY_MS}), "more than 2 weeks before"),
        (line(metadata={"Timestamp": T0 + 2 * HOUR_MS + 1}), "2 hours after"),
        (line()[:-1], "no whole JSON object"),
        (line() + " and more", "no whole JSON object"),
        (f"[{line()}]", "no whole JSON object"),
        (line().replace('"took": 5', '"took": NaN'), "no whole JSON object"),
        (json.dumps({"timestamp": "x", "level": "INFO", "message": document()}), "within a log record's message"),
        (json.dumps({"timestamp": "x", "level": "INFO", "message": line()}), "within a log record's message"),
    ],
    ids=range(40),
)  # fmt: skip
def test_what_is_invalid_is_told(text: str, reason: str) -> None:
    (found,) = told(text)
    assert reason in found


def test_what_is_valid_beside_something_invalid_counts() -> None:
    metrics = [{"Name": "took"}, {"Name": "gone"}, {"Name": "text"}]
    samples, problems = read(
        line(directive={"Metrics": metrics, "Dimensions": [["service"], ["nobody"]]}, text="7"), T0
    )
    assert [(one.metric, one.dimensions) for one in samples] == [("took", (("service", "pay"),))]
    assert [about for _, about in problems] == ["nobody", "gone", "text"]


@pytest.mark.parametrize(
    "text",
    ["", "plain", "use_aws_sdk", '{"message":"hello"}', '{"_aws":"x"}', '{"event":{"_aws":{"CloudWatchMetrics":[]}}}',
     'the key "_aws" is reserved', "{'_aws': {'CloudWatchMetrics': []}}", '{"message":"the \\"_aws\\" key"}',
     '{"_aws":{"Timestamp":1770000000000,"CloudWatchMetrics":[]}}',
     '{"message":{"_aws":"x"}}', '{"message":["_aws"]}'],
)  # fmt: skip
def test_other_lines_have_no_metrics_and_nothing_is_told_of_them(text: str) -> None:
    assert read(text, T0) == ([], [])


def test_times_within_what_cloudwatch_takes_are_the_metrics_own() -> None:
    for moment in (T0 - 14 * DAY_MS, T0 + 2 * HOUR_MS, float(T0)):
        samples, problems = read(line(metadata={"Timestamp": moment}), T0)
        assert [one.at_ms for one in samples] == [int(moment)]
        assert problems == []


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Name", "Unit", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.data())
@settings(max_examples=300)
def test_no_document_ends_it_and_all_that_is_read_is_within_the_bounds(data: st.DataObject) -> None:
    dice = random.Random(data.draw(st.integers()))
    part = dice.choice(["metric", "directive", "metadata", "root"])
    name = {"metric": "Unit", "directive": "Dimensions", "metadata": "CloudWatchMetrics", "root": "took"}[part]
    value = data.draw(JSONS)
    text = line(**{name: value}) if part == "root" else line(**{part: {name: value}})
    for given_text in (text, text[: dice.randrange(len(text))], f"INFO {text}", f"{{{text}"):
        samples, problems = read(given_text, T0)
        assert isinstance(problems, list)
        for one in samples:
            assert 0 < len(one.values) <= 100
            assert all(abs(each) <= 2.0**360 for each in one.values)


@pytest.mark.parametrize("text", ['{"_aws":' * 5_000, "{" * 100_000 + '"_aws"', '{"_aws":{"CloudWatchMetrics":' + "[" * 9_000,
                                  '{"a":"\ud7ff","_aws":{}}'], ids=range(4))  # fmt: skip
def test_hostile_lines_end_nothing(text: str) -> None:
    samples, _ = read(text, T0)
    assert samples == []
