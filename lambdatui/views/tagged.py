"""Which functions the conditions on tags choose, by the tags of the reader's time; and tags as a column."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from collectors.store import tag_rows
from lambdatui.text import counted
from lambdatui.views.columns import columns
from lambdatui.views.nearest import nearest
from lambdatui.views.tag_terms import Alternatives, TagTerm, exact

if TYPE_CHECKING:
    from collectors.store.reader import Reader
    from collectors.store.rows import FunctionRow
    from lambdatui.views.functions import FunctionView
    from lambdatui.views.view import View

    Functions = TypeVar("Functions", bound=View[FunctionView])

NOT_COLLECTED = "no function's tags are known: lambdatui collect asks for them"


@dataclass(frozen=True, slots=True)
class Tagged:
    """The functions that were chosen, as (account, region, name), and what is to be said of it."""

    keys: frozenset[tuple[str, str, str]]
    said: tuple[str, ...] = ()


def tagged(reader: "Reader", groups: Sequence[Alternatives], among: "Sequence[FunctionRow]") -> Tagged:
    """Those ``among`` functions of which every group has a term that holds. One whose tags are unknown is not chosen.

    Said is what no tag matches, with the nearest, and how many functions' tags are unknown.
    """
    listed = tag_rows.listed(reader)
    unknown = sum(row.id not in listed for row in among)
    if not listed:
        return Tagged(frozenset(), (NOT_COLLECTED,) if among else ())
    meant = [tuple(_meant(reader, term) for term in group) for group in groups]
    tags = _needed(reader, [term for group in meant for term in group])
    none: Mapping[str, str] = {}
    chosen = [
        row
        for row in among
        if row.id in listed and all(any(term.holds(tags.get(row.id, none)) for term in group) for group in meant)
    ]
    said = [words for group in meant for term in group if (words := _unmatched(reader, term, tags))]
    if not chosen and not said and among:
        said.append(f"no function matches all of {', '.join(term.text for group in meant for term in group)}")
    if unknown:
        said.append(unknown_in_words(unknown))
    return Tagged(frozenset((row.function.key.account, row.function.key.region, row.function.key.name)
                            for row in chosen), tuple(said))  # fmt: skip


def unknown_in_words(functions: int) -> str:
    return f"{counted(functions, 'function')}{chr(39) if functions != 1 else chr(39) + 's'} tags are unknown"


def _meant(reader: "Reader", term: TagTerm) -> TagTerm:
    """Of what a text can mean, the first whose key a function has."""
    if not term.others:
        return term
    return next((one for one in (term, *term.others) if _has(reader, one.key)), term)


def _has(reader: "Reader", key: str) -> bool:
    plain = exact(key)
    if plain is not None:
        return bool(tag_rows.values_of(reader, plain))
    return any(TagTerm("", key).holds(of) for of in tag_rows.tags(reader).values())


def _needed(reader: "Reader", terms: Iterable[TagTerm]) -> dict[int, dict[str, str]]:
    """By function the tags that these are about; all of them where a key is a glob."""
    keys = {exact(term.key) for term in terms}
    if None in keys:
        return tag_rows.tags(reader)
    tags: dict[int, dict[str, str]] = {}
    for key in keys:
        for function_id, value in tag_rows.values_of(reader, key or "").items():
            tags.setdefault(function_id, {})[key or ""] = value
    return tags


def _unmatched(reader: "Reader", term: TagTerm, tags: Mapping[int, Mapping[str, str]]) -> str:
    """What no function has of a term, with the nearest that there is; empty where one has it."""
    has_key = replace(term, value=None, inverted=False, others=())
    if not any(has_key.holds(of) for of in tags.values()):
        keys = {key for of in tag_rows.tags(reader).values() for key in of}
        return f"no function has a tag {term.key!r}{nearest(term.key, 'tag', keys)}"
    if term.value is None or any(replace(term, inverted=False).holds(of) for of in tags.values()):
        return ""
    values = {value for of in tags.values() for key, value in of.items() if has_key.holds({key: value})}
    wanted = term.value.strip("*?")
    return f"no tag {term.key!r} matches {wanted!r}{nearest(wanted, 'value', values - {''})}"


def with_tags(view: "Functions", reader: "Reader") -> "Functions":
    """The same rows with their tags, in a last column: None where nobody knows them."""
    from msgspec import structs

    ids = None if len(view.rows) > 500 else [row.function_id for row in view.rows]
    known, asked = tag_rows.tags(reader, ids), tag_rows.asked_ms(reader)

    def tagged(row: "FunctionView") -> "FunctionView":
        key = row.account or "", row.region or "", row.function
        return structs.replace(row, tags=known.get(row.function_id), tags_at=tag_rows.newest(asked, key))

    return replace(view, columns=(*view.columns, *columns("tags", "tags_at")), rows=[tagged(row) for row in view.rows])


def tag_keys(reader: "Reader") -> list[str]:
    """The tags that functions have, the most frequent first."""
    return tag_rows.keys(reader)


def unknown_key(reader: "Reader", key: str) -> str:
    """That no function has a tag of that key, with the nearest; empty where one has."""
    if tag_rows.values_of(reader, key):
        return ""
    known = set(tag_rows.keys(reader))
    return f"no function has a tag {key!r}{nearest(key, 'tag', known)}" if known else NOT_COLLECTED
