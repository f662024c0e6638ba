"""A log stream while it is read: the invocation it is in, the one before, and what waits for the next."""

from collections.abc import Iterator

from collectors.model.records import FunctionKey
from collectors.parsing.invocation_builder import InvocationBuilder


class StreamState:
    """The state of one stream while it is read."""

    __slots__ = (
        "back",
        "begun",
        "current",
        "key",
        "name",
        "nameless",
        "pending",
        "previous",
        "runtime",
        "seen",
        "slot",
        "slot_batch",
        "unmatched",
    )

    def __init__(self, key: FunctionKey, name: str) -> None:
        self.key = key
        self.name = name
        self.nameless = not name
        self.current: InvocationBuilder | None = None
        self.previous: InvocationBuilder | None = None
        self.unmatched: dict[str, InvocationBuilder] = {}
        self.pending: InvocationBuilder | None = None
        self.back = False  # it is in an invocation older than one that it has left unfinished
        self.begun = False  # what waits has Lambda's word that an environment begins: it is of the invocation to come
        self.seen = 0
        self.runtime: str | None = None
        self.slot = 0
        self.slot_batch = -1

    @property
    def over(self) -> bool:
        """Whether all of its invocations are whole, and no lines wait for the next one."""
        return (
            self.pending is None
            and not self.unmatched
            and (self.current is None or self.current.over)
            and (self.previous is None or self.previous.over)
        )

    def requests(self) -> Iterator[str]:
        """The ids of the invocations that are not finished."""
        for known in (self.current, self.previous):
            if known is not None:
                yield known.request_id
        yield from self.unmatched

    def find(self, request_id: str) -> InvocationBuilder | None:
        """The unfinished invocation of that request; None where the stream has none."""
        for known in (self.current, self.previous):
            if known is not None and known.request_id == request_id:
                return known
        return self.unmatched.get(request_id)
