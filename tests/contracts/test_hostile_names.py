"""Names and messages that attack: as text they reach every screen, box, palette and file name, and nothing obeys them."""

import base64
import json
from pathlib import Path

import pytest

from collectors.ingest.engine import import_files
from collectors.model.account import Alarm, Alarms, Configured, Inventory, Recommendation
from collectors.model.records import FunctionKey
from collectors.model.units import MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from lambdatui.app.application import LambdaTui
from lambdatui.screens.base.export_file import suggested_name
from lambdatui.screens.base.query import QueryScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.screens.dialogs.palette import PaletteScreen
from tests.support.printed_statements import T0, request_id
from tests.support.screens import KEYS, app_on, press, settle
from tests.support.under_terminal import UnderTerminal

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b]52;c;b3duZWQ=\x07\x1bP+q544e\x1b\\\x9b31m"
MARKUP = "[red]red[/red][@click=app.exit]x[/][/]"
BIDI, NUL = "\u202egnp.exe\u2066", "\x00"
NAMES = (f"a{ESCAPES}esc", f"b{MARKUP}", f"c{BIDI}{NUL}", "d" * 10_240, f"e{MARKUP}{ESCAPES}{BIDI}{NUL}" + "名前" * 40)
FORBIDDEN = set("\x00\x07\x1b\x90\x9b\x9d\u202e\u2066\u2028\u200b")
REGION, ACCOUNT = f"eu-{MARKUP}\x1b]0;owned\x07", f"1{BIDI}"


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A failed invocation of each function, in a stream and with an error that attack too."""
    folder = tmp_path_factory.mktemp("hostile")
    lines = []
    for number, name in enumerate(NAMES):
        request = request_id(number)
        trace = (
            f'[ERROR] {name[:300]}Error: {name}\nTraceback (most recent call last):\n  File "{name[:200]}", line 7\n'
        )
        report = (
            f"REPORT RequestId: {request}\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 60 MB\t\n"
        )
        for at, text in enumerate((f"START RequestId: {request} Version: $LATEST\n", f"{name}\n", trace,
                                   f"END RequestId: {request}\n", report)):  # fmt: skip
            lines.append(json.dumps({
                "logGroup": f"/aws/lambda/{name}", "logStreamName": f"2025/03/31/[$LATEST]{name[:400]}",
                "timestamp": T0 + 1000 * number + at, "message": text, "region": REGION, "account": ACCOUNT,
            }))  # fmt: skip
    (folder / "e.jsonl").write_text("\n".join(lines) + "\n")
    assert import_files([str(folder / "e.jsonl")], db=folder / "s.db", defaults=FunctionKey("")).invocations == len(
        NAMES
    )
    with writing(folder / "s.db") as connection:
        writer = Writer(connection, fingerprint)
        for name in NAMES:
            settings = {"handler": name[:300], "dead_letter": name[:300], "memory_mb": 128}
            found = [Configured(ACCOUNT, REGION, name, "function", name[:100], settings)]
            kept.keep_inventory(connection, Inventory(ACCOUNT, REGION, ("function",), found, frozenset({name})), T0)
        alarms = [Alarm(ACCOUNT, REGION, name[:255], "metric", "ALARM", name, T0, name) for name in NAMES]
        kept.keep_alarms(connection, Alarms(ACCOUNT, REGION, alarms))
        kept.keep(connection, writer.names, 1, [
            Recommendation(ACCOUNT, REGION, name, name[:100], name[:100], name, 128, 256, "1.00", "USD", T0)
            for name in NAMES
        ])  # fmt: skip
    return folder / "s.db"


def hostile_app(db: Path) -> LambdaTui:
    return app_on(db, now_ms=lambda: T0 + MINUTE_MS)


def shown(app: LambdaTui) -> str:
    """All text on the screen, as it would be written to the terminal."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def check(app: LambdaTui) -> str:
    text = shown(app)
    assert not FORBIDDEN & set(text), app.screen
    assert app.return_code is None
    return text


async def test_every_screen_shows_them_as_text(db: Path) -> None:
    app = hostile_app(db)
    async with app.run_test(size=(140, 40)) as pilot:
        await settle(pilot)
        assert MARKUP[:12] in check(app)
        for key in KEYS.values():
            await press(pilot, key)
            check(app)
            for _ in NAMES:
                depth = len(app.screen_stack)
                for inner in ("enter", "y", "d", "equals_sign"):
                    await press(pilot, inner)
                    check(app)
                    while len(app.screen_stack) > depth:
                        await press(pilot, "escape")
                await press(pilot, "j")


async def test_boxes_lists_and_the_palette_show_them_as_text(db: Path) -> None:
    app = hostile_app(db)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for key in ("R", "P", "S"):
            await press(pilot, key)
            check(app)
            await press(pilot, "escape")
        await press(pilot, "R", "down", "enter")
        assert f"{len(NAMES)} functions" in check(app)  # the region is a name, and not a pattern
        await press(pilot, "colon", *"red")
        assert isinstance(app.screen, PaletteScreen)
        await settle(pilot)
        assert "Function: b[red]" in check(app)
        await press(pilot, "escape")
        for name in NAMES:
            app.session.add_problem(name, name)
        await press(pilot, "exclamation_mark")
        assert isinstance(app.screen, DetailsScreen)
        check(app)
        await press(pilot, "escape", "space", "j", "space")
        check(app)  # the notice names them
        assert isinstance(app.screen, QueryScreen)
        app.screen.say(f"no line holds {NAMES[-1]!r}: {NAMES[-1]}")
        await settle(pilot)
        check(app)


@pytest.mark.parametrize("name", NAMES)
def test_file_names_and_the_clipboard_are_harmless(name: str) -> None:
    proposed = suggested_name(("Functions", name), T0, "csv")
    assert len(proposed) < 100
    assert "/" not in proposed
    assert proposed.isprintable()
    from lambdatui.app.clipboard import osc52

    sequence, _ = osc52(name, {})
    inner = sequence.removeprefix("\x1b]52;c;").removesuffix("\x07")
    assert base64.b64decode(inner, validate=True).decode().startswith(name[:20])


def test_nothing_of_them_is_obeyed_by_the_terminal(db: Path) -> None:
    """Through a pseudo-terminal: titles, clipboards and screens are not set by what a function wrote."""
    with UnderTerminal(["--db", str(db), "--at", str(T0 + MINUTE_MS), "--utc"], columns=120, lines=30) as terminal:
        terminal.until(b"Functions")
        for keys in (
            b"E",
            b"\r",
            b"q",
            b"d",
            b"q",
            b"A",
            b"\r",
            b"q",
            b"l",
            b"q",
            b":function",
            b"\x1b",
            b"R",
            b"\x1b",
        ):
            terminal.send(keys)
            terminal.quiet(0.5)

        for sequence in (b"\x1b]0;owned", b"\x1b]52;c;b3du", b"\x1bP+q544e", "\u202e".encode(), b"\x00", b"\xc2\x9b"):
            assert sequence not in terminal.seen
