"""The runner: composes the rooms, calls functions, and applies changes of what is deployed."""

import asyncio
import platform
import sys
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from lambdatui.runner.clock import now_ms
from lambdatui.runner.deployments import lifecycle
from lambdatui.runner.deployments.deployed_functions import DeployedFunctions
from lambdatui.runner.deployments.folder_watch import FolderWatch
from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.environments import memory
from lambdatui.runner.environments.environment import Environment
from lambdatui.runner.environments.failures import failure_before_start
from lambdatui.runner.environments.fleet import Fleet, Limits
from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.environments.process import Host
from lambdatui.runner.environments.runtime_api import Event
from lambdatui.runner.errors import RecursiveInvocation, Throttled
from lambdatui.runner.functions import LATEST, RunnerError
from lambdatui.runner.gateways.ports import Gateways
from lambdatui.runner.http.admission import Admission
from lambdatui.runner.http.server import Request
from lambdatui.runner.lineage import MOST_CALLS, calls_before, whole_trace, with_call
from lambdatui.runner.log.writer import Log
from lambdatui.runner.queue.asynchronous import AsyncQueue
from lambdatui.runner.triggers.running import MAPPINGS_FILE, RunningTriggers

_EXPIRE_EVERY_S = 2.0
_FILE_THREADS = 4  # deployments that are unpacked at once
_LAYERS_FILE = "layers.json"
P = ParamSpec("P")
T = TypeVar("T")


class Runner:
    """One runner; the rooms below use it as their ``Invoker``.

    Open it with ``async with``: leaving it ends every process that it started. ``time_scale`` shortens waits: 60 makes
    a minute's wait a second. ``on_line`` is called with the function's name, the epoch milliseconds and the message of
    each log event. Raises RunnerError where the machine has no ``/proc``.
    """

    def __init__(
        self,
        log: Log,
        *,
        limits: Limits | None = None,
        time_scale: float = 1.0,
        on_line: Callable[[str, int, str], None] | None = None,
        admission: Admission | None = None,
        transition_s: float = 0.0,
    ) -> None:
        if not memory.available():
            raise RunnerError("this machine has no /proc, from which the runner reads memory: run it on Linux")
        self.log = log
        self.admission = admission or Admission()
        self.functions = DeployedFunctions(log.path)
        self.layers: dict[str, dict[str, Document]] = self.functions.documents.read(_LAYERS_FILE)
        """Layer versions, by the layer's name and the version's number."""
        self.mappings: dict[str, Document] = self.functions.documents.read(MAPPINGS_FILE)
        """Event source mappings, by their UUIDs."""
        self.architecture = {"aarch64": "arm64"}.get(platform.machine(), "x86_64")
        self.time_scale = time_scale
        self.transition_s = transition_s / time_scale
        """How long a new or changed function is Pending or InProgress."""
        self.triggers: RunningTriggers | None = None
        """None in a runner that only answers calls."""
        self.gateways: Gateways | None = None
        """None in a runner that only answers calls."""
        self._limits = limits or Limits()
        self._on_line = on_line
        self.folder_watch = FolderWatch()
        self._file_threads = ThreadPoolExecutor(_FILE_THREADS, "lambdatui-files")

    async def __aenter__(self) -> "Runner":
        self.host = Host()
        self.fleet = Fleet(self.log, self.host, self._limits, self._on_line)
        for function in self.functions.by_name.values():
            if function.reserved is not None:
                self.fleet.reserved[function.name] = function.reserved
        for function in self.functions.by_name.values():
            if lifecycle.finish(function):
                self.functions.save(function)
        self.queue = AsyncQueue(self)
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
        self._file_threads.shutdown(wait=False, cancel_futures=True)
        await self.log.commit()

    async def begin(self) -> None:
        """Start what only a serving runner does: the queue, provisioned environments, triggers, function URLs."""
        self.queue.recover()
        self.gateways = Gateways(self)
        self.triggers = RunningTriggers(self, self.gateways, self.functions.documents, self.mappings)
        for function in self.functions.by_name.values():
            self._provision(function)
            self.gateways.refresh(function)
        self.triggers.start()

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(min(_EXPIRE_EVERY_S, self._limits.idle_s / 4))
            self.fleet.expire()

    # --- calls (``Invoker``)

    async def invoke(
        self,
        name: str,
        payload: bytes,
        *,
        request_id: str | None = None,
        trace: str = "",
        on_start: Callable[[str], None] | None = None,
        on_chunk: Callable[[bytes, Request], None] | None = None,
    ) -> Invocation:
        """Call a function by name or ARN; see ``Invoker``."""
        resolved = self.functions.resolve(name)
        event = Event(
            *(request_id or str(uuid.uuid4()), payload, 0, resolved.arn, whole_trace(trace)),
            on_start=on_start,
            on_chunk=on_chunk,
        )
        return await self.run(resolved.function.name, resolved.version, event)

    async def invoke_later(self, name: str, payload: bytes, request_id: str | None = None, trace: str = "") -> str:
        """Queue an asynchronous event; see ``Invoker``."""
        return await self.queue.accept(self.functions.resolve(name).arn, payload, request_id, trace)

    def reserved_concurrency(self, name: str) -> int | None:
        """How many calls of a function may run at once; None when nothing is reserved for it."""
        return self.fleet.reserved.get(name)

    async def run(self, name: str, version: str, event: Event, *, tail: bool = False) -> Invocation:
        """Run an event in an environment of a version; ``tail`` asks for the end of its log.

        Raises Throttled, and RecursiveInvocation.
        """
        if calls_before(event.trace_id, name) >= MOST_CALLS:
            self._stop_loop(name, event.request_id)
        event.trace_id = with_call(event.trace_id, name)
        deployment = self.functions.deployment(name, version)
        if deployment.watched and self.folder_watch.changed(deployment.path):
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
            if (finishing := environment.finishing) is None:
                self.fleet.release(environment)
            else:
                finishing.add_done_callback(lambda task: self._finished(environment, task))

    def _finished(self, environment: Environment, task: asyncio.Task[Invocation]) -> None:
        """Release an environment whose extensions went on after the answer."""
        environment.finishing = None
        if not task.cancelled() and (error := task.exception()) is not None:
            environment.stale = True
            sys.stderr.write(f"lambdatui runner: {environment.deployment.name}: {error}\n")
        self.fleet.release(environment)

    def _stop_loop(self, name: str, request_id: str) -> None:
        """Raise RecursiveInvocation and say so, unless the function may be called in loops."""
        if self.functions.by_name[name].recursive_loop == "Allow":
            return
        now = now_ms()
        self.log.count(name, "RecursiveInvocationsDropped", 1.0, now)
        problem = f"{name} was called {MOST_CALLS} times by one chain of requests: a recursive loop was stopped"
        sys.stderr.write(f"lambdatui runner: {problem}\n")
        group = self.functions.deployment(name, LATEST).log_group
        message = f"[WARN] RequestId: {request_id} {problem}\n"
        self.log.write([(now, uuid.uuid4().hex, group, "recursive-loops", message)])
        raise RecursiveInvocation

    # --- changes

    async def in_thread(self, run: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``run`` in a thread, for reading and writing files while calls are answered."""
        return await asyncio.get_running_loop().run_in_executor(self._file_threads, partial(run, *args, **kwargs))

    def save(self, function: DeployedFunction) -> None:
        """Write a function's new state, and apply it to environments, limits, URLs and the log."""
        self.functions.save(function)
        if function.reserved is None:
            self.fleet.reserved.pop(function.name, None)
        else:
            self.fleet.reserved[function.name] = function.reserved
        for version in function.versions:
            self.fleet.renew(self.functions.deployment(function.name, version))
        latest = self.functions.deployment(function.name, LATEST)
        self.log.deployed(latest, now_ms(), function.reserved, function.part("tags"))
        self._provision(function)
        if self.gateways is not None:
            self.gateways.refresh(function)

    def finish_later(self, function: DeployedFunction) -> None:
        """End a function's creation or change after the time for that; see ``deployments.lifecycle``."""

        def run() -> None:
            if self.functions.by_name.get(function.name) is function and lifecycle.finish(function):
                self.functions.save(function)

        if self.transition_s:
            asyncio.get_running_loop().call_later(self.transition_s, run)
        else:
            run()

    def save_tags(self, function: DeployedFunction) -> None:
        """Write a function's new tags, which change nothing that runs."""
        self.functions.save(function)
        self.log.tagged(function.name, function.part("tags"), now_ms())

    def _provision(self, function: DeployedFunction) -> None:
        """Start the provisioned environments of each version; those of an alias are its version's."""
        counts: dict[str, int] = dict.fromkeys(function.versions, 0)
        for qualifier, count in function.part("provisioned").items():
            alias = function.aliases.get(qualifier)
            version = str(alias["FunctionVersion"]) if alias else qualifier
            if version in counts:
                counts[version] += count
        for version, count in counts.items():
            self.fleet.provision(self.functions.deployment(function.name, version), count)

    def remove(self, function: DeployedFunction) -> None:
        """Delete a function and its code; its log stays."""
        self.functions.remove(function.name)
        self.fleet.reserved.pop(function.name, None)
        self.fleet.remove(function.name)
        self.log.removed(function.name, now_ms())
        if self.gateways is not None:
            self.gateways.forget(function.name)

    def save_mapping(self, mapping: Document) -> None:
        """Write a new or changed event source mapping, and poll accordingly."""
        self.mappings[mapping["UUID"]] = mapping
        self._write_mappings(mapping["UUID"])

    def save_mapping_tags(self, mapping: Document, tags: dict[str, str]) -> None:
        """Write an event source mapping's new tags, which change nothing of its polling."""
        mapping["_tags"] = tags
        self.functions.documents.write(MAPPINGS_FILE, self.mappings)

    def remove_mapping(self, mapping_id: str) -> None:
        """Stop polling for an event source mapping, and delete it once the records under way are processed."""
        if self.triggers is None:
            del self.mappings[mapping_id]
            self.functions.documents.write(MAPPINGS_FILE, self.mappings)
        else:
            self.mappings[mapping_id]["State"] = "Deleting"
            self._write_mappings(mapping_id)

    def _write_mappings(self, changed_id: str) -> None:
        self.functions.documents.write(MAPPINGS_FILE, self.mappings)
        if self.triggers is not None:
            self.triggers.mapping_changed(changed_id)

    def layer(self, name: str, version: str) -> Document | None:
        """A layer's version; None when there is none."""
        return self.layers.get(name, {}).get(version)

    def save_layers(self) -> None:
        """Write the layer versions."""
        self.functions.documents.write(_LAYERS_FILE, self.layers)
