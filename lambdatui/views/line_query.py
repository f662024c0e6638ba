"""Questions to log lines: what is typed becomes a tree, and the tree a test of a line.

    timeout "connection reset"        both, anywhere in the line, whatever the case
    !health  (timeout OR refused)     without it; one of both
    level:ERROR  level>=WARN          the level, however the line spells it
    .order.id:42  .path:/api/*        a field of JSON lines: its whole value, whatever the case; * and ? stand for more
    .ms>500  .retry!=true             compared: > >= < <= = !=; a line that has no such field is no match
    /timed? out/i                     a regular expression; i ignores case
    function:check*  request_id:1b4e  timestamp>2026-11-30T09:00

Blanks mean AND. Where a line has no such field only ``!`` matches: ``!.user:*``. Quotes make anything a word.
"""

import re
from fnmatch import translate
from functools import lru_cache

from lambdatui.views import line_fields
from lambdatui.views.line_conditions import (
    COMPARISONS,
    GLOB,
    LineQuery,
    LineQueryError,
    Node,
    both,
    compared,
    either,
    keys_needed,
    level_needed,
    negated,
    of_text,
    word_of,
)
from lambdatui.views.line_fields import LEVELS, Path
from lambdatui.views.safe_regex import RegexError, SafeRegex
from lambdatui.views.time_range import RangeError, instant_ms

COLUMNS = ("level", "function", "request_id", "message", "timestamp")
_OPERATOR = re.compile(r">=|<=|!=|>|<|=|:")
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_FIELD = re.compile(r"\.(?=[\w@$\"])")
_STEP = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|([\w@$-]+)")
_REGEX_END = re.compile(r"(?:[^/\\]|\\.)*?/(i?)(?=\s|\)|$)", re.DOTALL)
_DEEPEST = 50  # brackets within brackets


@lru_cache(maxsize=32)
def parse(expression: str, *, anywhere: bool = False) -> LineQuery:
    """Reads a query. Raises ``LineQueryError``. ``anywhere``: words are searched in function and request id too."""
    parser = _Parser(expression, anywhere)
    root = parser.whole()
    return LineQuery(expression) if root is None else LineQuery(expression, root, root.needs, root.shown)


def phrase(text: str) -> LineQuery:
    """The query that matches lines which hold ``text`` literally."""
    if not text:
        return LineQuery("")
    node = word_of(text, False)
    return LineQuery(text, node, node.needs, node.shown)


def field_path(text: str, place: int = 0, whole: str | None = None) -> Path:
    """The steps of ``.order.items[0].id``, which stands at ``place`` of ``whole``. Raises ``LineQueryError``."""
    whole = text if whole is None else whole
    if not _FIELD.match(text):
        raise LineQueryError(f"{text!r} is no field: one of JSON lines has a dot before it, .{text}", whole, place)
    parser = _Parser(text, anywhere=False)
    try:
        path = parser.path()
    except LineQueryError as error:
        raise LineQueryError(error.mistake, whole, place + error.position) from None
    if parser.position < len(text):
        raise LineQueryError("a field's name ends here; quote what it has more", whole, place + parser.position)
    return path


class _Parser:
    def __init__(self, text: str, anywhere: bool) -> None:
        self._text, self.position, self._anywhere, self._depth, self._open = text, 0, anywhere, 0, 0
        self._stray: int | None = None  # the first ) in a word that no ( belongs to
        self._only_words = True

    def whole(self) -> Node | None:
        if not self._text.strip():
            return None
        root = self._any()
        if self._stray is not None and not self._only_words:
            raise self._error("this ) closes nothing; quote it to find it in lines", self._stray)
        return root

    def _any(self) -> Node:
        nodes = [self._all()]
        while self._operator("OR"):
            self._only_words = False
            nodes.append(self._all())
        return nodes[0] if len(nodes) == 1 else either(nodes)

    def _all(self) -> Node:
        nodes: list[Node] = []
        while True:
            self._blanks()
            if nodes and self._operator("AND"):
                self._only_words = False
                self._blanks()
                if self.position >= len(self._text) or self._closing():
                    raise self._error("something must follow AND", self.position)
            if self.position >= len(self._text) or self._closing() or self._ahead("OR"):
                break
            nodes.append(self._term())
        if not nodes:
            either = self._ahead("OR") or self._text[: self.position].rstrip().endswith("OR")
            what = "OR needs something before and after it; quote it to find the word"
            raise self._error(what if either else "there is nothing to look for in these brackets", self.position)
        return nodes[0] if len(nodes) == 1 else both(nodes)

    def _term(self) -> Node:
        text, begin = self._text, self.position
        if text[begin] == "!" and begin + 1 < len(text) and not text[begin + 1].isspace() and text[begin + 1] != ")":
            self.position += 1
            self._deeper(begin)
            node = self._term()
            self._depth_back()
            return negated(node)
        if text[begin] == "(":
            self.position += 1
            self._only_words = False
            self._deeper(begin)
            self._open += 1
            node = self._any()
            self._blanks()
            if self.position >= len(text) or text[self.position] != ")":
                raise self._error("this ( is never closed; quote it to find it in lines", begin)
            self.position += 1
            self._open -= 1
            self._depth_back()
            return node
        if text[begin] == "/" and (end := _REGEX_END.match(text, begin + 1)) and end.end() - begin > 2 + len(end[1]):
            return self._regex(end)
        if text[begin] == '"':
            return word_of(self._quoted(), self._anywhere)
        if _FIELD.match(text, begin):
            return self._field()
        name = _NAME.match(text, begin)
        operator = _OPERATOR.match(text, name.end()) if name else None
        if name and operator and (column := self._column(name[0], operator)):
            return column
        return word_of(self._plain(), self._anywhere)

    def _closing(self) -> bool:
        return self._open > 0 and self._text[self.position] == ")"

    def _deeper(self, place: int) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("this is nested too deep", place)

    def _depth_back(self) -> None:
        self._depth -= 1

    def _blanks(self) -> None:
        while self.position < len(self._text) and self._text[self.position].isspace():
            self.position += 1

    def _ahead(self, word: str) -> bool:
        end = self.position + len(word)
        return self._text.startswith(word, self.position) and (
            end == len(self._text) or self._text[end].isspace() or self._text[end] in "()"
        )

    def _operator(self, word: str) -> bool:
        self._blanks()
        if not self._ahead(word):
            return False
        self.position += len(word)
        return True

    def _quoted(self) -> str:
        """Reads up to the closing quote; a backslash before a quote keeps the quote in the text."""
        out: list[str] = []
        text, begun = self._text, self.position
        self.position += 1
        while self.position < len(text):
            sign = text[self.position]
            self.position += 1
            if sign == '"':
                return "".join(out)
            if sign == "\\" and self.position < len(text) and text[self.position] in '"\\':
                sign = text[self.position]
                self.position += 1
            out.append(sign)
        raise self._error('this " is never closed; "\\"" finds one in lines', begun)

    def _plain(self) -> str:
        """Reads a word: up to a blank or, within brackets, to the ) that closes them. Quotes in it are dropped."""
        out: list[str] = []
        text, own = self._text, 0
        while self.position < len(text):
            sign = text[self.position]
            if sign.isspace() or (sign == ")" and not own and self._open):
                break
            if sign == '"':
                out.append(self._quoted())
                continue
            if sign == ")" and not own and self._stray is None:
                self._stray = self.position
            own += (sign == "(") - (sign == ")" and own > 0)
            out.append(sign)
            self.position += 1
        return "".join(out)

    def _regex(self, end: "re.Match[str]") -> Node:
        begin = self.position
        pattern = end[0][: -1 - len(end[1])]
        try:
            regex = SafeRegex(pattern.replace("\\/", "/"), ignore_case=bool(end[1]))
        except RegexError as error:
            raise self._error(f"this regular expression cannot be taken: {error}", begin + 1 + error.position) from None
        self.position = end.end()
        self._only_words = False
        found_in = regex.found_in
        return Node(
            lambda read: found_in(read.line.message),
            tuple(regex.needs),
            2,
            (regex,),
            in_text=found_in,
            in_shape=regex.in_shape,
        )

    def path(self) -> Path:
        steps: list[str] = []
        text = self._text
        while self.position < len(text) and text[self.position] in ".[":
            bracket = text[self.position] == "["
            step = _STEP.match(text, self.position + 1)
            if step is None:
                if text.startswith('"', self.position + 1):
                    raise self._error('this " is never closed', self.position + 1)
                if steps and not bracket:
                    break
                raise self._error("a field's name is missing here", self.position + 1)
            steps.append(re.sub(r"\\(.)", r"\1", step[1]) if step[1] is not None else step[2])
            self.position = step.end()
            if bracket:
                if not text.startswith("]", self.position):
                    raise self._error("a ] is missing here", self.position)
                self.position += 1
        return tuple(steps)

    def _field(self) -> Node:
        begin = self.position
        path = self.path()
        operator = _OPERATOR.match(self._text, self.position)
        if operator is None:
            if (
                self.position < len(self._text)
                and not self._text[self.position].isspace()
                and self._text[self.position] != ")"
            ):
                self.position = begin  # .py3-none, ...: no field
                return word_of(self._plain(), self._anywhere)
            shown = self._text[begin : self.position]
            raise self._error(
                f"what of {shown}? {shown}:* has the field, {shown}:VALUE and {shown}>5 compare; quote it to find it",
                self.position,
            )
        typed, quoted, place = self._value(operator)
        test = compared(lambda read: read.field(path), operator[0], typed, quoted, self._error, place)
        return Node(test, keys_needed(path), 3)

    def _value(self, operator: "re.Match[str]") -> tuple[str, bool, int]:
        self.position = place = operator.end()
        quoted = self._text.startswith('"', place)
        typed = self._plain()
        self._only_words = False
        if not typed and not quoted:
            raise self._error("a value is missing here", place)
        if not quoted and typed[0] in "<>=!" and operator[0] in (":", "="):
            raise self._error(
                f"a value cannot begin with {typed[0]}, unless it is quoted: leave {operator[0]} out", place
            )
        return typed, quoted, place

    def _column(self, name: str, operator: "re.Match[str]") -> Node | None:
        """A test of a column that every line has; None where ``name`` is no column, and the text is just a word."""
        known = name.lower().replace("-", "_")
        if known not in COLUMNS:
            self._near(name, operator)
            return None
        if operator[0] in (":", "=") and not self._text[operator.end() : operator.end() + 1].strip():
            return None  # message: is a word in many lines
        typed, quoted, place = self._value(operator)
        if known == "timestamp":
            return self._of_time(operator[0], typed, place)
        if known == "level":
            return self._of_level(operator[0], typed, place)
        if operator[0] in (">", "<", ">=", "<="):
            raise self._error(f"{known} is text, which {operator[0]} does not compare; use {known}:{typed}", place)
        if typed == "-" and not quoted and operator[0] in (":", "="):
            return Node(lambda read: not getattr(read.line, known), (), 1, text_only=False)
        return of_text(known, operator[0], typed, quoted)

    def _near(self, name: str, operator: "re.Match[str]") -> None:
        """Raises where a name was clearly meant as a column or a field, and names the right spelling."""
        from difflib import get_close_matches

        value = self._text[operator.end() :].split(maxsplit=1)
        typed = value[0] if value and not self._text[operator.end()].isspace() else ""
        if operator[0] not in (":", "=") and line_fields.figure_of(typed.rstrip(")")) is not None:
            raise self._error(
                f"there is no column {name!r}; a field of JSON lines has a dot before it: .{name}{operator[0]}{typed}",
                self.position,
            )
        near = get_close_matches(name.lower(), COLUMNS, n=1, cutoff=0.75)
        if near and typed and not typed.startswith("//"):
            raise self._error(f"no column {name!r}; did you mean {near[0]}? Quote it to find the text", self.position)

    def _of_time(self, operator: str, typed: str, place: int) -> Node:
        try:
            wanted = float(instant_ms(typed))
        except RangeError as error:
            raise self._error(str(error), place) from None
        compare = COMPARISONS[operator]
        return Node(lambda read: compare(read.line.timestamp, wanted), text_only=False)

    def _of_level(self, operator: str, typed: str, place: int) -> Node:
        wanted = line_fields.level_named(typed)
        if operator in (":", "=", "!="):
            if GLOB.search(wanted):
                pattern = re.compile(translate(wanted))
                return Node(lambda read: read.level is not None and pattern.match(read.level) is not None, (), 3)
            if operator == "!=":
                return Node(lambda read: read.level not in (None, wanted), (), 3)
            return Node(lambda read: read.level == wanted, level_needed(wanted), 3)
        if wanted not in LEVELS:
            raise self._error(f"there is no level {typed!r}: {', '.join(dict.fromkeys(LEVELS))}", place)
        compare, rank = COMPARISONS[operator], LEVELS[wanted]
        return Node(lambda read: (here := LEVELS.get(read.level or "")) is not None and compare(here, rank), (), 3)

    def _error(self, mistake: str, place: int) -> LineQueryError:
        return LineQueryError(mistake or "something is missing here", self._text, place)
