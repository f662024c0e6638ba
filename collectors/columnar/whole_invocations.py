"""Takes whole invocations that succeeded out of a block of events at once: they are most of any log.

Such an invocation has one START, one END and one REPORT in the block, with the same request id and stream. Between its
START and the stream's next START are only lines of the application that show no failure. Before its START nothing may
belong to it, except INIT_START where a stream begins. ``Assembler`` would make an equal invocation of it; whatever
differs in any way, or might, is left to ``Assembler``.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from collectors.model.event_columns import ID_DIGITS, EventColumns, unescaped
from collectors.model.unaligned_bytes import Eights, Ints, Mask, Words, each, mixed, word
from collectors.parsing.invocation_builder import InvocationBuilder
from collectors.parsing.platform import AppText, Note
from collectors.parsing.platform_text import read_text
from collectors.parsing.runtime_errors import might_fail

_APP, _START, _END, _REPORT, _ODD, _INIT = range(6)
_ID_AT = np.array([0, 17, 15, 18])  # where a platform line has its request id, by kind
_ID_WORDS = (0, 8, 16, 24, 28)
_ID_CHARS = 36
_FIVE_BYTES = np.uint64(0xFF_FFFF_FFFF)
_HEADS = tuple(map(word, (b"INIT_", b"RESTO", b"EXTEN", b"TELEM", b"REPOR", b"START", b"END R", b"XRAY ")))
_LOGS = word(b"LOGS\\")  # and a tab, as JSON spells it
_LOGGED = tuple(map(word, (b"[INFO", b"[DEBU", b"[WARN")))
_BACKSLASHES, _ONES, _TOPS = each(ord("\\")), each(0x01), each(0x80)


@dataclass(frozen=True, slots=True)
class WholeInvocations:
    """Invocations, a value each: their stream's number in the block, START's time, the last event's, how many events.

    First come ``done`` that are over, then those that are the last of their stream in the block: their lines may go on
    in the next one. ``reports`` are the REPORT lines, one after the other, each with a newline at its end and nowhere
    else. ``runtimes`` are the versions that INIT_START told, by stream. ``taken`` are the places of all their events,
    one invocation's after the other's; ``rest`` those of the block's other events.
    """

    done: int
    stream: Ints
    start_ms: Ints
    end_ms: Ints
    events: Ints
    reports: str
    runtimes: dict[int, str]
    taken: Ints
    rest: Ints


def whole_invocations(events: EventColumns, free: Mask, inside: Mask, known: Collection[str]) -> WholeInvocations:
    """The whole invocations of a block. For each stream, ``free`` says whether any may be taken, ``inside`` whether it
    is in an invocation when the block begins. ``known`` are the request ids of invocations that are not over.

    Raises msgspec.DecodeError where a message is no JSON.
    """
    kinds = _kinds(events)
    starts, ends, reports, entangled = _matched(events, kinds, known)
    free = free.copy()
    free[entangled] = False
    stretches = _Stretches(events, kinds, inside)
    of_start = stretches.of_event[starts]
    order = np.lexsort((of_start, stretches.last[of_start]))
    order = order[(stretches.calm[of_start] & free[events.stream[starts]])[order]]
    while True:
        taken, firsts = _events_of(stretches, kinds, starts[order], ends[order], reports[order])
        wrong = _repeating(events, taken, firsts)
        text = unescaped(events.spelled(reports[order]))
        if "Status" in text or text.count("RequestId: ") != len(order) or text.count("\n") != len(order):
            wrong |= ~np.array([_is_plain(each) for each in events.messages(reports[order])], np.bool_)
        if not wrong.any():
            break
        order = order[~wrong]
    heads = starts[order]
    times = events.timestamp_ms
    begun = taken[kinds[taken] == _INIT]
    versions = map(runtime_told, events.messages(begun))
    rest = np.ones(len(times), np.bool_)
    rest[taken] = False
    return WholeInvocations(
        len(order) - int(stretches.last[of_start[order]].sum()),
        events.stream[heads],
        times[heads],
        np.maximum.reduceat(times[taken], firsts[:-1]) if len(order) else times[:0],
        np.diff(firsts),
        text,
        {stream: runtime or "" for stream, runtime in zip(events.stream[begun].tolist(), versions, strict=True)},
        taken,
        np.flatnonzero(rest),
    )


def _events_of(stretches: "_Stretches", kinds: Ints, starts: Ints, ends: Ints, reports: Ints) -> tuple[Ints, Ints]:
    """The indices of all invocations' events, one invocation after another, and where each one's begin in that array;
    its last entry is the end.
    """
    number = stretches.owned(kinds, stretches.of_event[starts])
    number[ends] = number[reports] = np.arange(len(starts))
    taken = stretches.order[number[stretches.order] >= 0]
    taken = taken[np.argsort(number[taken], kind="stable")]
    firsts = np.flatnonzero(np.diff(number[taken], prepend=-1, append=len(starts)))
    return taken, firsts


def _repeating(events: EventColumns, taken: Ints, firsts: Ints) -> Mask:
    """Which invocations have an event whose id is not higher than the id before it: an event may be there twice."""
    ids = events.words.columns(events.ids[taken], ID_DIGITS)
    falling = np.flatnonzero(ids[1:] <= ids[:-1]) + 1
    number = np.searchsorted(firsts, falling, "right") - 1
    wrong = np.zeros(len(firsts) - 1, np.bool_)
    wrong[number[firsts[number] != falling]] = True
    return wrong


def _is_plain(report: str) -> bool:
    return "Status" not in report and report.count("RequestId: ") == 1 and report.find("\n") == len(report) - 1


def unfinished_invocations(
    events: EventColumns, runs: WholeInvocations, *, keep_lines: bool
) -> Iterator[tuple[int, InvocationBuilder]]:
    """The invocations that are not over, each with its stream, as builders that take further lines."""
    edges = np.cumsum(runs.events[runs.done :])
    places = runs.taken[len(runs.taken) - edges[-1] :] if len(edges) else runs.taken[:0]
    times = events.timestamp_ms[places].tolist()
    texts = events.messages(places) if keep_lines else [""] * len(times)
    together = events.words.columns(events.ids[places], ID_DIGITS).tobytes().decode("ascii", "replace")
    ids = [together[begin : begin + ID_DIGITS] for begin in range(0, len(together), ID_DIGITS)]
    low = 0
    for stream, start_ms, high, report in zip(
        runs.stream[runs.done :].tolist(),
        runs.start_ms[runs.done :].tolist(),
        edges.tolist(),
        runs.reports.split("\n")[runs.done : -1],
        strict=True,
    ):
        yield (
            stream,
            InvocationBuilder(
                report[18:54],
                start_ms,
                times[low:high],
                texts[low:high],
                ids[low:high],
                f"{report}\n",
                ended=True,
                last_id=ids[high - 1],
            ),
        )
        low = high


@lru_cache(maxsize=256)
def runtime_told(text: str) -> str | None:
    """The runtime's version in INIT_START; None where the text is anything else."""
    piece = next((each for each in read_text(text) if not isinstance(each, AppText)), None)
    return (piece.runtime or "") if isinstance(piece, Note) and piece.kind == "INIT_START" else None


def _kinds(events: EventColumns) -> Ints:
    words, begins, ends = events.words, events.begins, events.ends
    heads = words.words_at(np.minimum(begins, len(words) - 1))
    length = ends - begins
    kinds = np.full(len(begins), _ODD, np.int64)
    places = np.flatnonzero((heads == word(b"START Re")) & (length >= 63) & (length < 90))
    fine = words.read(begins[places], b"START RequestId: ") & words.read(begins[places] + 53, b" Version: ")
    kinds[places[fine]] = _START
    places = np.flatnonzero((heads == word(b"END Requ")) & ((length == 51) | (length == 53)))
    fine = words.read(begins[places], b"END RequestId: ") & (
        (length[places] == 51) | words.end_with(ends[places], b"\\n")
    )
    kinds[places[fine]] = _END
    places = np.flatnonzero((heads == word(b"REPORT R")) & (length >= 56))
    kinds[places[words.read(begins[places], b"REPORT RequestId: ")]] = _REPORT
    others = np.flatnonzero(kinds == _ODD)
    places = others[heads[others] == word(b"INIT_STA")]
    kinds[_calm_lines(events, others, heads & _FIVE_BYTES)] = _APP
    kinds[places[[runtime_told(text) is not None for text in events.messages(places)]]] = _INIT
    return kinds


def _calm_lines(events: EventColumns, places: Ints, heads: Eights) -> Ints:
    """Which of the events are lines of an application that show no failure."""
    head = heads[places]
    plain = head != _LOGS
    for platform in _HEADS:
        plain &= head != platform
    logged = np.zeros(len(places), np.bool_)
    for level in _LOGGED:
        logged |= head == level
    naming = events.words.find(b"RequestId: ")
    if len(naming) != len(heads) - len(places):  # the platform's lines name one each
        named = np.zeros(len(heads), np.bool_)
        named[np.searchsorted(events.lines, naming, "right") - 1] = True
        plain &= ~named[places]
    others = places[plain & ~logged]
    if len(others) and _tells_something("\n".join(texts := ["{", *events.messages(others)])):
        others = others[[not _tells_something(text) for text in texts[1:]]]
    return np.concatenate((places[plain & logged], others))


def _tells_something(text: str) -> bool:
    """Whether a text may be more than a line of an application: JSON may be a platform line, or name a function."""
    if might_fail(text) or "RequestId: " in text:
        return True
    return text[:1] == "{" and ("RequestId" in text or '"platform.' in text or "\x1b" in text)


def _matched(events: EventColumns, kinds: Ints, known: Collection[str]) -> tuple[Ints, Ints, Ints, Ints]:
    """The START, END and REPORT of each request that has exactly one of each in one stream, START first, as indices of
    events.

    Last come the streams in which a START may continue an invocation in ``known`` instead of beginning a new one.
    """
    places = np.flatnonzero((kinds >= _START) & (kinds <= _REPORT))
    kind, stream = kinds[places], events.stream[places]
    parts, named = _ids(events.words, events.begins[places] + _ID_AT[kind])
    hashed = mixed(named, stream.astype(np.uint64))
    order = np.argsort(hashed, kind="stable")
    new = np.diff(hashed[order], prepend=~hashed[order[:1]], append=~hashed[order[-1:]]) != 0
    begun = order[kind[order] == _START]
    again = order[(kind[order] == _START) & ~new[:-1]]
    edges = np.flatnonzero(new)
    first = edges[:-1][np.diff(edges) == 3]
    begin, second, third = order[first], order[first + 1], order[first + 2]
    fine = (kind[begin] == _START) & (kind[second] != _START) & (kind[second] + kind[third] == _END + _REPORT)
    for part in (*parts, stream):
        fine &= (part[begin] == part[second]) & (part[begin] == part[third])
    for part in parts:
        fine &= ~_has_backslash(part[begin])
    begin, second, third = begin[fine], second[fine], third[fine]
    return (
        places[begin],
        places[np.where(kind[second] == _END, second, third)],
        places[np.where(kind[second] == _REPORT, second, third)],
        np.concatenate((stream[again], stream[begun[np.isin(named[begun], _ids_of(known))]])),
    )


def _ids(words: Words, places: Ints) -> tuple[list[Eights], Eights]:
    """The request ids at these places as columns of words, and a hash of each."""
    parts = [words.words_at(places + offset) for offset in _ID_WORDS]
    hashed = np.zeros(len(places), np.uint64)
    for part in parts:
        hashed = mixed(hashed, part)
    return parts, hashed


def _ids_of(known: Collection[str]) -> Eights:
    """The hashes that ``_ids`` gives for these request ids; ids that it cannot read are left out."""
    text = "".join(each for each in known if len(each) == _ID_CHARS).encode("ascii", "replace")
    return _ids(Words(text), np.arange(0, len(text), _ID_CHARS))[1]


def _has_backslash(words: Eights) -> Mask:
    zeros = words ^ _BACKSLASHES
    found: Mask = (zeros - _ONES) & ~zeros & _TOPS != 0
    return found


class _Stretches:
    """The block's streams, each cut at every START into stretches.

    ``order`` sorts the events by stream, ``of_event`` is each event's stretch. ``calm`` are the stretches in which
    nothing is odd, nor in the one before, ``last`` those that are the last of their stream.
    """

    def __init__(self, events: EventColumns, kinds: Ints, inside: Mask) -> None:
        self.order = np.argsort(events.stream.astype(np.uint16), kind="stable")  # a radix sort, where it is of 16 bits
        stream, kind = events.stream[self.order], kinds[self.order]
        other_stream = np.diff(stream, prepend=-1) != 0
        number = np.cumsum((kind == _START) | other_stream) - 1
        count = int(number[-1]) + 1
        self.of_event = np.empty(len(kinds), np.int64)
        self.of_event[self.order] = number
        firsts = np.flatnonzero(np.diff(number, prepend=-1))
        first_of_stream = other_stream[firsts]
        outside = first_of_stream & (kind[firsts] != _START) & ~inside[stream[firsts]]
        self.last = np.append(first_of_stream[1:], True)
        self._beginning = outside & ~self.last & (kind[firsts] == _INIT) & (np.diff(firsts, append=len(number)) == 1)
        odd = np.bincount(number[kind >= _ODD], minlength=count) > 0
        odd = (odd | outside) & ~self._beginning  # outside, it is not known yet what the lines are of
        self.calm = ~odd
        self.calm[1:] &= ~odd[:-1] | first_of_stream[1:]

    def owned(self, kinds: Ints, chosen: Ints) -> Ints:
        """For each event the index in ``chosen`` of the stretch that it belongs to, -1 where it belongs to none.

        END and REPORT, which name their own request, belong to none here.
        """
        place = np.full(len(self.calm) + 1, -1, np.int64)
        place[chosen] = np.arange(len(chosen))
        begun = np.flatnonzero(self._beginning)
        place[begun] = place[begun + 1]
        owned: Ints = np.where((kinds == _END) | (kinds == _REPORT), -1, place[self.of_event])
        return owned
