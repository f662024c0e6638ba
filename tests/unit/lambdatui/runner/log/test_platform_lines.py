"""The platform's lines in both formats."""

import json

import pytest

from lambdatui.runner.functions import Deployment
from lambdatui.runner.log.platform_lines import PlatformLines, ReportFigures

REPORT = ReportFigures(
    "id-1", 1_234_567, 128, 60, 200_005, "timeout", "Runtime.ExitError", "Root=1-a;Parent=b;Sampled=1"
)


def lines(log_format: str, runtime: str = "python3.11") -> PlatformLines:
    return PlatformLines(Deployment("fn", "/code", "app.handler", runtime, log_format=log_format, version="3"))


@pytest.mark.parametrize(
    ("runtime", "version"),
    [("python3.11", "python:3.11"), ("nodejs22.x", "nodejs:22"), ("provided.al2023", "provided.al2023")],
)
def test_the_runtimes_version(runtime: str, version: str) -> None:
    line = lines("Text", runtime).init_start("on-demand")
    assert line == (
        f"INIT_START Runtime Version: {version}\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:{runtime}\n"
    )


def test_text() -> None:
    end, report = lines("Text").last(REPORT)
    assert end == "END RequestId: id-1\n"
    assert report == (
        "REPORT RequestId: id-1\tDuration: 1234.56 ms\tBilled Duration: 1435 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 60 MB\tInit Duration: 200.00 ms\tStatus: timeout\tError Type: Runtime.ExitError\t\n"
        "XRAY TraceId: 1-a\tSegmentId: b\tSampled: true\t\n"
    )
    failed = lines("Text").init_report(9_876, "invoke", "error", "Runtime.Unknown")
    assert failed == "INIT_REPORT Init Duration: 9.87 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.Unknown\n"


def test_json() -> None:
    found = lines("JSON")
    [report] = map(json.loads, found.last(REPORT))
    assert report["type"] == "platform.report"
    assert report["record"] == {
        "requestId": "id-1",
        "metrics": {
            "durationMs": 1234.56,
            "billedDurationMs": 1435,
            "memorySizeMB": 128,
            "maxMemoryUsedMB": 60,
            "initDurationMs": 200.0,
        },
        "status": "timeout",
        "errorType": "Runtime.ExitError",
    }
    start = json.loads(found.init_start("provisioned-concurrency"))["record"]
    assert (start["initializationType"], start["functionVersion"]) == ("provisioned-concurrency", "3")
    failed = json.loads(found.init_report(9_876, "init", "timeout", "Sandbox.Timedout"))
    assert failed["record"]["errorType"] == "Sandbox.Timedout"
    assert failed["record"]["metrics"] == {"durationMs": 9.876}
    assert json.loads(found.start("id-1"))["record"]["functionArn"].endswith(":function:fn:3")
