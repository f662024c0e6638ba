"""The results of collections and imports: the figures and failures that commands print and screens show."""

from dataclasses import dataclass, field

from collectors.model.account import CallCount
from collectors.sources.base import SourceFailed
from collectors.store.write.writer import Written


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is. ``bytes_total`` is None where a source's size is not known (standard input)."""

    bytes_done: int
    bytes_total: int | None
    events: int
    file: str


@dataclass(slots=True, kw_only=True)
class Result:
    """What was read and written. Each line of ``failures`` is a source, or part of one, that could not be read."""

    events: int = 0
    duplicates: int = 0
    invocations: int = 0
    errors: int = 0
    rejected: int = 0
    older_than_pruned: int = 0  # events of which nobody can tell any more whether they are counted: not taken in
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)

    def count(self, written: Written) -> None:
        """Takes over the counts of all that was written."""
        self.events, self.duplicates = written.events, written.duplicates
        self.invocations, self.errors = written.invocations, written.errors
        self.rejected, self.older_than_pruned = written.rejected, written.pruned


@dataclass(slots=True, kw_only=True)
class ImportResult(Result):
    """The result of an import."""

    files: int = 0
    notes: list[str] = field(default_factory=list)  # files that hold nothing, each one line
    partly: list[str] = field(default_factory=list)  # files of which a part was not read: damaged, or too long
    unmade: list[str] = field(default_factory=list)  # files with lines of Lambda's, where the import made no invocation


@dataclass(slots=True)
class Collected(Result):
    """The result of one source in a collection. ``over_budget`` is why it stopped, if its budget was reached.

    ``denied`` are the failures that are a missing permission. ``unfinished`` describes what it was reading when the
    round was over; it continues in the next. ``choices`` counts log groups by how they were read.
    """

    name: str
    account: str = ""
    region: str = ""
    functions: int = 0
    metric_points: int = 0
    denied: list[SourceFailed] = field(default_factory=list)
    over_budget: str = ""
    unfinished: str = ""
    calls: list[CallCount] = field(default_factory=list)
    choices: dict[str, int] = field(default_factory=dict)

    def fail(self, failed: SourceFailed) -> None:
        """Notes a failure, and the permission that it lacks, if that is the cause."""
        self.failures.append(str(failed))
        if failed.denied:
            self.denied.append(failed)
