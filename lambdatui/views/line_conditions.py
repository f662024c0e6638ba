"""Conditions on log lines, and the texts that every line which meets a condition must hold.

``negated``, ``both`` and ``either`` join conditions; ``lambdatui.views.line_query`` reads them from text.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Any, Protocol

from lambdatui.views import line_fields
from lambdatui.views.filters import FilterError
from lambdatui.views.line_fields import ABSENT, LEVELS, Path
from lambdatui.views.regex_needs import Needs
from lambdatui.views.safe_regex import SafeRegex

GLOB = re.compile(r"[*?]")
_SHOWN = 40  # characters of a mistake
_LONGEST_SAID = 200  # what was typed may stand in it
_ESCAPED = "\\u00"  # how JSON may spell any letter of ASCII


class LineQueryError(FilterError):
    """A query that cannot be read. The message names the character's number and what is written there."""

    def __init__(self, mistake: str, expression: str, place: int) -> None:
        mistake = (
            mistake
            if len(mistake) <= _LONGEST_SAID
            else f"{mistake[: _LONGEST_SAID // 2]}...{mistake[-_LONGEST_SAID // 3 :]}"
        )
        self.mistake, self.position = mistake, min(place, len(expression))
        rest = " ".join(expression[self.position :].split())
        shown = f"character {self.position + 1}, {_cut(rest)!r}" if rest else f"the end of {_cut(expression.strip())!r}"
        super().__init__(f"{mistake}: at {shown}" if expression.strip() else mistake)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


class Line(Protocol):
    """A line that a query is tested against, such as ``lambdatui.views.logs.LogView``."""

    @property
    def timestamp(self) -> int:
        """When it was written, epoch milliseconds UTC."""

    @property
    def function(self) -> str:
        """The name of the function that wrote it."""

    @property
    def request_id(self) -> str | None:
        """The invocation that wrote it; None where that is unknown."""

    @property
    def message(self) -> str:
        """The text of the line."""


class _Text:
    """A line of which only the text is known."""

    __slots__ = ("message",)
    timestamp, function, request_id = 0, "", None

    def __init__(self, message: str) -> None:
        self.message = message


class Read:
    """A line while a query is tested against it.

    Its lower case, JSON and level are computed once, when first needed.
    """

    __slots__ = ("_json", "_level", "_lower", "line")

    def __init__(self, line: Line) -> None:
        self.line = line
        self._lower: str | None = None
        self._json: Any = ABSENT
        self._level: Any = ABSENT

    @property
    def lower(self) -> str:
        """The message in small letters, made once."""
        if self._lower is None:
            self._lower = self.line.message.lower()
        return self._lower

    @property
    def json(self) -> Any:
        """The message's JSON object; None where it has none."""
        if self._json is ABSENT:
            self._json = line_fields.json_of(self.line.message)
        return self._json

    @property
    def level(self) -> str | None:
        """The level that the line says, upper case; None where it says none."""
        if self._level is ABSENT:
            self._level = line_fields.level_of(self.line.message, self.json)
        return self._level  # type: ignore[no-any-return]

    def field(self, path: Path) -> Any:
        """The value of a field; ``ABSENT`` where the line has no such field."""
        if self.json is None:
            return ABSENT
        return line_fields.value_at(line_fields.firsts(self.line.message, self.json, path), path)


Test = Callable[[Read], bool]


# The tree: each node has a test, what lines that pass surely hold (of each tuple one, in lower case; see
# ``collectors.store.read.line_search``), and what it costs, so that the cheap is asked first.


@dataclass(frozen=True)
class Node:
    """A part of a query: one condition, or several joined."""

    test: Test
    needs: tuple[tuple[str, ...], ...] = ()
    cost: int = 0
    shown: tuple[str | SafeRegex, ...] = ()
    """What of a line it found, to be set off there."""
    text_only: bool = True
    """Whether it looks at nothing but the text of a line."""
    in_text: Callable[[str], bool] | None = None
    """The same test of a text, where there is a shorter one."""
    in_shape: Callable[[str], bool] | None = None
    """False of a shape whose lines all fail it (``collectors.store.lines.chunk_shapes``); None where no shape tells."""


@dataclass(frozen=True)
class LineQuery:
    """A query that was read. An empty one matches every line."""

    expression: str
    root: Node | None = None
    needs: tuple[tuple[str, ...], ...] = ()
    shown: tuple[str | SafeRegex, ...] = field(default=(), compare=False)

    @property
    def in_shape(self) -> Callable[[str], bool] | None:
        """False for a shape of lines in which no line can match; None where the shape cannot tell."""
        return None if self.root is None else self.root.in_shape

    def matches(self, line: Line) -> bool:
        """Whether the line matches; a query without terms matches all."""
        return self.root is None or self.root.test(Read(line))

    @property
    def in_text(self) -> Callable[[str], bool] | None:
        """A test of the text alone, where the query tests nothing else. With it a search need not build most lines."""
        if self.root is None or not self.root.text_only:
            return None
        test = self.root.test
        return self.root.in_text or (lambda text: test(Read(_Text(text))))

    def __bool__(self) -> bool:
        return self.root is not None


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    "=": lambda one, other: one == other,
    ":": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
}


def compared(
    value: Callable[[Read], Any],
    operator: str,
    typed: str,
    quoted: bool,
    mistake: Callable[[str, int], LineQueryError],
    place: int,
) -> Test:
    """Compares a field with what was typed. A list matches where one of its elements does."""
    wanted_figure = None if quoted else line_fields.figure_of(typed)
    if operator in (">", ">=", "<", "<="):
        if wanted_figure is None:
            raise mistake(f"{typed!r} is no figure, and {operator} compares figures", place)
        compare = COMPARISONS[operator]

        def figure(each: Any) -> bool:
            figure = line_fields.figure_of(each)
            return figure is not None and compare(figure, wanted_figure)

        return lambda read: _one_of(value(read), figure)
    glob = operator == ":" and not quoted and GLOB.search(typed)
    pattern = re.compile(translate(_plain_brackets(typed.casefold()))) if glob else None
    folded = typed.casefold()

    def equal(value: Any) -> bool:
        text = line_fields.text_of(value)
        if text is None:
            return value is None and folded == "null" and not quoted
        if pattern is not None:
            return pattern.match(text.casefold()) is not None
        if text.casefold() == folded:
            return True
        return wanted_figure is not None and line_fields.figure_of(value) == wanted_figure

    if operator != "!=":
        return lambda read: _one_of(value(read), equal)
    return lambda read: (content := value(read)) is not ABSENT and content is not None and not _one_of(content, equal)


def _plain_brackets(glob: str) -> str:
    return glob.replace("[", "[[]")


def _one_of(content: Any, test: Callable[[Any], bool]) -> bool:
    if content is ABSENT:
        return False
    return any(map(test, content)) or test(content) if isinstance(content, list) else test(content)


def of_text(name: str, operator: str, typed: str, quoted: bool) -> Node:
    """Compares a line's function, request id or message as other listings compare words.

    ``:`` asks whether it contains the text, or matches a glob; ``=`` whether it is all of it.
    """
    wanted = typed.casefold()
    if operator == ":" and GLOB.search(typed) and not quoted:
        pattern = re.compile(translate(_plain_brackets(wanted)))
        return Node(
            lambda read: pattern.match(str(getattr(read.line, name) or "").casefold()) is not None,
            (),
            1,
            text_only=False,
        )
    if operator == ":":
        return Node(lambda read: wanted in str(getattr(read.line, name) or "").casefold(), (), 1, text_only=False)
    equal = operator == "="
    return Node(
        lambda read: (str(getattr(read.line, name) or "").casefold() == wanted) is equal, (), 1, text_only=False
    )


def word_of(word: str, anywhere: bool) -> Node:
    """Lines that hold a word in whatever case; with ``anywhere`` also in the name of their function, or their
    request id.
    """
    lower = word.lower()
    if not lower:
        return Node(lambda read: True)
    if anywhere:
        return Node(
            lambda read: (
                lower in read.lower
                or lower in read.line.function.lower()
                or lower in (read.line.request_id or "").lower()
            ),
            (),
            1,
            (word,),
            text_only=False,
        )
    return Node(lambda read: lower in read.lower, ((lower,),), 0, (word,), in_text=lambda text: lower in text.lower())


def keys_needed(path: Path) -> tuple[tuple[str, ...], ...]:
    """Groups of texts: a line with this field holds a text of each, such as the key in quotes or an escape."""
    needs = []
    for depth, name in enumerate(path):
        if not re.fullmatch(r"[\w@$.-]*[A-Za-z_][\w@$.-]*", name, re.ASCII):
            continue
        key = name.lower()
        dotted = [f'"{key}.'] if depth == 0 else [f'"{key}.', f".{key}.", f'.{key}"']
        needs.append((f'"{key}"', *(dotted if len(path) > 1 else ()), _ESCAPED))
    return tuple(needs)


def level_needed(level: str) -> tuple[tuple[str, ...], ...]:
    """Groups of texts: a line of this level holds one of its names or its number, or an escape."""
    if level not in LEVELS:
        return ()
    return ((*(name.lower() for name in line_fields.spellings(level)), _ESCAPED),)


def negated(node: Node) -> Node:
    """Matches the lines that a condition does not match. Rules out no packed chunk by text."""
    test = node.test
    return Node(lambda read: not test(read), (), node.cost, text_only=node.text_only)


def both(nodes: Sequence[Node]) -> Node:
    """Matches the lines that all conditions match; the cheapest is tried first."""
    tests = [node.test for node in sorted(nodes, key=lambda node: node.cost)]
    needs: Needs = [need for node in nodes for need in node.needs]
    in_shapes = [node.in_shape for node in nodes if node.in_shape is not None]
    return Node(
        lambda read: all(test(read) for test in tests),
        tuple(dict.fromkeys(needs)),
        max(node.cost for node in nodes),
        tuple(shown for node in nodes for shown in node.shown),
        all(node.text_only for node in nodes),
        in_shape=(lambda shape: all(told(shape) for told in in_shapes)) if in_shapes else None,
    )


def either(nodes: Sequence[Node]) -> Node:
    """Matches the lines that one of the conditions matches. A line must hold a text that one of them needs."""
    tests = [node.test for node in sorted(nodes, key=lambda node: node.cost)]
    surest = [max(node.needs, key=lambda need: min(map(len, need)), default=()) for node in nodes]
    needs = (tuple(text for need in surest for text in need),) if all(surest) else ()
    in_shapes = [node.in_shape for node in nodes if node.in_shape is not None]
    return Node(
        lambda read: any(test(read) for test in tests),
        needs,
        max(node.cost for node in nodes),
        tuple(shown for node in nodes for shown in node.shown),
        all(node.text_only for node in nodes),
        in_shape=(lambda shape: any(told(shape) for told in in_shapes)) if len(in_shapes) == len(nodes) else None,
    )
