"""What the rooms that call functions use of the runner: names of functions, calls, the log.

The queue, the triggers and the gateways use these protocols; ``service`` has the class that implements them, and
composes the rooms.
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
        """The version that a name or an ARN means now. Raises ApiError when there is none."""


class Invoker(Protocol):
    """Calls the functions of one runner."""

    @property
    def log(self) -> Log:
        """The log, where metrics and the queue's events are written."""

    @property
    def functions(self) -> FunctionDirectory:
        """The functions that can be called."""

    @property
    def time_scale(self) -> float:
        """The factor by which waits are shortened: 60 makes a minute's wait a second."""

    @property
    def admission(self) -> Admission:
        """Which requests a port of this runner admits."""

    def reserved_concurrency(self, name: str) -> int | None:
        """How many calls of a function may run at once; None when nothing is reserved for it."""

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
        """Call a function by name or ARN, and wait for its answer.

        ``trace`` is the X-Ray header of whoever calls, such as ``Root=1-...``.
        ``on_start`` is called with a streamed response's content type, ``on_chunk`` with its bytes as they come and the
        request that they come from (pause that while nobody takes them). Raises Throttled beyond a limit, RunnerError
        when there is no such function; errors inside the function are in the invocation.
        """

    async def invoke_later(self, name: str, payload: bytes, request_id: str | None = None) -> str:
        """Queue an asynchronous event; its request id, when it is on disk. Raises ApiError for an unknown function."""
