"""How many bytes each screen and each key costs: what they cost once is the most that they may cost."""

from pathlib import Path

import pytest

from tests.support.under_terminal import UnderTerminal

FOOTER = b" help"
_QUIET_S = 0.8
SMALL = {
    "start": 7_600, "j": 400, "\x12": 300, "i": 6_000, "E": 6_000, "$": 6_000, "T": 6_000, "A": 6_000, "a": 6_000,
    "C": 6_000, "L": 6_000, "F": 6_000, "?": 6_000,
}  # fmt: skip
"""At 80x24 in 16 million colours, by key."""
LARGE_ONCE = {
    "start": 11_100, "j": 530, "i": 13_700, "E": 4_800, "$": 8_800, "T": 7_400, "A": 2_800, "a": 3_300, "C": 4_600,
    "L": 6_200, "F": 5_000,
}  # fmt: skip
"""At 120x40 before there was a band or a pane, which may double it."""
WITH_PANE = {"j": 3_200}
"""At 120x40, where the pane is painted anew for the next row: two charts and its text, less than a screen."""
REMOTE = {"start": 5_000, "j": 240, "i": 5_000, "E": 3_000, "F": 3_000}
"""At 80x24 over SSH."""
DIALOGS = ("?",)


def bytes_of(store: Path, keys: list[str], columns: int, lines: int, **changes: str) -> dict[str, int]:
    with UnderTerminal(["--db", str(store), "--utc"], columns=columns, lines=lines, **changes) as terminal:
        written = {"start": len(terminal.until(FOOTER) + terminal.quiet(_QUIET_S))}
        for key in keys:
            terminal.send(key)
            written[key] = len(terminal.quiet(_QUIET_S))
            if key in DIALOGS:
                terminal.send("\x1b")
                terminal.quiet(_QUIET_S)
    return written


@pytest.mark.parametrize(
    ("most", "size", "changes"),
    [
        (SMALL, (80, 24), {"COLORTERM": "truecolor"}),
        ({key: 2 * once for key, once in LARGE_ONCE.items()} | WITH_PANE, (120, 40), {"COLORTERM": "truecolor"}),
        (REMOTE, (80, 24), {"SSH_CONNECTION": "1 2 3 4"}),
    ],
    ids=["80x24", "120x40", "SSH"],
)
def test_no_screen_costs_more(
    store: Path, most: dict[str, int], size: tuple[int, int], changes: dict[str, str]
) -> None:
    written = bytes_of(store, [key for key in most if key != "start"], *size, **changes)
    over = {key: (cost, most[key]) for key, cost in written.items() if cost > most[key]}
    assert over == {}
    assert min(cost for key, cost in written.items() if key != "\x12") > 100, "each key was obeyed"
