"""What the terminal can show, and so which colours, which marks and how often.

Imports nothing: the first frame is painted with it before Textual is there.
"""

from collectors.model.errors import LambdatuiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

DARK = "lambdatui-dark"
LIGHT = "lambdatui-light"
ANSI_DARK = "ansi-dark"
ANSI_LIGHT = "ansi-light"

# Terminals that do 256 colours or more without saying so in the usual suffix.
_RICH_TERMS = ("alacritty", "contour", "foot", "konsole", "rio", "wezterm", "xterm-ghostty", "xterm-kitty")


class TerminalRefused(LambdatuiError):
    """This terminal cannot show screens; the text says why and what to do."""


class Marks:
    """The signs that are not letters, each one cell wide."""

    __slots__ = ("ascending", "brand", "dash", "descending", "dot", "more", "path", "times", "trouble")

    def __init__(self, signs: str) -> None:
        self.brand, self.more, self.path, self.dot, *others = signs.split()
        self.ascending, self.descending, self.trouble, self.times, self.dash = others


UNICODE = Marks("λ … › · ▲ ▼ ! × –")
ASCII = Marks("L ~ > - ^ v ! x -")


class Terminal:
    """What is known of the terminal from its environment.

    ``ansi``: paint in the terminal's own 16 colours, over its own background. ``ascii``: no signs beyond ASCII.
    ``remote``: over SSH, where every byte counts. ``still``: nothing blinks, and nothing moves by itself.
    """

    __slots__ = ("ansi", "ascii", "no_color", "remote", "still")

    def __init__(self, *, ansi: bool, ascii: bool, remote: bool, no_color: bool, still: bool = False) -> None:
        self.ansi = ansi
        self.ascii = ascii
        self.remote = remote
        self.no_color = no_color
        self.still = still or remote

    @property
    def marks(self) -> Marks:
        """The signs to draw with: ASCII ones where the terminal shows no others."""
        return ASCII if self.ascii else UNICODE

    @property
    def poll_seconds(self) -> float:
        """How often to look whether the store has changed."""
        return 5.0 if self.remote else 2.0


def terminal(
    environ: "Mapping[str, str]", *, no_color: bool = False, ascii: bool = False, still: bool = False
) -> Terminal:
    """The terminal that ``environ`` describes. Raises ``TerminalRefused`` for one that cannot move its cursor."""
    term = environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        said = f"TERM={term}" if term else "TERM is not set, so the terminal"
        raise TerminalRefused(f"{said} cannot show screens: set TERM to what your terminal is, such as xterm-256color")
    # Any value but the empty one, by the convention of no-color.org.
    colourless = no_color or bool(environ.get("NO_COLOR"))
    remote = bool(environ.get("SSH_CONNECTION"))
    deep = (
        environ.get("COLORTERM") in ("truecolor", "24bit")
        or "256color" in term
        or term.endswith("-direct")
        or term.startswith(_RICH_TERMS)
    )
    return Terminal(
        ansi=colourless or remote or not deep or term == "linux",
        ascii=ascii or term == "linux" or not _speaks_utf8(environ),
        remote=remote,
        no_color=colourless,
        still=still,
    )


def theme_name(of: Terminal, asked: str | None, *, light: bool = False) -> str:
    """The theme to start with: the one asked for, unless the terminal has no colours for it.

    ``light``: the terminal's background is; without a theme that was asked for, the theme is light too.
    """
    if asked is None:
        return (ANSI_LIGHT if light else ANSI_DARK) if of.ansi else LIGHT if light else DARK
    if of.no_color and not asked.startswith("ansi-"):
        return ANSI_LIGHT if "light" in asked else ANSI_DARK
    return asked


def _speaks_utf8(environ: "Mapping[str, str]") -> bool:
    """False only where the locale names another encoding; C and POSIX are taken as UTF-8, as Python does."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    encoding = locale.partition(".")[2].partition("@")[0].lower().replace("-", "")
    return encoding in ("", "utf8")
