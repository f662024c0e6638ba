"""Error groups that are new to the store, in the order in which they were stored."""

from dataclasses import dataclass

from collectors.model.records import FunctionKey
from collectors.store.read.reader import Reader


@dataclass(frozen=True, slots=True)
class NewErrorGroup:
    """A group of errors of one function. ``id`` is larger for groups that were stored later."""

    id: int
    function: FunctionKey
    error_type: str
    message: str


def newest_error_group(reader: Reader) -> int:
    """The id of the newest group; 0 where there is none."""
    [(newest,)] = reader.select("SELECT coalesce(max(id), 0) FROM errors")
    return int(newest)


def error_groups_after(reader: Reader, group_id: int) -> list[NewErrorGroup]:
    """The groups that were stored after ``group_id``, the oldest first."""
    return [
        NewErrorGroup(each, FunctionKey(name, account, region), error_type, message)
        for each, name, account, region, error_type, message in reader.select(
            "SELECT e.id, f.name, f.account, f.region, e.error_type, e.message FROM errors e"
            " JOIN functions f ON f.id = e.function_id WHERE e.id > ? ORDER BY e.id",
            (group_id,),
        )
    ]
