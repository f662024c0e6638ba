"""AWS profiles by name, and choosing one on the screens."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from lambdatui.screens.dialogs.prompt import PickScreen
from lambdatui.session.session import default_profile
from lambdatui.settings.aws_profiles import Profile, profiles
from lambdatui.start.state import load_state, save_state
from lambdatui.views.scope import Scope
from tests.support import small_store
from tests.support.screens import small_app, until

CONFIG = """
# comment
[default]
region = eu-central-1
[profile prod]
region=us-east-1
sso_account_id = 111122223333
sso_start_url = https://example.awsapps.com/start
[profile "with space"]
role_arn = arn:aws:iam::444455556666:role/reader
s3 =
  region = not-a-region
[sso-session corp]
region = eu-west-9
[not a profile]
[broken
\x00\xff
"""
CREDENTIALS = """
[default]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI
[old]
aws_secret_access_key = wJalrXUtnFEMI
region = ap-south-1
"""


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "credentials").write_text(CREDENTIALS)
    found = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return found


def test_names_regions_and_accounts_and_nothing_else(environ: dict[str, str]) -> None:
    found = profiles(environ)
    assert found == [
        Profile("default", "eu-central-1"),
        Profile("old", "ap-south-1"),
        Profile("prod", "us-east-1", "111122223333"),
        Profile("with space", "", "444455556666"),
    ]
    assert "wJalr" not in repr(found)
    assert "AKIA" not in repr(found)


def test_files_that_are_not_there_are_no_profiles(tmp_path: Path) -> None:
    assert profiles({"AWS_CONFIG_FILE": str(tmp_path), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}) == []
    assert (default_profile({}), default_profile({"AWS_PROFILE": "x"})) == ("default", "x")


def listed(pilot: Pilot[int]) -> list[str]:
    assert isinstance(pilot.app.screen, PickScreen)
    options = pilot.app.screen.query_one(OptionList)
    return [str(options.get_option_at_index(at).prompt) for at in range(options.option_count)]


async def open_pick(pilot: Pilot[int], key: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, PickScreen), "the list")


async def test_a_profile_is_chosen_and_its_account_is_looked_at(environ: dict[str, str], tmp_path: Path) -> None:
    app = small_app(small_store.make(tmp_path / "s.db"))
    session = app.session
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.table.row_count == 2, "rows")  # type: ignore[attr-defined]
        await open_pick(pilot, "P")
        assert listed(pilot) == [
            "all accounts",
            "profile default  eu-central-1 (in use)",
            "profile old  ap-south-1",
            "profile prod  111122223333  us-east-1",
            "profile with space  444455556666",
            "account 111122223333",
        ]
        await pilot.press(*"prod", "enter")
        await until(pilot, lambda: session.scope.accounts == ("111122223333",), "the account")
        assert session.profile_of("111122223333") == "prod"
        assert session.profile_of("444455556666") == "with space"
        await open_pick(pilot, "P")
        assert "profile prod  111122223333  us-east-1 (in use)" in listed(pilot)
        await pilot.press(*"space", "enter")
        await until(pilot, lambda: session.profile == "with space", "the profile")
        assert session.scope == Scope()
        await open_pick(pilot, "P")
        await pilot.press(*"account 1111", "enter")
        await until(pilot, lambda: session.scope.accounts == ("111122223333",), "the account")
        await open_pick(pilot, "P")
        await pilot.press(*"all acc", "enter")
        await until(pilot, lambda: session.scope == Scope(), "all")
        assert session.profile == "with space"
    save_state(str(tmp_path / "state"), session.saved)
    assert load_state(str(tmp_path / "state"))["profile"] == "with space"


async def test_a_region_that_is_not_in_the_store_can_be_chosen(environ: dict[str, str], tmp_path: Path) -> None:
    app = small_app(small_store.make(tmp_path / "s.db"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.screen.table.row_count == 2, "rows")  # type: ignore[attr-defined]
        await open_pick(pilot, "R")
        assert listed(pilot)[:4] == ["all regions", "eu-west-1", "us-east-1", "eu-central-1  (nothing here yet)"]
        await pilot.press(*"eu-central-1", "enter")
        await until(pilot, lambda: app.session.scope.regions == ("eu-central-1",), "the region")
