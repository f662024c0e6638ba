"""Which functions a live tail can follow, and how its lines are merged with those of the store."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from collectors.model.errors import LambdatuiError
from collectors.store.read.reader import Reader
from lambdatui.views.line_query import parse
from lambdatui.views.local_runner import LOCAL_ACCOUNT, runner_log
from lambdatui.views.log_search import SHOWN_LINES
from lambdatui.views.logs import LogView
from lambdatui.views.scope import Scope

MOST_FUNCTIONS = 10
"""Log groups of one session (CloudWatch Logs quotas, StartLiveTail)."""


class NoLiveTail(LambdatuiError, ValueError):
    """These functions cannot be tailed together; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class LiveTarget:
    """Functions of one account and region, by log group; ``runner`` is the log of the local runner they are in.

    ``left_out`` counts the log groups that one live tail does not take.
    """

    account: str
    region: str
    groups: dict[str, tuple[str, ...]]
    runner: Path | None = None
    left_out: int = 0

    @property
    def functions(self) -> list[str]:
        """The names of the functions that are followed, in order."""
        return sorted(name for names in self.groups.values() for name in names)


def live_target(
    reader: Reader,
    *,
    scope: Scope | None = None,
    function_ids: Sequence[int] | None = None,
    by_endpoint: bool = False,
) -> LiveTarget:
    """The log groups that a live tail of these functions follows. Raises ``NoLiveTail``.

    ``by_endpoint``: another server than AWS's is asked, which may be the local runner of its account.

    Of functions that were marked or filtered, the first ``MOST_FUNCTIONS`` log groups are; of all, none: nobody chose.
    """
    rows = (scope or Scope()).bound(reader).chosen(reader.functions())
    if function_ids is not None:
        rows = [row for row in reader.functions() if row.id in set(function_ids)]
    if not rows:
        raise NoLiveTail("there is no function here yet to tail: collect first")
    places = {(row.function.key.account, row.function.key.region) for row in rows}
    if len(places) > 1:
        raise NoLiveTail(
            f"a live tail is of one account and region, and these functions are in {len(places)}: l on one of them, or"
            " P and R narrow"
        )
    [(account, region)] = places
    runner = runner_log(reader) if account == LOCAL_ACCOUNT and not by_endpoint else None
    if not account or not region or (account == LOCAL_ACCOUNT and runner is None and not by_endpoint):
        raise NoLiveTail("these lines came from a file: there is no live tail of it; what is imported is followed")
    groups: dict[str, tuple[str, ...]] = {}
    for row in rows:
        group = row.function.log_group or f"/aws/lambda/{row.function.key.name}"
        groups[group] = (*groups.get(group, ()), row.function.key.name)
    left_out = 0 if runner is not None else max(0, len(groups) - MOST_FUNCTIONS)
    if left_out and scope is not None and scope.sets:
        groups = dict(sorted(groups.items(), key=lambda group: group[1])[:MOST_FUNCTIONS])
    elif left_out:
        raise NoLiveTail(
            f"a live tail takes {MOST_FUNCTIONS} log groups at most, and these are {len(groups):,}: l on one function,"
            " or mark some with space"
        )
    return LiveTarget(account, region, groups, runner, left_out)


def with_live(
    stored: Sequence[LogView], live: Sequence[LogView], where: str = "", *, more: bool = False
) -> list[LogView]:
    """Stored lines and live ones in order of time, each once: what was seen live is collected later.

    A live tail gives no event ids: the same text of the same function and millisecond is the same line, as often as
    it was written. ``where`` is read as ``views.line_query`` does. ``more`` says that the store holds older lines than
    ``stored``; live ones of that age are left out.
    """
    query = parse(where)
    fresh = [line for line in live if query.matches(line)]
    if fresh and more and stored:
        fresh = [line for line in fresh if line.timestamp >= stored[0].timestamp]
    if not fresh:
        return list(stored)
    oldest = min(line.timestamp for line in fresh)
    known = Counter(_key(line) for line in stored if line.timestamp >= oldest)
    left = []
    for line in fresh:
        if known[key := _key(line)] > 0:
            known[key] -= 1
        else:
            left.append(line)
    return sorted([*stored, *left], key=lambda line: line.timestamp)[-SHOWN_LINES:]


def _key(line: LogView) -> tuple[str, int, str]:
    return line.function, line.timestamp, line.message.rstrip("\r\n")
