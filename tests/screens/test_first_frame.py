"""The first frame: early, true, as the functions' screen lays it out, and safe on any terminal."""

import fcntl
import json
import os
import pty
import re
import select
import sqlite3
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from collectors.model.units import HOUR_MS
from collectors.store.integrity.damage_note import remember
from collectors.store.read.reader import Reader
from collectors.store.read.startup_reader import FunctionSums, StartupUnreadable
from lambdatui.app.application import LambdaTui
from lambdatui.start import first_lines
from lambdatui.start.first_lines import FUNCTIONS
from lambdatui.text.table import cells
from lambdatui.text.terminal import ANSI_DARK, DARK, Terminal, terminal
from lambdatui.views.fleet_health import trouble_first
from lambdatui.views.functions import functions
from lambdatui.views.startup_view import ARM_SHARE, REQUEST_AS_MB_MS, StartupRow, StartupView, startup_view
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.header import Header
from lambdatui.widgets.layout import band_lines, fitted_columns, home_header_lines
from lambdatui.widgets.notice import Notice
from lambdatui.widgets.table import Table
from pricing.bill import bill
from pricing.pricebook import PriceBook
from pricing.usage import Usage
from tests.support import small_store
from tests.support.command_line import PROGRAM
from tests.support.places import ROOT
from tests.support.screens import SHOP_NOW_MS as NOW_MS
from tests.support.screens import app_on, session_on, settle
from tests.support.small_store import EVIL, T0

BOOK = PriceBook.load()
COLOURS = terminal({"TERM": "xterm-256color"})
LINUX = terminal({"TERM": "linux"}, no_color=True)


def _packages(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


MODULES = {
    "collectors.model.clock",
    "collectors.model.errors",
    "collectors.model.quantities",
    "collectors.model.units",
    "collectors.store.integrity.cell_checksum",
    "collectors.store.read.startup_reader",
    "collectors.store.schema",
    "collectors.store.spans",
    "collectors.store.tables.cells",
    "collectors.store.tables.column",
    "lambdatui.__main__",
    "lambdatui.settings.options",
    "lambdatui.settings.paths",
    "lambdatui.start.arguments",
    "lambdatui.start.first_frame",
    "lambdatui.start.first_lines",
    "lambdatui.start.state",
    "lambdatui.start.terminal_signals",
    "lambdatui.text.figures",
    "lambdatui.text.plain",
    "lambdatui.text.table",
    "lambdatui.text.terminal",
    "lambdatui.views.columns",
    "lambdatui.views.fleet_health",
    "lambdatui.views.formatting",
    "lambdatui.views.function_row",
    "lambdatui.views.light_rows",
    "lambdatui.views.presets",
    "lambdatui.views.shared_columns",
    "lambdatui.views.startup_view",
    "lambdatui.views.tones",
    "lambdatui.widgets.layout",
}
OURS = MODULES | {package for name in MODULES for package in _packages(name)}
_AT_ONCE = """
import json, os, sys
import lambdatui.__main__
painted = lambdatui.__main__.first_frame.paint_at_once(json.loads(sys.argv[1]), os.environ)
sys.stderr.write("\\n" + repr((bool(painted), sorted(sys.modules))))
"""


@contextmanager
def a_terminal(columns: int = 80, lines: int = 24) -> Iterator[tuple[int, int]]:
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    try:
        yield main, side
    finally:
        os.close(main)
        os.close(side)


def at_once(store: Path, *arguments: str, stdin: int | None = None, **changes: str) -> tuple[bool, set[str]]:
    """Whether a process painted, and which modules it had loaded by then."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LAMBDATUI_DB": str(store)}
    env |= {"XDG_CONFIG_HOME": "/nowhere", "XDG_STATE_HOME": "/dev/null", **changes}
    with a_terminal() as (main, side):
        done = subprocess.run(
            [sys.executable, "-c", _AT_ONCE, json.dumps(arguments)],
            stdin=side if stdin is None else stdin, stdout=side, stderr=subprocess.PIPE, env=env, text=True, check=True,
        )  # fmt: skip
        painted, modules = eval(done.stderr.splitlines()[-1])
        assert bool(select.select([main], [], [], 0)[0]) == painted
        return painted, set(modules)


def bare(line: str) -> str:
    return re.sub(r"\x1b\[\d*m", "", line)


def test_what_is_loaded_when_the_frame_stands_is_a_small_known_set(store: Path) -> None:
    painted, loaded = at_once(store)
    assert painted
    assert {name for name in loaded if name.partition(".")[0] in ("collectors", "lambdatui", "pricing")} == OURS
    plain = "import json, os, _sqlite3, select, signal, sys, termios, time, encodings; print(repr(sorted(sys.modules)))"
    listed = subprocess.run([sys.executable, "-c", plain], capture_output=True, text=True, check=True).stdout
    assert loaded - OURS <= {*eval(listed), "codecs"}


@pytest.mark.parametrize(
    "arguments",
    [("--function", "a*"), ("--at", "2025-03-31"), ("--range", "soon"), ("--config", "x"), ("--db", "/nowhere"), ("functions",),
     ("--nonsense",)],
)  # fmt: skip
def test_anything_special_goes_the_way_of_all_commands(store: Path, arguments: tuple[str, ...]) -> None:
    assert not at_once(store, *arguments)[0]


def test_it_keeps_silent_where_it_could_be_wrong(store: Path, tmp_path: Path) -> None:
    assert not at_once(store, TERM="dumb")[0]
    assert not at_once(store, stdin=subprocess.DEVNULL)[0]
    (tmp_path / "lambdatui").mkdir()
    (tmp_path / "lambdatui" / "config.toml").touch()
    assert not at_once(store, XDG_CONFIG_HOME=str(tmp_path))[0]
    (tmp_path / "text.db").write_text("no database")
    for path in (tmp_path / "text.db", tmp_path / "none.db", tmp_path):
        with pytest.raises(StartupUnreadable):
            startup_view(path, T0)


@pytest.mark.parametrize("table", ["minute_cells", "hour_cells", "day_cells"])
@pytest.mark.parametrize(
    "change", ["errors = errors + 1", "billed_mb_ms = 'text'", "duration_us = NULL || 1", "sum = sum + 1"]
)
def test_no_figure_is_shown_that_is_not_as_it_was_written(tmp_path: Path, table: str, change: str) -> None:
    path = small_store.make(tmp_path / "small.db")
    assert startup_view(path, T0 + HOUR_MS, "all").rows
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA ignore_check_constraints = 1")
    try:
        connection.execute(f"UPDATE {table} SET {change}")
    except sqlite3.IntegrityError:  # a null, which the table does not take
        return
    finally:
        connection.commit()
        connection.close()
    spans = {"minute_cells": ("T10:01", "T10:20"), "hour_cells": ("T10:00", "T12:00"), "day_cells": ("T00:00", "")}
    low, high = spans[table]
    choice = RangeChoice(start=f"2025-03-31{low}Z", end=f"2025-03-31{high}Z" if high else "2025-04-01T00:00Z")
    later_ms = T0 + 3 * 24 * HOUR_MS
    with pytest.raises(StartupUnreadable):
        startup_view(path, later_ms, choice)


def test_a_store_that_is_known_to_be_damaged_waits_for_the_reader(tmp_path: Path) -> None:
    path = small_store.make(tmp_path / "small.db")
    assert startup_view(path, T0 + HOUR_MS).rows
    remember(path, "something")
    with pytest.raises(StartupUnreadable):
        startup_view(path, T0 + HOUR_MS)


def test_global_options_that_need_nothing_more_are_painted_at_once(store: Path, tmp_path: Path) -> None:
    odd = tmp_path / "a?b#c%20.db"
    odd.write_bytes(store.read_bytes())
    assert at_once(store, "--range", "all", "--utc", "--no-color")[0]
    assert at_once(Path("/nowhere"), f"--db={odd}")[0]


@pytest.mark.parametrize("choice", ["1h", "24h", "7d", "30d", "mtd", "all", RangeChoice(at="2025-03-31T10:08:00Z")])
@pytest.mark.parametrize("metrics", [False, True])
def test_figures_are_the_views(tmp_path: Path, choice: str | RangeChoice, metrics: bool) -> None:
    path = small_store.make(tmp_path / "small.db", metrics=metrics)
    compare(path, T0 + HOUR_MS, choice)


def test_figures_and_order_are_the_views_in_a_larger_store(store: Path) -> None:
    for choice in ("1h", "24h", "all"):
        compare(store, NOW_MS, choice)


def compare(path: Path, now_ms: int, choice: str | RangeChoice) -> None:
    seen = startup_view(path, now_ms, choice)
    with Reader(path) as reader:
        asked = RangeChoice(choice) if isinstance(choice, str) else choice
        time_range = asked.resolve(now_ms, reader.newest_ms(), reader.oldest_ms())
        view = functions(reader, time_range, BOOK)
    assert seen.ends == (time_range.from_ms, time_range.to_ms, time_range.label)
    assert seen.as_of == view.as_of
    assert len(seen.rows) == len(view.rows) > 0
    for row, expected in zip(seen.rows, trouble_first(view.rows), strict=True):
        if expected.reports < expected.invocations:  # the view completes it by an estimate
            assert row.gb_seconds is None
        told = {"weight"} if row.gb_seconds is not None else {"weight", "gb_seconds"}
        for name in set(StartupRow.__slots__) - told:
            assert getattr(row, name) == getattr(expected, name), (row.function, name)


@pytest.mark.parametrize("choice", ["1h", "24h", "30d", "all"])
def test_of_a_fleet_only_the_rows_in_sight_are_asked_for(store: Path, choice: str) -> None:
    everything = startup_view(store, NOW_MS, choice)
    few = startup_view(store, NOW_MS, choice, 3)
    assert (few.count, few.ends, few.as_of, few.whole) == (everything.count, everything.ends, everything.as_of, False)
    names = set(StartupRow.__slots__)
    assert [[getattr(row, name) for name in names] for row in few.rows] == [
        [getattr(row, name) for name in names] for row in everything.rows[:3]
    ]
    assert startup_view(store, NOW_MS, choice, everything.count).whole


def test_where_metrics_may_order_the_rows_all_are_asked_for(tmp_path: Path) -> None:
    path = small_store.make(tmp_path / "small.db", metrics=True)
    everything = startup_view(path, T0 + HOUR_MS, "24h")
    unpriced = sum(row.weight is None for row in everything.rows)
    few = startup_view(path, T0 + HOUR_MS, "24h", everything.count - 1)
    assert few.whole == bool(unpriced)
    assert [row.function for row in few.rows] == [row.function for row in everything.rows][: len(few.rows)]


def test_rows_are_weighed_as_they_are_priced() -> None:
    def price(requests: int, mb_ms: int, arch: str) -> float:
        usage = Usage("f", "", "us-east-1", arch, requests, mb_ms // 1024, mb_ms)
        return float(bill([usage], BOOK, free_tier=False).total or 0)

    million = 1_000_000
    assert price(million, 0, "x86_64") == pytest.approx(price(0, REQUEST_AS_MB_MS * million, "x86_64"), rel=1e-4)
    assert price(0, million**2, "arm64") == pytest.approx(ARM_SHARE * price(0, million**2, "x86_64"), rel=1e-4)


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40), (200, 50), (60, 10)])
@pytest.mark.parametrize("theme", [DARK, ANSI_DARK])
async def test_textual_paints_the_same_over_it(store: Path, columns: int, lines: int, theme: str) -> None:
    """Cell by cell, but for the columns that are still to come."""
    found = startup_view(store, NOW_MS)
    painted = [bare(line) for line in first_lines.frame(found, store.name, NOW_MS, COLOURS, columns, lines, utc=True)]
    app = app_on(store, theme=theme)
    async with app.run_test(size=(columns, lines)) as pilot:
        await settle(pilot)
        table = app.screen.query_one(Table)
        header = app.screen.query_one(Header).render().plain.split("\n")
        drawn = [table.render_line(y).text for y in range(table.size.height)]
    assert painted[0].rstrip() == header[0].rstrip()
    left, right = re.split(r"  +", painted[1].strip())
    assert header[1].strip().startswith(left)
    assert header[1].strip().endswith(right)
    known, at, above = {0, 1}, 2, home_header_lines(columns) + band_lines(columns, lines)
    for column, width in fitted_columns(FUNCTIONS, columns - (len(found.rows) > lines - above - 2)):
        if column.id in StartupRow.__slots__:
            known |= set(range(at, at + width))
        at += width + 1
    assert len(painted) - above == min(len(found.rows), lines - above - 2) + 1
    assert header[2].startswith(painted[2].rstrip())
    assert painted[above].rstrip() == drawn[0].rstrip()
    for line, under in zip(painted[above + 1 :], drawn[1:], strict=False):
        assert all(line.ljust(columns)[place] == under.ljust(columns)[place] for place in known), (line, under)


async def test_picked_columns_stand_in_the_first_frame_too(store: Path) -> None:
    picked = "function max_ms+ trouble errors"
    found = startup_view(store, NOW_MS)
    painted = [
        bare(line) for line in first_lines.frame(found, store.name, NOW_MS, COLOURS, 80, 24, utc=True, picked=picked)
    ]
    app = app_on(store, saved={"functions.columns": picked})
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.screen.query_one(Table).render_line(0).text.rstrip() == painted[4].rstrip()
    assert painted[4].split() == ["Function", "Max", "Trouble", "Errors"]


@pytest.mark.parametrize("of", [COLOURS, LINUX])
@pytest.mark.parametrize("lines", [1, 2, 3, 4, 5, 24])
@pytest.mark.parametrize("columns", [1, 2, 3, 4, 9, 17, 40, 80, 300])
def test_no_line_is_longer_than_the_terminal(columns: int, lines: int, of: Terminal) -> None:
    names = ("plain", "x" * 90, EVIL, "名前" * 20, "")
    found = StartupView(
        (0, 1, "last 24h"), T0, [StartupRow(FunctionSums(0, name, "", None, None, None)) for name in names], len(names)
    )
    found.rows[0].errors = 3
    painted = first_lines.frame(found, "a\x1b[2Jb.db", T0, of, columns, lines)
    assert len(painted) <= max(1, lines - 1)
    for line in painted:
        assert cells(bare(line)) <= columns
        assert "\x1b" not in bare(line)
        assert bare(line).isprintable()
    if of is LINUX:
        assert "\x1b[31m" not in "".join(painted)
        assert not {sign for line in painted for sign in bare(line) if not sign.isascii()} - set("名前" + EVIL + "�␇")


def test_under_a_terminal_the_first_frame_stands_first_and_q_leaves_cleanly(store: Path) -> None:
    """Plain rows in the alternate screen, Textual's rows over them without an empty table between, the screen back."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "LAMBDATUI_DB": str(store)}
    env |= {"XDG_CONFIG_HOME": "/nowhere", "XDG_STATE_HOME": "/dev/null"}
    with a_terminal() as (main, side):
        process = subprocess.Popen([*PROGRAM], stdin=side, stdout=side, stderr=side, env=env)
        seen = _until(main, b"", b"webhook-fanout")
        assert seen.startswith(b"\x1b[?1049h")
        assert seen.count(b"\x1b[?1049h") == 1
        seen = _until(main, seen, b" help")
        assert b"reading the store" not in seen
        assert seen.count(b"webhook-fanout") > 1
        os.write(main, b"q")
        _until(main, seen, b"\x1b[?1049l")
        assert process.wait(60) == 0


def _until(terminal: int, seen: bytes, wanted: bytes) -> bytes:
    while wanted not in seen:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, f"{wanted!r} never came: {seen[-300:]!r}"
        seen += os.read(terminal, 65_536)
    return seen


async def test_what_the_first_frame_showed_can_be_walked_in_while_the_store_is_asked(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_answer = threading.Event()

    def slow(*arguments: object, **named: object) -> object:
        may_answer.wait(30)
        return functions(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("lambdatui.views.functions.functions", slow)
    session = session_on(store, startup_view=startup_view(store, NOW_MS, in_sight=5))
    app = LambdaTui(session, DARK, painted=True)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.press("j")
            screen: Any = app.screen
            assert screen.answer is None
            assert screen.table.cursor == 1
            assert screen.table.row_count == startup_view(store, NOW_MS).count
            name = screen.table.row.function
            assert screen.copy_text().startswith(name)
            assert json.loads(screen.raw_json())["p95_ms"] is None
            assert "…" in screen.table.render_line(1).text
            screen.write_export("csv", "/nowhere/x.csv")
            assert "still being read" in screen.query_one(Notice).message
            may_answer.set()
            await settle(pilot)
            assert screen.answer is not None
            assert screen.table.row.function == name
            assert "…" not in screen.table.render_line(1).text
    finally:
        may_answer.set()
