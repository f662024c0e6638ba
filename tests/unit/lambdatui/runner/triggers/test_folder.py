"""A folder's events, by the types and filters of S3's notifications."""

from pathlib import Path

import pytest

from lambdatui.runner.triggers import registry
from lambdatui.runner.triggers.base import OptionError
from lambdatui.runner.triggers.folder import Folder, FolderEvents


def names(folder: FolderEvents) -> list[tuple[str, str]]:
    """Names and keys of the events of two looks: a file counts once it no longer changes."""
    events = folder.look() + folder.look()
    return [(event["Records"][0]["eventName"], event["Records"][0]["s3"]["object"]["key"]) for event in events]


@pytest.mark.parametrize(
    ("events", "created", "removed"),
    [
        ({"created", "removed"}, True, True),
        ({"created"}, True, False),
        ({"s3:ObjectCreated:*"}, True, False),
        ({"s3:ObjectCreated:Put"}, True, False),
        ({"s3:ObjectCreated:Copy", "s3:ObjectRemoved:Delete"}, False, True),
        ({"s3:ObjectRemoved:*"}, False, True),
        ({"s3:ObjectRemoved:DeleteMarkerCreated"}, False, False),
    ],
)
def test_types_of_events(tmp_path: Path, events: set[str], created: bool, removed: bool) -> None:
    folder = FolderEvents(str(tmp_path), "in/", ".jpg", frozenset(events))
    assert folder.look() == []
    (tmp_path / "in").mkdir()
    for name in ("in/a.jpg", "in/a.png", "b.jpg"):
        (tmp_path / name).write_text("x")
    assert names(folder) == [("ObjectCreated:Put", "in/a.jpg")] * created
    (tmp_path / "in" / "a.jpg").unlink()
    assert names(folder) == [("ObjectRemoved:Delete", "in/a.jpg")] * removed


@pytest.mark.parametrize("events", ["moved", "s3:ObjectCreated", "s3:*", "s3:ObjectCreated:Put*", "created,,removed"])
def test_types_that_there_are_not(events: str) -> None:
    with pytest.raises(OptionError, match="types of S3 such as s3:ObjectCreated"):
        Folder().document({"folder": "/x", "prefix": "", "suffix": "", "events": events})


def test_types_are_taken_from_the_command_line() -> None:
    assert isinstance(registry.kept_trigger("folder"), Folder)
    asked = {"folder": "/x", "prefix": "", "suffix": "", "events": "s3:ObjectCreated:*, s3:ObjectRemoved:Delete"}
    assert Folder().document(asked)["events"] == ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"]
