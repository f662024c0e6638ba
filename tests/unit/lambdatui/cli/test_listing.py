"""Listings are declared by the types of their rows: help and completions follow."""

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from lambdatui.cli.commands import COMMANDS, load
from lambdatui.cli.main import cli
from lambdatui.cli.output.listing import ColumnsOption
from lambdatui.views.columns import columns_of
from lambdatui.views.functions import FunctionView

LISTINGS = [
    name for name in COMMANDS if any(isinstance(one, ColumnsOption) for one in getattr(load(name), "params", ()))
]


def completed(*arguments: str) -> list[str]:
    """What the shell offers for the last of the arguments."""
    *before, last = arguments
    return [item.value for item in ShellComplete(cli, {}, "lambdatui", "_X").get_completions(before, last)]


def test_columns_complete_in_sort_filter_and_columns() -> None:
    assert completed("functions", "--sort", "p9") == ["p95_ms", "p99_ms"]
    assert completed("functions", "--columns", "function,p9") == ["function,p95_ms", "function,p99_ms"]
    assert completed("functions", "--filter", "errors>0 cold_") == ["errors>0 cold_starts:", "errors>0 cold_ratio:"]
    assert completed("functions", "--sort", "tag") == ["tags", "tags_at"]
    assert completed("functions", "--sort", "tren") == []  # is drawn on the screen only
    assert completed("alarms", "--columns", "alarm_s") == ["alarm_state"]
    assert "checkout" not in completed("invocations", "--sort", "")


@pytest.mark.parametrize("name", LISTINGS)
def test_help_says_what_each_column_means(name: str) -> None:
    told = CliRunner().invoke(cli, [name, "--help"]).output
    command = load(name)
    assert isinstance(command, click.Command)
    option = next(one for one in command.params if isinstance(one, ColumnsOption))
    assert option.columns
    section = told.partition("Columns:\n")[2]
    for column in option.columns.values():
        assert f"  {column.id} " in section
    words = " ".join(section.split())
    assert all(" ".join(column.help.split()) in words for column in option.columns.values() if "-" not in column.help)


def test_every_listing_is_among_them() -> None:
    assert {"functions", "errors", "throttles", "alarms", "advice", "metrics", "patterns", "invocations", "whatif",
            "collections", "configuration", "costs", "durable", "logs", "function", "invocation", "doctor"} <= {*LISTINGS}  # fmt: skip
    assert [*completed("functions", "--columns", "")][:3] == [column.id for column in columns_of(FunctionView)][:3]
