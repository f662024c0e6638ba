"""``collect --source``: a local runner's log or a source of another package, once or again and again."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.ingest.engine import collect
from collectors.ingest.results import Collected
from collectors.model.clock import now_ms
from collectors.sources.base import SourceFailed
from collectors.sources.registry import place_source
from lambdatui.cli.collect.request import CollectRequest
from lambdatui.cli.collect.rounds import Rounds
from lambdatui.cli.collect.summary import exit_code, say
from lambdatui.settings.context import CommandContext

if TYPE_CHECKING:
    from collectors.ingest.notifiers import Notifications


def collect_place(
    place: str,
    span_ms: int | None,
    context: CommandContext,
    every_s: float | None,
    notifications: "Notifications | None",
    as_json: bool,
) -> int:
    """Collects and returns the exit code.

    ``span_ms`` is how far back, None for all; ``every_s`` the seconds between rounds of a watch.
    """

    def read() -> Collected:
        return _read(place, span_ms, context.db)

    if every_s is not None:
        return PlaceRounds(read, context).watch(every_s, lambda done: say(done, as_json), notifications)
    done = [read()]
    say(done, as_json)
    return exit_code(done)


class PlaceRounds(Rounds):
    """One place, round by round: ``read`` is one collection of it."""

    def __init__(self, read: Callable[[], Collected], context: CommandContext) -> None:
        super().__init__(CollectRequest((), (), 0, None, "none", (), False, 0, False), context, None)
        self._read = read

    def once(
        self, stopped: Callable[[], bool] = lambda: False, over: Callable[[], bool] = lambda: False
    ) -> Sequence[Collected]:
        """One collection of the log."""
        return [self._read()]


def _read(place: str, span_ms: int | None, db: Path) -> Collected:
    since_ms = None if span_ms is None else now_ms() - span_ms
    try:
        make, argument = place_source(place)
        collected = collect(make(argument, since_ms), db=db)
    except SourceFailed as failed:
        return Collected(failed.what, failures=[f"{failed.meaning}; {failed.advice}"])
    own = f"{collected.name}: "  # which is said before each of them
    collected.failures = list(dict.fromkeys(failure.removeprefix(own) for failure in collected.failures))
    return collected
