"""Chooses by its volume how each log group is read (its events, Logs Insights' sums, or metrics alone), with the
reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collectors.model.account import Choice
from collectors.sources.cloudwatch.log_events import PAGE_BYTES
from collectors.sources.cloudwatch.log_groups import READS_EVENTS, RUNS_INSIGHTS, LogGroup

AUTO, EVENTS, INSIGHTS, NONE = "auto", "events", "insights", "none"
METRICS_ONLY, IDLE = "metrics", "idle"
FETCHING_S = 300.0  # how long a collection may fetch events; what takes longer is summed by Insights


@dataclass(frozen=True, slots=True)
class Volume:
    """A group's volume for this collection: the bytes that arrived (None: unknown), and whether any can have
    arrived.
    """

    log_bytes: int | None
    active: bool


def choose(
    groups: Sequence[LogGroup],
    volumes: Mapping[str, Volume],
    mode: str,
    *,
    calls_a_second: float,
    waiting: Sequence[LogGroup] = (),
) -> list[Choice]:
    """One choice for each group, the smallest groups first, so that most groups are read completely.

    ``waiting`` are groups that Insights sums and whose next hour is not over yet: their volume was not asked for.
    """
    if mode == NONE:
        return [Choice(group.name, METRICS_ONLY, "no logs were asked for", None) for group in groups]
    room = FETCHING_S * calls_a_second * PAGE_BYTES
    choices = [Choice(group.name, INSIGHTS, "its next hour has not closed", None) for group in waiting]
    apart = {group.name for group in waiting}
    groups = [group for group in groups if group.name not in apart]
    for group in sorted(groups, key=lambda each: (_bytes(volumes, each) or 0, each.name)):
        choice = _of(group, volumes.get(group.name), mode, room)
        if choice.way == EVENTS and choice.log_bytes is not None:
            room -= max(choice.log_bytes, PAGE_BYTES)
        choices.append(choice)
    return choices


def _of(group: LogGroup, volume: Volume | None, mode: str, room: float) -> Choice:
    log_bytes = volume.log_bytes if volume else None
    fits_events, fits_insights = group.log_class in READS_EVENTS, group.log_class in RUNS_INSIGHTS

    def chosen(way: str, why: str) -> Choice:
        return Choice(group.name, way, why, log_bytes)

    if not fits_events and not fits_insights:
        keeps = "hands its lines on and keeps none" if group.log_class == "DELIVERY" else "can be read by neither"
        return chosen(METRICS_ONLY, f"log class {group.log_class} {keeps}")
    idle = volume is not None and not volume.active
    if idle and not group.functions:
        return chosen(IDLE, "no listed function writes to it: it is asked once a day")
    if mode == EVENTS:
        why = "asked for" if fits_events else f"FilterLogEvents does not read log class {group.log_class}"
        return chosen(EVENTS if fits_events else METRICS_ONLY, why)
    if idle:
        return chosen(IDLE, "no invocations since it was read last")
    if mode == INSIGHTS:
        if fits_insights:
            return chosen(INSIGHTS, "asked for")
        return chosen(METRICS_ONLY, f"Logs Insights does not read log class {group.log_class}")
    if not fits_events:
        return chosen(INSIGHTS, f"FilterLogEvents does not read log class {group.log_class}")
    if log_bytes is None or log_bytes <= room:
        return chosen(EVENTS, "few enough to fetch")
    pages = -(-log_bytes // PAGE_BYTES)
    return chosen(INSIGHTS, f"{pages:,} calls would be needed for its events")


def _bytes(volumes: Mapping[str, Volume], group: LogGroup) -> int | None:
    volume = volumes.get(group.name)
    return volume.log_bytes if volume else None
