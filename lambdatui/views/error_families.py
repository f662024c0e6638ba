"""Families of errors: groups of one function and wording that differ in one value, rolled up into one row."""

from collections.abc import Iterable, Sequence

import msgspec

from lambdatui.views.change import RelativeChange, summed
from lambdatui.views.error_trends import ErrorTrendView
from lambdatui.views.trend import Trend

_WORST = ("new", "regressed", "back", "growing", "known", "gone", "")
_ANY = "*"


class ErrorFamilyView(ErrorTrendView, frozen=True, gc=False):
    """The sum of its ``members``, two at least. ``message`` is what they all say, ``*`` where they differ.

    ``fingerprint`` is the family's own name; ``novelty`` is the most troubled member's, and ``evidence`` with it.
    """

    members: tuple[ErrorTrendView, ...] = ()


def rolled(rows: Sequence[ErrorTrendView]) -> list[ErrorTrendView]:
    """The rows with those of one family rolled up into one row; a group that is alone in its family stays as it is."""
    families: dict[tuple[int, str], list[ErrorTrendView]] = {}
    for row in rows:
        families.setdefault((row.function_id, row.family), []).append(row)
    return [members[0] if len(members) == 1 else _family(members) for members in families.values()]


def groups(rows: Iterable[ErrorTrendView]) -> list[ErrorTrendView]:
    """The error groups among the rows, with each family replaced by its members."""
    trends: list[ErrorTrendView] = []
    for row in rows:
        trends += row.members if isinstance(row, ErrorFamilyView) else (row,)
    return trends


def _family(members: Sequence[ErrorTrendView]) -> ErrorFamilyView:
    worst = min(members, key=lambda row: _WORST.index(row.novelty) if row.novelty in _WORST else len(_WORST))
    latest = max(members, key=lambda row: row.last_seen)
    values = msgspec.structs.asdict(members[0]) | {
        "message": common(row.message for row in members),
        "fingerprint": members[0].family,
        "count": sum(row.count for row in members),
        "first_seen": min(row.first_seen for row in members),
        "last_seen": latest.last_seen,
        "sample_request_id": latest.sample_request_id,
        "trend": _summed([row.trend for row in members]),
        "novelty": worst.novelty,
        "evidence": worst.evidence,
        "errors_change": _changed([row.errors_change for row in members]),
        "errors_week": _changed([row.errors_week for row in members]),
    }
    return ErrorFamilyView(**values, members=tuple(members))


def _changed(changes: Sequence[RelativeChange | None]) -> RelativeChange | None:
    """The change of all members together; None where it was not asked for yet."""
    known = [change for change in changes if change is not None]
    return summed(known) if known else None


def _summed(trends: Sequence[Trend]) -> Trend:
    """The members' trends added part by part; a part is unknown where no member knows it."""
    counts = (
        None if all(each is None for each in part) else sum(each or 0 for each in part)
        for part in zip(*trends, strict=True)
    )
    return Trend(counts, unfinished=trends[0].unfinished)


def common(messages: Iterable[str]) -> str:
    """The words that all messages have in the same place, from the front and from the back; ``*`` for what differs."""
    texts = [message.split() for message in messages]
    shortest = min(map(len, texts))
    if all(len(words) == shortest for words in texts):
        return " ".join(words[0] if len(set(words)) == 1 else _ANY for words in zip(*texts, strict=True))
    front = 0
    while front < shortest and len({words[front] for words in texts}) == 1:
        front += 1
    back = 0
    while back < shortest - front and len({words[-1 - back] for words in texts}) == 1:
        back += 1
    return " ".join([*texts[0][:front], _ANY, *(texts[0][-back:] if back else ())])
