"""Settings, metrics and account records of the small store's `checkout`, written as a collection does."""

from collections.abc import Mapping
from pathlib import Path

from collectors.model.account import Configured as Setting
from collectors.model.account import Inventory
from collectors.model.records import Function, MetricPoint
from collectors.model.units import DAY_MS, MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from lambdatui.views.time_range import TimeRange
from tests.support.small_store import CHECKOUT, T0

MARCH = T0 // DAY_MS * DAY_MS - 30 * DAY_MS  # T0 is on 2025-03-31
MONTH = TimeRange(MARCH, MARCH + 31 * DAY_MS, "March")
Settings = Mapping[str, str | int]


def keep(db: Path, at_ms: int, kind: str, **items: Settings) -> None:
    """All of a kind that checkout has, as a collection at ``at_ms`` found it; ``v1`` is version 1."""
    found = [
        Setting(CHECKOUT.account, CHECKOUT.region, CHECKOUT.name, kind, item.removeprefix("v"), each)
        for item, each in items.items()
    ]
    inventory = Inventory(CHECKOUT.account, CHECKOUT.region, (kind,), found, frozenset((CHECKOUT.name,)))
    with writing(db) as connection:
        kept.keep_inventory(connection, inventory, at_ms)


def configure(db: Path, **more: object) -> None:
    with writing(db) as connection:
        Writer(connection, fingerprint).configure([Function(CHECKOUT, arch="x86_64", **more)])  # type: ignore[arg-type]


def measure(db: Path, **values: float) -> None:
    with writing(db) as connection:
        Writer(connection, fingerprint).measure(
            MetricPoint(CHECKOUT, name, "Sum", 60, T0 + 5 * MINUTE_MS, value) for name, value in values.items()
        )


def keep_records(db: Path, *records: object) -> None:
    with writing(db) as connection:
        for record in records:
            kept.keep(connection, Writer(connection, fingerprint).names, 1, [record])  # type: ignore[list-item]
