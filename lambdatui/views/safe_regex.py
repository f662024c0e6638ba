"""Regular expressions over hostile text: no pattern and no line can hold a search up.

Python's engine tries one way after another, which takes for ever for ``(a+)+b``, and for hours for ``.*.*b`` on a long
line. Here a pattern is read first. Where the work that it may make of a line is bounded, Python's engine does it. Any
other is followed in all its ways at once, a step a character (Thompson's construction, its sets of places kept as they
come up), which is slower and never slow. What cannot be followed so, references to what was found and looking around,
is refused.
"""

import re
import warnings
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Final

from collectors.model.errors import CaughtError
from lambdatui.views.regex_needs import Needs, needs
from lambdatui.views.regex_source import of_shapes, without_inner_loops

_parser: Any = import_module("re._parser")
_ENOUGH = 2_000_000  # ways that Python's engine may try in one line: some 20 ms
_ANY_LINE = 1 << 20  # characters: no line that is stored has more
_DEEPEST = 50
_PLACES = 4_000  # of an automaton: {1000} makes a thousand of what stands before it
_KEPT = 500_000  # places of an automaton in the steps that are remembered: some 50 MB
_MANY: Final = _parser.MAXREPEAT
_POSIX_CLASS = re.compile(r"\[:\^?(?:al(?:num|pha)|blank|cntrl|x?digit|graph|lower|print|punct|space|upper|word):\]")
_SPACE, _DIGIT, _WORD = re.compile(r"\s"), re.compile(r"\d"), re.compile(r"\w")
_CATEGORIES = {"CATEGORY_SPACE": _SPACE, "CATEGORY_DIGIT": _DIGIT, "CATEGORY_WORD": _WORD}


class RegexError(CaughtError, ValueError):
    """A pattern that cannot be read or followed; ``position`` is the place in it, counted from 0."""

    def __init__(self, mistake: str, position: int = 0) -> None:
        super().__init__(mistake)
        self.position = position


class SafeRegex:
    """A pattern. ``found_in`` tells whether a text contains a match; ``needs`` are texts that every match must hold."""

    def __init__(self, pattern: str, *, ignore_case: bool = False) -> None:
        flags = re.IGNORECASE if ignore_case else re.NOFLAG
        if posix := _POSIX_CLASS.search(pattern):
            raise RegexError(f"{posix[0]} is not taken: write [a-z], \\w, \\d or \\s", posix.start())
        try:
            with warnings.catch_warnings():  # of signs that may mean more in a Python to come
                warnings.simplefilter("ignore", FutureWarning)
                tree = _parser.parse(pattern, flags)
                self._python = re.compile(pattern, flags)
        except re.error as error:
            raise RegexError(error.msg, error.pos or 0) from None
        except (OverflowError, RecursionError):
            raise RegexError("it is nested or repeated too often") from None
        if int(tree.state.flags) & ~re.UNICODE != flags:
            raise RegexError("flags within a pattern are not taken: write /pattern/i")
        ways = _ways(tree)
        self._longest = _longest(ways)
        self._tree, self._ignore_case = tree, ignore_case
        self._automaton: _Automaton | None = None
        self._of_shapes: SafeRegex | None = None
        self._loose: SafeRegex | None = None
        if self._longest < _ANY_LINE:
            self._automaton = _Automaton(tree, ignore_case)
        if ways is None:
            self._loose = SafeRegex(without_inner_loops(tree, _single), ignore_case=ignore_case)
        self.needs: Needs = needs(tree, ignore_case)

    def found_in(self, text: str) -> bool:
        """Whether the expression matches anywhere in the text, in time that grows with its length and no faster."""
        if len(text) <= self._longest:
            return self._python.search(text) is not None
        loose = self._loose
        if loose is not None and len(text) <= loose._longest and loose._python.search(text) is None:
            return False
        if self._automaton is None:
            self._automaton = _Automaton(self._tree, self._ignore_case)
        return self._automaton.found_in(text)

    def in_shape(self, shape: str) -> bool:
        """False where no line of a shape can match (``collectors.store.lines.chunk_shapes``)."""
        if self._of_shapes is None:
            source = of_shapes(self._tree, self._python.flags & re.IGNORECASE)
            self._of_shapes = SafeRegex(source, ignore_case=self._ignore_case)
        return self._of_shapes.found_in(shape)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the matches are, for highlighting; none where finding them might take long."""
        if len(text) > self._longest:
            return []
        return [match.span() for match in self._python.finditer(text) if match.end() > match.start()]


def _longest(ways: tuple[int, int] | None) -> int:
    """The longest line, in characters, that Python's engine may search for a pattern; -1: none."""
    if ways is None:
        return -1
    loops, choices = ways
    return int((_ENOUGH / 2.0 ** min(choices, 99)) ** (1 / (loops + 1))) - 1


def _ways(tree: Iterable[Any], depth: int = 0) -> tuple[int, int] | None:
    """How many loops follow each other, and how often choices double the work; None for loops or choices in a loop.

    Raises ``RegexError`` for what no automaton follows.
    """
    if depth > _DEEPEST:
        raise RegexError("it is nested or repeated too often")
    loops, choices = 0, 0
    for kind, value in tree:
        name = str(kind)
        within: tuple[int, int] | None = (0, 0)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            low, high, inner = value
            within = _ways(inner, depth + 1)
            if high > 1 and (within is None or within[0] or within[1] or not _single(inner)):
                within = None
            elif within is not None and high != low:
                within = (within[0], within[1] + 1) if high == 1 else (1, 0)
        elif name == "SUBPATTERN":
            if value[1] or value[2]:
                raise RegexError("flags within a pattern are not taken: write /pattern/i")
            within = _ways(value[3], depth + 1)
        elif name == "BRANCH":
            sides = [_ways(branch, depth + 1) for branch in value[1]]
            known = [side for side in sides if side is not None]
            within = None
            if len(known) == len(sides):
                within = sum(side[0] for side in known), sum(side[1] for side in known) + len(sides).bit_length()
        elif name in ("GROUPREF", "GROUPREF_EXISTS"):
            raise RegexError("references to a group are not taken: they can take for ever")
        elif name in ("ASSERT", "ASSERT_NOT"):
            raise RegexError("looking ahead or behind is not taken")
        elif name in ("POSSESSIVE_REPEAT", "ATOMIC_GROUP"):
            raise RegexError("possessive repeats and atomic groups are not taken")
        if within is None:
            _refused(tree)
            return None
        loops, choices = loops + within[0], choices + within[1]
    return loops, choices


def _refused(tree: Iterable[Any]) -> None:
    """Looks through all that lies in a pattern for what is refused."""
    for _, value in tree:
        for inner in value if isinstance(value, list | tuple) else ():
            if isinstance(inner, _parser.SubPattern):
                _ways(inner)
            elif isinstance(inner, list):
                for branch in inner:
                    if isinstance(branch, _parser.SubPattern):
                        _ways(branch)


def _single(tree: Any) -> bool:
    """Whether it is one character, so that a text can be cut into its repeats in only one way."""
    if len(tree) != 1:
        return False
    kind, value = tree[0]
    if str(kind) == "SUBPATTERN":
        return _single(value[3])
    return str(kind) in ("LITERAL", "NOT_LITERAL", "ANY", "IN")


# An automaton -------------------------------------------------------------------------------------------------------

_Test = Callable[[str], bool]
_BEGIN, _END, _LAST_NEWLINE = "begin", "end", "last newline"  # neighbours that are no characters


class _Automaton:
    """Thompson's construction: places (tests of a character, conditions, forks), and the sets of them seen so far."""

    def __init__(self, tree: Any, ignore_case: bool) -> None:
        self._ignore_case = ignore_case
        self._tests: list[_Test | None] = []
        self._conditions: list[str | None] = []
        self._next: list[tuple[int, ...]] = []
        self._final = self._place()
        self._first = self._sequence(tree, self._final)
        self._steps: dict[tuple[frozenset[int], str, str], frozenset[int] | None] = {}
        self._kept = 0

    def found_in(self, text: str) -> bool:
        """Whether the expression matches anywhere in the text, in time that grows with its length and no faster."""
        end = len(text)
        states: frozenset[int] = frozenset((self._first,))
        before = _BEGIN
        steps = self._steps
        for place, here in enumerate(text):
            sign = _LAST_NEWLINE if here == "\n" and place == end - 1 else here
            key = states, before, sign
            then = steps.get(key, states)
            if then is states and key not in steps:
                then = steps[key] = self._step(states, before, sign)
                self._kept += 1 + len(then or ())
                if self._kept > _KEPT:
                    steps.clear()
                    self._kept = 0
            if then is None:
                return True
            states, before = then, _kind(here)
        return self._step(states, before, _END) is None

    def _step(self, at: frozenset[int], before: str, here: str) -> frozenset[int] | None:
        """The places after a character; the first place is always among them. None once a match is found."""
        reached = self._reached(at, before, here)
        if self._final in reached:
            return None
        if here == _END:
            return frozenset()
        sign = "\n" if here == _LAST_NEWLINE else here
        then = {self._first}
        for place in reached:
            test = self._tests[place]
            if test is not None and test(sign):
                then.update(self._next[place])
        return frozenset(then)

    def _reached(self, at: frozenset[int], before: str, here: str) -> set[int]:
        seen, waiting = set(at), list(at)
        while waiting:
            place = waiting.pop()
            condition = self._conditions[place]
            if self._tests[place] is not None or (condition and not _holds(condition, before, here)):
                continue
            for other in self._next[place]:
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return seen

    def _place(self, *then: int, test: _Test | None = None, condition: str | None = None) -> int:
        if len(self._next) >= _PLACES:
            raise RegexError(f"it comes to more than {_PLACES:,} places: repeat less, or leave out choices")
        self._tests.append(test)
        self._conditions.append(condition)
        self._next.append(then)
        return len(self._next) - 1

    def _sequence(self, tree: Any, then: int) -> int:
        for kind, value in reversed(list(tree)):
            then = self._compile_step(str(kind), value, then)
        return then

    def _compile_step(self, name: str, value: Any, then: int) -> int:
        if name == "SUBPATTERN":
            return self._sequence(value[3], then)
        if name == "BRANCH":
            return self._place(*(self._sequence(branch, then) for branch in value[1]))
        if name == "AT":
            return self._place(then, condition=str(value))
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            low, high, inner = value
            if high is _MANY:
                loop = self._place()
                self._next[loop] = (self._sequence(inner, loop), then)
                then = loop
            else:
                for _ in range(high - low):
                    then = self._place(self._sequence(inner, then), then) if high > low else then
            for _ in range(low):
                then = self._sequence(inner, then)
            return then
        return self._place(then, test=self._test(name, value))

    def _test(self, name: str, value: Any) -> _Test:
        if name == "ANY":
            return lambda sign: sign != "\n"
        if name == "LITERAL":
            return self._either_case(lambda sign: ord(sign) == value)
        if name == "NOT_LITERAL":
            same = self._either_case(lambda sign: ord(sign) == value)
            return lambda sign: not same(sign)
        if name != "IN":
            raise RegexError(f"{name.lower().replace('_', ' ')} is not taken")
        negated = str(value[0][0]) == "NEGATE"
        tests = [self._either_case(_in_set(str(kind), what)) for kind, what in value[1 if negated else 0 :]]
        return lambda sign: any(test(sign) for test in tests) is not negated

    def _either_case(self, test: _Test) -> _Test:
        if not self._ignore_case:
            return test
        return lambda sign: any(test(each) for each in _cases(sign))


def _cases(sign: str) -> set[str]:
    return {each for each in (sign, sign.lower(), sign.upper(), sign.upper().lower()) if len(each) == 1}


def _in_set(name: str, value: Any) -> _Test:
    if name == "RANGE":
        low, high = value
        return lambda sign: low <= ord(sign) <= high
    if name == "CATEGORY":
        category = str(value)
        pattern, negated = _CATEGORIES[category.replace("_NOT_", "_")], "_NOT_" in category
        return lambda sign: (pattern.match(sign) is None) is negated
    return lambda sign: ord(sign) == value


def _kind(sign: str) -> str:
    return "a" if _WORD.match(sign) else " "


def _holds(condition: str, before: str, here: str) -> bool:
    if condition in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
        return before == _BEGIN
    if condition == "AT_END":
        return here in (_END, _LAST_NEWLINE)
    if condition == "AT_END_STRING":
        return here == _END
    edge = (before == "a") != (len(here) == 1 and _kind(here) == "a")
    return edge if condition == "AT_BOUNDARY" else not edge
