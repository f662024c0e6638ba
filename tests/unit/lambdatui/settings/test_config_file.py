"""One TOML file: what it can say, and what is wrong with it in words."""

from pathlib import Path

import pytest

from tests.support.command_line import run

GOOD = """
theme = "mine"
range = "7d"
no_mouse = true
[keys]
show-errors = "f5"
[columns]
functions = ["function", "errors"]
[thresholds]
error-rate = 0.02
budget_usd = 50
[themes.mine]
base = "light"
primary = "#123456"
"""


def test_a_good_file_is_said_to_be_good_and_shown(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(GOOD)
    checked = run("config", "check", "--config", str(file))
    assert (checked.exit_code, checked.stdout) == (0, f"{file}: good\n")
    shown = run("config", "show", "--config", str(file)).stdout.splitlines()
    assert "thresholds.error_rate = 0.02" in shown
    assert "keys.show-errors = f5" in shown
    assert run("config", "path", "--config", str(file)).stdout == f"{file}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[keys]\nshow-erors = "f5"', "did you mean show-errors"),
        ('[keys]\nshow-errors = "hyperkey"', "no key 'hyperkey'"),
        ('[keys]\nshow-errors = "T"', "T is both"),
        ('[columns]\nfunctions = ["nonsense"]', "no column 'nonsense'"),
        ('[columns]\nfunktions = ["function"]', "no screen 'funktions'"),
        ("[thresholds]\nerrors = 3", "'errors' is none"),
        ('[thresholds]\nerror_rate = "much"', "figure = number"),
        ('[themes.mine]\nprimary = "#zzz"', "mine"),
        ('[themes.mine]\nprimry = "#fff"', "no colour 'primry'"),
        ('theme = "mauve"', "no theme 'mauve'"),
        ("colour = 1", "is no setting"),
        ("= broken", "not TOML"),
    ],
)
def test_what_cannot_be_used_is_said_with_the_file(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    checked = run("config", "check", "--config", str(file))
    assert checked.exit_code == 2
    assert says in checked.stderr
    assert str(file) in checked.stderr
    assert "Traceback" not in checked.stderr


def test_no_file_is_no_fault(tmp_path: Path) -> None:
    checked = run("config", "check", XDG_CONFIG_HOME=str(tmp_path))
    assert checked.exit_code == 0
    assert "not there" in checked.stderr
