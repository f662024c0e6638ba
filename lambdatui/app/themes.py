"""Our own two themes, dark and light, and Textual's two ``ansi-`` themes, which use the terminal's colours."""

from collections.abc import Mapping
from dataclasses import replace

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from collectors.model.errors import ExitCode, LambdatuiError
from lambdatui.text.terminal import ANSI_DARK, ANSI_LIGHT, DARK, LIGHT

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
            "block-cursor-background": "#213b58",
            "block-cursor-text-style": "bold",
            "block-cursor-blurred-foreground": "#ffffff",
            "block-cursor-blurred-background": "#213b58",
            "border": "#616d82",
            "scrollbar": "#616d82",
            "scrollbar-hover": "#7a869b",
            "scrollbar-active": "#93a0b5",
            "scrollbar-background": "#0d1117",
            "scrollbar-background-hover": "#0d1117",
            "scrollbar-background-active": "#0d1117",
            "scrollbar-corner-color": "#0d1117",
            "quiet": "#9aa7bb",
        },
    ),
    Theme(
        name=LIGHT,
        primary="#9a4b00",
        secondary="#0a58a8",
        accent="#9a4b00",
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
            "block-cursor-blurred-foreground": "#10202f",
            "block-cursor-blurred-background": "#cfe2f7",
            "border": "#80807a",
            "scrollbar": "#80807a",
            "scrollbar-hover": "#6b6b65",
            "scrollbar-active": "#565650",
            "scrollbar-background": "#fbfbf9",
            "scrollbar-background-hover": "#fbfbf9",
            "scrollbar-background-active": "#fbfbf9",
            "scrollbar-corner-color": "#fbfbf9",
            "quiet": "#56606c",
        },
    ),
)

_REVERSED = {
    "block-cursor-foreground": "ansi_default",
    "block-cursor-background": "ansi_default",
    "block-cursor-text-style": "reverse",
    "block-cursor-blurred-foreground": "ansi_default",
    "block-cursor-blurred-background": "ansi_default",
    "block-cursor-blurred-text-style": "reverse",
    "input-selection-foreground": "ansi_default",
    "input-selection-background": "ansi_default",
}


def _ansi(name: str, colours: Mapping[str, str], variables: Mapping[str, str]) -> Theme:
    theme = BUILTIN_THEMES[name]
    return replace(theme, **colours, variables={**theme.variables, **_REVERSED, **variables})  # type: ignore[arg-type]


# Textual's in the terminal's own 16 colours, without those that cannot be read on its usual grounds: a console's blue
# on black; yellow, cyan and green on white.
ANSI_THEMES = (
    _ansi(
        ANSI_DARK,
        {"primary": "ansi_cyan"},
        {"border": "ansi_white", "scrollbar": "ansi_white", "scrollbar-hover": "ansi_white",
         "scrollbar-active": "ansi_bright_white"},
    ),
    _ansi(
        ANSI_LIGHT,
        {"secondary": "ansi_blue", "warning": "ansi_magenta", "success": "ansi_default"},
        {"scrollbar": "ansi_black", "scrollbar-hover": "ansi_black", "scrollbar-active": "ansi_black",
         "scrollbar-background": "ansi_default", "scrollbar-background-hover": "ansi_default",
         "scrollbar-background-active": "ansi_default"},
    ),
)  # fmt: skip

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
