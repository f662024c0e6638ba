"""What a terminal says of its background, and what else says it."""

import pytest

from lambdatui.start.background import colorfgbg_is_light, colour_is_light
from lambdatui.text.terminal import ANSI_DARK, ANSI_LIGHT, DARK, LIGHT, terminal, theme_name


@pytest.mark.parametrize(
    ("answer", "light"),
    [
        ("rgb:ffff/ffff/ffff", True), ("rgb:0000/0000/0000", False), ("rgb:fd/f6/e3", True), ("rgb:f/f/f", True),
        ("rgba:1e1e/1e1e/2e2e/ffff", False), ("#fdf6e3", True), ("#002b36", False), ("rgb:0000/0000/ffff", False),
        ("", None), ("rgb:", None), ("rgb:gg/00/00", None), ("?", None), ("rgb:ffff/ffff", None),
        ("rgb:fffff/0/0", None),
    ],
)  # fmt: skip
def test_an_answers_brightness(answer: str, light: bool | None) -> None:
    assert colour_is_light(answer) is light


@pytest.mark.parametrize(
    ("text", "light"),
    [("0;15", True), ("15;0", False), ("0;default;7", True), ("12;8", False), ("15;default", None), ("", None),
     ("7", None), ("0;²", None), ("0;99", False)],
)  # fmt: skip
def test_colorfgbg(text: str, light: bool | None) -> None:
    assert colorfgbg_is_light(text) is light


def test_the_theme_is_as_light_as_the_terminal_unless_one_is_asked_for() -> None:
    deep, poor = terminal({"TERM": "xterm-256color"}), terminal({"TERM": "xterm"})
    assert (theme_name(deep, None, light=True), theme_name(deep, None)) == (LIGHT, DARK)
    assert (theme_name(poor, None, light=True), theme_name(poor, None)) == (ANSI_LIGHT, ANSI_DARK)
    assert theme_name(deep, DARK, light=True) == DARK
