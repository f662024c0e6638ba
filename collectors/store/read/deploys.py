"""When functions were deployed, by the history of their configuration, and what failed before and after."""

from collections.abc import Iterable
from dataclasses import dataclass

from collectors.store.read.reader import Reader
from collectors.store.spans import DAY, HOUR, MINUTE, pieces
from collectors.untrusted import parsed_json

Where = tuple[str, str, str]  # account, region, function
# AWS changes these by itself, or another setting always changes with them.
_NO_DEPLOY = ("state", "runtime_version", "package_bytes")


@dataclass(frozen=True, slots=True)
class Deploy:
    """Settings that changed at one time (epoch ms), each (name, old value, new value); () where no older are known."""

    at_ms: int
    changed: tuple[tuple[str, object, object], ...] = ()


def deploys(reader: Reader, functions: Iterable[Where]) -> dict[Where, list[Deploy]]:
    """The deployments of each function, oldest first: its code or configuration changed, or an alias moved.

    The first is the time at which AWS says the function was last modified before it was first collected.
    """
    by_function: dict[Where, list[Deploy]] = {}
    for where in functions:
        changes: dict[int, list[tuple[str, object, object]]] = {}
        before: dict[tuple[str, str, str], object] = {}
        for kind, item, name, since_ms, value in reader.select(
            "SELECT kind, item, name, since_ms, value FROM configuration WHERE account = ? AND region = ?"
            " AND function = ? AND kind IN ('function', 'alias', 'deployment') ORDER BY since_ms",
            where,
        ):
            key, now = (kind, item, name), parsed_json(value)
            if kind == "function" and name in _NO_DEPLOY:
                continue
            # Nothing tells since when an alias has had its first known value.
            if kind != "alias" or key in before:
                at = changes.setdefault(since_ms, [])
                if key in before:
                    at.append((f"{item} {name}".strip(), before[key], now))
            before[key] = now
        if changes:
            by_function[where] = [Deploy(at_ms, tuple(changed)) for at_ms, changed in changes.items()]
    return by_function


def failed_between(
    reader: Reader, function_id: int, from_ms: int, to_ms: int, newest_ms: int
) -> tuple[dict[str, int], int]:
    """Occurrences of each error of a function by fingerprint, and its invocations, in whole minutes of a span.

    ``newest_ms`` is when the store's newest row began: it takes long to find and is the same for all functions.
    """
    low, high = -(-from_ms // MINUTE) * MINUTE, to_ms // MINUTE * MINUTE
    occurrences: dict[str, int] = {}
    invocations = 0
    # Long spans begin at a full hour or day: the part before that is read by itself.
    edge = min(high, -(-low // HOUR) * HOUR)
    if high - edge > 14 * DAY:
        edge = min(high, -(-low // DAY) * DAY)
    for begin, end in ((low, edge), (edge, high)):
        for table, first, last in pieces(begin, end, newest_ms) if begin < end else ():
            where = function_id, first, last
            ((count,),) = reader.select(
                f"SELECT coalesce(sum(invocations), 0) FROM {table}"
                " WHERE function_id = ? AND start_ms >= ? AND start_ms < ?",
                where,
            )
            if not count:
                continue
            invocations += count
            for fingerprint, times in reader.select(
                f"SELECT e.fingerprint, sum(c.occurrences) FROM {table}_errors c JOIN errors e ON e.id = c.error_id"
                " WHERE c.function_id = ? AND c.start_ms >= ? AND c.start_ms < ? GROUP BY c.error_id",
                where,
            ):
                occurrences[fingerprint] = occurrences.get(fingerprint, 0) + times
    return occurrences, invocations
