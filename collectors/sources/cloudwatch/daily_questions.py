"""Listings for a whole region that seldom change: asked once a day, and only where they can have entries."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from collectors.model.account import Configured, Covered, Inventory
from collectors.model.units import DAY_MS
from collectors.sources.base import CoveredSpans, Failed, Item, SourceFailed, Step
from collectors.sources.cloudwatch import capacity, log_destinations
from collectors.sources.cloudwatch.calls import TokenBucket
from collectors.sources.cloudwatch.errors import is_hopeless
from collectors.sources.cloudwatch.log_groups import LogGroup
from collectors.sources.cloudwatch.metric_names import capacity_provider


class Daily:
    """The daily listings of one account and region at ``now_ms``. Those that ``covered`` says were had today are not
    asked.
    """

    def __init__(self, account: str, region: str, bucket: TokenBucket, covered: CoveredSpans, now_ms: int) -> None:
        self._account = account
        self._region = region
        self._bucket = bucket
        self._covered = covered
        self._now_ms = now_ms

    def listings(self, client: Any, settings: Mapping[str, Configured]) -> Iterator[Item]:
        """Code signing, and capacity providers where a listed function runs on one."""
        where = self._account, self._region, self._bucket
        yield from self._once("code signing", "", partial(capacity.code_signing, client, *where))
        used = sorted({capacity_provider(one.settings) for one in settings.values()} - {""})
        if used:
            ask = partial(capacity.capacity_providers, client, *where)
            yield from self._once("capacity providers", " ".join(used), ask)

    def log_destinations(self, client: Any, groups: Sequence[LogGroup]) -> Iterator[Item]:
        """Where functions send their logs that no log group keeps."""
        for group in groups:
            if group.log_class == log_destinations.DELIVERY and group.functions:
                where = group, self._account, self._region, self._bucket
                ask = partial(log_destinations.destinations, client, *where)
                yield from self._once("log destinations", f"{group.name} {' '.join(group.functions)}", ask)

    def _once(self, what: str, which: str, ask: Callable[[], Iterator[Inventory | SourceFailed]]) -> Iterator[Item]:
        """Yields a listing, and a mark that it was had if all of it was. A failure is reported, and the listing asked
        again next time.
        """
        item = f"{what} {self._account} {self._region} {which}".strip()
        if self._now_ms - max((high for _, high in self._covered(item)), default=0) < DAY_MS:
            return
        yield Step(what)
        whole = True
        try:
            for answer in ask():
                if isinstance(answer, SourceFailed):
                    whole = False
                    yield Failed(answer)
                else:
                    yield answer
        except SourceFailed as failed:
            if is_hopeless(failed):
                raise
            whole = False
            yield Failed(failed)
        if whole:
            yield Covered(item, 0, self._now_ms)
