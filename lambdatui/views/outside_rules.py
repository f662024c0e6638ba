"""Rules of advice that other packages add by entry points: like those of ``advice_rules``, and none can do harm."""

from collections.abc import Callable, Iterator

from collectors.outside import ADVICE_RULES, additions
from lambdatui.views.advice_item import Advice, AdviceSubject

KIND = "rule"
"""The kind of advice that speaks of a rule which cannot be followed."""


class OutsideRules:
    """The rules as they are asked for one view. ``problems`` speaks of each that is broken, once."""

    def __init__(self) -> None:
        added = additions(ADVICE_RULES)
        self._rules: dict[str, Callable[[AdviceSubject], Iterator[Advice]]] = dict(added.parts)
        self.problems: list[Advice] = [_problem(*broken.rsplit("; ", 1)) for broken in added.broken]

    def advice_on(self, subject: AdviceSubject) -> list[Advice]:
        """What the rules say of one function. A rule that fails is not asked again."""
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
