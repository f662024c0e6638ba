"""The runner: functions, their environments, their queue, and every way in which they are called."""

import asyncio
import platform
import shutil
import socket
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from lambdatui.runner.api import names
from lambdatui.runner.api.errors import ApiError, invalid
from lambdatui.runner.deployed import Deployed, Document, Function, Watch
from lambdatui.runner.environments import memory
from lambdatui.runner.environments.environment import Invocation, failure_before_start
from lambdatui.runner.environments.fleet import Fleet, Limits, Throttled
from lambdatui.runner.environments.process import Host, now_ms
from lambdatui.runner.environments.runtime_api import Event
from lambdatui.runner.functions import LATEST, RunnerError
from lambdatui.runner.http.admission import Admission
from lambdatui.runner.http.server import Request
from lambdatui.runner.log.writer import Log
from lambdatui.runner.queue import destinations
from lambdatui.runner.queue.asynchronous import AsyncQueue

if TYPE_CHECKING:
    from lambdatui.runner.http.gateways import Gateways
    from lambdatui.runner.triggers.triggers import Triggers

_EXPIRE_EVERY_S = 2.0
_BESIDE = 4  # deployments that are unpacked at once
P = ParamSpec("P")
T = TypeVar("T")


class Runner:
    """Open it with ``async with``: leaving it ends every process that it started."""

    def __init__(
        self,
        log: Log,
        *,
        limits: Limits | None = None,
        time_scale: float = 1.0,
        on_line: Callable[[str, int, str], None] | None = None,
        admission: Admission | None = None,
    ) -> None:
        if not memory.available():
            raise RunnerError("this machine has no /proc, from which the runner reads memory: run it on Linux")
        self.log = log
        self.admission = admission or Admission()
        self.deployed = Deployed(log.path)
        self.layers: dict[str, dict[str, Document]] = self.deployed.read("layers.json")
        self.mappings: dict[str, Document] = self.deployed.read("mappings.json")
        self.architecture = {"aarch64": "arm64"}.get(platform.machine(), "x86_64")
        self.time_scale = time_scale
        self.triggers: Triggers | None = None
        self.gateways: Gateways | None = None
        self._limits = limits or Limits()
        self._on_line = on_line
        self._watch = Watch()
        self._beside = ThreadPoolExecutor(_BESIDE, "lambdatui-files")

    async def __aenter__(self) -> "Runner":
        self.host = Host()
        self.fleet = Fleet(self.log, self.host, self._limits, self._on_line)
        for function in self.deployed.functions.values():
            if function.reserved is not None:
                self.fleet.reserved[function.name] = function.reserved
        self.queue = AsyncQueue(self, self.time_scale)
        self._expiring = asyncio.get_running_loop().create_task(self._expire())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._expiring.cancel()
        if self.triggers is not None:
            await self.triggers.close()
        if self.gateways is not None:
            self.gateways.close()
        await self.queue.close()
        await self.fleet.close()
        await asyncio.to_thread(self.host.close)
        self._beside.shutdown(wait=False, cancel_futures=True)
        await self.log.commit()

    async def begin(self) -> None:
        """Serve what a running runner serves beside calls: the queue, provisioned environments, triggers and URLs."""
        from lambdatui.runner.http.gateways import Gateways
        from lambdatui.runner.triggers.triggers import Triggers

        self.queue.recover()
        self.triggers = Triggers(self)
        self.gateways = Gateways(self)
        for function in self.deployed.functions.values():
            self._provision(function)
            self.gateways.refresh(function)
        self.triggers.begin()

    # --- calls

    async def invoke(
        self,
        name: str,
        payload: bytes,
        *,
        qualifier: str | None = None,
        request_id: str | None = None,
        trace_id: str = "",
        client_context: str = "",
        tail: bool = False,
        on_start: Callable[[str], None] | None = None,
        on_chunk: Callable[[bytes, Request], None] | None = None,
    ) -> Invocation:
        """One invocation, whatever asked for it. Throttled; RunnerError when there is no such function."""
        try:
            meant = names.meant(self.deployed, name, qualifier)
        except ApiError as error:
            raise RunnerError(str(error)) from error
        return await self.run(
            meant.function.name,
            meant.version,
            Event(
                request_id or str(uuid.uuid4()),
                payload,
                0,
                meant.arn,
                trace_id or _trace_id(),
                client_context,
                on_start,
                on_chunk,
            ),
            tail=tail,
        )

    async def run(self, name: str, version: str, event: Event, *, tail: bool = False) -> Invocation:
        deployment = self.deployed.deployment(name, version)
        if deployment.watched and self._watch.changed(deployment.path):
            self.fleet.code_changed(deployment)
        try:
            environment = await self.fleet.take(deployment)
        except Throttled:
            self.log.count(name, "Throttles", 1.0, now_ms())
            raise
        except RunnerError as error:
            return failure_before_start(event.request_id, error, deployment)
        try:
            return await environment.invoke(event, tail=tail)
        except RunnerError as error:
            return failure_before_start(event.request_id, error, deployment)
        except asyncio.CancelledError:
            environment.stale = True
            raise
        finally:
            self.fleet.give(environment)

    async def send_on(self, arn: str, payload: bytes) -> str:
        """An asynchronous event for another function of this runner."""
        try:
            meant = names.meant(self.deployed, arn)
        except ApiError as error:
            raise RunnerError(str(error)) from error
        return await self.queue.accept(meant.arn, payload)

    def version_of(self, arn: str) -> str | None:
        try:
            return names.meant(self.deployed, arn).version
        except ApiError:
            return None

    # --- changes

    async def beside(self, run: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``run`` in a thread: reads and writes files, while calls are answered."""
        return await asyncio.get_running_loop().run_in_executor(self._beside, partial(run, *args, **kwargs))

    def changed(self, function: Function) -> None:
        """Keep a function's new state, and act on it."""
        self.deployed.save(function)
        if function.reserved is None:
            self.fleet.reserved.pop(function.name, None)
        else:
            self.fleet.reserved[function.name] = function.reserved
        for version in function.versions:
            self.fleet.renew(self.deployed.deployment(function.name, version))
        latest = self.deployed.deployment(function.name, LATEST)
        self.log.deployed(latest, now_ms(), function.reserved, function.part("tags"))
        self._provision(function)
        if self.gateways is not None:
            self.gateways.refresh(function)

    def tagged(self, function: Function) -> None:
        """Keep a function's tags, which change nothing that runs."""
        self.deployed.save(function)
        self.log.tagged(function.name, function.part("tags"), now_ms())

    def _provision(self, function: Function) -> None:
        wanted: dict[str, int] = dict.fromkeys(function.versions, 0)
        for qualifier, count in function.part("provisioned").items():
            alias = function.aliases.get(qualifier)
            version = str(alias["FunctionVersion"]) if alias else qualifier
            if version in wanted:
                wanted[version] += count
        for version, count in wanted.items():
            self.fleet.provision(self.deployed.deployment(function.name, version), count)

    def remove(self, function: Function) -> None:
        """Forget a function; its log stays."""
        self.deployed.remove(function.name)
        self.fleet.reserved.pop(function.name, None)
        self.fleet.remove(function.name)
        self.log.removed(function.name, now_ms())
        if self.gateways is not None:
            self.gateways.forget(function.name)

    def frozen(self, name: str, path: str) -> Document:
        """A copy of a folder, for a version that is not to change with it."""
        target = self.deployed.folder_of(name) / "code" / f"copy-{time.time_ns()}"
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copytree(path, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        return {"_path": str(target), "_watched": False}

    def mapped(self, document: Document) -> None:
        self.mappings[document["UUID"]] = document
        self.deployed.write("mappings.json", self.mappings)
        if self.triggers is not None:
            self.triggers.mapping_changed(document["UUID"])

    def unmapped(self, mapping_id: str) -> None:
        self.mappings.pop(mapping_id, None)
        self.deployed.write("mappings.json", self.mappings)
        if self.triggers is not None:
            self.triggers.mapping_changed(mapping_id)

    def layer(self, name: str, version: str) -> Document | None:
        return self.layers.get(name, {}).get(version)

    def check_target(self, target: str) -> None:
        """ApiError when nothing can be sent to a DLQ or destination."""
        try:
            destinations.check(target)
        except RunnerError as error:
            raise invalid(str(error)) from error

    def check_filters(self, criteria: Document | None) -> None:
        """ApiError when an event filter cannot be read."""
        from lambdatui.runner.triggers.event_filters import FilterError, Filters

        try:
            Filters(criteria)
        except FilterError as error:
            raise invalid(f"Invalid filter pattern definition: {error}") from error

    def free_port(self) -> int:
        """A port that is free now, for something that keeps its port over restarts."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(min(_EXPIRE_EVERY_S, self._limits.idle_s / 4))
            self.fleet.expire()


def _trace_id() -> str:
    root = f"1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"
    return f"Root={root};Parent={uuid.uuid4().hex[:16]};Sampled=0"


def folder_of(path: Path) -> str:
    return str(path.absolute())
