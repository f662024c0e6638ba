"""A clock on the wall of some zone: which moments it shows, also where it is put forward or back."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

BEGIN = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class WallClock:
    """The clock of a zone; with ``offset``, one that is always so far ahead of UTC."""

    zone: tzinfo
    offset: timedelta | None = None

    def shown(self, at_ms: int) -> datetime:
        """What it shows at a moment, epoch ms."""
        utc = BEGIN + timedelta(milliseconds=at_ms)
        if self.offset is not None:
            return utc + self.offset
        return utc.replace(tzinfo=UTC).astimezone(self.zone).replace(tzinfo=None, fold=0)

    def ms(self, shown: datetime, *, late: bool = False) -> int:
        """When it shows that, epoch ms: of two moments the earlier, or the ``late`` one; of none, when it skips."""
        if self.offset is not None:
            return _ms(shown - self.offset)
        first, second = sorted(_ms(shown - self._ahead(shown.replace(fold=fold))) for fold in (0, 1))
        if first == second or self.shown(first) == shown:
            return second if late else first
        return self._put_forward(first, second)

    def day_ms(self, day: date) -> int:
        """When the day begins, epoch ms."""
        return self.ms(datetime.combine(day, time()))

    def _ahead(self, shown: datetime) -> timedelta:
        return shown.replace(tzinfo=self.zone).utcoffset() or timedelta()

    def _put_forward(self, low_ms: int, high_ms: int) -> int:
        """When the clock was put forward, between the two, to the second."""

        def ahead(at_s: int) -> timedelta:
            return self.shown(at_s * 1000) - BEGIN - timedelta(seconds=at_s)

        low, high = low_ms // 1000, high_ms // 1000
        before = ahead(low)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if ahead(middle) == before else (low, middle)
        return high * 1000


def _ms(utc: datetime) -> int:
    return (utc - BEGIN) // timedelta(milliseconds=1)
