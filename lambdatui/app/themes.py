"""Our own two themes, dark and light; the ``ansi-`` themes are Textual's and use the terminal's colours."""

from collections.abc import Mapping
from dataclasses import replace

from textual.color import Color, ColorParseError
from textual.theme import Theme

from collectors.model.errors import ExitCode, LambdatuiError
from lambdatui.text.terminal import DARK, LIGHT

THEMES = (
    Theme(
        name=DARK,
        primary="#f0883e",
        secondary="#79b8ff",
        accent="#f0883e",
        warning="#e3b341",
        error="#ff7b72",
        success="#7ee2a8",
        foreground="#d6deeb",
        background="#0d1117",
        surface="#0d1117",
        panel="#161c26",
        dark=True,
        variables={
            "block-cursor-foreground": "#ffffff",
            "block-cursor-background": "#24405f",
            "block-cursor-text-style": "bold",
            "border": "#2a3444",
            "scrollbar": "#2a3444",
            "scrollbar-hover": "#3a475b",
            "scrollbar-active": "#4b5b73",
            "scrollbar-background": "#0d1117",
            "scrollbar-background-hover": "#0d1117",
            "scrollbar-background-active": "#0d1117",
            "scrollbar-corner-color": "#0d1117",
            "quiet": "#76839a",
        },
    ),
    Theme(
        name=LIGHT,
        primary="#b35900",
        secondary="#0a58a8",
        accent="#b35900",
        warning="#7d5a00",
        error="#b3261e",
        success="#1a6b3c",
        foreground="#1c2430",
        background="#fbfbf9",
        surface="#fbfbf9",
        panel="#eeeeea",
        dark=False,
        variables={
            "block-cursor-foreground": "#10202f",
            "block-cursor-background": "#cfe2f7",
            "block-cursor-text-style": "bold",
            "border": "#cfcfc8",
            "scrollbar": "#cfcfc8",
            "scrollbar-hover": "#b5b5ad",
            "scrollbar-active": "#98988f",
            "scrollbar-background": "#fbfbf9",
            "scrollbar-background-hover": "#fbfbf9",
            "scrollbar-background-active": "#fbfbf9",
            "scrollbar-corner-color": "#fbfbf9",
            "quiet": "#5f6874",
        },
    ),
)

# Our style sheet's own variables, for themes that do not set them: Textual's.
FALLBACKS = {"quiet": "ansi_default"}


class UnusableTheme(LambdatuiError, LookupError):
    """A theme of the configuration that cannot be painted with; the message names the theme and the colour."""

    exit_code = ExitCode.WRONG_USAGE


def own_theme(name: str, colours: Mapping[str, str]) -> Theme:
    """A theme of the configuration's ``[themes]``. Colours that it does not name are those of our dark or light theme.

    Raises ``UnusableTheme`` for what is no colour.
    """
    named = dict(colours)
    base = THEMES[1 if named.pop("base", "dark") == "light" else 0]
    for key, colour in named.items():
        try:
            Color.parse(colour)
        except ColorParseError:
            raise UnusableTheme(f"themes: {name}: {key}: {colour!r} is no colour; use '#rrggbb' or a name") from None
    own = {key: value for key, value in named.items() if key in COLOURS}
    return replace(base, name=name, **own, variables={**base.variables, **_grounds(own)})  # type: ignore[arg-type]


COLOURS = (
    "primary", "secondary", "accent", "warning", "error", "success", "foreground", "background", "surface", "panel",
)  # fmt: skip


def _grounds(own: Mapping[str, str]) -> dict[str, str]:
    """The scroll bars' colours: the theme's own background."""
    names = (
        "scrollbar-background",
        "scrollbar-background-hover",
        "scrollbar-background-active",
        "scrollbar-corner-color",
    )
    return dict.fromkeys(names, own["background"]) if "background" in own else {}
