"""The simulated days as a source of a collection: they go through the same assembler and writer as everything else."""

from collections.abc import Callable, Iterator

from collectors.model.account import Covered, HourAggregate
from collectors.sources.base import HourAggregates, Item, LogEvents, MetricPoints, Source, Stored
from collectors.store.simulated import simulated_item
from lambdatui.demo.history.calendar import Calendar
from lambdatui.demo.history.configuration import configuration
from lambdatui.demo.history.hours import hour_of
from lambdatui.demo.history.log_events import blocks_to_compare, failed_blocks, whole_blocks
from lambdatui.demo.history.points import points
from lambdatui.demo.history.shop_load import ShopLoad, behaviours
from lambdatui.demo.shop import samples
from lambdatui.runner.functions import ACCOUNT, REGION


class SimulatedDays(Source):
    """Thirty days of the demo's shop. ``ended`` is asked between blocks: the rest is left out once it says so.

    First comes the mark that says which span is simulated, so that nothing of it is ever without.
    """

    name = "thirty simulated days"
    account, region = ACCOUNT, REGION

    def __init__(self, calendar: Calendar, seed: int, ended: Callable[[], bool] = lambda: False) -> None:
        self._calendar = calendar
        self._ended = ended
        self._shop = samples()
        by_name = {sample.name: sample for sample in self._shop}
        self._functions = [(behaviour, by_name[behaviour.name]) for behaviour in behaviours(list(by_name))]
        self._load = ShopLoad(calendar, seed)

    def items(self, stored: Stored, /) -> Iterator[Item]:
        """What CloudWatch would give: what the first screen shows first, then the rest."""
        for item in self._items():
            if self._ended():
                return
            yield item

    def _items(self) -> Iterator[Item]:
        calendar, load, functions = self._calendar, self._load, self._functions
        yield Covered(simulated_item(ACCOUNT, REGION), calendar.begin_ms, calendar.end_ms)
        yield from configuration(calendar, self._shop)
        # A store commits what came before metrics or sums: the newest quarter of an hour is shown at once.
        blocks = whole_blocks(load, functions)
        yield LogEvents(next(blocks))
        yield MetricPoints(points(load, functions, calendar.hours[-1]))
        yield HourAggregates(self._hours())
        for block in failed_blocks(load, functions):
            yield LogEvents(block)
        for block in blocks:
            yield LogEvents(block)
            yield MetricPoints([])
        yield MetricPoints([one for hour_ms in calendar.hours[:-1] for one in points(load, functions, hour_ms)])
        for block in blocks_to_compare(load, functions):
            yield LogEvents(block)

    def _hours(self) -> list[HourAggregate]:
        sums = [
            hour_of(self._load, behaviour, sample, hour_ms)
            for hour_ms in self._calendar.hours
            if not self._calendar.is_whole(hour_ms)
            for behaviour, sample in self._functions
        ]
        return [hour for hour in sums if hour is not None]
