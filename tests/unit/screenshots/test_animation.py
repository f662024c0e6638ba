"""The recording: an SVG that any browser plays, in which each row that comes again is drawn once."""

import re
from xml.etree import ElementTree

from screenshots.animation import Cell, Frame, animated

SVG = "{http://www.w3.org/2000/svg}"


def row(text: str, colour: str = "default", background: str = "default") -> list[Cell]:
    return [Cell(letter, colour, background, bold=False) for letter in text.ljust(20)]


FRAMES = [
    Frame([row("one <b>&"), row("same")], "first", 1.0),
    Frame([row("two", "ff0000", "blue"), row("same")], "second", 3.0),
]


def test_it_is_whole_and_shows_what_the_terminal_showed() -> None:
    document = ElementTree.fromstring(animated(FRAMES, 20))
    texts = ["".join(text.itertext()) for text in document.iter(f"{SVG}text")]
    assert sorted(texts) == ["first", "one <b>&", "same", "second", "two"]
    assert len([*document.iter(f"{SVG}use")]) == 4
    fills = [rect.get("fill") for rect in document.iter(f"{SVG}rect")]
    assert "#58a6ff" in fills
    assert "fill:#ff0000" in animated(FRAMES, 20)


def test_each_frame_is_shown_for_its_time() -> None:
    svg = animated(FRAMES, 20)
    assert "animation:reel 4s step-end infinite" in svg
    assert [float(stop) for stop in re.findall(r"([\d.]+)%\{transform", svg)] == [0, 25, 100]


def test_whoever_wants_no_motion_sees_none() -> None:
    assert "@media(prefers-reduced-motion:reduce){.reel{animation:none}}" in animated(FRAMES, 20)


def test_words_begin_at_their_cells_whatever_the_font() -> None:
    svg = animated([Frame([row("a b   c")], "", 1.0)], 20)
    assert len(re.findall(r'<text class="s0"', svg)) == 2
