"""Reads the tags of functions, as they are now or as they were before the reader's ``until_ms``."""

from collections.abc import Mapping, Sequence

from collectors.model.account import TAGS, TAGS_LISTED, tags_item
from collectors.store.read.account_rows import IN_FORCE, in_force
from collectors.store.read.reader import Reader
from collectors.untrusted import parsed_json

# Read function by function: a scan would read all settings of all functions for one tag of each.
_OF_FUNCTIONS = (
    "SELECT f.id, c.name, c.value FROM functions f CROSS JOIN configuration c ON c.account = f.account"
    " AND c.region = f.region AND c.function = f.name AND c.kind = ? AND c.item = ''"
)


def values_of(reader: Reader, keys: Sequence[str]) -> dict[str, dict[int, str]]:
    """By tag key: the values by the ids of the functions that have the tag.

    ``TAGS_LISTED`` as a key has every function whose tags are known, also those without a tag.
    """
    sought = tuple(sorted({TAGS_LISTED, *keys}))

    def read() -> dict[str, dict[int, str]]:
        by_key: dict[str, dict[int, str]] = {key: {} for key in sought}
        texts: dict[str, str] = {}  # one object for each value, because many functions share few values
        for function_id, key, value in reader.select(
            f"{_OF_FUNCTIONS} AND c.name IN ({', '.join('?' * len(sought))}) WHERE {IN_FORCE}",
            (TAGS, *sought, *in_force(reader)),
        ):
            text = texts.get(value)
            if text is None:
                text = texts[value] = str(parsed_json(value))
            by_key[key][function_id] = text
        return by_key

    return reader.cached(("values of tags", sought, reader.until_ms), read)


def tags(reader: Reader, function_ids: Sequence[int] | None = None) -> dict[int, dict[str, str]]:
    """All tags (by key, sorted) of each function whose tags are known; ``function_ids`` None is all functions."""
    some = "" if function_ids is None else f" AND f.id IN ({', '.join('?' * len(function_ids))})"
    rows = reader.select(
        f"{_OF_FUNCTIONS} WHERE {IN_FORCE}{some} ORDER BY f.id, c.name",
        (TAGS, *in_force(reader), *(function_ids or ())),
    )
    by_function: dict[int, dict[str, str]] = {}
    for function_id, key, value in rows:
        known = by_function.setdefault(function_id, {})
        if key != TAGS_LISTED:
            known[key] = str(parsed_json(value))
    return by_function


def keys(reader: Reader) -> list[str]:
    """The keys of all functions' tags, the most frequent first."""

    def read() -> list[str]:
        rows = reader.select(
            f"SELECT name, count(*) FROM ({_OF_FUNCTIONS} WHERE {IN_FORCE}) WHERE name <> ? GROUP BY name"
            " ORDER BY count(*) DESC, name",
            (TAGS, *in_force(reader), TAGS_LISTED),
        )
        return [row[0] for row in rows]

    return reader.cached(("keys of tags", reader.until_ms), read)


def asked_ms(reader: Reader) -> dict[str, int]:
    """Until when tags were listed (epoch ms), by ``model.account.tags_item``: an account and region, or a function."""
    rows = reader.select(
        "SELECT item, max(to_ms) FROM covered WHERE item > ? AND item < ? GROUP BY item", (f"{TAGS} ", f"{TAGS}!")
    )
    return {item: at_ms for item, at_ms in rows if reader.until_ms is None or at_ms < reader.until_ms}


def newest(asked: Mapping[str, int], where: tuple[str, str, str]) -> int | None:
    """When the tags of a function (account, region, name) were last listed, alone or with its account and region."""
    items = tags_item(*where[:2]), tags_item(*where)
    return max((asked[item] for item in items if item in asked), default=None)
