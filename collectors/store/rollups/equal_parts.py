"""Equal parts of a span, each of whole cells, so that the counts of the parts add up to that of the span."""

from typing import NamedTuple

from collectors.store.spans import DAY, HOUR, MINUTE, Piece, pieces, whole_from

# Usual divisions of an hour, a day and a year.
_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
_HOURS = (1, 2, 3, 4, 6, 8, 12)
_DAYS = (1, 2, 3, 4, 5, 7, 10, 14, 28)


class EqualParts(NamedTuple):
    """``[from_ms, to_ms)`` in parts of ``step_ms``, the first beginning with the span; only the last may be shorter."""

    from_ms: int
    to_ms: int
    step_ms: int

    @property
    def number(self) -> int:
        """How many parts there are, at least one."""
        return max(1, -(-(self.to_ms - self.from_ms) // self.step_ms))

    @property
    def starts(self) -> tuple[int, ...]:
        """When each part begins, epoch ms."""
        return tuple(self.from_ms + at * self.step_ms for at in range(self.number))

    @property
    def unfinished(self) -> bool:
        """Whether the last part is shorter than the others: a smaller count in it does not mean a decrease."""
        return self.from_ms + self.number * self.step_ms > self.to_ms

    def place(self, at_ms: int) -> int:
        """The index of the part that has this time; 0 for earlier times, such as the start of the span's first hour."""
        return min(max(0, at_ms - self.from_ms) // self.step_ms, self.number - 1)

    def pieces(self, newest_ms: int) -> list[Piece]:
        """The cells that make up the parts, each in one part; ``newest_ms`` as for ``spans.pieces``."""
        coarsest = next(size for size in (DAY, HOUR, MINUTE) if not (self.step_ms % size or self.from_ms % size))
        # The first part begins with a whole cell already.
        return pieces(self.from_ms, self.to_ms, newest_ms, coarsest, exact=True)


def parts_of(from_ms: int, to_ms: int, most: int) -> EqualParts:
    """At most ``most`` parts of a usual length: minutes up to 6 hours, hours up to 14 days, then days."""
    begin = whole_from(from_ms, to_ms)
    end = max(begin + MINUTE, -(-to_ms // MINUTE) * MINUTE)
    return EqualParts(begin, end, _step_ms(begin, end, max(1, most)))


def _step_ms(from_ms: int, to_ms: int, most: int) -> int:
    for unit, sizes in ((MINUTE, _MINUTES), (HOUR, _HOURS), (DAY, _DAYS)):
        for size in sizes:
            if size * unit * most >= to_ms - from_ms:
                return size * unit
    days = -(-(to_ms - from_ms) // (most * DAY))
    return days * DAY
