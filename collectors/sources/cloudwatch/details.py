"""Details that need a call for each function: asked of functions that are new, changed, or not looked at for a day.

They are asked at the control plane's pace (three calls a second), of some functions in each collection. A detail that
fails costs only that detail of that function: all others are read, and the function is due again in the next
collection, after those that were not looked at yet. If it fails again, the wait grows to as long as it has been
failing, up to a day.

When is an action refused for all functions, and when for one? If it succeeded for any function in this collection, each
refusal counts for its function alone. If it succeeded for none, and was refused (denied, or another 4xx) for three
functions that are not all neighbours by name, it is refused for all: it is not asked any more in this collection, and
the functions count as looked at without it, as otherwise they would be due for ever. The store remembers that for a
day, in which a single refusal is enough. One function is tried again like any that failed: when the action succeeds for
it, a permission was given, and all functions that were looked at without it are due. Failures of other kinds are
counted in the same way, but only for the rest of one collection, and then no function counts as looked at.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from collectors.model.account import Covered, Inventory
from collectors.model.records import Function
from collectors.model.units import DAY_MS
from collectors.sources.base import CoveredSpans, Failed, Item, SourceFailed, Step
from collectors.sources.cloudwatch.errors import is_refusal

REFUSED_FOR_ALL = 3  # functions, and none that it was had of

Asking = Callable[[Function, Mapping[str, str]], Iterator[Inventory | SourceFailed]]
"""Asks for the details of one function, without the actions that were ``denied`` or ``failed``."""


@dataclass
class _Action:
    """What happened to one action in this collection."""

    had: bool = False
    given_up: bool = False
    failed: list[SourceFailed] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)

    @property
    def refused_for_all(self) -> bool:
        return self.given_up and all(map(is_refusal, self.failed))


class DetailReading:
    """The details of one account and region in one collection."""

    def __init__(
        self,
        ask: Asking,
        actions: Mapping[str, str],
        account: str,
        region: str,
        *,
        now_ms: int,
        modified_ms: Mapping[str, int | None],
        is_unsettled: Callable[[object], bool] = lambda found: False,
    ) -> None:
        """``actions`` maps each kind of detail to its IAM action; ``modified_ms`` each function's name to its last
        change (epoch ms).

        A function whose answers ``is_unsettled`` accepts does not count as looked at: AWS is still changing it.
        """
        self._ask = ask
        self._place = f"{account} {region}"
        self._now_ms = now_ms
        self._modified_ms = modified_ms
        self._kinds = actions
        self._is_unsettled = is_unsettled
        self._actions = {action: _Action() for action in actions.values()}
        self._unsettled: set[str] = set()

    def items(self, functions: Sequence[Function], covered: CoveredSpans, most: int) -> Iterator[Item]:
        """Details of at most ``most`` functions that are due, in the order of ``functions``.

        Yields Failed for an action that failed, for all functions or some; raises SourceFailed where all other calls
        would fail too.
        """
        given_ms = max(_last(covered(self._given_item(action))) for action in self._actions)
        due = [each for each in functions if self._is_due(covered, each, given_ms)]
        # Those that failed come after those that were not looked at yet, or they would stand in their way for ever.
        due.sort(key=lambda each: _last(covered(f"tried {self._item(each)}")))
        usual = {
            action for action in self._actions if self._now_ms - _last(covered(self._refused_item(action))) < DAY_MS
        }
        some = _spread(due[:most])
        waiting: list[tuple[Function, set[str]]] = []
        try:
            for done, function in enumerate(some):  # which grows where a permission was given
                yield Step(f"details of functions ({len(due)} due)", done, len(some))
                failed: set[str] = set()
                yield from self._of_function(function, usual, failed)
                if failed:
                    waiting.append((function, failed))
                elif function.key.name not in self._unsettled:
                    yield Covered(self._item(function), 0, self._now_ms)
                if given := {action for action in usual if self._actions[action].had}:
                    usual -= given
                    for action in sorted(given):
                        yield Covered(self._given_item(action), 0, self._now_ms)
                    names = {each.key.name for each in some}
                    others = (each for each in functions if each.key.name not in names)
                    without = (each for each in others if _last(covered(self._item(each))) < self._now_ms)
                    some += islice(without, most - len(some))
        except SourceFailed:
            yield from self._told(waiting, covered)
            raise
        yield from self._told(waiting, covered)

    def _is_due(self, covered: CoveredSpans, function: Function, given_ms: int) -> bool:
        """Whether the function is due; ``given_ms`` is when a permission was last seen to be given (epoch ms)."""
        looked_ms = _last(covered(self._item(function)))
        if self._now_ms - looked_ms < DAY_MS and looked_ms >= given_ms:
            return False
        tried = covered(f"tried {self._item(function)}")
        if not tried:
            return True
        # It failed from the first to the last of these times.
        return self._now_ms - _last(tried) >= min(_last(tried) - tried[0][0], DAY_MS)

    def _told(self, waiting: Sequence[tuple[Function, set[str]]], covered: CoveredSpans) -> Iterator[Item]:
        """Reports failures, one for each action, and marks the functions that count as looked at in spite of them."""
        refused = {action for action, went in self._actions.items() if went.refused_for_all}
        probe = next((function for function, failed in waiting if failed <= refused), None)
        for function, failed in waiting:
            item = self._item(function)
            if failed <= refused and function is not probe:  # which is tried again, and tells when it is allowed
                yield Covered(item, 0, self._now_ms)
                continue
            tried = covered(f"tried {item}")
            yield Covered(f"tried {item}", tried[0][0] if tried else self._now_ms, self._now_ms)
        for action in sorted(refused):
            yield Covered(self._refused_item(action), 0, self._now_ms)
        for went in self._actions.values():
            if went.failed:
                yield Failed(_summed(went))

    def _of_function(self, function: Function, usual: set[str], failed_actions: set[str]) -> Iterator[Item]:
        """Each detail of one function. Actions that fail are added to ``failed_actions``. Raises SourceFailed where
        every other call would fail too.
        """
        skip = {
            action: "denied" if went.refused_for_all else "failed"
            for action, went in self._actions.items()
            if went.given_up
        }
        failed_actions.update(action for action, why in skip.items() if why == "failed")
        answered = True  # up to what could not be had; what comes after that was not asked
        for answer in self._ask(function, skip):
            if isinstance(answer, SourceFailed):
                failed_actions.add(answer.action)
                self._fail(self._actions[answer.action], answer, function, usual=answer.action in usual)
                continue
            action = self._kinds.get(answer.kinds[0])
            answered = answered and action is not None
            if answered and action is not None:
                self._actions[action].had = True
            if self._is_unsettled(answer):
                self._unsettled.add(function.key.name)
            yield answer

    @staticmethod
    def _fail(went: _Action, failed: SourceFailed, function: Function, *, usual: bool) -> None:
        went.failed.append(failed)
        went.functions.append(function.key.name)
        went.given_up = not went.had and (len(went.failed) >= REFUSED_FOR_ALL or (usual and is_refusal(failed)))

    def _item(self, function: Function) -> str:
        return f"details {self._place} {function.key.name} {self._modified_ms.get(function.key.name)}"

    def _given_item(self, action: str) -> str:
        """The covered item that says when a missing permission was seen to be given."""
        return f"given {self._place} {action}"

    def _refused_item(self, action: str) -> str:
        return f"refused {self._place} {action}"


def _spread(due: Sequence[Function]) -> list[Function]:
    """The due functions in an order whose first ones are not neighbours by name: a team's functions often share a
    prefix, and may be denied alone.
    """
    first = sorted({0, len(due) - 1, len(due) // 2} & set(range(len(due))))
    return [due[at] for at in first] + [each for at, each in enumerate(due) if at not in first]


def _last(spans: Sequence[tuple[int, int]]) -> int:
    """The end of the last span in epoch ms; 0 where there is none."""
    return max((high for _, high in spans), default=0)


def _summed(went: _Action) -> SourceFailed:
    """All failures of one action as one: the first one's text, and how many there are."""
    first = went.failed[0]
    others = len(went.failed) - 1
    if went.refused_for_all:
        count = f" and of {others} more" if others else ""
        what = f"{first.what}{count} (taken as refused for all: not asked of the others)"
    elif went.given_up:
        what = f"{first.what} and of {others} more (not asked of the others this time)"
    else:
        named = ", ".join(went.functions[1:4]) + (", ..." if others > 3 else "")
        what = first.what + (f" (and of {others} more: {named})" if others else "")
    made = SourceFailed(what, first.meaning, first.advice, denied=first.denied, resource=first.resource)
    made.__cause__ = first.__cause__
    return made
