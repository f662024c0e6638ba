"""``collect --source RUNNER.db``: the log of a local runner, once or again and again."""

from collections.abc import Callable, Sequence
from pathlib import Path

from collectors.ingest.engine import collect
from collectors.ingest.many_sources import Collected
from collectors.ingest.runner_deployments import keep_deployments, keep_tags
from collectors.model.clock import now_ms
from collectors.sources.base import SourceFailed
from collectors.sources.runner_log import RunnerLog, RunnerSource
from lambdatui.cli.collect.request import CollectRequest
from lambdatui.cli.collect.rounds import Rounds
from lambdatui.cli.collect.summary import FIGURES, exit_code, say
from lambdatui.settings.context import Context


def collect_runner(path: Path, span_ms: int | None, context: Context, every_s: float | None, as_json: bool) -> int:
    """The exit code. ``span_ms`` is how far back, None for all; ``every_s`` the seconds between rounds of a watch."""

    def read() -> Collected:
        return _read(path, span_ms, context.db)

    if every_s is not None:
        return RunnerRounds(read, context).watch(every_s, lambda done: say(done, as_json))
    done = [read()]
    say(done, as_json)
    return exit_code(done)


class RunnerRounds(Rounds):
    """A local runner's log, round by round: ``read`` is one collection of it."""

    def __init__(self, read: Callable[[], Collected], context: Context) -> None:
        super().__init__(CollectRequest((), (), 0, None, "none", (), False, 0, False), context, None)
        self._read = read

    def once(
        self, stopped: Callable[[], bool] = lambda: False, over: Callable[[], bool] = lambda: False
    ) -> Sequence[Collected]:
        """One collection of the log."""
        return [self._read()]


def _read(path: Path, span_ms: int | None, db: Path) -> Collected:
    since_ms = None if span_ms is None else now_ms() - span_ms
    try:
        with RunnerLog(path) as log:
            source = RunnerSource(log, since_ms)
            result = collect(source, db=db)
            keep_deployments(log, db)
            keep_tags(log, db)
    except SourceFailed as failed:
        return Collected(failed.what, failures=[f"{failed.meaning}; {failed.advice}"])
    done = Collected(source.name, failures=list(dict.fromkeys(result.failures)), seconds=result.seconds)
    for figure in FIGURES:
        setattr(done, figure, getattr(result, figure))
    return done
