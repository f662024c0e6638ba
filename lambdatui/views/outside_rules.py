"""Rules of advice that other packages add by entry points. A rule that fails is dropped, and does no other harm."""

from collections.abc import Callable, Iterator

from collectors.outside import ADVICE_RULES, additions
from lambdatui.views.advice_item import Advice, AdviceSubject

KIND = "rule"
"""The kind of advice that speaks of a rule which cannot be followed."""


class OutsideRules:
    """The rules for one view. ``problems`` has one piece of advice for each rule that failed."""

    def __init__(self) -> None:
        added = additions(ADVICE_RULES)
        self._rules: dict[str, Callable[[AdviceSubject], Iterator[Advice]]] = dict(added.parts)
        self.problems: list[Advice] = [_problem(*broken.rsplit("; ", 1)) for broken in added.broken]

    def advice_on(self, subject: AdviceSubject) -> list[Advice]:
        """The advice of the rules on one function. A rule that fails is not asked again."""
        rows: list[Advice] = []
        for name, rule in list(self._rules.items()):
            try:
                advice_given = list(rule(subject))
                if strange := next((each for each in advice_given if not isinstance(each, Advice)), None):
                    raise TypeError(f"{type(strange).__name__} is no advice")
            except Exception as fault:
                del self._rules[name]
                why = f"{type(fault).__name__}: {fault}"[:200]
                found = f"the rule {name} of another package failed on {subject.row.function} ({why})"
                self.problems.append(_problem(found, "upgrade or remove it"))
                continue
            rows += advice_given
        return rows


def _problem(found: str, advice: str) -> Advice:
    return Advice(KIND, 0, "", None, found, advice, "What the other rules say is not touched by it.")
