"""The profiles of the AWS command line's files, by name, region and account. Nothing else of them is kept.

Read line by line without boto3, which is slow to import and would read the secrets too; a file that cannot be read, or
a line that makes no sense, is passed over.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SECTION = re.compile(r"\[\s*(?:(profile|sso-session|services|plugins)\s+)?(.+?)\s*\]")
_WANTED = re.compile(r"(region|sso_account_id|role_arn)\s*=\s*(\S+)")
_ROLE = re.compile(r"arn:[a-z-]+:iam::(\d{12}):")
_MOST_LINES = 100_000


@dataclass(frozen=True, slots=True)
class Profile:
    """``region`` and ``account`` are empty where the files do not say; an SSO login or a role says the account."""

    name: str
    region: str = ""
    account: str = ""


def profiles(environ: Mapping[str, str]) -> list[Profile]:
    """Every profile of ``~/.aws/config`` and ``~/.aws/credentials``, or of the files that the environment names."""
    settings_by_profile: dict[str, dict[str, str]] = {}
    home = Path(os.path.expanduser("~")) / ".aws"
    _read(Path(environ.get("AWS_CONFIG_FILE") or home / "config"), settings_by_profile, named=True)
    _read(Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials"), settings_by_profile, named=False)
    return [
        Profile(name, settings.get("region", ""), _account(settings))
        for name, settings in sorted(settings_by_profile.items())
    ]


def _read(path: Path, settings_by_profile: dict[str, dict[str, str]], *, named: bool) -> None:
    """The profiles of one file.

    ``named``: sections other than ``default`` are profiles only where they say ``profile``.
    """
    section: dict[str, str] | None = None
    try:
        with open(path.expanduser(), encoding="utf-8", errors="replace") as file:
            for _, line in zip(range(_MOST_LINES), file, strict=False):
                if heading := _SECTION.match(line):
                    kind, name = heading[1], heading[2].strip("\"'")
                    profile = kind == "profile" or (kind is None and (not named or name == "default"))
                    section = settings_by_profile.setdefault(name, {}) if profile else None
                elif section is not None and (setting := _WANTED.match(line)):
                    section.setdefault(setting[1], setting[2])
    except (OSError, ValueError):
        return


def _account(settings: Mapping[str, str]) -> str:
    if re.fullmatch(r"\d{12}", account := settings.get("sso_account_id", "")):
        return account
    role = _ROLE.match(settings.get("role_arn", ""))
    return role[1] if role else ""
