"""``lambdatui logs --live``: lines as they are written, of an AWS account or of the local runner."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from collectors.model.clock import now_ms
from collectors.model.errors import LambdatuiError
from collectors.model.records import FunctionKey, LogEvent
from collectors.parsing.function_names import function_key
from collectors.store.read.reader import Reader
from collectors.store.write.sessions import keep_session
from lambdatui.cli import interrupts
from lambdatui.cli.spending import Spending, cost_of
from lambdatui.cli.store_access import narrowed
from lambdatui.settings.context import CommandContext
from lambdatui.text import figures
from lambdatui.text.plain import plain
from lambdatui.text.safe_output import log_text
from lambdatui.views.line_conditions import LineQuery
from lambdatui.views.live import LiveTarget, live_target
from lambdatui.views.logs import LogView
from lambdatui.views.resolved_range import resolved

if TYPE_CHECKING:
    from pathlib import Path

RUNNER = "runner"
_POLL_S = 0.25
_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Came:
    """What came at once: events, by which way, remarks, and the cost so far (None: free)."""

    events: list[LogEvent]
    way: str
    note: str = ""
    sampled: bool = False
    cost_usd: Decimal | None = None


def tail(
    context: CommandContext,
    wanted: Sequence[LineQuery],
    *,
    profile: str | None,
    endpoint_url: str | None,
    as_json: bool,
) -> None:
    """Prints until it is interrupted. Raises ``NoLiveTail``, ``SourceFailed`` where nothing can be tailed."""
    from collectors.sources.base import BudgetReached

    with Reader(context.db) as reader:
        time_range = resolved(reader, context.range, now_ms())
        scope = narrowed(context.scope, reader, time_range)
        by_endpoint = bool(endpoint_url or any(map(os.environ.get, ("AWS_ENDPOINT_URL_LOGS", "AWS_ENDPOINT_URL"))))
        target = live_target(reader, scope=scope, by_endpoint=by_endpoint)
    if not as_json:
        click.echo(plain(f"live tail of {', '.join(target.functions)}; ctrl-c ends it"), err=True)
    source = _of_runner(target.runner, target) if target.runner else _of_aws(context, target, profile, endpoint_url)
    try:
        # However the tail ends, its cost is written to the ledger.
        with interrupts.as_interrupts(signal.SIGTERM), contextlib.closing(source) as came:
            _say_all(came, target, context, wanted, as_json)
    except BudgetReached as error:
        raise LambdatuiError(str(error)) from error


def _say_all(
    came: Iterator[Came], target: LiveTarget, context: CommandContext, wanted: Sequence[LineQuery], as_json: bool
) -> None:
    told_state = None
    for part in came:
        state = (part.way, part.sampled, part.cost_usd)
        if part.note or state != told_state:
            _tell(part, as_json)
            told_state = state
        for event in part.events:
            line = LogView(0, event.timestamp_ms, _function(event, target), None, event.message, "log")
            if all(query.matches(line) for query in wanted):
                _print(line, context, as_json)


def _of_aws(
    context: CommandContext, target: LiveTarget, profile: str | None, endpoint_url: str | None
) -> Generator[Came, None, None]:
    """Tails AWS's log groups. What it cost is written to the ledger when it ends, as for any collection."""
    from collectors.sources.base import SourceFailed
    from collectors.sources.cloudwatch import live_tail
    from collectors.sources.cloudwatch.functions import account_of
    from collectors.sources.cloudwatch.log_groups import LogGroup
    from collectors.sources.cloudwatch.session import ReadOnlySession

    session = ReadOnlySession(profile, target.region, endpoint_url, limit_of=Spending().limit)
    account = account_of(session.client("sts"), session.region, profile)
    if account != target.account:
        raise SourceFailed(
            "live tail",
            f"the credentials are of account {account}, and these functions are in {target.account}",
            "give the profile of that account: P on the screens, --profile here",
        )
    groups = [LogGroup(name, names) for name, names in target.groups.items()]
    client, partition = session.client("logs"), session.client("logs").meta.partition
    calls, region = session.calls, target.region
    began_ms = now_ms()
    try:
        for one in live_tail.tail(client, groups, calls, account=account, region=region, partition=partition):
            yield Came(one.events, one.way, one.note, one.sampled, cost_of(calls.counts(), region))
    finally:
        name = f"live tail {', '.join(target.functions)}"
        if cost_of(calls.counts(), region) and not keep_session(
            context.db, name, region, began_ms, now_ms(), calls.counts(), _PATIENCE_S
        ):
            click.echo("lambdatui: the store is being written: what this live tail cost is not in it", err=True)


def _of_runner(path: "Path", target: LiveTarget) -> Generator[Came, None, None]:
    """Tails the runner's log, a file on this machine, which is read four times a second."""
    from collectors.sources.runner_log import RunnerLog

    with RunnerLog(path) as log:
        after = log.first_event_at(now_ms())
        yield Came([], RUNNER)
        while True:
            for block, at in log.event_blocks(after):
                after = at
                yield Came([event for event in block if event.log_group in target.groups], RUNNER)
            time.sleep(_POLL_S)


def _function(event: LogEvent, target: LiveTarget) -> str:
    place = event.log_group, event.log_stream, event.function
    return function_key(place, event.account, event.region, FunctionKey("", target.account, target.region)).name


def _print(line: LogView, context: CommandContext, as_json: bool) -> None:
    if as_json:
        click.echo(
            json.dumps({"timestamp": figures.iso(line.timestamp), "function": line.function, "message": line.message})
        )
        return
    at = figures.instant(line.timestamp, utc=context.utc, millis=True)
    body = log_text(line.message).replace("\n", "\n    ")
    click.echo(f"{at}  {plain(line.function)}  {body}")


def _tell(part: Came, as_json: bool) -> None:
    if as_json:
        cost = None if part.cost_usd is None else figures.decimal_text(part.cost_usd)
        click.echo(json.dumps({"way": part.way, "note": part.note, "sampled": part.sampled, "cost_usd": cost}))
        return
    cost = f", {figures.money(part.cost_usd)} so far" if part.cost_usd else ""
    click.echo(plain(f"{part.way}{cost}{'; ' + part.note if part.note else ''}"), err=True)
