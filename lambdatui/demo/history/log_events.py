"""Log events of the simulated days, as the sample functions and Lambda write them.

Of the last hour and more every invocation has its log; of the hours before, those that failed.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from math import log

from collectors.model.records import LogEvent
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from lambdatui.demo.history.shop_load import DEPLOYED, Behaviour, ShopLoad
from lambdatui.demo.shop import SAMPLES, Sample
from lambdatui.runner.functions import ACCOUNT, REGION, Deployment
from lambdatui.runner.log.platform_lines import PlatformLines, ReportFigures

_BLOCK_MS = 15 * MINUTE_MS
_FIRST_ORDER = 1_000_000  # more digits than a real order has, which has five
_ORDER_MS = 100  # orders are numbered by time, so that a payment and its parcel have one number
_BOOTSTRAP = SAMPLES.parents[1] / "runner" / "runtimes" / "bootstrap.mjs"


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """One invocation. ``order`` numbers the order that it is about; ``since_deploy``: it ran the newest code."""

    start_ms: int
    duration_us: int
    request_id: str
    fails: bool
    since_deploy: bool
    order: int
    choice: float

    @property
    def end_ms(self) -> int:
        """When it ended, epoch ms."""
        return self.start_ms + -(-self.duration_us // 1000)


def failed_blocks(load: ShopLoad, shop: Sequence[tuple[Behaviour, Sample]]) -> Iterator[list[LogEvent]]:
    """The logs of the invocations that failed in the summed hours, a block for each function."""
    for function in shop:
        writer = FunctionLog(load, *function)
        hours = [hour_ms for hour_ms in load.calendar.hours if not load.calendar.is_whole(hour_ms)]
        yield [event for hour_ms in hours for event in writer.events(writer.calls(hour_ms))]


def whole_blocks(load: ShopLoad, shop: Sequence[tuple[Behaviour, Sample]]) -> Iterator[list[LogEvent]]:
    """The logs of all invocations since ``rows_ms``, in blocks of a quarter of an hour, the newest first."""
    return _blocks(load, shop, load.calendar.rows_ms, load.calendar.end_ms)


def blocks_to_compare(load: ShopLoad, shop: Sequence[tuple[Behaviour, Sample]]) -> Iterator[list[LogEvent]]:
    """The logs of all invocations of the hour before, and of the same time a week before, in such blocks."""
    for hours in (load.calendar.hour_before, load.calendar.week_before):
        yield from _blocks(load, shop, hours[0], hours[-1] + HOUR_MS)


def _blocks(
    load: ShopLoad, shop: Sequence[tuple[Behaviour, Sample]], from_ms: int, to_ms: int
) -> Iterator[list[LogEvent]]:
    writers = [FunctionLog(load, *function) for function in shop]
    for end_ms in range(to_ms, from_ms, -_BLOCK_MS):
        begin_ms = max(end_ms - _BLOCK_MS, from_ms)
        yield [
            event
            for writer in writers
            for event in writer.events([
                call
                for hour_ms in range(begin_ms // HOUR_MS * HOUR_MS, end_ms, HOUR_MS)
                for call in writer.calls(hour_ms)
                if begin_ms <= call.start_ms < end_ms
            ])
        ]  # fmt: skip


class FunctionLog:
    """Writes one function's log, with a log stream for each execution environment."""

    def __init__(self, load: ShopLoad, behaviour: Behaviour, sample: Sample) -> None:
        self._load = load
        self._behaviour = behaviour
        self._sample = sample
        deployment = Deployment(sample.name, "", sample.handler, sample.runtime, sample.memory_mb, sample.timeout_s)
        self._lines = PlatformLines(deployment)
        self._group = deployment.log_group
        self._random = load.random_of(behaviour, 0, "environments")
        self._calls: dict[int, list[SimulatedCall]] = {}

    def calls(self, hour_ms: int) -> list[SimulatedCall]:
        """The hour's invocations in order of time, none of which ends after the simulated days do.

        Of summed hours those that failed.
        """
        if hour_ms not in self._calls:
            self._calls[hour_ms] = self._made_calls(hour_ms)
        return self._calls[hour_ms]

    def _made_calls(self, hour_ms: int) -> list[SimulatedCall]:
        load, behaviour, sample = self._load, self._behaviour, self._sample
        parts = load.parts(behaviour, hour_ms)
        whole = load.calendar.is_whole(hour_ms)
        if not parts or not (whole or any(part.failed for part in parts)):
            return []
        random_, end_ms = load.random_of(behaviour, hour_ms, "logs"), load.calendar.end_ms
        longest_us = sample.timeout_s * 950_000
        calls = []
        for part in parts:
            middle = log(part.usual_ms * 1000)
            wanted = part.calls if whole else part.failed
            span_ms = min(hour_ms + HOUR_MS, end_ms) - hour_ms
            for number in range(wanted):
                fails = number < part.failed
                duration_us = min(longest_us, round(random_.lognormvariate(middle, part.spread)))
                if fails and behaviour.failure == "timeout":
                    duration_us = sample.timeout_s * 1_000_000
                room_ms = max(1, span_ms - (duration_us // 1000 + 1 if hour_ms + span_ms >= end_ms else 0))
                start_ms = hour_ms + int(random_.random() * room_ms)
                digits = f"{random_.getrandbits(128):032x}"
                request_id = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
                order = _FIRST_ORDER + (start_ms - load.calendar.begin_ms) // _ORDER_MS
                since_deploy = start_ms >= load.calendar.deploy_ms
                calls.append(
                    SimulatedCall(start_ms, duration_us, request_id, fails, since_deploy, order, random_.random())
                )
        calls.sort(key=lambda call: call.start_ms)
        return calls

    def events(self, calls: Sequence[SimulatedCall]) -> list[LogEvent]:
        """The events of invocations, which come in order of time."""
        events: list[LogEvent] = []
        free_ms: list[int] = []
        for call in calls:
            stream, init_us = self._environment(call, free_ms)
            lines = [] if init_us is None else [(call.start_ms - init_us // 1000, self._lines.init_start("on-demand"))]
            lines.append((call.start_ms, self._lines.start(call.request_id)))
            lines += printed(self._sample, call)
            lines += [(call.end_ms, line) for line in self._lines.last(self._report(call, init_us))]
            place = self._group, stream, "", self._sample.name, ACCOUNT, REGION
            events += [LogEvent(at_ms, message, *place) for at_ms, message in lines]
        return events

    def _environment(self, call: SimulatedCall, free_ms: list[int]) -> tuple[str, int | None]:
        """The log stream of an environment that is free, and how long it took to start if it did (us).

        ``free_ms`` says of each environment when it is free; one that is missing is added.
        """
        place = next((at for at, free in enumerate(free_ms) if free <= call.start_ms), len(free_ms))
        cold = self._random.random() < self._behaviour.cold
        if not cold:
            free_ms[place : place + 1] = [call.end_ms + 1]
            return _stream(self._sample.name, str(place), call.start_ms // DAY_MS), None
        init_us = round(self._behaviour.init_ms * 1000 * self._random.uniform(0.85, 1.2))
        return _stream(self._sample.name, call.request_id, call.start_ms // DAY_MS), init_us

    def _report(self, call: SimulatedCall, init_us: int | None) -> ReportFigures:
        sample, behaviour = self._sample, self._behaviour
        status = error_type = None
        used_mb = behaviour.used_mb + round(call.choice)
        if call.fails and behaviour.failure == "timeout":
            status = "timeout"
        elif call.fails and behaviour.failure == "memory":
            status, error_type, used_mb = "error", "Runtime.OutOfMemory", sample.memory_mb
        return ReportFigures(call.request_id, call.duration_us, sample.memory_mb, used_mb, init_us, status, error_type)


@lru_cache(1_000)
def _stream(function: str, environment: str, day: int) -> str:
    """The name of a log stream; ``day`` counts from the epoch."""
    name = blake2b(f"{function} {environment}".encode(), digest_size=16).hexdigest()
    return f"{time.strftime('%Y/%m/%d', time.gmtime(day * DAY_MS // 1000))}/[$LATEST]{name}"


def printed(sample: Sample, call: SimulatedCall) -> Iterator[tuple[int, str]]:
    """What a sample function itself writes in one invocation, each with its time (epoch ms)."""
    last_ms, choice, order = call.end_ms - 1, call.choice, call.order
    match sample.folder:
        case "api":
            if choice < 0.048:
                yield last_ms, f"no article a{200 + int(choice * 200)}\n"
        case "thumbnails":
            factor = 4 if choice < 0.5 else 8
            size = 1_000 + int(choice * 3_100)
            yield last_ms, f"320x240 to {320 // factor}x{240 // factor}, {size} bytes\n"
        case "payments":
            yield from _paid(call, sample.name)
        case "report":
            months = 10 if call.fails else 1 + int(choice * 3)
            for month in range(months):
                yield call.start_ms + 1 + month, f"month {month + 1}: {12 * (month + 1)} MB of orders\n"
        case "worker":
            yield last_ms, f"packed {1 + int(choice * 3)} items of order {order}\n"
        case "scraper":
            partner = ("north", "south", "west")[int(choice * 3)]
            yield call.start_ms + 1, f"asking partner {partner}, {sample.timeout_s * 1000 - 7} ms left\n"
        case "nightly":
            yield last_ms, f"Scheduled Event of {_iso(call.start_ms)[:-5]}Z: 2880141\n"
        case "greeter":
            said = _node_error() if call.fails else f"INFO\tgreeting {('Ada', 'Grace', 'Alan')[int(choice * 3)]}\n"
            yield last_ms, f"{_iso(last_ms)}\t{call.request_id}\t{said}"
        case "weekly":
            yield last_ms, f"part {int(choice * 480)} of 480: 9973 words\n"


def _paid(call: SimulatedCall, name: str) -> Iterator[tuple[int, str]]:
    last_ms, order = call.end_ms - 1, call.order
    if not call.fails:
        cents = 500 + int(call.choice * 19_500)
        yield last_ms, f"[INFO]\t{_iso(last_ms)}\t{call.request_id}\tcharged order {order}: {cents} cents\n"
    elif call.since_deploy:
        warning = f"provider did not answer for order {order}"
        yield last_ms, f"[WARNING]\t{_iso(last_ms)}\t{call.request_id}\t{warning}\n"
        yield last_ms, _python_error(name, f"ProviderTimeout: no answer for order {order} after 50 ms")
    else:
        yield last_ms, _python_error(f"{DEPLOYED}_before", f"AmountMissing: order {order} has no amount")


def _python_error(folder: str, said: str) -> str:
    return f"[ERROR] {said}\nTraceback (most recent call last):\n{_frame(folder, said.partition(':')[0])}"


@cache
def _frame(folder: str, error: str) -> str:
    """The frame of a sample's ``handler`` that raises an error, as Lambda's Python runtime writes it."""
    path = SAMPLES / folder / "app.py"
    lines = path.read_text(encoding="utf-8").splitlines()
    number, code = next((at, line.strip()) for at, line in enumerate(lines, 1) if f"raise {error}(" in line)
    blank = "\N{NO-BREAK SPACE}"
    return f'{blank * 2}File "{path}", line {number}, in handler\n{blank * 4}{code}'


@cache
def _node_error() -> str:
    """What Node's runtime logs of the error that ``samples/greeter`` throws."""
    frames = [
        f"    at {place} (file://{path}:{line}:{column})"
        for place, path, code in (
            ("handler", SAMPLES / "greeter" / "index.mjs", "new TypeError("),
            ("async main", _BOOTSTRAP, "await called(handler"),
        )
        for line, column in [_place_of(path.read_text(encoding="utf-8"), code)]
    ]
    message = "event.name is missing"
    error = {"errorType": "TypeError", "errorMessage": message, "stack": [f"TypeError: {message}", *frames]}
    return f"ERROR\tInvoke Error \t{json.dumps(error, separators=(',', ':'))}\n"


def _place_of(text: str, code: str) -> tuple[int, int]:
    before = text[: text.index(code)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _iso(at_ms: int) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at_ms // 1000))}.{at_ms % 1000:03d}Z"
