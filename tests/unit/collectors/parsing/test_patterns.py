"""What all lines are made of: every byte is counted once, in whatever order lines come, and hostile text ends nothing."""

import json
import random
import sqlite3
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.model.units import MINUTE_MS
from collectors.parsing.line_patterns import Shapes
from collectors.parsing.pattern_groups import patterns as grouped
from collectors.parsing.patterns import LinePatterns
from collectors.store.read.reader import Reader
from collectors.store.write import pattern_counts as counting
from collectors.store.write.pattern_counts import count_older
from lambdatui.screens.pattern_lines import PatternLinesScreen
from lambdatui.screens.patterns import PatternsScreen
from lambdatui.settings.price_book import current
from lambdatui.views.patterns import PatternsView, pattern_lines, patterns
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.log_pane import LogPane
from tests.support import command_line, small_store
from tests.support.invocation_logs import HOUR, T0, bring_in, invocation, kept, write
from tests.support.released_stores import set_back
from tests.support.screens import press, small_app


def shapes(*lines: str) -> list[str]:
    return Shapes().of(lines)


def same(*lines: str) -> bool:
    found = shapes(*lines)
    merged = grouped(set(found))
    return len({merged[each] for each in found}) == 1


def cells(store: Path) -> dict[tuple[object, ...], tuple[int, int]]:
    """Lines and bytes by function, hour and pattern, without the store's own numbers."""
    connection = sqlite3.connect(store)
    try:
        rows = connection.execute(
            "SELECT f.name, h.start_ms, p.template, sum(h.lines), sum(h.bytes) FROM pattern_hours h"
            " JOIN patterns p ON p.id = h.pattern_id JOIN functions f ON f.id = h.function_id GROUP BY 1, 2, 3"
            " HAVING sum(h.lines) <> 0"
        ).fetchall()
    finally:
        connection.close()
    return {row[:3]: row[3:] for row in rows}


def counted(store: Path) -> tuple[int, int]:
    found = cells(store).values()
    return sum(each[0] for each in found), sum(each[1] for each in found)


def by_day(store: Path) -> bool:
    """Whether the days have what their hours have."""
    connection = sqlite3.connect(store)
    try:
        hours = connection.execute(
            "SELECT function_id, start_ms / 86400000 * 86400000, pattern_id, sum(lines), sum(bytes), min(first_ms),"
            " max(last_ms) FROM pattern_hours GROUP BY 1, 2, 3"
        ).fetchall()
        return hours == connection.execute("SELECT * FROM pattern_days").fetchall() != []
    finally:
        connection.close()


def whole(store: Path) -> PatternsView:
    with Reader(store) as reader:
        return patterns(reader, RangeChoice(start=str(T0 - HOUR), end=str(T0 + 48 * HOUR)).resolve(T0), current())


# Shapes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("stored order 17 in 3.2 ms", "stored order 99881 in 12 ms"),
        ("user 8d2f7c1e-0a3b-4c5d-9e8f-001122334455 came", "user deadbeef-cafe-4bad-8ace-abcdefabcde0 came"),
        ("GET https://api.example.com/a/b?x=1 took 5ms", "GET http://other.example.org/z took 17ms"),
        ("connect to db-1.eu.internal:5432 failed", "connect to 10.0.0.7:5432 failed"),
        ("read /var/task/app.py", "read /tmp/x9/thing.json"),
        ("at Mon Feb 2 10:11:12 2026 went", "at Tue Mar 17 01:00:00 2027 went"),
        (
            '{"level":"INFO","message":"stored order 17","ms":3}',
            '{"ms":99.5,"level":"INFO","message":"stored order 4"}',
        ),
        ('{"msg": "hi", "user": "ann"}', '{"msg": "hi", "user": "bob the\\nbuilder"}'),
        ("size 5 KB left", "size 12 B left"),
        ("[INFO]\t2026-02-02T02:40:29.140Z\tid-1\tdone", "[INFO]\t2026-02-03T02:40:29.140Z\tid-2\tdone"),
    ],
)
def test_lines_that_differ_in_values_are_one_pattern(one: str, other: str) -> None:
    assert same(one, other), shapes(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("stored order 17", "dropped order 17"),
        ("cache is warm", "cache is cold"),
        ('{"level":"INFO","message":"stored"}', '{"level":"ERROR","message":"stored"}'),
        ('{"message":"stored"}', '{"message":"lost"}'),
        ('{"message":"stored","a":1}', '{"message":"stored","b":1}'),
        ("START RequestId: 1 Version: 2", "END RequestId: 1"),
        ("timeout=5", "retries=5"),
    ],
)
def test_lines_that_say_other_things_are_two(one: str, other: str) -> None:
    assert not same(one, other), shapes(one, other)


def test_json_is_told_apart_by_its_own_words_though_escapes_have_digits_as_others_do() -> None:
    lines = [
        '{"logger": "caf\\u00e9"}\n',
        '{"logger": "caf\\u00e8"}\n',
        '{"k2": 1}\n',
        '{"\\u00e9": 1}\n',
        '{"k2": 77}\n',
    ]
    found = shapes(*lines)
    assert found == ["{logger: caf\u00e9}", "{logger: caf\u00e8}", "{<*>}", "{\u00e9: <*>}", "{<*>}"]
    assert shapes(*reversed(lines)) == found[::-1]


@pytest.mark.parametrize(
    "line",
    [
        '{"message": "paid 12", "user": "ann", "at": 17, "deep": {"a": [1, "x"]}}',
        '{"user": "bob", "message": "paid 3", "deep": null, "at": -2.5e7}',
        '{ "message" : "paid 9",\n "user": "eve", "at": [], "deep": "\\"}"}',
        '{"message": "paid 0", "user": "\\ud83d\\ude00 4", "at": {}, "deep": "' + "x" * 9_000 + '"}',
    ],
    ids=["nested", "other order", "several lines", "long"],
)
@pytest.mark.parametrize("end", ["\n", "", " \r\n"])
def test_json_lines_are_one_kind_however_they_are_spelled(line: str, end: str) -> None:
    assert shapes(line + end) == ["{message: paid <*>, at: <*>, deep: <*>, user: <*>}"]


def test_a_word_that_varies_is_a_variable_and_two_words_are_not() -> None:
    assert same(*(f"session opened for user {name} by root" for name in ("ann", "bob", "eve", "joe")))
    assert not same("job state is now running", "job state is now stopped")
    assert not same(*(f"{name} startup succeeded" for name in ("cups", "syslog", "klogd", "portmap")))


def test_only_the_first_line_of_several_tells_them_apart() -> None:
    assert same("Task failed\n  at a (x.js:1)", "Task failed\n  at b (y.js:22)\n  at c")
    assert not same("Task failed\n  at a", "Task ended\n  at a")
    assert not same("{\n  open", "{\n  closed")


WORDS = st.sampled_from(
    ["order", "ann", "bob", "7", "1.5", "http://a.b/c", "a=1", "[x]", "user", "{", "a/b/c", "€", "\t"]
)
LINES = st.lists(st.lists(WORDS, max_size=6).map(" ".join) | st.text(max_size=60), max_size=40)


@given(LINES, st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_any_order_and_any_batches_give_the_same_patterns(lines: list[str], dice: random.Random) -> None:
    one = shapes(*lines)
    order = list(range(len(lines)))
    dice.shuffle(order)
    cut = dice.randint(0, len(order))
    tell = Shapes()
    other = dict(zip(order[:cut], tell.of([lines[at] for at in order[:cut]]), strict=True))
    other |= dict(zip(order[cut:], Shapes().of([lines[at] for at in order[cut:]]), strict=True))
    assert [other[at] for at in range(len(lines))] == one
    turned = list(dict.fromkeys(reversed(one)))
    assert grouped(turned) == grouped(dict.fromkeys(one))


@given(st.text(max_size=300) | st.text('{}[]":,\\n0a \n', max_size=80))
@settings(max_examples=300)
def test_no_text_ends_it(text: str) -> None:
    (found,) = shapes(text)
    assert found
    assert "\n" not in found
    assert grouped([found])[found]


@pytest.mark.parametrize(
    "text",
    ["", "\n", "\0" * 50, "{" * 50_000, '{"a":' * 3000, "a" * 300_000, "1" * 300_000, "(" * 100_000, "\u202e\x1b[2J",
     '{"message":"' + "x" * 100_000 + '"}', "a." * MINUTE_MS, "/" * 50_000, "x=" * 50_000, "\r\r\n\n {", "<*>" * 9999,
     json.dumps({f"k{at}": at for at in range(5000)}), '{"a":"\\ud800"}', "1 " * 40_000],
    ids=range(18),
)  # fmt: skip
def test_hostile_lines_have_short_patterns(text: str) -> None:
    (found,) = shapes(text)
    assert 0 < len(found) < 1_000
    grouped([found, "other"])


# Counts -----------------------------------------------------------------------------------------------------------


SAID = ["stored order {} in 3 ms\n", '{{"level":"INFO","message":"paid {}","who":"ann"}}\n', "grüße aus Köln {} €\n",
        "[INFO]\t2026-02-02T02:40:29.140Z\tx\tstep {}\n", "\n", "plain"]  # fmt: skip


def events(many: int) -> list[dict[str, object]]:
    return [
        event
        for number in range(many)
        for event in invocation(
            number, *(text.format(number) for text in SAID[: number % 7]), function=f"shop-{number % 2}"
        )
    ]


def test_bytes_sum_to_what_was_imported_platform_lines_too(tmp_path: Path) -> None:
    given_events = events(60)
    store = tmp_path / "a.db"
    bring_in(store, write(tmp_path / "a.jsonl", given_events))
    size = sum(len(str(each["message"]).encode()) for each in given_events)
    assert counted(store) == kept(store) == (len(given_events), size)
    view = whole(store)
    assert (view.lines, view.bytes) == (len(given_events), size)
    assert sum(row.bytes for row in view.rows) == size
    by_start = {row.template.split()[0]: row.count for row in view.rows}
    assert (by_start["START"], by_start["END"], by_start["REPORT"]) == (60, 60, 60)
    assert not view.missing


def test_ingestion_is_the_bytes_and_26_for_each_event_at_the_class_rate(tmp_path: Path) -> None:
    given_events = [event | {"logGroup": "/aws/lambda/shop"} for event in events(20)]
    store = tmp_path / "a.db"
    path = write(tmp_path / "a.jsonl", given_events)
    import_files([path], db=store, defaults=FunctionKey("", "", "us-east-1"))
    view = whole(store)
    total = sum((row.ingestion_usd or Decimal(0) for row in view.rows), Decimal(0))
    billed = view.bytes + 26 * view.lines
    assert round(total, 15) == round(Decimal(billed) / 10**9 * Decimal("0.50"), 15)  # of us-east-1's standard class


def test_a_second_import_adds_nothing_and_parts_in_any_order_come_to_the_same(tmp_path: Path) -> None:
    given_events = events(60)
    once, parts = tmp_path / "once.db", tmp_path / "parts.db"
    path = write(tmp_path / "all.jsonl", given_events)
    bring_in(once, path)
    before = cells(once)
    bring_in(once, path)
    assert cells(once) == before
    # Cut through invocations, the later piece first, and one piece twice.
    pieces = [given_events[low : low + 37] for low in range(0, len(given_events), 37)]
    for at, piece in enumerate([*reversed(pieces), pieces[1]]):
        bring_in(parts, write(tmp_path / f"{at}.jsonl", piece))
    assert counted(parts) == kept(parts)
    assert cells(parts) == before


def test_lines_before_a_start_are_counted_once_though_they_move(tmp_path: Path) -> None:
    whole_run = invocation(1, "hello\n")
    init = whole_run[0] | {
        "timestamp": T0, "message": "INIT_START Runtime Version: python:3.13.v31\tRuntime Version ARN: arn:x\n",
        "eventId": f"{T0 * 10**25:056d}",
    }  # fmt: skip
    store = tmp_path / "a.db"
    bring_in(store, write(tmp_path / "1.jsonl", [init]))
    bring_in(store, write(tmp_path / "2.jsonl", [init, *whole_run]))
    assert counted(store) == kept(store) == (5, sum(len(str(each["message"])) for each in [init, *whole_run]))


def test_lines_count_in_the_hour_that_they_were_written_in(tmp_path: Path) -> None:
    late = (T0 // HOUR + 1) * HOUR - 2
    store = tmp_path / "a.db"
    bring_in(store, write(tmp_path / "1.jsonl", invocation(1, "a\n", at_ms=late)))
    assert Counter(key[1] for key in cells(store)) == {late // HOUR * HOUR: 2, (late // HOUR + 1) * HOUR: 2}


def test_a_range_that_cuts_hours_counts_the_lines_within_it(tmp_path: Path) -> None:
    given_events = [event for number in range(0, 9000, 90) for event in invocation(number, f"step {number}\n")]
    store = tmp_path / "a.db"
    bring_in(store, write(tmp_path / "a.jsonl", given_events))
    for low, high in ((600, 1200), (600, 7800), (0, 7260), (3000, 9600), (6000, 6060)):
        span = T0 + low * 1000, T0 + high * 1000
        with Reader(store) as reader:
            view = patterns(reader, RangeChoice(start=str(span[0]), end=str(span[1])).resolve(T0), current())
        inside = [each for each in given_events if view.range.from_ms <= int(str(each["timestamp"])) < view.range.to_ms]
        assert (view.lines, view.bytes) == (len(inside), sum(len(str(each["message"])) for each in inside))
        assert not view.missing


def as_if_older(store: Path) -> None:
    """The store as it was before lines were counted."""
    set_back(store, 5)


def test_the_next_import_counts_an_older_stores_lines_and_one_that_was_ended_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "old.db"
    for at in range(3):
        bring_in(store, write(tmp_path / f"{at}.jsonl", events(60)[at * 60 : at * 60 + 60]))
    right = cells(store)
    as_if_older(store)
    with Reader(store) as reader:
        assert patterns(reader, RangeChoice(start=str(T0 - HOUR), end=str(T0 + HOUR)).resolve(T0), current()).missing
    monkeypatch.setattr(counting, "_CHUNKS", 1)
    for left in count_older(store, LinePatterns()):
        assert left > 0
        break
    (said,) = whole(store).missing
    assert said.startswith("about ")
    assert not said.startswith("about 100%")
    ran = command_line.run("--db", store, "import", write(tmp_path / "n.jsonl", invocation(500, "new\n")))
    assert (ran.exit_code, "counted by pattern" in ran.stderr) == (0, True)
    assert not whole(store).missing
    assert counted(store) == kept(store)
    bring_in(tmp_path / "fresh.db", str(tmp_path / "n.jsonl"))
    assert cells(store) == right | cells(tmp_path / "fresh.db") | {
        key: (right[key][0] + each[0], right[key][1] + each[1])
        for key, each in cells(tmp_path / "fresh.db").items()
        if key in right
    }
    assert by_day(store)


def test_a_chunk_that_takes_the_place_of_an_older_one_is_counted_once(tmp_path: Path) -> None:
    store = tmp_path / "old.db"
    bring_in(store, write(tmp_path / "0.jsonl", invocation(1, "hello\n")))
    early = invocation(90, "x\n")[0] | {
        "timestamp": T0 + 85_000, "message": "INIT_START Runtime Version: python:3.13.v31\tRuntime Version ARN: arn:x\n",
        "eventId": f"{(T0 + 85_000) * 10**25:056d}",
    }  # fmt: skip
    bring_in(store, write(tmp_path / "1.jsonl", [early]))  # loose, the last chunk
    as_if_older(store)
    bring_in(store, write(tmp_path / "2.jsonl", [early, *invocation(90, "x\n")]))  # which takes it into an invocation
    assert list(count_older(store, LinePatterns()))[-1] == 0
    assert counted(store) == kept(store)
    assert by_day(store)


def test_an_older_stores_lines_are_counted_when_asked_and_said_to_be_missing_until_then(tmp_path: Path) -> None:
    store = tmp_path / "old.db"
    path = write(tmp_path / "a.jsonl", events(40))
    bring_in(store, path)
    right = cells(store)
    as_if_older(store)
    with Reader(store) as reader:
        view = patterns(reader, RangeChoice(start=str(T0 - HOUR), end=str(T0 + HOUR)).resolve(T0), current())
    assert (view.rows, len(view.missing)) == ([], 1)
    bring_in(store, write(tmp_path / "b.jsonl", invocation(500, "new\n")))  # counted at once, beside the older ones
    assert counted(store) == (4, sum(len(str(each["message"])) for each in invocation(500, "new\n")))
    counting._CHUNKS = 1
    try:
        left = list(count_older(store, LinePatterns()))
    finally:
        counting._CHUNKS = 400
    assert left[-1] == 0
    assert counted(store) == kept(store)
    new = write(tmp_path / "all.jsonl", [*events(40), *invocation(500, "new\n")])
    bring_in(tmp_path / "fresh.db", new)
    assert cells(store) == cells(tmp_path / "fresh.db")
    assert right.items() <= cells(store).items() or counted(store)[0] == sum(each[0] for each in right.values()) + 4
    assert list(count_older(store, LinePatterns())) == []


def test_events_without_lines_are_said(tmp_path: Path) -> None:
    store = tmp_path / "a.db"
    given_events = events(10)[:-1]  # the last invocation has no REPORT
    for _ in range(2):
        bring_in(store, write(tmp_path / "a.jsonl", given_events), keep_lines=False)
        assert whole(store).missing[0].startswith(f"{len(given_events)} log events came without lines")


def test_too_many_kinds_of_lines_are_still_all_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_SHAPES", 10)
    monkeypatch.setattr(counting, "MORE_SHAPES", 4)
    letters = "abcdefghijklmnopqrstuvwxyz"
    said = [f"{one}{other} {other}{one} went\n" for one in letters for other in letters][:300]
    store = tmp_path / "a.db"
    bring_in(store, write(tmp_path / "a.jsonl", invocation(1, *said)))
    assert counted(store) == kept(store)
    connection = sqlite3.connect(store)
    assert connection.execute("SELECT count(*) FROM patterns").fetchone()[0] <= 15
    connection.close()


def test_a_word_that_is_another_one_in_every_line_stays_one_pattern_of_few_shapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "GROUPED_SHAPES", 20)
    monkeypatch.setattr(counting, "_ROWS", 7)
    names = ["".join(chr(97 + number // 26**at % 26) for at in range(4)) for number in range(0, 456_000, 2_003)]
    given_events = [
        event for number, name in enumerate(names) for event in invocation(number, f"user {name} came to the shop\n")
    ]
    store = tmp_path / "a.db"
    for at, part in enumerate((given_events[:400], given_events[400:])):
        bring_in(store, write(tmp_path / f"{at}.jsonl", part))
    assert counted(store) == kept(store)
    connection = sqlite3.connect(store)
    assert connection.execute("SELECT count(*) FROM patterns").fetchone()[0] < 60
    connection.close()
    view = whole(store)
    (row,) = [row for row in view.rows if row.template.startswith("user")]
    assert (row.template, row.count) == ("user <*> came to the shop", len(names))
    with Reader(store) as reader:
        assert len(pattern_lines(reader, view.range, row.template).rows) == len(names)


def test_a_pattern_is_new_where_its_function_wrote_other_lines_before_the_range(tmp_path: Path) -> None:
    store = tmp_path / "a.db"
    old, new = invocation(1, "was there\n", at_ms=T0), invocation(2, "was there\n", "comes now\n", at_ms=T0 + 5 * HOUR)
    bring_in(store, write(tmp_path / "a.jsonl", [*old, *new]))
    with Reader(store) as reader:
        late = RangeChoice(start=str(T0 + 4 * HOUR), end=str(T0 + 6 * HOUR)).resolve(T0)
        said = {row.template: row.novelty for row in patterns(reader, late, current()).rows}
    assert (said["comes now"], said["was there"]) == ("new", "known")
    assert {row.novelty for row in whole(store).rows} == {""}  # nothing is older


# Lines, commands, screen ------------------------------------------------------------------------------------------


def test_the_lines_of_a_pattern_are_as_many_as_it_counts(tmp_path: Path) -> None:
    store = tmp_path / "a.db"
    bring_in(store, write(tmp_path / "a.jsonl", events(60)))
    view = whole(store)
    with Reader(store) as reader:
        for row in view.rows:
            found = pattern_lines(reader, view.range, row.template, function_ids=row.function_ids)
            assert len(found.rows) == row.count, row.template
            assert row.example.rstrip() in {line.message.rstrip() for line in found.rows}


def run(store: Path, *arguments: str) -> tuple[int, str]:
    ran = command_line.run("--db", store, "--range", "all", *arguments)
    return ran.exit_code, ran.stdout


def test_the_command_lists_them_and_whatif_says_what_dropping_one_saves(tmp_path: Path) -> None:
    store = tmp_path / "a.db"
    import_files([write(tmp_path / "a.jsonl", events(60))], db=store, defaults=FunctionKey("", "", "us-east-1"))
    rows = json.loads(run(store, "patterns", "--json")[1])["rows"]
    assert {"pattern", "count", "bytes", "ingestion_usd", "first_seen", "last_seen", "novelty", "example"} <= set(
        rows[0]
    )
    report = next(row for row in rows if row["template"].startswith("REPORT"))
    dropped, sampled = json.loads(
        run(store, "whatif", "--json", "--drop-pattern", report["pattern"],
            "--sample-pattern", f"{report['pattern'][:7]}=10%")[1]
    )["rows"]  # fmt: skip
    assert Decimal(dropped["then_usd"]) == 0
    assert dropped["saves_usd"] == dropped["now_usd"]
    assert Decimal(sampled["saves_usd"]) * 10 == Decimal(dropped["saves_usd"]) * 9
    assert Decimal(dropped["now_usd"]) > Decimal(report["ingestion_usd"])  # a minute was seen of a month
    assert run(store, "whatif", "--drop-pattern", "nosuch")[0] == 2
    assert run(store, "whatif", "--sample-pattern", f"{report['pattern']}=11")[0] == 2


async def test_the_screen_shows_patterns_and_enter_goes_to_their_lines_and_back(tmp_path: Path) -> None:
    store = small_store.make(tmp_path / "small.db")
    app = small_app(store)
    async with app.run_test(size=(120, 30)) as pilot:
        await app.workers.wait_for_complete()
        await press(pilot, "L")
        screen = app.screen
        assert isinstance(screen, PatternsScreen)
        view = screen.answer
        assert sum(row.share for row in view.rows) == pytest.approx(1)
        row = screen.table.row
        assert row is not None
        assert row.bytes == max(one.bytes for one in view.rows)
        await press(pilot, "enter")
        lines = app.screen
        assert isinstance(lines, PatternLinesScreen)
        assert len(lines.query_one(LogPane).lines_shown) >= row.count
        await press(pilot, "escape")
        assert app.screen is screen
        await press(pilot, "d")
        assert app.screen is not screen
