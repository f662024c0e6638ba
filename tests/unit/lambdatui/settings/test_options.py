"""A global option is one row: everything that knows of one is made from the table."""

import json
import os
import subprocess
import sys
from pathlib import Path

from lambdatui.settings.options import OPTIONS, arguments_of, resolve_options
from lambdatui.start.arguments import global_only
from tests.support.command_line import run
from tests.support.places import ROOT

# A program with three rows more, one of each kind: what it says of them, as one object.
_WITH_ROWS = """
import json, os, sys
from pathlib import Path
from lambdatui.settings import options
from lambdatui.settings.options import GlobalOption

KINDS = {"value": "X", "repeated": "X", "flag": None}
options.OPTIONS += tuple(
    GlobalOption(f"my-{kind}", "What it is for.", metavar, kind=kind, variable=f"MY_{kind}") for kind, metavar in KINDS.items()
)

import click
from click.testing import CliRunner
from lambdatui.cli import commands
from lambdatui.cli.global_options import current_context
from lambdatui.cli.main import cli
from lambdatui.start.arguments import first_frame_knows, global_only

@click.command()
def shown():
    click.echo(json.dumps(current_context().options))

load = commands.load
commands.load = lambda name: shown if name == "functions" else load(name)

def run(*words, **environment):
    done = CliRunner(env={"XDG_CONFIG_HOME": "/nowhere", **environment}).invoke(cli, [str(word) for word in words])
    return [done.exit_code, done.stdout, done.stderr]

def value(kind, *words, **environment):
    return json.loads(run(*words, **environment)[1])[f"my_{kind}"]

found = {"help": run("--help")[1]}
config = Path(sys.argv[1])
for kind, words, written in (
    ("value", ["--my-value", "a"], '"b"'),
    ("repeated", ["--my-repeated", "a", "--my-repeated=b"], '["c", "d"]'),
    ("flag", ["--my-flag"], "true"),
):
    fast = global_only(words)
    config.write_text(f"my-{kind} = {written}")
    given = ("--config", config)
    found[kind] = {
        "before the command": value(kind, *words, "functions"),
        "after the command": value(kind, "functions", *words),
        "without click": fast[f"my_{kind}"],
        "painted at once": first_frame_knows(fast),
        "from the file": value(kind, *given, "functions"),
        "over the file": value(kind, *given, *words, "functions"),
        "checked": run(*given, "config", "check")[0],
        "from the environment": value(kind, "functions", **{f"MY_{kind}": "e"}),
        "completed": run(_LAMBDATUI_COMPLETE="bash_complete", COMP_WORDS="lambdatui --my", COMP_CWORD="1")[1],
    }
    config.write_text(f"my_{kind} = 5")
    found[kind]["wrong"] = run(*given, "config", "check")
print(json.dumps(found))
"""


def test_a_row_is_all_that_a_new_option_needs(tmp_path: Path) -> None:
    """Help, the command line before and after a command, the fast start, the file, the environment, completions."""
    done = subprocess.run(
        [sys.executable, "-c", _WITH_ROWS, str(tmp_path / "config.toml")],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    for kind, value, written, of_variable in (
        ("value", "a", "b", "e"),
        ("repeated", ["a", "b"], ["c", "d"], ["e"]),
        ("flag", True, True, True),
    ):
        told = found[kind]
        assert f"--my-{kind}" in found["help"]
        for way in ("before the command", "after the command", "without click", "over the file"):
            assert told[way] == value, way
        assert (told["painted at once"], told["from the file"], told["checked"]) == (False, written, 0)
        assert told["from the environment"] == of_variable
        assert f"plain,--my-{kind}" in told["completed"]
        code, _, complaint = told["wrong"]
        assert (code, f"line 1: my_{kind} must be" in complaint) == (2, True)


def test_the_fast_start_reads_every_option_as_click_does(tmp_path: Path) -> None:
    for option in OPTIONS:
        if option.eager:
            assert global_only([f"--{option.name}"]) is None
        elif option.kind == "flag":
            assert global_only([f"--{option.name}"]) == {option.key: True}
        else:
            once = ("x",) if option.kind == "repeated" else "x"
            assert global_only([f"--{option.name}", "x"]) == global_only([f"--{option.name}=x"]) == {option.key: once}


def test_a_command_line_of_values_gives_these_values_again() -> None:
    values = {"db": "a b.db", "range": "7d", "tag": ("env=prod", "!old"), "utc": True, "no_color": False, "theme": None}
    words = arguments_of(values)
    assert words == ["--db=a b.db", "--range=7d", "--tag=env=prod", "--tag=!old", "--utc"]
    assert global_only(words) == {"db": "a b.db", "range": "7d", "tag": ("env=prod", "!old"), "utc": True}
    assert arguments_of(values, without=("db", "tag")) == ["--range=7d", "--utc"]


def test_the_command_line_comes_before_the_environment_and_that_before_the_file() -> None:
    environ, file = {"LAMBDATUI_DB": "env.db", "NO_COLOR": "1"}, {"db": "file.db", "region": "eu-*", "utc": True}
    assert resolve_options({"db": "mine.db"}, environ, file)["db"] == "mine.db"
    found = resolve_options({}, environ, file)
    assert (found["db"], found["no_color"], found["region"], found["utc"]) == ("env.db", True, ("eu-*",), True)
    assert resolve_options({}, {"LAMBDATUI_DB": "", "NO_COLOR": ""}, file)["db"] == "file.db"
    nothing = resolve_options({}, {}, {})
    assert (nothing["db"], nothing["no_color"], nothing["region"]) == (None, False, ())


def test_help_names_every_global_option_once() -> None:
    words = run("--help").stdout.split()
    assert [words.count(f"--{option.name}") >= 1 for option in OPTIONS] == [True] * len(OPTIONS)
