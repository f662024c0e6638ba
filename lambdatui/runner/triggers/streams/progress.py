"""How far a shard is processed: its records, in whatever order they are done, and after which a restart continues."""

from collections import deque
from collections.abc import Iterable


class ShardProgress:
    """The records of a shard that were read, in their order; ``checkpoint`` is the last before which all are done."""

    def __init__(self) -> None:
        self.checkpoint: str | None = None
        self._order: deque[str] = deque()
        self._open: set[str] = set()

    @property
    def pending(self) -> int:
        """How many records were read and are not done."""
        return len(self._open)

    def read(self, sequence_number: str) -> None:
        """A record was read, after all others."""
        self._order.append(sequence_number)
        self._open.add(sequence_number)

    def done(self, sequence_numbers: Iterable[str]) -> bool:
        """Records need not be read again; whether the checkpoint moved."""
        self._open.difference_update(sequence_numbers)
        before = self.checkpoint
        while self._order and self._order[0] not in self._open:
            self.checkpoint = self._order.popleft()
        return self.checkpoint != before
