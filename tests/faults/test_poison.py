"""Documents that are made to break their reader: nothing that a function logs, or a file holds, ends anything."""

import ast
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.ingest.engine import import_files
from collectors.ingest.many_sources import collect_accounts
from collectors.model.records import FunctionKey, LogEvent
from collectors.sources.base import Item, LogEvents
from collectors.store.read.reader import Reader
from collectors.untrusted import TooDeep, Unparsable, parsed_json, parsed_python, parsed_toml, shallow
from collectors.untrusted_json import json_value
from tests.support import small_store
from tests.support.command_line import run
from tests.support.places import ROOT

HOMES = {
    "collectors/untrusted.py",
    "collectors/untrusted_json.py",
    "lambdatui/runner/untrusted.py",
    "pricing/untrusted.py",
}
OTHERS = {
    "lambdatui/runner/runtimes/bootstrap.py": "a function's own process, where a payload that cannot be read is the function's error",
    "collectors/sources/files/documents.py": "a decoder that collectors.untrusted.json_at calls",
    "collectors/parsing/logged_events.py": "a decoder that collectors.untrusted.json_at calls",
    "lambdatui/runner/environments/spawner.py": "a script of its own, which reads what the runner wrote for it",
}
PARSERS = {"loads", "load", "literal_eval", "JSONDecoder", "decode", "Decoder", "safe_load"}
MODULES = {"json", "tomllib", "ast", "msgspec.json", "orjson", "yaml", "pickle", "marshal"}


def nested(depth: int) -> Iterator[str]:
    yield '{"a":' * depth + "1" + "}" * depth
    yield '{"a":' + "[" * depth + "]" * depth + "}"
    yield '{"message":' * depth + '"ERROR x"' + "}" * depth
    yield '{"level":"ERROR","message":' + '{"errorType":' * depth + "1" + "}" * depth + "}"
    yield '{"errorType":"X","errorMessage":"boom","stackTrace":' + "[" * depth + "]" * depth + "}"
    yield '{"a":' * depth
    yield '{"level":"ERROR","n":' + "9" * (5 * depth) + "}"
    yield '{"level":"ERROR","message":"\\ud800","time":1e999999}'


POISON = [text for depth in (190, 600, 1_000, 3_000) for text in nested(depth)]


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value)
            if owner in MODULES and node.func.attr in PARSERS:
                yield f"{owner}.{node.func.attr}", node


def test_foreign_text_is_parsed_in_one_place_only() -> None:
    """A decoder of plain strings cannot nest; any other call belongs into a home, which knows every way to fail."""
    found = []
    for room in ("collectors", "lambdatui", "pricing"):
        for path in (ROOT / room).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if name in HOMES or name in OTHERS or "demo/samples" in name:
                continue
            for call, node in _calls(ast.parse(path.read_text())):
                if call == "msgspec.json.Decoder" and [ast.unparse(each) for each in node.args] in (
                    ["str"],
                    ["list[str]"],
                ):
                    continue
                found.append(f"{name}:{node.lineno} {call}")
    assert found == []


@pytest.mark.parametrize("text", POISON)
def test_what_cannot_be_parsed_is_one_kind_of_error(text: str) -> None:
    for parse in (parsed_json, json_value, parsed_python):
        try:
            value = parse(text)
        except Unparsable:
            continue
        assert shallow(value)
        json.dumps(value)


def test_depth_is_a_number_and_not_what_is_left_of_the_stack() -> None:
    def at(levels: int, text: str) -> object:
        return json_value(text) if levels == 0 else at(levels - 1, text)

    assert json_value("[" * 200 + "]" * 200) is not None
    assert at(400, "[" * 200 + "]" * 200) is not None
    for levels in (0, 400):
        with pytest.raises(TooDeep):
            at(levels, "[" * 210 + "]" * 210)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
@settings(max_examples=50)
def test_what_is_not_too_deep_is_read_as_everybody_reads_it(value: object) -> None:
    text = json.dumps(value)
    assert parsed_json(text) == value


def test_toml_that_nests_by_its_keys_is_told(tmp_path: Path) -> None:
    for text in ("a" + ".a" * 1_500 + " = 1", "a = " + "[" * 1_500 + "]" * 1_500, "a = " + "9" * 5_000, "a = \xff"):
        with pytest.raises(Unparsable):
            parsed_toml(text.encode("latin-1"))
        config = tmp_path / "config.toml"
        config.write_bytes(text.encode("latin-1"))
        done = run("functions", "--config", config)
        assert done.exit_code == 2
        assert len(done.stderr.splitlines()) == 1
        plan = run("cost-estimate", "--plan", config)
        assert plan.exit_code == 2, plan.output
        assert len(plan.stderr.splitlines()) == 1


def _events(poison: str) -> list[LogEvent]:
    found = []
    for number in range(1, 5):
        some = small_store.invocation_events(
            small_store.CHECKOUT, number, small_store.T0 + number * small_store.MINUTE, duration_ms=100.0
        )
        some[1].message = poison
        found += some
    return found


def _exports(folder: Path, poison: str) -> Iterator[Path]:
    events = _events(poison)
    yield small_store.write_events(folder / "lines.jsonl", events)
    document = folder / "document.json"
    rows = [
        {
            "timestamp": one.timestamp_ms,
            "message": one.message,
            "logStreamName": one.log_stream,
            "eventId": one.event_id,
        }
        for one in events
    ]
    document.write_text(json.dumps({"events": rows}))
    yield document
    text = folder / "text.log"
    text.write_text("\n".join(one.message.rstrip("\n") for one in events))
    yield text
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["timestamp", "message"])
    writer.writerows([one.timestamp_ms, one.message] for one in events)
    cells = folder / "cells.csv"
    cells.write_text(table.getvalue())
    yield cells


@pytest.mark.parametrize("poison", POISON[::3])
def test_a_poisoned_line_is_text_of_its_invocation(tmp_path: Path, poison: str) -> None:
    for number, path in enumerate(_exports(tmp_path, poison)):
        db = tmp_path / f"{number}.db"
        result = import_files([str(path)], db=db, defaults=FunctionKey("checkout", "", "us-east-1"))
        assert (result.invocations, result.rejected, result.failures) == (4, 0, []), path.name
        with Reader(db) as reader:
            texts = [line.text.strip() for line in reader.search(0, 1 << 50, None)]
        assert texts.count(poison.strip()) == 4, path.name


def test_a_line_that_is_itself_too_deep_is_kept_as_text(tmp_path: Path) -> None:
    deep = '{"a":' * 1_000 + "1" + "}" * 1_000
    path = small_store.write_events(tmp_path / "lines.jsonl", _events("fine"))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], deep, *lines[3:]]))
    db = tmp_path / "deep.db"
    result = import_files([str(path)], db=db, defaults=FunctionKey("checkout", "", "us-east-1"))
    assert (result.invocations, result.rejected) == (4, 0)
    with Reader(db) as reader:
        assert [line.text for line in reader.search(0, 1 << 50, None)].count(deep) == 1


class _Source:
    """A source in a watch; ``poison`` is what it raises, or gives, in the middle."""

    account = ""

    def __init__(self, name: str, poison: object = None) -> None:
        self.name = name
        self.region = name
        self._poison = poison

    def items(self, stored: object) -> Iterator[Item]:
        events = small_store.invocation_events(
            FunctionKey(self.name, "111122223333", "eu-west-1"), 1, small_store.T0, duration_ms=10.0
        )
        yield LogEvents(events)
        if isinstance(self._poison, Exception):
            raise self._poison
        if self._poison is not None:
            yield self._poison  # type: ignore[misc]

    def counts(self) -> list[object]:
        return []


@pytest.mark.parametrize(
    "poison",
    [RecursionError("deep"), MemoryError(), KeyError("x"), OverflowError("big"), UnicodeError("bad"), [object()]],
)
def test_one_sources_fault_ends_no_other_and_is_told(tmp_path: Path, poison: object) -> None:
    db = tmp_path / "watched.db"
    sources = [_Source("calm"), _Source("poisoned", poison), _Source("after")]
    done = collect_accounts([lambda one=one: one for one in sources], db=db, now_ms=small_store.T0)  # type: ignore[misc]
    assert [bool(one.failures) for one in done] == [False, True, False]
    assert sum(one.invocations for one in done) >= 2
    listed = run("collections", "--json", "--db", db)
    failures = [row["failures"] for row in json.loads(listed.stdout)["rows"] if "poisoned" in row["source"]]
    assert failures
    assert "report it" in str(failures)


@pytest.mark.parametrize("poison", ['{"a":' * 1_200, "[" * 1_200, '{"a": ' + "9" * 5_000 + "}", "\x00\xff"])
def test_billing_files_price_books_and_payloads_that_are_poison_are_one_line(tmp_path: Path, poison: str) -> None:
    path = tmp_path / "poison.json"
    path.write_bytes(poison.encode("latin-1"))
    db = small_store.make(tmp_path / "small.db")
    for command in (
        ("costs", "reconcile", path, "--db", db),
        ("prices", "refresh", "--file", path),
    ):
        done = run(*command, XDG_DATA_HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))
        assert done.exit_code in (1, 2), (command, done.output)
        assert "Traceback" not in done.output
        assert "--help" not in done.stderr
        assert len(done.stderr.splitlines()) == 1
