"""Which functions the conditions on tags choose, by the tags of the reader's time."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from collectors.model.account import TAGS_LISTED
from collectors.store.read import tag_rows
from lambdatui.text.figures import counted
from lambdatui.views.nearest_name import nearest
from lambdatui.views.tag_terms import Alternatives, TagTerm, exact

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader
    from collectors.store.read.rows import FunctionRow

NOT_COLLECTED = "no function's tags are known: lambdatui collect asks for them"


@dataclass(frozen=True, slots=True)
class Tagged:
    """The functions that were chosen, as (account, region, name), and sentences (``notes``) on the choice."""

    keys: frozenset[tuple[str, str, str]]
    notes: tuple[str, ...] = ()


def tagged(reader: "Reader", groups: Sequence[Alternatives], among: "Sequence[FunctionRow]") -> Tagged:
    """The functions ``among`` these for which a term of every group holds.

    A function whose tags are unknown is not chosen. ``notes`` say what no tag matches, with the nearest, and how many
    functions' tags are unknown.
    """
    tags = _Tags(reader, [one for group in groups for term in group for one in (term, *term.others)])
    unknown = sum(row.id not in tags.listed for row in among)
    if not tags.listed:
        return Tagged(frozenset(), (NOT_COLLECTED,) if among else ())
    meant = [[tags.meant(term) for term in group] for group in groups]
    ids = set(tags.listed)
    for group in meant:
        ids &= set().union(*map(tags.having, group))
    chosen = [row.function.key for row in among if row.id in ids]
    notes = [words for group in meant for term in group if (words := tags.unmatched(term))]
    if not chosen and not notes and among:
        notes.append(f"no function matches all of {', '.join(term.text for group in meant for term in group)}")
    if unknown:
        notes.append(unknown_in_words(unknown))
    return Tagged(frozenset((key.account, key.region, key.name) for key in chosen), tuple(notes))


class _Tags:
    """The tags that some terms are about: by key, each function's value."""

    def __init__(self, reader: "Reader", terms: Sequence[TagTerm]) -> None:
        self._reader = reader
        self._keys = {term.key: self._matching(term.key) for term in terms}
        self._values = tag_rows.values_of(reader, [key for keys in self._keys.values() for key in keys])
        self.listed = self._values[TAGS_LISTED].keys()

    def _matching(self, glob: str) -> list[str]:
        plain = exact(glob)
        return [plain] if plain is not None else [key for key in tag_rows.keys(self._reader) if fnmatchcase(key, glob)]

    def meant(self, term: TagTerm) -> TagTerm:
        """Of the conditions that a text can mean, the first whose key some function has."""
        return next((one for one in (term, *term.others) if self._has(one)), term)

    def _has(self, term: TagTerm) -> bool:
        return any(self._values[key] for key in self._keys[term.key])

    def having(self, term: TagTerm) -> set[int]:
        """The ids of the functions for which a term holds."""
        found = self._said_by(term)
        return self.listed - found if term.inverted else found

    def _said_by(self, term: TagTerm) -> set[int]:
        ids: set[int] = set()
        for key in self._keys[term.key]:
            values = self._values[key]
            said = {value for value in set(values.values()) if term.says(value)}
            ids.update(function_id for function_id, value in values.items() if value in said)
        return ids

    def unmatched(self, term: TagTerm) -> str:
        """Says that no function has the key or value of a term, and names the nearest; empty where one has it."""
        if not self._has(term):
            key = exact(term.key) or term.key
            return f"no function has a tag {key!r}{nearest(key, 'tag', set(tag_rows.keys(self._reader)))}"
        if term.value is None or self._said_by(term):
            return ""
        wanted = (exact(term.value) or term.value).strip("*?")
        values = {value for key in self._keys[term.key] for value in self._values[key].values()}
        return f"no tag {exact(term.key) or term.key!r} matches {wanted!r}{nearest(wanted, 'value', values - {''})}"


def unknown_in_words(functions: int) -> str:
    """``1 function's tags are unknown``."""
    return f"{counted(functions, 'function')}{chr(39) if functions != 1 else chr(39) + 's'} tags are unknown"


def tag_keys(reader: "Reader") -> list[str]:
    """The tags that functions have, the most frequent first."""
    return tag_rows.keys(reader)


def unknown_key(reader: "Reader", key: str) -> str:
    """Says that no function has a tag with that key, and names the nearest; empty where one has it."""
    if tag_rows.values_of(reader, [key])[key]:
        return ""
    known = set(tag_rows.keys(reader))
    return f"no function has a tag {key!r}{nearest(key, 'tag', known)}" if known else NOT_COLLECTED
