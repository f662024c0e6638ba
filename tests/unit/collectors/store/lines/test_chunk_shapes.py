"""Shapes of lines: what a pattern finds in a line it finds in its shape, and chunks without such a shape stay shut."""

import re
import sqlite3
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.units import MINUTE_MS
from collectors.store.lines.chunk_filters import bits_and_shapes, packed_filter
from collectors.store.lines.chunk_shapes import shape_text, shapes, shapes_of
from collectors.store.lines.chunks import packed_lines
from collectors.store.read.reader import Reader
from lambdatui.views.line_query import parse
from lambdatui.views.log_search import log_search
from lambdatui.views.safe_regex import SafeRegex
from lambdatui.views.time_range import TimeRange
from tests.support.line_patterns import patterns
from tests.support.printed_statements import EVER, T0, Event, imported, report, request_id, start

UUID = "e2e59edf-113a-94b6-6205-2a2127e68317"
digits_and_ids = st.sampled_from(
    ["0", "7", "[0-4]", "[^0]", "[^5-9a]", "[a-f]", "[^a-f]", "e", "[^ƻ]", "[À-ɏ]", "[^À-ɏ]", "\\D", "\\W", "-",
     "[g-z]", "[1-9]\\d", "\\d{4}-", "[\\da-f]{8}", "[^\\W\\d]", "\\B", "[0-9a-f]{12}"]
)  # fmt: skip
of_ids = st.recursive(
    digits_and_ids | patterns,
    lambda inner: (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})")
        | st.tuples(inner, st.sampled_from(["*", "+", "{2}"])).map(lambda two: f"(?:{two[0]}){two[1]}")
    ),
    max_leaves=5,
).filter(lambda pattern: pattern.count("*") + pattern.count("+") < 2)  # Python's own engine would never end
texts = st.lists(
    st.sampled_from([UUID, UUID.upper(), "19", "2026-02-02T17:30:26.507Z", "deadbeefdeadbeef01", "ƻ", "Ā", "K", "٣"])
    | st.text("abef019 -x\n", max_size=6),
    max_size=4,
).map("".join)


def shapes_in(*lines: str) -> list[str]:
    packed = packed_lines([(1, line) for line in lines])
    return [shape_text(shape) for shape in shapes(zstandard.decompress(shapes_of([packed])))]


@settings(max_examples=600)
@given(of_ids, texts, st.booleans())
def test_what_is_in_a_line_is_in_its_shape(pattern: str, text: str, ignore_case: bool) -> None:
    python = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    (shape,) = shapes_in(text)
    assert len(shape) == len(text)
    if python.search(text):
        assert SafeRegex(pattern, ignore_case=ignore_case).in_shape(shape)


def test_lines_that_differ_in_figures_and_ids_have_one_shape() -> None:
    said = "stored order {} of {} in {} ms\n"
    found = shapes_in(said.format(584015, UUID, 26.8), said.format(584016, UUID[::-1].replace("-", "0"), 26.9))
    assert len(found) == 2  # with dashes and without
    assert len(shapes_in(*(said.format(number, UUID, 1.5) for number in range(100, 900)))) == 1
    assert found[0].startswith("stored order 000000 of ")


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (r"\d{13}x", "1764489600000 y 9x"), (r"[A-Z]{9,}\d", "ABCDEFGH9 ABCDEFGHI"), (r"^\s+at ", "x at y"),
        (r"(foo|bar)baz?", "foo bar az"), (r"status=5\d\d", "status=52"), (r"[0-9a-f]{40}", f"{UUID} 1234"),
        (r".*Exception$", "Exception: x"), (r"[a-z]+@[a-z]+\.com", "a @ b.com"), (r"\b\d{3}\b", "12 x1234"),
        (r"[^\x00-\x7f]", "plain 42"), (r"\d x", "12x"), (r"(\w+\s?)+:$", "a b c 1"),
    ],
)  # fmt: skip
def test_a_shape_tells_what_no_line_of_it_holds(pattern: str, line: str) -> None:
    (shape,) = shapes_in(line)
    assert not SafeRegex(pattern).in_shape(shape)


@pytest.mark.parametrize("line", ["a\0b", "\1", "a\1\0"])
def test_lines_with_the_signs_of_shapes_have_none(line: str) -> None:
    assert shapes_of([packed_lines([(1, line), (2, "x")])]) == b""


def test_lines_of_which_each_looks_otherwise_have_none() -> None:
    said = [(at, " ".join(chr(97 + (at * 7 + place * place) % 26) for place in range(at % 50))) for at in range(2_000)]
    assert shapes_of([packed_lines(said)]) == b""
    assert shapes_of([]) == shapes_of([b""]) == b""


@given(st.lists(st.lists(st.text("ab1 ", max_size=30), max_size=4), max_size=4))
def test_bits_and_shapes_come_back(lines: list[list[str]]) -> None:
    packed = [packed_lines([(1, text) for text in texts]) for texts in lines]
    bits, kept = bits_and_shapes(packed_filter(packed))
    assert kept == shapes_of(packed)
    assert bits_and_shapes(bits) == (bits, b"")  # of a store of before


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shapes")
    events = []
    for number in range(400):
        at, request = T0 + number * MINUTE_MS, request_id(number)
        said = f"order {number} took {number % 97} ms " + "straw " * 40
        if number in (5, 150, 390):
            said = f"order {number}x\n\tat Handler.java:{number}" + " straw" * 40
        events += [Event(at, start(request)), Event(at + 1, said), Event(at + 9, report(request, 9))]
    imported(folder, events)
    return folder / "store.db"


def opened_and_found(db: Path, question: str) -> tuple[int, list[str]]:
    query = parse(question)
    with Reader(db) as reader:
        asked: list[str] = []
        reader._connection.set_trace_callback(asked.append)
        found = reader.search(*EVER, needs=query.needs, test=query.in_text, shape_test=query.in_shape)
        texts = [line.text for line in found]
        return sum("SELECT content" in statement for statement in asked), texts


def test_a_search_opens_the_chunks_that_have_such_a_shape(db: Path) -> None:
    with sqlite3.connect(db) as connection:
        ((chunks,),) = connection.execute("SELECT count(*) FROM chunks").fetchall()
    assert chunks > 2
    opened, found = opened_and_found(db, r"/\d{3}x/")
    assert (opened, len(found)) == (2, 2)
    assert opened_and_found(db, r"/\d{9}x/") == (0, [])
    assert opened_and_found(db, r"/\d{9}x/ OR /[A-Z]{30}/") == (0, [])
    assert opened_and_found(db, r"/\d{9}x/ took") == (0, [])
    assert opened_and_found(db, r"/\d{9}x/ OR zebra")[1] == []
    assert len(opened_and_found(db, r"!/\d{9}x/")[1]) == 1_200


@pytest.mark.parametrize(
    "question", [r"/\dx\n/", r"/^order \d+ took 9\d ms/", r"/[0-9a-f]{8}-/", r"!/\d/", r"/\s+at /i"]
)
def test_shapes_change_no_answer(db: Path, question: str) -> None:
    query = parse(question)
    with Reader(db) as reader:
        every = [line.text for line in reader.search(*EVER)]
        found = log_search(reader, TimeRange(*EVER, "ever"), where=question, limit=10_000)
    wanted = [text for text in every if query.in_text is not None and query.in_text(text)]
    assert sorted(line.message for line in found.rows) == sorted(wanted)
    assert found.searched == found.stored == 1_200
