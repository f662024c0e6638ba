"""What is wrong with a configuration is told with its line, its key, and what would be right."""

from pathlib import Path

import pytest

from lambdatui.settings.config_file import TABLES, ConfigError, load
from lambdatui.settings.config_schema import SETTINGS
from lambdatui.settings.options import OPTIONS


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\nutcc = true", "line 2: 'utcc' is no setting; did you mean utc?"),
        ("zzz = 1", "line 1: 'zzz' is no setting; there are db, range,"),
        ("range = 5", "line 1: range must be text (expected text, got a whole number)"),
        ("region = [1]", "line 1: region must be text or a list of text"),
        ("no-color = 1", "line 1: no-color must be true or false (expected true or false, got a whole number)"),
        ('[keys]\na = "b"\nquit = ["a"]', 'line 3: keys must be a table of binding = "keys" (quit: expected text'),
        ("keys = 3", "line 1: keys must be a table"),
        ("[columns]\nfunctions = [1]", "line 2: columns must be"),
        ("[thresholds]\np95_ms = 1\nerror-rate = -1", "line 3: thresholds must be a table of figure = number"),
        ("[thresholds]\nerror_rat = 1", "line 2: thresholds: 'error_rat' is none; did you mean error_rate?"),
        ("thresholds.throttles = true", "line 1: thresholds must be a table of figure = number (throttles: "),
        ('[themes.a]\nbase = "dark"\n[themes.b]\nbase = 3', "line 3: themes must be tables"),
        ('[organization]\nrole = "x"', "line 2: organization must be a table of role_name and external_id"),
        ('[retention]\nlines = "2 weeks"', "line 2: retention: lines = "),
        ("a = \n", "not TOML:"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load(file)
    assert str(raised.value).startswith(f"{file}: {says}")


def test_numbers_and_dashes_are_forgiven(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('no-mouse = true\nregion = "eu-*"\n[thresholds]\nerror-rate = 1\n[organization]\nrole_name = "r"\n')
    settings = load(file)
    assert settings == {
        "no_mouse": True, "region": "eu-*", "thresholds": {"error_rate": 1.0}, "organization": {"role_name": "r"},
    }  # fmt: skip


def test_the_file_may_set_what_the_table_of_options_says() -> None:
    assert set(SETTINGS) == {option.key for option in OPTIONS if option.configured} | set(TABLES)
