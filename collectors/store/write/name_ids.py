"""Ids for names of functions, streams and errors, each stored once."""

import sqlite3
from collections.abc import Sequence

from collectors.model.records import ErrorKind, Function, FunctionKey, Stream

MOST_REMEMBERED = 50_000


class NameIds:
    """The ids, for one writer's connection; recent ones are remembered."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._functions: dict[tuple[str, str, str], int] = {}  # by the key's fields, whose tuple is hashed faster
        self._streams: dict[tuple[int, str], int] = {}
        self._errors: dict[tuple[int, str], int] = {}

    def function(self, key: FunctionKey) -> int:
        """The id of a function; a new function is written."""
        fields = key.name, key.account, key.region
        known = self._functions.get(fields)
        if known is None:
            known = self._functions[fields] = self._same_function(key) or self._id(
                "functions", ("account", "region", "name"), (key.account, key.region, key.name)
            )
        return known

    def _same_function(self, key: FunctionKey) -> int | None:
        """The stored function of that name when only one of the two has an account and region, which it then gets.

        None where several functions of that name are stored.
        """
        alike = self._connection.execute(
            "SELECT id, account, region FROM functions WHERE name = ?", (key.name,)
        ).fetchall()
        if len(alike) != 1:
            return None
        identity, account, region = alike[0]
        if (account and key.account not in ("", account)) or (region and key.region not in ("", region)):
            return None
        if (key.account and not account) or (key.region and not region):
            self._connection.execute(
                "UPDATE functions SET account = ?, region = ? WHERE id = ?",
                (account or key.account, region or key.region, identity),
            )
        return int(identity)

    def configure(self, function: Function) -> None:
        """Writes what is now known of a function; what is None stays as it was."""
        known = {
            name: value
            for name in (
                "runtime",
                "arch",
                "memory_mb",
                "timeout_s",
                "ephemeral_mb",
                "log_group",
                "reserved_concurrency",
            )
            if (value := getattr(function, name)) is not None
        }
        identity = self.function(function.key)
        if known:
            sets = ", ".join(f"{name} = ?" for name in known)
            self._connection.execute(
                f"UPDATE functions SET {sets} WHERE id = ?",
                (*known.values(), identity),
            )

    def streams(self, streams: Sequence[Stream]) -> list[tuple[int, int]]:
        """(function id, stream id) of each stream; new ones are written."""
        if len(self._streams) > MOST_REMEMBERED:
            self._streams.clear()
        ids = []
        for stream in streams:
            function_id = self.function(stream.function)
            known = self._streams.get((function_id, stream.name))
            if known is None:
                known = self._streams[function_id, stream.name] = self._id(
                    "streams", ("function_id", "name"), (function_id, stream.name)
                )
            ids.append((function_id, known))
        return ids

    def errors(self, kinds: Sequence[ErrorKind]) -> list[int]:
        """The id of each error; new ones are written."""
        return [
            self.error(self.function(kind.function), kind.fingerprint, kind.error_type, kind.message, kind.family)
            for kind in kinds
        ]

    def error(self, function_id: int, fingerprint: str, error_type: str, message: str, family: str = "") -> int:
        """The id of a function's error with this fingerprint; type and message stay those of the first with it."""
        if len(self._errors) > MOST_REMEMBERED:
            self._errors.clear()
        known = self._errors.get((function_id, fingerprint))
        if known is None:
            known = self._errors[function_id, fingerprint] = self._id(
                "errors",
                ("function_id", "fingerprint"),
                (function_id, fingerprint),
                ("error_type", "message", "family"),
                (error_type, message, family),
            )
        return known

    def _id(
        self,
        table: str,
        names: tuple[str, ...],
        values: tuple[object, ...],
        more: tuple[str, ...] = (),
        more_values: tuple[object, ...] = (),
    ) -> int:
        columns = (*names, *more)
        cursor = self._connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
            " ON CONFLICT DO NOTHING",
            (*values, *more_values),
        )
        if cursor.rowcount:
            return int(cursor.lastrowid or 0)
        where = " AND ".join(f"{name} = ?" for name in names)
        (known,) = self._connection.execute(f"SELECT id FROM {table} WHERE {where}", values).fetchone()
        return int(known)
