"""Nothing blinks or moves by itself over SSH, or where that is asked for."""

from pathlib import Path

import pytest

from tests.support.under_terminal import UnderTerminal

FOOTER = b" help"


def while_typing(store: Path, *arguments: str, seconds: float = 2.2, **changes: str) -> bytes:
    """What is painted while nobody types on an open line. The clock stands still: ages on the screen do not tick."""
    with UnderTerminal(["--db", str(store), "--at", "2025-06-15", *arguments], **changes) as terminal:
        terminal.until(FOOTER)
        terminal.quiet()
        terminal.send("/")
        terminal.quiet(0.4)
        return terminal.during(seconds)


@pytest.mark.parametrize(
    ("arguments", "changes"), [(("--reduced-motion",), {}), ((), {"SSH_CONNECTION": "1 2 3 4"})], ids=["asked", "SSH"]
)
def test_the_cursor_of_a_line_does_not_blink(store: Path, arguments: tuple[str, ...], changes: dict[str, str]) -> None:
    assert while_typing(store, *arguments, **changes) == b""


def test_it_blinks_elsewhere(store: Path) -> None:
    assert while_typing(store)


async def test_nothing_is_animated(store: Path) -> None:
    from lambdatui.app.application import LambdaTui
    from lambdatui.text.terminal import DARK, Terminal
    from tests.support.screens import press, session_on, settle

    still = Terminal(ansi=False, ascii=False, remote=False, no_color=False, still=True)
    app = LambdaTui(session_on(store, terminal=still), DARK)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.animation_level == "none"
        await press(pilot, "question_mark", "j", "escape", "slash", "a")
        assert not app._animator._animations
        assert app.focused is not None
        assert not app.focused.cursor_blink  # type: ignore[attr-defined]
    moving = LambdaTui(session_on(store), DARK)
    assert moving.animation_level == "full"
