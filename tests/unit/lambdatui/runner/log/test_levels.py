"""Which lines a function's log levels let through, and the end of a log that a caller gets."""

import json

import pytest

from lambdatui.runner.functions import Deployment
from lambdatui.runner.log.levels import output_filter, platform_lines
from lambdatui.runner.log.platform_lines import ReportFigures
from lambdatui.runner.log.tail import TAIL_BYTES, new_tail, tail_bytes

GOOD = ReportFigures("id-1", 1_000, 128, 60)
FAILED = ReportFigures("id-1", 1_000, 128, 60, None, "error", "Runtime.ExitError")


def deployment(**levels: str) -> Deployment:
    return Deployment("fn", "/code", "app.handler", "python3.11", **{"log_format": "JSON", **levels})  # type: ignore[arg-type]


def types(lines: list[str]) -> list[str]:
    return [json.loads(line)["type"].removeprefix("platform.") for line in lines if line]


@pytest.mark.parametrize(
    ("level", "started", "initialised", "good", "failed"),
    [
        ("DEBUG", 2, ["initRuntimeDone", "initReport"], ["runtimeDone", "report"], ["runtimeDone", "report"]),
        ("INFO", 2, [], ["report"], ["runtimeDone", "report"]),
        ("WARN", 0, [], [], ["runtimeDone", "report"]),
    ],
)
def test_system_levels(level: str, started: int, initialised: list[str], good: list[str], failed: list[str]) -> None:
    lines = platform_lines(deployment(system_level=level))
    assert len(types([lines.init_start("on-demand"), lines.start("id-1")])) == started
    assert types(lines.init_succeeded("on-demand", 9)) == initialised
    assert types(lines.last(GOOD)) == good
    assert types(lines.last(FAILED)) == failed
    assert types([lines.init_report(9, "init", "error", None)]) == ["initReport"]


def test_a_provisioned_init_is_reported() -> None:
    lines = platform_lines(deployment())
    assert types(lines.init_succeeded("provisioned-concurrency", 9)) == ["initReport"]


def test_the_text_format_has_no_levels() -> None:
    text = deployment(log_format="Text", system_level="WARN", application_level="FATAL")
    assert output_filter(text) is None
    assert platform_lines(text).start("id-1").startswith("START")
    assert platform_lines(text).init_succeeded("on-demand", 9) == []
    assert output_filter(deployment(application_level="TRACE")) is None


@pytest.mark.parametrize(
    ("message", "least"),
    [
        ('{"level": "TRACE", "timestamp": "t"}', "TRACE"),
        ('{"level": "debug"}', "DEBUG"),
        ('{"level": "INFO"}', "INFO"),
        ('{"message": "no level"}', "INFO"),
        ('{"level": "odd"}', "INFO"),
        ('{"level": "WARNING"}', "WARN"),
        ('{"level": "CRITICAL"}', "FATAL"),
        ("plain text", "FATAL"),
        ("{no json", "FATAL"),
        ("[1]", "FATAL"),
    ],
)
def test_application_levels(message: str, least: str) -> None:
    names = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
    for name in names:
        keep = output_filter(deployment(application_level=name))
        kept = keep is None or list(keep([(1, message)])) == [(1, message)]
        assert kept == (names.index(name) <= names.index(least)), name


def test_a_tail_has_whole_lines_that_never_run_together() -> None:
    tail = new_tail()
    tail.extend(["START\n", "no end", "END\n"])
    assert tail_bytes(tail) == b"START\nno end\nEND\n"
    tail.extend(f"line {number:04d}\n" for number in range(1000))
    got = tail_bytes(tail).decode()
    assert len(got) == 10 * (TAIL_BYTES // 10)
    assert got.startswith("line 0591\n")


def test_a_line_that_is_longer_than_the_tail_is_cut_between_characters() -> None:
    tail = new_tail()
    tail.extend(["x" + "\u00e9" * 5_000 + "\n", "END\n"])
    got = tail_bytes(tail)
    assert TAIL_BYTES - 1 <= len(got) <= TAIL_BYTES
    assert got.decode().strip("\u00e9") == "\nEND\n"
