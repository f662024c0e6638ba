"""The table of sources: each line leads to what makes its sources, and a file finds the one that recognises it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.model.records import FunctionKey
from collectors.sources.base import FileRequest, Item, Source, SourceFailed, Step, Stored
from collectors.sources.files.source import ExportedLogs
from collectors.sources.inputs.input_files import InputFile, OpenedFile
from collectors.sources.otlp.source import OtlpLogs
from collectors.sources.registry import TABLE, FileSources, Reads, Registration, described, place_source

REQUEST = FileRequest(FunctionKey(""))


def opened(path: Path, content: str) -> OpenedFile:
    path.write_text(content)
    return OpenedFile(InputFile(str(path), str(path), len(content)))


def test_each_line_of_the_table_leads_to_what_makes_its_sources() -> None:
    assert len({line.name for line in TABLE}) == len(TABLE)
    for line in TABLE:
        maker = line.load()
        assert callable(maker), line
        assert line.help in described(line.reads)
        if line.reads is Reads.FILE:
            assert maker.recognises(b"", "") in (True, False)
    assert TABLE[-1].load().recognises(b"\0\1\2", "anything"), "the last takes what no other recognises"


def test_a_file_is_for_the_first_that_recognises_it_or_the_one_that_is_named(tmp_path: Path) -> None:
    otlp = opened(tmp_path / "a.json", '{"resourceLogs": []}\n')
    lines = opened(tmp_path / "b.json", '{"timestamp": 1743415200000, "message": "x"}\n')
    assert isinstance(FileSources().make(otlp, REQUEST), OtlpLogs)
    assert isinstance(FileSources().make(lines, REQUEST), ExportedLogs)
    assert isinstance(FileSources("logs").make(otlp, REQUEST), ExportedLogs)
    assert isinstance(FileSources("otlp").make(lines, REQUEST), OtlpLogs)
    with pytest.raises(SourceFailed, match=r"source runner: there is no such source of a file; there are otlp, .*logs"):
        FileSources("runner")
    with pytest.raises(SourceFailed, match="is not there"):
        FileSources().make(OpenedFile(InputFile("gone", str(tmp_path / "gone"), 0)), REQUEST)


class Heartbeat(Source):
    """A new source: a class of its own."""

    name = account = region = ""

    def __init__(self, argument: str, since_ms: int | None) -> None:
        self.name = f"heartbeat {argument}"

    def items(self, stored: Stored, /) -> Iterator[Item]:
        yield Step("beating")


def test_a_new_source_is_a_class_and_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Registration("heartbeat", Reads.PLACE, "a heart", f"{__name__}:Heartbeat")
    monkeypatch.setattr("collectors.sources.registry.TABLE", (*TABLE, line))
    make, argument = place_source("heartbeat:mine")
    assert make(argument, None).name == "heartbeat mine"
    assert "heartbeat (a heart)" in described(Reads.PLACE)
    make, argument = place_source(str(tmp_path / "runner.db"))
    with pytest.raises(SourceFailed, match="there is no such file"):
        make(argument, None)


def test_no_source_is_imported_for_the_table() -> None:
    code = (
        "import sys, collectors.sources.registry\n"
        "print([name for name in sys.modules if name.startswith('collectors.sources.') and 'registry' not in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
