"""A collection that the screens started: a child process that goes on while one looks elsewhere."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectors.untrusted import parsed_json
from lambdatui.processes.child_process import Child
from lambdatui.text.figures import counted, money, tally


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be collected: how it is put to a person, and the arguments of ``lambdatui collect``."""

    said: str
    arguments: tuple[str, ...]
    profile: str = ""


def choices(profile: str | None, region: str, runner: Path | None) -> list[Choice]:
    """From CloudWatch, once or again and again; from the runner's log where the store was filled from one."""
    cloud = [*(("--profile", profile) if profile else ()), *(("--region", region) if region else ())]
    where = f"profile {profile}" if profile else "the default profile"
    where += f", {region}" if region else ", its own region"
    found = [
        Choice(f"once: {where}", tuple(cloud), profile or ""),
        Choice(f"every 5 minutes until you leave: {where}", (*cloud, "--watch", "--every", "5m"), profile or ""),
        Choice(f"at most $0.10: {where}", (*cloud, "--budget", "0.10"), profile or ""),
    ]
    if runner is not None:
        found.insert(0, Choice(f"once: the runner's log {runner}", ("--source", str(runner))))
    return found


@dataclass
class Collecting:
    """How it goes. Written by the one thread that reads the child, read by whoever paints.

    ``wrong``: some part could not be had; ``failed``: nothing could.
    """

    choice: Choice
    child: Child | None = None
    steps: dict[str, str] = field(default_factory=dict)
    ended: str = ""
    accounts: list[str] = field(default_factory=list)
    stopped: bool = False
    wrong: bool = False
    failed: bool = False

    def run(self, db: Path) -> None:
        """Runs in a thread until the collection ends. OSError where it cannot be started."""
        progress = () if "--source" in self.choice.arguments else ("--progress",)
        self.child = child = Child(["--db", str(db), "collect", "--json", *progress, *self.choice.arguments])
        if self.stopped:
            child.stop()
        for lines in child.batches():
            for line in lines:
                self._take(line)
        code, complaints = child.ended()
        said = [line for line in complaints if line.strip()]
        self.wrong = code != 0 and not self.stopped
        self.failed = code not in (0, 3, 4) and not self.stopped
        if self.stopped:
            self.ended = "stopped: what was had is kept"
        elif code not in (0, 3, 4) or not self.ended:
            self.ended = (
                said[-1].removeprefix("lambdatui collect: ").removeprefix("lambdatui: ")
                if said
                else f"it ended with exit code {code}"
            )

    def _take(self, line: str) -> None:
        """A step of a source, or what one collection came to."""
        try:
            told: Any = parsed_json(line)
            if "sources" in told:
                self.ended = _came_to(told)
                self.accounts = [one["account"] for one in told["sources"] if one.get("account")]
                self.steps = {}
            else:
                self.steps = {**self.steps, str(told["source"]): _step(told)}
        except (ValueError, KeyError, TypeError):
            return

    def stop(self) -> None:
        self.stopped = True
        if self.child is not None:
            self.child.stop()

    def state(self, dot: str) -> str:
        """``COLLECTING (process 4711) · cloudwatch prod: log events of /aws/lambda/x, 3 of 10, 1,234 events``."""
        process = f" (process {self.child.pid})" if self.child is not None else ""
        done = [f"last: {self.ended}"] if self.ended and not self.steps else []
        return f" {dot} ".join([f"COLLECTING{process}, s stops", *self.steps.values(), *done])


def _step(told: dict[str, Any]) -> str:
    of = f", {told['done']:,} of {told['total']:,}" if told.get("total") else ""
    events = f", {counted(told['events'], 'event')}" if told.get("events") else ""
    cost = f", {money(_decimal(told['cost_usd']))}" if told.get("cost_usd") not in (None, "0") else ""
    return f"{told['source']}: {told['what']}{of}{events}{cost}"


def _came_to(told: dict[str, Any]) -> str:
    figures = tally({name: told[name] for name in ("functions", "events", "metric_points", "errors")})
    failures = sum(len(one["failures"]) for one in told["sources"])
    reached = next((one["over_budget"] for one in told["sources"] if one.get("over_budget")), "")
    parts = [figures, money(_decimal(told["cost_usd"])), f"{told['seconds']:.1f} s"]
    return ", ".join(
        [*parts, *([f"{failures:,} FAILED: Enter says what"] if failures else []), *filter(None, [reached])]
    )


def _decimal(text: str) -> Any:
    from decimal import Decimal

    return Decimal(text)
