"""A session's region: the one that is given, else the environment's, else the profile's."""

import os
from pathlib import Path

import pytest

from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.session import ReadOnlySession

pytestmark = pytest.mark.usefixtures("aws_isolated")


@pytest.mark.parametrize(
    ("environment", "region"),
    [
        ({"AWS_REGION": "eu-west-3"}, "eu-west-3"),
        ({"AWS_DEFAULT_REGION": "eu-north-1"}, "eu-north-1"),
        ({"AWS_DEFAULT_REGION": "eu-north-1", "AWS_REGION": "eu-west-3"}, "eu-north-1"),
        ({"AWS_DEFAULT_REGION": "", "AWS_REGION": "eu-west-3"}, "eu-west-3"),
        ({}, "sa-east-1"),
    ],
    ids=str,
)
def test_the_region_is_read_as_the_message_says(
    environment: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(os.environ["AWS_CONFIG_FILE"]).write_text("[default]\nregion = sa-east-1\n")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    session = ReadOnlySession()
    assert session.region == region
    assert session.client("lambda").meta.region_name == region
    assert ReadOnlySession(region="us-east-2").region == "us-east-2"


def test_without_a_region_the_message_names_a_variable_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceFailed, match="give --region, or set AWS_DEFAULT_REGION"):
        ReadOnlySession()
