"""Files lie where the XDG specification puts them, or where the environment says."""

import pytest

from lambdatui.settings import paths


def test_folders_are_those_of_the_environment_and_else_of_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LAMBDATUI_DB", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    assert paths.store_file() == "/home/me/.local/share/lambdatui/lambdatui.db"
    assert paths.runner_log_file() == "/home/me/.local/share/lambdatui/runner.db"
    assert paths.price_book_file() == "/home/me/.local/share/lambdatui/prices.json"
    assert paths.config_file() == "/home/me/.config/lambdatui/config.toml"
    assert paths.state_file() == "/home/me/.local/state/lambdatui/screens"
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.setenv("XDG_CONFIG_HOME", "")
    assert paths.store_file() == "/data/lambdatui/lambdatui.db"
    assert paths.config_file() == "/home/me/.config/lambdatui/config.toml"
    monkeypatch.setenv("LAMBDATUI_DB", "here.db")
    assert paths.store_file() == "here.db"
