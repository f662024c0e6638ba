"""One account and region of CloudWatch as a Source."""

import time
from collections.abc import Callable, Iterator
from functools import cached_property

from collectors.cloudwatch import log_events, metrics
from collectors.cloudwatch.functions import account_of, list_functions
from collectors.cloudwatch.session import ReadOnlySession
from collectors.model import Function, LogEvent, MetricPoint
from collectors.source import SourceFailed


class CloudWatchSource:
    """What ``session`` may read, from ``since_ms`` to ``now_ms`` (epoch milliseconds)."""

    def __init__(
        self,
        session: ReadOnlySession,
        *,
        since_ms: int,
        now_ms: int,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.region = session.region
        self.name = " ".join(filter(None, ("cloudwatch", session.profile, session.region)))
        self._session = session
        self._since_ms = since_ms
        self._now_ms = now_ms
        self._pause = pause

    @cached_property
    def account(self) -> str:
        return account_of(self._session.client("sts"), self.region)

    def functions(self) -> list[Function]:
        return self._functions

    def event_blocks(self) -> Iterator[list[LogEvent]]:
        """Every group's events; one that cannot be read does not keep the others from being read.

        At the end SourceFailed tells of the groups that failed.
        """
        client = self._session.client("logs")
        failed: list[SourceFailed] = []
        groups = log_events.discover(client, self.region, self._functions)
        for group in groups:
            try:
                yield from log_events.event_blocks(
                    client,
                    group,
                    since_ms=self._since_ms,
                    until_ms=self._now_ms,
                    account=self.account,
                    region=self.region,
                )
            except SourceFailed as one:
                failed.append(one)
        if failed:
            first = failed[0]
            others = f" (and {len(failed) - 1} more of {len(groups)})" if len(failed) > 1 else ""
            raise SourceFailed(f"{first.what}{others}", first.meaning, first.what_to_do)

    def metrics(self) -> Iterator[MetricPoint]:
        return metrics.metric_points(
            self._session.client("cloudwatch"),
            [function.key for function in self._functions],
            since_ms=self._since_ms,
            now_ms=self._now_ms,
            region=self.region,
        )

    @cached_property
    def _functions(self) -> list[Function]:
        return list(list_functions(self._session.client("lambda"), self.region, self._pause))
