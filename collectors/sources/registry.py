"""The table of sources: a new one is a module of its own and a line here.

A source of a file is made by ``import`` for a file whose beginning it recognises; a source of a place by ``collect
--source``, of what the command line names. Other packages add theirs by entry points (``collectors.outside``). No
module of a source is imported before it is asked for.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from collectors import outside

if TYPE_CHECKING:  # the table is read for the help of commands, which is to be fast
    from collectors.sources.base import FileRequest, Source, SourceFailed
    from collectors.sources.inputs.input_files import OpenedFile


class Reads(StrEnum):
    """What a source reads, and so which command makes it. An outside source says it by an attribute ``reads``."""

    FILE = "file"  # import FILE
    PLACE = "place"  # collect --source NAME[:ARGUMENT]
    AWS = "aws"  # collect, by its options for profiles, regions and accounts


class FileSource(Protocol):
    """What makes sources of files. A class of sources is enough, if it has ``recognises`` as a static method."""

    def recognises(self, head: bytes, name: str, /) -> bool:
        """Whether this source reads the file called ``name`` that begins with ``head`` (its first 64 KB, decompressed,
        or all of a shorter file).
        """

    def __call__(self, opened: "OpenedFile", request: "FileRequest", /) -> "Source": ...


class PlaceSource(Protocol):
    """What makes sources of places. A class of sources is enough."""

    def __call__(self, argument: str, since_ms: int | None, /) -> "Source":
        """The source of what ``argument`` names, and is read from ``since_ms`` on (epoch ms; None: from its beginning).

        Raises SourceFailed where there is nothing to be read.
        """


@dataclass(frozen=True, slots=True)
class Registration:
    """A line of the table. ``where`` names what makes its sources, as ``module:attribute``."""

    name: str
    reads: Reads
    help: str
    where: str

    def load(self) -> Any:
        """What makes its sources; imports its module."""
        module, _, attributes = self.where.partition(":")
        return reduce(getattr, attributes.split("."), import_module(module))


TABLE = (
    Registration("cloudwatch", Reads.AWS, "AWS", "collectors.sources.cloudwatch.source:CloudWatchSource"),
    Registration("runner", Reads.PLACE, "a local runner's log", "collectors.sources.runner_log:RunnerSource.of_path"),
    Registration("otlp", Reads.FILE, "OTLP logs as JSON or protobuf", "collectors.sources.otlp.source:OtlpLogs"),
    Registration("logs", Reads.FILE, "exported logs of any form", "collectors.sources.files.source:ExportedLogs"),
)
"""A file is read by the source of the first line that recognises it. The last line recognises every file; sources of
other packages are asked before it.
"""

DEFAULT_PLACE = "runner"  # whose argument may stand without a name before it


def listed(*kinds: Reads) -> list[Registration]:
    """The lines of the table that read one of these."""
    return [line for line in TABLE if line.reads in kinds]


class FileSources:
    """Chooses the source of a file. ``broken`` has one line for each source of another package that cannot be loaded,
    with the reason.
    """

    def __init__(self, name: str = "") -> None:
        """Offers all sources of files, or the one called ``name``. SourceFailed where there is none of that name."""
        added = outside.additions(outside.SOURCES, name or None)
        own = {line.name: line.load() for line in listed(Reads.FILE) if name in ("", line.name)}
        fallback = own.popitem() if own else None
        others = {each: made for each, made in added.parts.items() if _reads(made) is Reads.FILE and each not in own}
        self._makers: dict[str, FileSource] = own | others | dict([fallback] if fallback else [])
        self._only = self._makers.get(name)
        self.broken = added.broken + [_undeclared(each) for each, made in added.parts.items() if _reads(made) is None]
        if name and self._only is None:
            raise _unknown(name, Reads.FILE, self.broken)

    def make(self, opened: "OpenedFile", request: "FileRequest") -> "Source":
        """The source of a file. SourceFailed where it cannot be opened."""
        if self._only is not None:
            return self._only(opened, request)
        head, name = opened.head(), opened.file.name
        for maker in self._makers.values():
            if maker.recognises(head, name):
                return maker(opened, request)
        raise _failed(name, "no source recognises it", "name one by --source")


def place_source(named: str) -> tuple[PlaceSource, str]:
    """What ``--source`` names: what makes the source, and the argument for it. SourceFailed where there is none such.

    ``NAME`` and ``NAME:ARGUMENT`` are a source of the table or of another package; anything else is an argument for
    ``DEFAULT_PLACE``.
    """
    name, _, argument = named.partition(":")
    own = {line.name: line for line in listed(Reads.PLACE)}
    if name in own:
        return own[name].load(), argument
    if name in outside.names_of(outside.SOURCES):
        added = outside.additions(outside.SOURCES, name)
        maker: Any = added.parts.get(name)
        if _reads(maker) is Reads.PLACE:
            return maker, argument
        raise _unknown(name, Reads.PLACE, added.broken)
    return own[DEFAULT_PLACE].load(), named


def described(*kinds: Reads) -> str:
    """The sources of the table that read one of these, each with what it is, for the help of a command."""
    return ", ".join(f"{line.name} ({line.help})" for line in listed(*kinds))


def _failed(what: str, meaning: str, advice: str) -> "SourceFailed":
    from collectors.sources.base import SourceFailed

    return SourceFailed(what, meaning, advice)


def _reads(maker: Any) -> Reads | None:
    try:
        return Reads(getattr(maker, "reads", ""))
    except ValueError:
        return None


def _undeclared(name: str) -> str:
    return f"{name} has no attribute reads that is 'file' or 'place'; upgrade or remove it"


def _unknown(name: str, reads: Reads, broken: list[str]) -> "SourceFailed":
    names = ", ".join(line.name for line in listed(reads))
    why = broken[0].rpartition("; ")[0] if broken else f"there is no such source of a {reads}"
    return _failed(f"source {name}", why, f"there are {names}, and what other packages add")
