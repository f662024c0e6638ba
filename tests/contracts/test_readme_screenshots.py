"""The pictures are those that the one command makes: of every screen, in each size and look."""

import re

from lambdatui.app.navigation import DRILLED, MAIN
from screenshots import make
from tests.support.places import ROOT

PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
ELSEWHERE = {"local_function", "line_stats", "pattern_lines", "billed", "permissions"}
"""Screens that need what the simulated days do not have, or that look like another one."""


def test_every_picture_that_is_shown_is_one_that_the_command_makes() -> None:
    shown = {name for page in PAGES for name in re.findall(r"screenshots/([\w-]+)\.png\)", page.read_text())}
    assert shown <= make.SHOWN.keys()
    assert {name for name in shown if not (ROOT / "screenshots" / f"{name}.png").exists()} == set()


def test_each_screen_has_its_picture_in_every_size_and_look() -> None:
    pictures = list(make.pictures())
    assert {(picture.columns, picture.lines) for picture in pictures} == {(80, 24), (120, 40), (200, 50)}
    assert {picture.look for picture in pictures} == {"dark", "light", "16-colours", "ascii"}
    names = {picture.name for picture in pictures}
    assert len(names) == len(pictures) == 12 * len(make.SHOTS)
    assert set(make.SHOWN.values()) <= names
    shots = {shot.name for shot in make.SHOTS}
    assert MAIN.keys() <= shots
    assert DRILLED.keys() - ELSEWHERE <= {*shots, "cost_groups", "fleet_groups"}
