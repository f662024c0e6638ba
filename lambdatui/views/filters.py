"""``--filter`` and ``/``: choosing rows by words and comparisons, and sorting them.

Terms are separated by spaces and all must hold. A plain word is searched in every text column; ``column:value`` looks
into one column (text: contains, or a glob; figures: equals; ``-``: unknown); ``column>5``, ``>=``, ``<``, ``<=``,
``=`` and ``!=`` compare; a leading ``!`` inverts. Figures take ``k M G``, durations ``ms s m h d``, ratios ``%``, times
ISO 8601. Quotes keep spaces together and make a word plain: ``"status: 500"``. ``tag.team:checkout`` narrows to the
functions with such a tag (``views.tag_terms``): not the rows alone, but what they are summed from.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from collectors.model.errors import ExitCode, LambdatuiError
from collectors.model.units import MB_PER_GB
from lambdatui.views.columns import Column, Kind, UnknownColumn, column_named
from lambdatui.views.fleet_health import severity_of
from lambdatui.views.time_range import RangeError, instant_ms

if TYPE_CHECKING:
    from lambdatui.views.tag_terms import Alternatives, TagTerm

TERM = re.compile(r"!?(?:\"[^\"]*\"?|[^\s\"]+(?:\"[^\"]*\"?)?)+")
"""A term of a filter: all up to a space outside quotes."""
"""A term of a filter: all up to a space outside quotes."""
_COMPARISON = re.compile(r"([A-Za-z][\w-]*)(>=|<=|!=|>|<|=|:)(.*)", re.DOTALL)
_FIGURE = re.compile(r"\$?(-?\d+(?:\.\d+)?)\s*([a-zA-Z%]*)")
_SCALE = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
_DURATION_MS = {"": 1.0, "us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6, "d": 8.64e7}
_SIZE_MB = {"": 1.0, "m": 1.0, "mb": 1.0, "g": float(MB_PER_GB), "gb": float(MB_PER_GB)}
_RATIO = {"": 1.0, "%": 0.01}
_UNITS = {
    Kind.MS: _DURATION_MS, Kind.SECONDS: _DURATION_MS, Kind.MB: _SIZE_MB, Kind.RATIO: _RATIO, Kind.CHANGE: _RATIO,
}  # fmt: skip
_TRUE, _FALSE = ("yes", "true", "1", "y"), ("no", "false", "0", "n")

Row = TypeVar("Row")
Value = TypeVar("Value")
Test = Callable[[Any], bool]


class FilterError(LambdatuiError, ValueError):
    """A filter that cannot be read; the message says why."""

    exit_code = ExitCode.WRONG_USAGE


@dataclass(frozen=True)
class Filter:
    """Terms that all must hold; an empty filter holds everything."""

    expression: str
    tests: tuple[Test, ...]

    def matches(self, row: object) -> bool:
        """Whether every term of the filter holds of the row."""
        return all(test(row) for test in self.tests)

    def apply(self, rows: Iterable[Row]) -> list[Row]:
        """The rows that match, in their order."""
        return [row for row in rows if self.matches(row)]

    def allowed(self, column_id: str, values: Iterable[Value]) -> list[Value]:
        """The values that a column of a row can have: those that every term accepts which looks at nothing else."""
        return [value for value in values if all(_accepts(test, column_id, value) for test in self.tests)]

    def __bool__(self) -> bool:
        return bool(self.tests)


def _accepts(test: Test, column_id: str, value: object) -> bool:
    try:
        return test(SimpleNamespace(**{column_id: value}))
    except AttributeError:  # it looks at another column
        return True


def parse(expression: str, columns: Sequence[Column]) -> Filter:
    """Read ``expression`` for rows that have these columns.

    Raises ``FilterError``; an unknown column's message names the nearest one.
    """
    among = tuple(columns)
    terms = TERM.findall(expression)
    if tags_in(expression):
        if not any(column.id in ("function", "group") for column in among):
            raise FilterError("these rows are not of functions, which have tags")
        terms = [term for term in terms if _tag_term(term) is None]
    return Filter(expression, tuple(_test(term, among) for term in terms))


def tags_in(expression: str) -> "tuple[Alternatives, ...]":
    """What a filter says of functions' tags, for ``Scope.and_tags``. Raises ``FilterError``."""
    if "tag." not in expression.casefold():
        return ()
    found = (_tag_term(term) for term in TERM.findall(expression))
    return tuple((one,) for one in found if one is not None)


def without_tags(expression: str) -> str:
    """The rest of a filter of log lines, which ``tags_in`` says nothing of. Raises ``FilterError``.

    Functions are chosen before lines are looked at, so that a tag is no alternative to anything.
    """
    terms = TERM.findall(expression)
    rest = [term for term in terms if _tag_term(term) is None]
    if len(rest) < len(terms) and any(term in ("OR", "AND") or term[:1] in ("(", ")") for term in rest):
        raise FilterError(
            "of lines, tag.KEY:VALUE stands beside words, not with OR, AND and brackets: give it as --tag"
        )
    return " ".join(rest) if len(rest) < len(terms) else expression


def _tag_term(term: str) -> "TagTerm | None":
    from lambdatui.views.tag_terms import TagError, of_filter

    try:
        return of_filter(term)
    except TagError as error:
        raise FilterError(str(error)) from None


def _test(term: str, columns: tuple[Column, ...]) -> Test:
    inverted = term.startswith("!") and len(term) > 1
    body = term[1:] if inverted else term
    match = None if body.startswith('"') else _COMPARISON.fullmatch(body)
    if match is None:
        test = _anywhere(body.replace('"', ""), columns)
    else:
        try:
            column = column_named(match[1], columns)
        except UnknownColumn as error:
            end = "" if str(error).endswith("?") else "."
            raise FilterError(f'{error}{end} To search for the text, quote it: "{body}"') from None
        test = _compare(column, match[2], match[3].replace('"', ""))
    return (lambda row: not test(row)) if inverted else test


def _anywhere(word: str, columns: tuple[Column, ...]) -> Test:
    ids = [column.id for column in columns if column.kind in (Kind.TEXT, Kind.TAGS)]
    needle = word.casefold()
    return lambda row: any(needle in str(getattr(row, name) or "").casefold() for name in ids)


def _compare(column: Column, operator: str, typed: str) -> Test:
    name = column.id
    if typed == "" or (typed == "-" and operator in ":="):
        if operator in (":", "="):
            return lambda row: getattr(row, name) in (None, "")
        raise FilterError(f"{name}{operator} needs a value to compare with")
    if column.kind in (Kind.TEXT, Kind.FLAG, Kind.TAGS):
        return _compare_words(column, operator, typed)
    if column.kind == Kind.CHANGE and operator in (":", "=") and not _FIGURE.fullmatch(typed):
        word = typed.casefold()
        return lambda row: getattr(getattr(row, name), "word", "") == word
    wanted = figure(column, typed)
    tests: dict[str, Callable[[float], bool]] = {
        ">": lambda value: value > wanted,
        ">=": lambda value: value >= wanted,
        "<": lambda value: value < wanted,
        "<=": lambda value: value <= wanted,
        "!=": lambda value: value != wanted,
        "=": lambda value: value == wanted,
        ":": lambda value: value == wanted,
    }
    holds = tests[operator]

    def test(row: object) -> bool:
        value = getattr(row, name)
        # Unknown, as None or as no number, is neither more nor less than anything.
        return value is not None and value == value and holds(float(value))

    return test


def _compare_words(column: Column, operator: str, typed: str) -> Test:
    name, wanted = column.id, typed.casefold()
    if column.kind == Kind.FLAG:
        if wanted not in _TRUE + _FALSE or operator not in (":", "=", "!="):
            raise FilterError(f"{name} is yes or no: {name}:yes, {name}:no")
        flag = (wanted in _TRUE) != (operator == "!=")
        return lambda row: getattr(row, name) is flag
    if operator in (">", ">=", "<", "<="):
        raise FilterError(f"{name} holds words, which {operator} cannot compare; use {name}:{typed}")
    if operator == ":":
        if any(sign in wanted for sign in "*?["):
            return lambda row: fnmatchcase(str(getattr(row, name) or "").casefold(), wanted)
        return lambda row: wanted in str(getattr(row, name) or "").casefold()
    equal = operator == "="
    return lambda row: (str(getattr(row, name) or "").casefold() == wanted) is equal


def figure(column: Column, text: str) -> float:
    """``text`` in the column's own unit: ``1.5s`` is 1500.0 for milliseconds. Raises ``FilterError``."""
    if column.kind == Kind.TIME:
        try:
            return float(instant_ms(text))
        except RangeError as error:
            raise FilterError(str(error)) from None
    match = _FIGURE.fullmatch(text.strip())
    scale = _UNITS.get(column.kind, _SCALE)
    unit = match[2].lower() if match else ""
    if match is None or unit not in scale:
        known = ", ".join(name for name in scale if name)
        raise FilterError(f"{column.id}: {text!r} is no figure; units are {known}")
    value = float(match[1]) * scale[unit]
    return value / 1000 if column.kind == Kind.SECONDS and unit else value


def sort_rows(rows: Sequence[Row], column: Column, *, reverse: bool = False) -> list[Row]:
    """By one column: words and figures ascending, or descending with ``reverse``; unknown comes last either way.

    Trouble goes by its severity (``views.fleet_health.severity``), so the worst comes first with ``reverse``.
    """
    name = column.id
    known: list[Row] = []
    unknown: list[Row] = []
    for row in rows:
        value = getattr(row, name)
        (unknown if value is None or value != value else known).append(row)  # as what is no number

    def key(row: Row) -> Any:
        if name == "trouble":
            return severity_of(row)
        value = getattr(row, name)
        return value.casefold() if isinstance(value, str) else str(value) if isinstance(value, dict) else value

    return [*sorted(known, key=key, reverse=reverse), *unknown]
