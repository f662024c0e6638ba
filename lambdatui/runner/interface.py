"""What the rooms that call functions need of the runner, and no more: names, calls, the log.

The queue, the triggers and the gateways are written against these protocols; ``service`` has the one class that
satisfies them, and composes the rooms.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from lambdatui.runner.deployments.function import DeployedFunction, ResolvedFunction
from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.http.admission import Admission
from lambdatui.runner.http.server import Request
from lambdatui.runner.log.writer import Log


class FunctionDirectory(Protocol):
    """Which functions are deployed, and which version of one a name means."""

    @property
    def by_name(self) -> Mapping[str, DeployedFunction]:
        """Every function, by its bare name."""

    def resolve(self, full_name: str, qualifier: str | None = None) -> ResolvedFunction:
        """The version that a name or an ARN means now; ApiError when there is none."""


class Invoker(Protocol):
    """Calls the functions of one runner."""

    @property
    def log(self) -> Log:
        """Where metrics, and the queue's events, are written."""

    @property
    def functions(self) -> FunctionDirectory:
        """The functions that can be called."""

    @property
    def time_scale(self) -> float:
        """By how much waits are shortened: 60 makes a minute's wait a second."""

    @property
    def admission(self) -> Admission:
        """Who may connect to a port of this runner."""

    def reserved_concurrency(self, name: str) -> int | None:
        """How many calls of a function may run at once; None when nothing is reserved for it."""

    async def invoke(
        self,
        name: str,
        payload: bytes,
        *,
        request_id: str | None = None,
        on_start: Callable[[str], None] | None = None,
        on_chunk: Callable[[bytes, Request], None] | None = None,
    ) -> Invocation:
        """Call a function by name or ARN, and wait for its answer.

        ``on_start`` gets a streamed response's content type, ``on_chunk`` its bytes as they come and the request that
        they come from (pause it while nobody takes them). Raises Throttled past a limit, RunnerError when there is no
        such function; what goes wrong inside the function is in the invocation.
        """

    async def invoke_later(self, name: str, payload: bytes, request_id: str | None = None) -> str:
        """Queue an asynchronous event: its request id, when it is on disk. ApiError when there is no such function."""
