"""A store of six functions with tags, for tests: some have none, and of one nobody knows."""

from collections.abc import Mapping
from pathlib import Path

from collectors.model.account import TAGS, Inventory, tags_of
from collectors.model.records import Function, FunctionKey
from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.store.connection import writing
from collectors.store.write.account import keep_inventory
from tests.support import usage_store
from tests.support.small_store import T0
from tests.support.usage_store import Call

ACCOUNT, REGION = "111122223333", "eu-central-1"
HOUR = HOUR_MS
TAGGED: dict[str, dict[str, str] | None] = {
    "basket": {"team": "checkout", "env": "prod"},
    "pay": {"team": "checkout", "env": "test"},
    "resize": {"team": "Images", "env": "prod", "sst:stage": "blue"},
    "thumbs": {"team": "images-eu", "env": "prod", "note": "a=b; c"},
    "cron": {},
    "lost": None,
}
NAMES = list(TAGGED)


def key(name: str) -> FunctionKey:
    return FunctionKey(name, ACCOUNT, REGION)


def tag(path: Path, tags: Mapping[str, Mapping[str, str] | None], at_ms: int) -> None:
    """What a collection at ``at_ms`` says of these functions; of those with None it says nothing."""
    known = {name: pairs for name, pairs in tags.items() if pairs is not None}
    things = [tags_of(key(name), pairs) for name, pairs in known.items()]
    with writing(path) as connection:
        keep_inventory(connection, Inventory(ACCOUNT, REGION, (TAGS,), things, frozenset(known)), at_ms)


def make(path: Path, *, tagged_ms: int | None = T0) -> Path:
    """The n-th function is called n times, a minute apart, each failing once; tagged at ``tagged_ms``."""
    functions = [
        Function(key(name), runtime="python3.13", arch="arm64", memory_mb=1024, timeout_s=30) for name in NAMES
    ]
    calls = [
        Call(key(name), T0 + MINUTE_MS * (10 * number + turn), billed_ms=100 * number, failed=turn == 0)
        for number, name in enumerate(NAMES, 1)
        for turn in range(number)
    ]
    usage_store.make(path, functions, calls)
    if tagged_ms is not None:
        tag(path, TAGGED, tagged_ms)
    return path
