"""The man page is what the commands say, and renders without a warning."""

import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from lambdatui.cli import commands
from lambdatui.cli.main import cli
from tests.support.places import ROOT

PAGE = ROOT / "docs" / "lambdatui.1"


def plain(roff: str) -> str:
    return (
        re.sub(r"\\f[BRI]", "", roff)
        .replace(r"\-", "-")
        .replace(r"\(aq", "'")
        .replace(r"\(ti", "~")
        .replace(r"\e", "\\")
    )


def test_it_is_up_to_date() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "docs" / "man.py", "--check"], capture_output=True, text=True, timeout=60
    )
    assert checked.returncode == 0, checked.stderr


def test_it_has_every_command_and_option() -> None:
    text = plain(PAGE.read_text("utf-8"))
    for name in commands.known():
        section = text.partition(f"\n.SS {name}\n")[2].partition("\n.SS ")[0]
        command = commands.load(name)
        assert command is not None
        for option in (*cli.params, *command.params):
            if not getattr(option, "hidden", False) and option.param_type_name == "option":
                longest = max(option.opts, key=len)
                assert longest in (text if option in cli.params else section), f"{name} {longest}"


def test_it_names_the_version_that_is_released() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f'"lambdatui {version}"' in PAGE.read_text("utf-8").splitlines()[0]


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_it_renders_without_a_warning() -> None:
    rendered = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", PAGE], capture_output=True, text=True, timeout=60, check=True
    )
    assert rendered.stderr == ""
    text = re.sub(r".\x08", "", rendered.stdout)
    assert "lambdatui cost-estimate --plan functions.toml --fail-over 500" in text
