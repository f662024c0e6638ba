"""Whether an error is new, or came back, with a function's last deploy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collectors.model.units import DAY_MS
from collectors.store.read.deploys import Deploy, Where, deploys, failed_between
from collectors.store.read.reader import Reader
from lambdatui.text.figures import count, milliseconds, ratio
from lambdatui.views.novelty import risen
from lambdatui.views.time_range import TimeRange

_LOOKED_BACK_MS = 7 * DAY_MS
"""A deploy longer before the range explains nothing in it, and no longer span around one is compared."""


@dataclass(frozen=True, slots=True)
class NoveltyVerdict:
    """``novelty`` is ``new``, ``regressed``, ``gone`` or ``known``; ``evidence`` the counts that it rests on."""

    novelty: str
    evidence: str


@dataclass(frozen=True, slots=True)
class SinceDeploy:
    """One function's last deploy, and its errors by fingerprint: before it, within the window, and after it.

    ``ever`` has all of the past, where the window lacks an error that came after.
    """

    deploy: Deploy
    window_ms: int
    ever: Mapping[str, int]
    before: Mapping[str, int]
    after: Mapping[str, int]
    invoked_before: int
    invoked_after: int

    def verdict(self, fingerprint: str) -> NoveltyVerdict | None:
        """The novelty of an error; None without invocations before the deploy, or since: then nothing can be told."""
        if not self.invoked_before or not self.invoked_after:
            return None
        was, now = self.before.get(fingerprint, 0), self.after.get(fingerprint, 0)
        evidence = (
            f"{_of(now, self.invoked_after)} since the deploy, {_of(was, self.invoked_before)} in the "
            f"{milliseconds(self.window_ms)} before it"
        )
        more = risen(now, self.invoked_after, was, self.invoked_before)
        if not now:
            novelty = "gone" if was else "known"
        elif not was and not self.ever.get(fingerprint, 0):
            novelty = "new"
        else:
            novelty = "regressed" if not was or more else "known"
        return NoveltyVerdict(novelty, evidence)


def since_deploys(
    reader: Reader, time_range: TimeRange, functions: Mapping[int, Where]
) -> tuple[dict[int, Deploy], dict[int, SinceDeploy]]:
    """By function id: its last deploy before the range's end, and, where that is no week older than the range, what
    failed before and after it.
    """
    last: dict[int, Deploy] = {}
    compared: dict[int, SinceDeploy] = {}
    deploys_by_function = deploys(reader, functions.values())
    oldest_ms, newest_ms = reader.oldest_ms(), reader.newest_ms()
    for function_id, where in functions.items():
        known: Sequence[Deploy] = deploys_by_function.get(where, ())
        deploy = next((one for one in reversed(known) if one.at_ms < time_range.to_ms), None)
        if deploy is None:
            continue
        last[function_id] = deploy
        at_ms = deploy.at_ms
        if oldest_ms is None or newest_ms is None or oldest_ms >= at_ms or at_ms < time_range.from_ms - _LOOKED_BACK_MS:
            continue
        end_ms = min(time_range.to_ms, at_ms + _LOOKED_BACK_MS)
        window_ms = min(max(DAY_MS, end_ms - at_ms), at_ms - oldest_ms)
        before, invoked_before = failed_between(reader, function_id, at_ms - window_ms, at_ms, newest_ms)
        after, invoked_after = failed_between(reader, function_id, at_ms, end_ms, newest_ms)
        ever: dict[str, int] = {}
        if after.keys() - before.keys():  # else nothing is new, and the past need not be read
            ever, _ = failed_between(reader, function_id, oldest_ms, at_ms, newest_ms)
        compared[function_id] = SinceDeploy(deploy, window_ms, ever, before, after, invoked_before, invoked_after)
    return last, compared


def deploy_text(deploy: Deploy) -> str:
    """What was deployed: ``code; memory_mb 512 -> 1024``."""
    parts = [
        {"code_sha256": "code", "at": "deployed again"}.get(name, f"{name} {_value(was)} -> {_value(now)}")
        for name, was, now in deploy.changed
    ]
    return "; ".join(parts) or "the last change before it was first looked at"


def _value(value: object) -> str:
    return "-" if value is None else str(value)


def _of(errors: int, invocations: int) -> str:
    return f"{count(errors)} of {count(invocations)} ({ratio(errors / invocations)})"
