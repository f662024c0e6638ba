"""Conditions on functions' tags: what ``--tag`` takes, and ``tag.`` in filters.

``--tag team=checkout``, ``--tag team`` (it has that tag), ``--tag team!=checkout``, ``--tag '!team'``: ``!`` inverts,
before the key or before ``=``. Keys and values are globs, as other names are, and are told apart from capitals.
Values of one key are alternatives; all else must hold. Keys may contain ``=``: the key ends at the first ``=`` before
which there is a key of the store.

In filters ``tag.team:checkout`` is a part of the value or a glob, ``tag.team=checkout`` all of it, both without regard
to capitals; ``tag.team`` has the tag, ``tag.team:-`` has it not, ``!`` inverts. All terms of a filter must hold. A key
ends at the first sign before which there is a key of the store; quotes end it where they do:
``tag."aws:cloudformation:stack-name":shop``.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import escape

from collectors.model.errors import ExitCode, LambdatuiError

_FILTER = re.compile(r'(!?)(?i:tag)\.((?:"[^"]*"|[^"])*)', re.DOTALL)
_ANY_TEXT = "?*"


class TagError(LambdatuiError, ValueError):
    """What was given is no condition on tags; the message says why."""

    exit_code = ExitCode.WRONG_USAGE


@dataclass(frozen=True, slots=True)
class TagTerm:
    """One condition: ``key`` and ``value`` are globs; ``value`` None: the key alone counts.

    ``folded``: values are compared without regard to capitals. ``others`` are what the text means where no function
    has a tag of that key. ``text`` is what was written.
    """

    text: str
    key: str
    value: str | None = None
    inverted: bool = False
    folded: bool = False
    others: "tuple[TagTerm, ...]" = ()

    def says(self, value: str) -> bool:
        """Whether a tag's value meets the condition, before ``!`` inverts it."""
        return self.value is None or fnmatchcase(value.casefold() if self.folded else value, self.value)


Alternatives = tuple[TagTerm, ...]
"""Terms of which one must hold."""


def exact(glob: str) -> str | None:
    """The one text that a glob matches; None where there may be several."""
    plain = re.sub(r"\[([*?[])\]", r"\1", glob)
    return plain if escape(plain) == glob or not re.search(r"[*?[]", glob) else None


def parsed(texts: Iterable[str]) -> tuple[Alternatives, ...]:
    """What ``--tag`` was given. Raises ``TagError``."""
    together: dict[object, list[TagTerm]] = {}
    for at, text in enumerate(texts):
        term = _option(text)
        together.setdefault(at if term.inverted else term.key, []).append(term)
    return tuple(tuple(terms) for terms in together.values())


def _option(text: str) -> TagTerm:
    body = text.removeprefix("!")
    inverted = body != text
    ends = [at for at, sign in enumerate(body) if sign == "="]
    terms = []
    for end in ends:
        key, value = body[:end], body[end + 1 :]
        differs = key.endswith("!")
        terms.append(TagTerm(text, key[:-1] if differs else key, value, inverted is not differs))
    terms.append(TagTerm(text, body, None, inverted))
    if not all(term.key for term in terms):
        raise TagError(f"--tag {text!r} names no key: use KEY=VALUE, KEY, KEY!=VALUE or !KEY")
    return _first(terms)


def _first(terms: Sequence[TagTerm]) -> TagTerm:
    """The first meaning of a text, with its other meanings as ``others``."""
    first = terms[0]
    return TagTerm(first.text, first.key, first.value, first.inverted, first.folded, tuple(terms[1:]))


def of_filter(term: str) -> TagTerm | None:
    """The conditions on tags in a term of a filter; None where it is about something else. Raises ``TagError``."""
    match = _FILTER.fullmatch(term)
    if match is None:
        return None
    inverted, body = match[1] == "!", match[2]
    quoted = re.match(r'"([^"]*)"', body)
    rest = body[quoted.end() :] if quoted else body
    if quoted:
        key = escape(quoted[1])
        terms = [_compared(term, key, rest, inverted) if rest else TagTerm(term, key, None, inverted)]
    else:
        ends = [sign.start() for sign in re.finditer("!=|=|:", body)]  # keys with colons in them are common
        terms = [_compared(term, body[:end], body[end:], inverted) for end in ends]
        terms.append(TagTerm(term, body, None, inverted))
    if not all(one.key for one in terms):
        raise TagError(f"{term} names no tag: use tag.KEY:VALUE, tag.KEY=VALUE or tag.KEY")
    return _first(terms)


def _compared(term: str, key: str, rest: str, inverted: bool) -> TagTerm:
    """``rest`` begins with the sign that compares."""
    sign = next((one for one in ("!=", "=", ":") if rest.startswith(one)), None)
    if sign is None:
        raise TagError(f"{term}: after a quoted key stands :, = or !=")
    value = rest[len(sign) :].replace('"', "").casefold()
    if value in ("", "-"):
        return TagTerm(term, key, _ANY_TEXT, inverted is not (sign != "!="), folded=True)
    if sign == ":":
        glob = value if re.search(r"[*?[]", value) else f"*{value}*"
        return TagTerm(term, key, glob, inverted, folded=True)
    return TagTerm(term, key, escape(value), inverted is not (sign == "!="), folded=True)
