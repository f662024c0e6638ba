"""How well colours can be told apart, as the W3C measures it (WCAG 2.2, success criteria 1.4.3 and 1.4.11)."""

from collections.abc import Iterator

from textual.color import Color, ColorParseError
from textual.theme import Theme

TEXT, LINES = 4.5, 3.0
"""The least ratio of text to its ground, and of borders and charts to theirs."""

_TEXTS = ("foreground", "quiet", "primary", "secondary", "warning", "error", "success")
_GROUNDS = ("background", "panel", "block-cursor-background")


def ratio(one: Color, other: Color) -> float:
    """From 1, the same, to 21, black on white."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def shortfalls(theme: Theme) -> list[str]:
    """The pairs of a theme's colours that cannot be told apart well: ``quiet on panel 3.1:1, of 4.5``.

    The terminal's own colours are whatever it paints them, and are not judged.
    """
    return list(_shortfalls(theme))


def _shortfalls(theme: Theme) -> Iterator[str]:
    for name, ground_name, least in (
        *((name, ground, TEXT) for ground in _GROUNDS for name in _TEXTS),
        ("block-cursor-foreground", "block-cursor-background", TEXT),
        *(("border", ground, LINES) for ground in _GROUNDS[:2]),
    ):
        colour, ground = _colour(theme, name), _colour(theme, ground_name)
        if colour is not None and ground is not None and (has := ratio(colour, ground)) < least:
            yield f"{name} on {ground_name} {has:.1f}:1, of {least:g}"


def _colour(theme: Theme, name: str) -> Color | None:
    text = theme.variables.get(name) or getattr(theme, name, None)
    try:
        colour = Color.parse(text) if text else None
    except ColorParseError:
        return None
    return None if colour is None or colour.ansi is not None else colour


def _luminance(colour: Color) -> float:
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized)
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
