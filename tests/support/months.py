"""A month of 31 days, and its days as epoch ms."""

from datetime import UTC, date, datetime

MONTH = date(2026, 10, 1)  # 31 days


def epoch_ms(day: date, hour: int = 0) -> int:
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp()) * 1000
