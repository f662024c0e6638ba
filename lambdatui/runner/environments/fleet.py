"""All environments of a runner: which of them runs an invocation, when one is started, and when a call is refused.

Lambda Developer Guide, "Understanding Lambda function scaling": an account has a limit, of which 100 stay unreserved;
reserved concurrency is a function's own part of it and its limit; provisioned environments are ready before calls, and
further calls use on-demand ones; each function gains at most 1,000 environments in 10 seconds.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from collectors.model.units import KIB_BYTES
from lambdatui.runner.clock import now_ms
from lambdatui.runner.environments.environment import ON_DEMAND, PROVISIONED, Environment
from lambdatui.runner.environments.failures import Outcome
from lambdatui.runner.environments.process import Host
from lambdatui.runner.errors import Throttled
from lambdatui.runner.functions import Deployment, RunnerError
from lambdatui.runner.log.writer import Log

RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT_LIMIT = "ConcurrentInvocationLimitExceeded"
LEAST_UNRESERVED = 100
"""So much of the account's concurrency cannot be reserved."""
SCALING = 1_000
SCALING_S = 10.0
"""A function gains at most ``SCALING`` environments in this many seconds."""
# Memory of an idle environment of a small function: more environments would make the machine swap.
_ENVIRONMENT_BYTES = 40 << 20
# Starting takes mostly processor time: more starts at once would only delay each other. A start that takes longer than
# _START_SLOT_S, because its init waits for something, lets another one begin.
_STARTS = 2 * (os.cpu_count() or 1)
_START_SLOT_S = 0.3


@dataclass(slots=True)
class Limits:
    """The limits of this runner.

    ``account`` is the concurrency of all functions; ``machine`` how many processes there may be at once (0: as many as
    memory and file descriptors allow); ``idle_s`` how many seconds an idle environment stays warm.
    """

    account: int = 1_000
    machine: int = 0
    idle_s: float = 300.0

    def __post_init__(self) -> None:
        self.machine = self.machine or machine_bound()


def machine_bound() -> int:
    """How many environments this machine can have, by memory and file descriptors; raises the limit of the latter."""
    import resource

    available = 2 << 30
    with contextlib.suppress(OSError, IndexError, ValueError):
        text = Path("/proc/meminfo").read_text()
        available = int(text.partition("MemAvailable:")[2].split()[0]) * KIB_BYTES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
            soft = min(hard, 65_536)
    return max(4, min(1_000, available // _ENVIRONMENT_BYTES, (soft - 100) // 8))


@dataclass(slots=True)
class _Pool:
    """The environments of one version of a function, and the calls that wait for one."""

    deployment: Deployment
    idle: list[Environment] = field(default_factory=list)  # the one that was used last is used next
    provisioned_idle: list[Environment] = field(default_factory=list)
    waiting: deque["asyncio.Future[Environment]"] = field(default_factory=deque)
    alive: set[Environment] = field(default_factory=set)
    starting: int = 0
    provisioned: int = 0  # how many there should be
    provisioned_ready: int = 0
    provisioned_starting: int = 0
    code_fails: bool = False  # the newest code does not start: what runs older code is kept, and used one by one
    provisioned_failed: bool = False  # the init phase of the last one failed: no more are started


class Fleet:
    """Environments by function and version. Everything here runs on the event loop."""

    def __init__(
        self, log: Log, host: Host, limits: Limits, on_line: Callable[[str, int, str], None] | None = None
    ) -> None:
        self.limits = limits
        self.reserved: dict[str, int] = {}
        self.running: dict[str, int] = {}
        self.total = 0
        self._log = log
        self._host = host
        self._on_line = on_line
        self._pools: dict[tuple[str, str], _Pool] = {}
        self._provisioned: dict[str, int] = {}  # by function, of all its versions; functions without are not in it
        self._slots = asyncio.Semaphore(_STARTS)
        self._starts: dict[str, deque[float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._full_reported = False
        self._closed = False

    # --- one invocation

    def check(self, name: str) -> None:
        """Raise Throttled when ``name`` is at its limit now."""
        running = self.running.get(name, 0)
        reserved = self.reserved.get(name)
        if reserved is not None:
            if running >= reserved:
                raise Throttled(RESERVED)
            return
        unreserved = self.total - sum(self.running.get(other, 0) for other in self.reserved)
        if unreserved >= self.limits.account - sum(self.reserved.values()):
            raise Throttled(ACCOUNT_LIMIT)

    def _check_on_demand(self, name: str) -> None:
        """Raise Throttled when all that provisioned environments leave of the concurrency of ``name`` is in use."""
        reserved = self.reserved.get(name)
        if reserved is None:
            names = [other for other in self._provisioned if other not in self.reserved]
            limit, running = self.limits.account - sum(self.reserved.values()), self.total
            running -= sum(self.running.get(other, 0) for other in self.reserved)
        else:
            names, limit, running = [name], reserved, self.running.get(name, 0)
        provisioned = sum(self._provisioned.get(other, 0) for other in names)
        busy = sum(
            pool.provisioned_ready - len(pool.provisioned_idle) for key, pool in self._pools.items() if key[0] in names
        )
        if running - busy >= limit - provisioned:
            raise Throttled(ACCOUNT_LIMIT if reserved is None else RESERVED)

    async def take(self, deployment: Deployment) -> Environment:
        """An environment for one invocation; ``release`` it after. Raises Throttled; RunnerError if none can start."""
        name = deployment.name
        self.check(name)
        pool = self._pool(deployment)
        environment = self._pop_idle(pool)
        if self._provisioned and (environment is None or environment.kind != PROVISIONED):
            try:
                self._check_on_demand(name)
            except Throttled:
                if environment is not None:
                    pool.idle.append(environment)
                raise
        # Starts none where one is being started for a call that got another environment meanwhile.
        starts = environment is None and pool.starting <= len(pool.waiting) and not (pool.code_fails and pool.alive)
        if starts:
            self._allow_start(pool)
        self.total += 1
        running = self.running[name] = self.running.get(name, 0) + 1
        time_ms = now_ms()
        self._log.peak(name, "ConcurrentExecutions", running, time_ms)
        if environment is None:
            waiting: asyncio.Future[Environment] = asyncio.get_running_loop().create_future()
            pool.waiting.append(waiting)
            if starts:
                self._begin_start(pool, ON_DEMAND)
            try:
                environment = await waiting
            except BaseException:
                self._leave(name)
                raise
        if pool.provisioned:
            busy = pool.provisioned_ready - len(pool.provisioned_idle)
            metric = "Invocations" if environment.kind == PROVISIONED else "SpilloverInvocations"
            self._log.count(name, f"ProvisionedConcurrency{metric}", 1.0, time_ms)
            self._log.peak(name, "ProvisionedConcurrentExecutions", busy, time_ms)
            if pool.provisioned_ready:
                share = busy / pool.provisioned_ready
                self._log.peak(name, "ProvisionedConcurrencyUtilization", share, time_ms)
        return environment

    def _leave(self, name: str) -> None:
        self.total -= 1
        self.running[name] -= 1

    def release(self, environment: Environment) -> None:
        """Take back an environment whose invocation is over: it is free for the next."""
        self._leave(environment.deployment.name)
        self._offer(self._pool(environment.deployment), environment)

    def _pop_idle(self, pool: _Pool) -> Environment | None:
        for environments in (pool.provisioned_idle, pool.idle):
            while environments:
                environment = environments.pop()
                if environment.deployment == pool.deployment and not environment.stale:
                    return environment
                self._discard(pool, environment)
        return None

    def _offer(self, pool: _Pool, environment: Environment) -> None:
        """Give a free environment to the call that waits longest, or keep it idle; end it when it is out of date."""
        if self._closed or environment.stale or environment.deployment != pool.deployment:
            self._discard(pool, environment)
            if pool.waiting and not pool.alive and not pool.starting and not self._closed:
                self._begin_start(pool, ON_DEMAND)  # these calls waited for it alone
            return
        while pool.waiting:
            waiting = pool.waiting.popleft()
            if not waiting.done():
                waiting.set_result(environment)
                return
        environment.idle_since = time.monotonic()
        (pool.provisioned_idle if environment.kind == PROVISIONED else pool.idle).append(environment)

    def _allow_start(self, pool: _Pool) -> None:
        """Raise Throttled when no environment may be started now; an idle one may be ended to make room."""
        name = pool.deployment.name
        starts = self._starts.setdefault(name, deque())
        now = time.monotonic()
        while starts and starts[0] < now - SCALING_S:
            starts.popleft()
        if len(starts) + pool.starting >= SCALING:
            raise Throttled(ACCOUNT_LIMIT)
        if self._count() >= self.limits.machine and not self._evict():
            if not self._full_reported:
                self._full_reported = True
                sys.stderr.write(
                    f"lambdatui runner: this machine holds {self.limits.machine} environments, and all are busy: "
                    "more calls are throttled (--max-environments raises it)\n"
                )
            raise Throttled(ACCOUNT_LIMIT)

    def _count(self) -> int:
        return sum(len(pool.alive) + pool.starting for pool in self._pools.values())

    def _evict(self) -> bool:
        """End the environment that has been idle longest; returns whether there was one."""
        idle = [(one.idle_since, id(one), pool, one) for pool in self._pools.values() for one in pool.idle]
        if not idle:
            return False
        _, _, pool, environment = min(idle)
        pool.idle.remove(environment)
        self._discard(pool, environment)
        return True

    # --- starting and ending

    async def _start_environment(self, pool: _Pool, kind: str) -> None:
        """Start an environment and offer it to the waiting calls; an error goes to one of them."""
        counted = True  # counted in ``starting``, until it is in ``alive``
        slot_timer: asyncio.TimerHandle | None = None
        environment: Environment | None = None
        has_slot = False

        def free_slot() -> None:
            nonlocal has_slot
            if has_slot:
                has_slot = False
                self._slots.release()

        try:
            await self._slots.acquire()
            has_slot = True
            if kind == ON_DEMAND and all(waiting.done() for waiting in pool.waiting):
                return  # its call got an environment that became free
            slot_timer = asyncio.get_running_loop().call_later(_START_SLOT_S, free_slot)
            environment = Environment(pool.deployment, self._log, self._host, kind=kind, on_line=self._on_line)
            pool.alive.add(environment)
            self._starts.setdefault(pool.deployment.name, deque()).append(time.monotonic())
            pool.starting -= 1
            counted = False
            await environment.init()
            if kind == PROVISIONED:
                pool.provisioned_starting -= 1
                pool.provisioned_failed = environment.init_failed
                if environment.init_failed:
                    self._drop(pool, environment)
                    return
                pool.provisioned_ready += 1
            self._offer(pool, environment)
        except RunnerError as error:
            if environment is not None:
                self._drop(pool, environment)
            if kind == PROVISIONED:
                pool.provisioned_starting -= 1
                pool.provisioned_failed = True
                return
            while pool.waiting:
                waiting = pool.waiting.popleft()
                if not waiting.done():
                    waiting.set_exception(error)
                    break
        finally:
            pool.starting -= counted
            if slot_timer is not None:
                slot_timer.cancel()
            free_slot()

    def _drop(self, pool: _Pool, environment: Environment) -> None:
        pool.alive.discard(environment)
        self._spawn(environment.stop())

    def _discard(self, pool: _Pool, environment: Environment) -> None:
        """End an environment, and start another in place of a provisioned one."""
        self._drop(pool, environment)
        if environment.kind == PROVISIONED:
            pool.provisioned_ready = max(pool.provisioned_ready - 1, 0)
        if environment.kind == PROVISIONED and not self._closed and pool.provisioned_ready < pool.provisioned:
            pool.provisioned_starting += 1
            self._begin_start(pool, PROVISIONED)

    def _begin_start(self, pool: _Pool, kind: str) -> None:
        pool.starting += 1
        self._spawn(self._start_environment(pool, kind))

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _pool(self, deployment: Deployment) -> _Pool:
        pool = self._pools.get((deployment.name, deployment.version))
        if pool is None:
            pool = self._pools[deployment.name, deployment.version] = _Pool(deployment)
        return pool

    def renew(self, deployment: Deployment) -> None:
        """Use ``deployment`` for its version from now on; environments of the former one end when they are free."""
        pool = self._pool(deployment)
        pool.code_fails = pool.code_fails and pool.deployment == deployment
        pool.deployment = deployment
        idle = [*pool.idle, *pool.provisioned_idle]
        pool.idle.clear()
        pool.provisioned_idle.clear()
        for environment in pool.alive:
            environment.stale = environment.stale or environment.deployment != deployment
        for environment in idle:
            self._offer(pool, environment)

    def code_changed(self, deployment: Deployment) -> None:
        """End the environments of ``deployment`` when they are free: its files have changed since they loaded them."""
        pool = self._pool(deployment)
        pool.code_fails = False
        for environment in pool.alive:
            environment.stale = True

    async def try_code(self, deployment: Deployment) -> Outcome | None:
        """Start an environment with the code as it is now, which takes the place of all others; how its init failed.

        Where it fails, the others go on with the code that they have, and none is started beside them until the code
        starts. Raises RunnerError where nothing can be started.
        """
        pool = self._pool(deployment)
        others = set(pool.alive)
        environment = Environment(pool.deployment, self._log, self._host, on_line=self._on_line)
        pool.alive.add(environment)
        try:
            failure = await environment.init()
        except BaseException:
            self._discard(pool, environment)
            raise
        pool.code_fails = failure is not None
        if failure is not None:
            self._discard(pool, environment)
            return failure
        for other in others:
            other.stale = True
        for idle in (pool.idle, pool.provisioned_idle):
            while idle:
                self._discard(pool, idle.pop())
        self._offer(pool, environment)
        return None

    def provision(self, deployment: Deployment, count: int) -> None:
        """Have ``count`` environments ready ahead of calls."""
        pool = self._pool(deployment)
        pool.provisioned = count
        name = deployment.name
        if total := sum(other.provisioned for key, other in self._pools.items() if key[0] == name):
            self._provisioned[name] = total
        else:
            self._provisioned.pop(name, None)
        pool.provisioned_failed = False
        for _ in range(count - pool.provisioned_ready - pool.provisioned_starting):
            pool.provisioned_starting += 1
            self._begin_start(pool, PROVISIONED)
        while pool.provisioned_idle and pool.provisioned_ready > count:
            self._discard(pool, pool.provisioned_idle.pop())

    def provisioned_ready(self, deployment: Deployment) -> int:
        """How many provisioned environments are ready."""
        return self._pool(deployment).provisioned_ready

    def provisioned_failed(self, deployment: Deployment) -> bool:
        """Whether a provisioned environment could not be made ready, because the function's init phase failed."""
        return self._pool(deployment).provisioned_failed

    def remove(self, name: str) -> None:
        """End the idle environments of all versions of ``name``; busy ones end when they are done."""
        self._provisioned.pop(name, None)
        for key in [key for key in self._pools if key[0] == name]:
            pool = self._pools.pop(key)
            pool.provisioned = 0
            for environment in pool.alive.copy():
                environment.stale = True
                if environment in pool.idle or environment in pool.provisioned_idle:
                    self._discard(pool, environment)

    def expire(self) -> None:
        """End environments that have been idle longer than the limit."""
        before = time.monotonic() - self.limits.idle_s
        for pool in self._pools.values():
            if pool.code_fails:
                continue
            for environment in [idle for idle in pool.idle if idle.idle_since < before]:
                pool.idle.remove(environment)
                self._discard(pool, environment)

    async def close(self) -> None:
        """End every environment, busy ones too."""
        self._closed = True
        alive = [environment for pool in self._pools.values() for environment in pool.alive]
        await asyncio.gather(*(environment.stop() for environment in alive), return_exceptions=True)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
