"""A collection that the screens started: a child process that goes on while one looks elsewhere."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectors.untrusted import parsed_json
from lambdatui.processes.child_process import Child
from lambdatui.text.figures import counted, money, tally

_NICENESS = 10
"""Of the child, as of ``os.nice``: the screens come first."""


@dataclass(frozen=True, slots=True)
class CollectionChoice:
    """What can be collected: its text in the list, the arguments of ``lambdatui collect``, and the AWS profile."""

    label: str
    arguments: tuple[str, ...]
    profile: str = ""


def choices(profile: str | None, region: str, runner: Path | None) -> list[CollectionChoice]:
    """The choices: from CloudWatch once, every 5 minutes, or for $0.10 at most; from the runner's log, if there is one.

    ``profile`` None and ``region`` "" leave it to the AWS configuration; ``runner`` is the log's file.
    """
    cloud = [*(("--profile", profile) if profile else ()), *(("--region", region) if region else ())]
    where = f"profile {profile}" if profile else "the default profile"
    where += f", {region}" if region else ", its own region"
    offered = [
        CollectionChoice(f"once: {where}", tuple(cloud), profile or ""),
        CollectionChoice(
            f"every 5 minutes until you leave: {where}", (*cloud, "--watch", "--every", "5m"), profile or ""
        ),
        CollectionChoice(f"at most $0.10: {where}", (*cloud, "--budget", "0.10"), profile or ""),
    ]
    if runner is not None:
        offered.insert(0, CollectionChoice(f"once: the runner's log {runner}", ("--source", str(runner))))
    return offered


@dataclass
class RunningCollection:
    """The state of a collection. The thread that reads the child writes it; the thread that paints reads it.

    ``incomplete``: some part could not be read; ``failed``: nothing could.
    """

    choice: CollectionChoice
    child: Child | None = None
    steps: dict[str, str] = field(default_factory=dict)
    outcome: str = ""
    accounts: list[str] = field(default_factory=list)
    stopped: bool = False
    incomplete: bool = False
    failed: bool = False

    def run(self, db: Path) -> None:
        """Runs in a thread until the collection ends. Raises ``OSError`` where it cannot be started."""
        progress = () if "--source" in self.choice.arguments else ("--progress",)
        self.child = child = Child(
            ["--db", str(db), "collect", "--json", *progress, *self.choice.arguments], niceness=_NICENESS
        )
        if self.stopped:
            child.stop()
        for lines in child.batches():
            for line in lines:
                self._take(line)
        code, complaints = child.wait_for_end()
        written = [line for line in complaints if line.strip()]
        self.incomplete = code != 0 and not self.stopped
        self.failed = code not in (0, 3, 4) and not self.stopped
        if self.stopped:
            self.outcome = "stopped: what was had is kept"
        elif code not in (0, 3, 4) or not self.outcome:
            self.outcome = (
                written[-1].removeprefix("lambdatui collect: ").removeprefix("lambdatui: ")
                if written
                else f"it ended with exit code {code}"
            )

    def _take(self, line: str) -> None:
        """Notes a line of the child's: a step of one source, or the outcome of a whole collection."""
        try:
            record: Any = parsed_json(line)
            if "sources" in record:
                self.outcome = _outcome(record)
                self.accounts = [source["account"] for source in record["sources"] if source.get("account")]
                self.steps = {}
            else:
                self.steps = {**self.steps, str(record["source"]): _step(record)}
        except (ValueError, KeyError, TypeError):
            return

    def stop(self) -> None:
        """Ends the collection; what it has read is kept."""
        self.stopped = True
        if self.child is not None:
            self.child.stop()

    def state(self, dot: str) -> str:
        """``COLLECTING (process 4711) · cloudwatch prod: log events of /aws/lambda/x, 3 of 10, 1,234 events``."""
        process = f" (process {self.child.pid})" if self.child is not None else ""
        done = [f"last: {self.outcome}"] if self.outcome and not self.steps else []
        return f" {dot} ".join([f"COLLECTING{process}, s stops", *self.steps.values(), *done])


def _step(record: dict[str, Any]) -> str:
    progress = f", {record['done']:,} of {record['total']:,}" if record.get("total") else ""
    events = f", {counted(record['events'], 'event')}" if record.get("events") else ""
    cost = f", {money(_decimal(record['cost_usd']))}" if record.get("cost_usd") not in (None, "0") else ""
    return f"{record['source']}: {record['what']}{progress}{events}{cost}"


def _outcome(record: dict[str, Any]) -> str:
    figures = tally({name: record[name] for name in ("functions", "events", "metric_points", "errors")})
    failures = sum(len(source["failures"]) for source in record["sources"])
    reached = next((source["over_budget"] for source in record["sources"] if source.get("over_budget")), "")
    parts = [figures, money(_decimal(record["cost_usd"])), f"{record['seconds']:.1f} s"]
    return ", ".join(
        [*parts, *([f"{failures:,} FAILED: Enter says what"] if failures else []), *filter(None, [reached])]
    )


def _decimal(text: str) -> Any:
    from decimal import Decimal

    return Decimal(text)
