"""The pictures of the README are those that the one command makes."""

import re

from screenshots import make
from tests.support.places import ROOT


def test_every_picture_is_one_that_the_command_makes() -> None:
    shown = set(re.findall(r"\(screenshots/([\w-]+)\.png\)", (ROOT / "README.md").read_text()))
    made = {shot.name for shot in make.SHOTS}
    assert shown <= made
    assert {path.stem for path in (ROOT / "screenshots").glob("*.svg")} == made
    assert {path.stem for path in (ROOT / "screenshots").glob("*.png")} == made


def test_pictures_are_of_the_demo_but_for_those_that_need_days() -> None:
    assert {shot.name for shot in make.SHOTS if shot.days} == {"costs", "by-day"}
