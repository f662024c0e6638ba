"""One exported file as a source: the source of every file that no other recognises."""

from collections.abc import Iterator

from collectors.sources.base import (
    FileRequest,
    FileSummary,
    Item,
    LogEvents,
    Rejects,
    Source,
    SourceFailed,
    Step,
    Stored,
)
from collectors.sources.files.reader import FileReader
from collectors.sources.inputs.input_files import OpenedFile


class ExportedLogs(Source):
    """Log events of a file in any form that CloudWatch and its tools write."""

    name = account = region = ""

    def __init__(self, opened: OpenedFile, request: FileRequest) -> None:
        self.name = opened.name
        self._opened = opened
        self._request = request
        self._reader = FileReader(opened, request.defaults)

    @staticmethod
    def recognises(head: bytes, name: str) -> bool:
        """Always true: a file that is no log is reported when it is read."""
        return True

    def items(self, stored: Stored, /) -> Iterator[Item]:
        """Blocks of events, rejects and steps; a summary at the end."""
        reader = self._reader
        try:
            for block in reader.blocks():
                yield LogEvents(block)
                reader.as_columns = self._request.wants_columns()
                if reader.rejects:
                    yield self._rejects()
                yield Step(self.name, self._opened.bytes_read, self._opened.file.size)
        except SourceFailed:
            yield self._rejects()
            raise
        note = "" if reader.rejects else reader.note
        yield self._rejects()
        yield FileSummary(reader.form, reader.saw_platform, reader.is_partial, note)

    def _rejects(self) -> Rejects:
        rejects = Rejects(tuple(self._reader.rejects))
        self._reader.rejects.clear()
        return rejects
