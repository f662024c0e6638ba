"""Every sign on every screen can be read: the colours of all cells that are painted, as the W3C measures contrast."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.color import Color
from textual.filter import DimFilter
from textual.geometry import Region
from textual.screen import ModalScreen

from lambdatui.app.application import LambdaTui
from lambdatui.app.themes import COLOURS, THEMES, own_theme
from lambdatui.text.terminal import ANSI_DARK, ANSI_LIGHT, DARK, LIGHT
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.chart import TONES, Looks
from lambdatui.widgets.contrast import LINES, TEXT, ratio, shortfalls
from lambdatui.widgets.plot import Look
from tests.support.command_line import run
from tests.support.screens import ANSI, app_on, press, session_on, settle
from tests.support.screens import COLOURS as COLOURED

WALK = (
    "", "slash c h e enter", "escape escape", "x", "x", "question_mark", "escape", "at", *"soon", "escape", "colon", "t h e",
    "escape", "enter", "escape", "E", "enter", "escape", "l", "slash e r r enter", "T", "dollar_sign", "b", "escape", "A",
    "enter", "escape", "a", "C", "L", "d", "F", "i", "enter", "escape", "R", "escape", "S", "escape", "exclamation_mark",
    "escape", "m equals_sign",
)  # fmt: skip
"""Keys that lead over all screens and dialogs."""
_GRAPHIC = ((0x2190, 0x25FF), (0x2800, 0x28FF))  # arrows, boxes, blocks, marks; braille


def is_graphic(sign: str) -> bool:
    return any(first <= ord(sign) <= last for first, last in _GRAPHIC)


BOXES = "#ask, #box, #help, #palette"


def in_front(app: LambdaTui) -> Region:
    """What can be used: the screen, or the dialog over it. The dimmed screen beneath is there to come back to."""
    if not isinstance(app.screen, ModalScreen):
        return app.screen.region
    (box,) = app.screen.query(BOXES)
    return box.region


def cells(app: LambdaTui) -> Iterator[tuple[str, Any, str]]:
    """Each sign that is painted, with its style and the text that it is part of."""
    front = in_front(app)
    # In 16 colours curves are the terminal's own, and told by their signs.
    plots = [plot.region for plot in app.screen.query("Chart, Band, RowPane")]
    ansi = app.current_theme.ansi
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        x = 0
        for segment in strip if ansi else strip.apply_filter(DimFilter(), Color(0, 0, 0)):
            for sign in segment.text:
                unjudged = ansi and any(plot.contains(x, y) for plot in plots)
                if sign != " " and front.contains(x, y) and segment.style is not None and not unjudged:
                    yield sign, segment.style, segment.text.strip()
                x += 1


async def walked(app: LambdaTui, size: tuple[int, int]) -> dict[tuple[Any, ...], str]:
    """The pairs of colours that are painted on all screens, with where each is."""
    painted: dict[tuple[Any, ...], str] = {}
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for keys in WALK:
            await press(pilot, *keys.split())
            for sign, style, text in cells(app):
                colours = (style.bgcolor, style.color) if style.reverse else (style.color, style.bgcolor)
                pair = (*colours, is_graphic(sign), bool(style.dim), bool(style.reverse))
                painted.setdefault(pair, f"{type(app.screen).__name__}: {sign!r} of {text[:40]!r}")
    return painted


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("theme", [DARK, LIGHT])
async def test_text_is_told_from_its_ground_4_5_to_1_and_lines_3_to_1(
    store: Path, theme: str, size: tuple[int, int]
) -> None:
    painted = await walked(app_on(store, theme=theme, choice=RangeChoice("7d")), size)
    assert len(painted) > 20
    for (colour, ground, graphic, *_), where in painted.items():
        has = ratio(Color(*colour.triplet), Color(*ground.triplet))
        assert has >= (LINES if graphic else TEXT), (
            f"{has:.2f}:1, {colour.triplet.hex} on {ground.triplet.hex}: {where}"
        )


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_any_curve_over_any_other_is_seen_and_both_on_the_plain_ground(theme: Any) -> None:
    """Lines, limits, deploys and the crosshair over bars and areas, in every pair of the colours of curves."""
    own = {name: str(value) for name, value in vars(theme).items() if name in COLOURS}
    looks = Looks(COLOURED, own | theme.variables)
    background = Color.parse(theme.background)
    tones = sorted({*TONES.values(), "accent"})
    for tone in tones:
        for ground in tones + [f"{one}-soft" for one in tones]:
            over, alone = looks.style(Look(tone, ground)), looks.style(Look(ground))
            line, beneath, body = (
                Color(*colour.get_truecolor()) for colour in (over.color, over.bgcolor, alone.color) if colour
            )
            assert ratio(line, beneath) >= LINES, f"{tone} over {ground}"
            assert ratio(body, background) >= LINES, ground


READABLE = (("color(7)", "color(0)"), ("color(0)", "color(7)"), ("color(15)", "color(4)"))
"""Pairs of two colours that can be read in any palette: the cursor of a line that is typed on, a chosen option."""
UNREADABLE = {
    ANSI_DARK: {"color(0)", "color(4)", "color(8)"},  # black, a console's blue, grey
    ANSI_LIGHT: {"color(2)", "color(3)", "color(6)", "color(7)", "color(10)", "color(11)", "color(14)"},
}
"""The colours that cannot be read on the ground that these themes are for. Charts are lines, and not judged by it."""


@pytest.mark.parametrize("theme", [ANSI_DARK, ANSI_LIGHT])
async def test_sixteen_colours_are_paired_so_that_they_can_be_read(store: Path, theme: str) -> None:
    app = LambdaTui(session_on(store, terminal=ANSI, choice=RangeChoice("7d")), theme)
    for (colour, ground, graphic, dim, reverse), where in (await walked(app, (120, 40))).items():
        names = (colour.name if colour else "default", ground.name if ground else "default")
        if graphic or names in READABLE:
            continue
        assert "default" in names, f"{names}: {where}"
        assert not UNREADABLE[theme].intersection(names), f"{names}: {where}"
        assert not (dim and names != ("default", "default")), f"dim {names}: {where}"
        assert not (dim and reverse), where


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_our_themes_fall_short_nowhere(theme: Any) -> None:
    assert shortfalls(theme) == []


def test_contrast_is_the_w3cs() -> None:
    white, black = Color.parse("#fff"), Color.parse("#000")
    assert ratio(white, black) == ratio(black, white) == pytest.approx(21)
    assert ratio(white, white) == 1
    assert ratio(Color.parse("#767676"), white) == pytest.approx(4.54, abs=0.01)
    assert ratio(Color.parse("#777"), white) == pytest.approx(4.48, abs=0.01)


FOG = {"base": "dark", "background": "#555555", "foreground": "#888888"}


def test_a_theme_of_ones_own_that_cannot_be_read_is_told(tmp_path: Path, db: Path) -> None:
    short = shortfalls(own_theme("fog", FOG))
    assert "foreground on background 2.1:1, of 4.5" in short
    assert shortfalls(own_theme("plain", {"primary": "ansi_red"})) == []
    config = tmp_path / "config.toml"
    config.write_text(
        '[themes.fog]\nbackground = "#555555"\nforeground = "#888888"\n[themes.night]\nprimary = "#ffffff"\n'
    )
    said = run("--db", db, "--config", config, "doctor").stdout
    assert "fog: foreground on background 2.1:1, of 4.5" in said
    assert "night: text 4.5:1 and more" in said
    assert " theme " not in run("--db", db, "doctor").stdout


async def test_the_screens_say_it_once_at_the_start(store: Path) -> None:
    app = LambdaTui(session_on(store), "fog", themes={"fog": FOG})
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        from tests.support.screens import until

        await until(pilot, lambda: "too little contrast" in str(app.screen.query_one("Notice").render()), "the note")
