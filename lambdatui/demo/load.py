"""Who calls the demo's functions: a believable load, the same from the same seed.

Each caller is a task with a random generator of its own; calls go through the runner's API over HTTP, as a client's.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

Payload = Callable[[random.Random], dict[str, Any]]


def _article(random_: random.Random) -> dict[str, Any]:
    return {"pathParameters": {"id": f"a{random_.randrange(210)}"}}


def _image(random_: random.Random) -> dict[str, Any]:
    factor = random_.choice((4, 8))
    return {"width": 320, "height": 240, "factor": factor, "seed": random_.randrange(1000)}


def _report(random_: random.Random) -> dict[str, Any]:
    return {"months": random_.choice((1, 2, 3, 14))}


def _payment(random_: random.Random) -> dict[str, Any]:
    order = random_.randrange(100_000)
    return {"order": order, "cents": random_.randrange(500, 20_000), "declined": random_.random() < 0.05}


def _order(random_: random.Random) -> dict[str, Any]:
    return {"order": random_.randrange(100_000), "items": ["item"] * random_.randrange(1, 4)}


def _partner(random_: random.Random) -> dict[str, Any]:
    answer_s = 1.5 if random_.random() < 0.25 else random_.uniform(0.02, 0.2)
    return {"partner": random_.choice(("north", "south", "west")), "answer_s": answer_s}


def _name(random_: random.Random) -> dict[str, Any]:
    return {"name": random_.choice(("Ada", "Grace", "Alan", ""))} if random_.random() < 0.9 else {}


# Function, its events, seconds between calls on average, calls side by side, whether they are asynchronous.
CALLERS: list[tuple[str, Payload, float, int, bool]] = [
    ("shop-api", _article, 0.12, 1, False),
    ("thumbnails", _image, 0.9, 1, False),
    ("monthly-report", _report, 1.3, 1, False),
    ("payments", _payment, 0.5, 1, True),
    ("order-worker", _order, 1.5, 4, False),
    ("price-scraper", _partner, 0.8, 1, False),
    ("greeter", _name, 0.5, 1, False),
]


class Load:
    """Calls the ``functions`` of the runner at ``host`` and ``port`` until ``stop``, and waits for what it began."""

    def __init__(self, host: str, port: int, functions: set[str], seed: int) -> None:
        self.answers: Counter[tuple[str, int]] = Counter()  # by function and HTTP status (0: none)
        self._address = (host, port)
        self._callers = [caller for caller in CALLERS if caller[0] in functions]
        self._seed = seed
        self._stopping = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Call until ``stop``, then wait for the last answer."""
        callers = [self._call_again(*caller, random.Random(f"{self._seed}{caller[0]}")) for caller in self._callers]
        await asyncio.gather(*callers)
        while self._calls:
            await asyncio.wait(self._calls)

    def stop(self) -> None:
        """Begins no further call; those that were begun go on."""
        self._stopping.set()

    async def _call_again(
        self, name: str, payload: Payload, every_s: float, together: int, asynchronous: bool, random_: random.Random
    ) -> None:
        while not self._stopping.is_set():
            for _ in range(together):
                task = asyncio.get_running_loop().create_task(self._call(name, payload(random_), asynchronous))
                self._calls.add(task)
                task.add_done_callback(self._calls.discard)
            try:
                await asyncio.wait_for(self._stopping.wait(), random_.expovariate(1 / every_s))
            except TimeoutError:
                continue

    async def _call(self, name: str, event: dict[str, Any], asynchronous: bool) -> None:
        body = json.dumps(event).encode()
        kind = "Event" if asynchronous else "RequestResponse"
        head = (
            f"POST /2015-03-31/functions/{name}/invocations HTTP/1.1\r\nHost: localhost\r\n"
            f"X-Amz-Invocation-Type: {kind}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection(*self._address)
        try:
            writer.write(head.encode() + body)
            answer = await reader.read()
            self.answers[name, int(answer[9:12] or b"0")] += 1
        finally:
            writer.close()
