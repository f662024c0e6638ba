"""What is written of a repaint: nothing that stands already, and never half of a wide character."""

import io
import re

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from lambdatui.app.changed_cells import ChangedCells, TerminalCells

RED, PLAIN = Style(color="red"), Style()
WIDTH = 12
signs = st.sampled_from("ab 1λ名e\u0301")
looks = st.sampled_from([RED, PLAIN, Style(bgcolor="blue"), Style(color="red", reverse=True), Style(bold=True)])


@st.composite
def lines(draw: st.DrawFn) -> Strip:
    """A line of exactly ``WIDTH`` cells."""
    found = Strip([Segment(draw(signs), draw(looks)) for _ in range(draw(st.integers(0, 16)))])
    return found.adjust_cell_length(WIDTH, PLAIN)


def painted(strips: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDTH, len(strips)))


def looks_of(strip: Strip) -> list[tuple[str, Style | None]]:
    """Each sign as it is seen: a space shows its ground alone, unless it is reversed or has a line."""
    return [
        (sign, Style(bgcolor=style.bgcolor) if sign == " " and style and not style.reverse else style)
        for sign, style in ((sign, segment.style) for segment in strip for sign in segment.text)
    ]


class Screen:
    """A terminal that obeys ``ChangedCells``."""

    def __init__(self) -> None:
        self.lines: dict[int, Strip] = {}

    def obey(self, update: object) -> int:
        """ChangedCells written."""
        if update is None:
            return 0
        assert isinstance(update, ChangedCells)
        for x, y, strip in update.pieces:
            old = self.lines.get(y, Strip.blank(WIDTH, PLAIN))
            self.lines[y] = Strip.join([old.crop(0, x), strip, old.crop(x + strip.cell_length)])
        return sum(strip.cell_length for _, _, strip in update.pieces)


@given(st.lists(st.lists(lines(), min_size=2, max_size=2), min_size=1, max_size=4))
def test_the_terminal_shows_the_last_picture(pictures: list[list[Strip]]) -> None:
    standing, screen = TerminalCells(), Screen()
    for picture in pictures:
        screen.obey(standing.changed(painted(picture)))
        assert [looks_of(screen.lines[y]) for y in range(2)] == [looks_of(strip) for strip in picture]
        assert standing.changed(painted(picture)) is None


@given(lines(), lines(), st.integers(0, WIDTH), st.integers(0, WIDTH))
def test_a_part_of_a_line_is_put_into_it(old: Strip, new: Strip, one: int, other: int) -> None:
    left, right = sorted((one, other))
    part = new.crop(left, right)
    whole = Strip.join([old.crop(0, left), part, old.crop(right)])
    if left == right or any(cell_len(sign) != 1 for sign in old.text + new.text):
        return  # a cut through a wide character, which Textual makes only between widgets
    standing, screen = TerminalCells(), Screen()
    screen.obey(standing.changed(painted([old])))
    screen.obey(standing.changed(ChopsUpdate([{left: part}], [(0, left, right)], [[right]])))
    assert looks_of(screen.lines[0]) == looks_of(whole)


def test_only_the_changed_cells_of_plain_lines_are_written() -> None:
    standing, screen = TerminalCells(), Screen()
    assert screen.obey(standing.changed(painted([Strip([Segment("abcdefghijkl", PLAIN)])]))) == WIDTH
    assert screen.obey(standing.changed(painted([Strip([Segment("abcdefghijkX", PLAIN)])]))) == 1
    assert screen.obey(standing.changed(painted([Strip([Segment("abcdefghij", PLAIN), Segment("kX", RED)])]))) == 2


def test_cells_that_stand_are_passed_over_where_that_is_shorter() -> None:
    console = Console(force_terminal=True, color_system="truecolor", file=io.StringIO())
    standing = TerminalCells()

    def written(*segments: Segment) -> str:
        update = standing.changed(painted([Strip([*segments])]))
        assert isinstance(update, ChangedCells)
        return update.render_segments(console)

    written(Segment("a" * WIDTH, PLAIN))
    assert written(Segment("baaabaaaaaab", PLAIN)) == "\x1b[1;1Hbaaab\x1b[6Cb"
    assert written(Segment("█aaa█aaaaaa█", PLAIN)) == "\x1b[1;1H█aaa█\x1b[6C█"
    written(Segment("█" * WIDTH, PLAIN))
    assert written(Segment("a█a██a██████", PLAIN)) == "\x1b[1;1Ha█a\x1b[2Ca"
    written(Segment("ab", PLAIN), Segment("cd", RED), Segment("efghijkl", PLAIN))
    assert written(Segment("xb", PLAIN), Segment("cd", RED), Segment("xfghijkl", PLAIN)) == "\x1b[1;1Hx\x1b[3Cx"
    written(Segment("名".ljust(11), PLAIN))
    assert "C" not in written(Segment("名x".ljust(10) + "x", PLAIN)), "terminals do not agree on its width"


def test_parts_of_a_line_that_is_not_known_yet_are_each_written_once() -> None:
    standing, screen = TerminalCells(), Screen()
    chops = {0: Strip([Segment("abcdefghijk", PLAIN)]), 11: Strip([Segment("|", RED)])}
    assert screen.obey(standing.changed(ChopsUpdate([chops], [(0, 0, WIDTH)], [[11, 12]]))) == WIDTH
    assert standing.changed(ChopsUpdate([chops], [(0, 0, WIDTH)], [[11, 12]])) is None


def test_lines_whose_width_terminals_do_not_agree_on_are_written_whole() -> None:
    standing, screen = TerminalCells(), Screen()
    wide = Strip([Segment("名".ljust(11), PLAIN)])
    assert wide.cell_length == cell_len(wide.text) == WIDTH
    screen.obey(standing.changed(painted([wide])))
    other = Strip([Segment("名".ljust(10) + "x", PLAIN)])
    assert screen.obey(standing.changed(painted([other]))) == WIDTH


def test_a_look_is_written_only_where_it_changes() -> None:
    console = Console(force_terminal=True, color_system="truecolor", file=io.StringIO())
    ground = Style(bgcolor="#0d1117", color="#d6deeb")
    bold, red = ground + Style(bold=True), ground + Style(color="#ff0000")
    strip = Strip([Segment("ab", ground), Segment("cd", red), Segment("ef", bold), Segment("gh", PLAIN)])
    again = Strip([Segment("ij", ground)])
    written = ChangedCells([(0, 0, strip), (2, 3, again), (4, 4, again)]).render_segments(console)
    assert written == (
        "\x1b[1;1H\x1b[38;2;214;222;235;48;2;13;17;23mab\x1b[38;2;255;0;0mcd"
        "\x1b[1;38;2;214;222;235mef\x1b[0mgh"
        "\x1b[4;3H\x1b[38;2;214;222;235;48;2;13;17;23mij\x1b[5;5Hij\x1b[0m"
    )
    plain = Console(force_terminal=True, color_system=None, file=io.StringIO())
    assert ChangedCells([(0, 0, strip)]).render_segments(plain) == "\x1b[1;1Habcdefgh"


def test_spaces_change_no_foreground_and_keep_their_ground() -> None:
    console = Console(force_terminal=True, color_system="truecolor", file=io.StringIO())
    ground, other = Style(bgcolor="#000000"), Style(bgcolor="#111111")
    red, bold = ground + Style(color="#ff0000"), ground + Style(bold=True)
    strip = Strip(
        [Segment("a", red), Segment("  ", bold), Segment(" ", ground), Segment("b", red), Segment(" ", other)]
    )
    written = ChangedCells([(0, 0, strip)]).render_segments(console)
    assert written == "\x1b[1;1H\x1b[38;2;255;0;0;48;2;0;0;0ma   b\x1b[48;2;17;17;17m \x1b[0m"
    lined = Strip([Segment("a", red), Segment(" ", red + Style(underline=True))])
    assert "\x1b[4m " in ChangedCells([(0, 0, lined)]).render_segments(console)


STYLES = st.builds(
    Style, color=st.sampled_from([None, "red", "#d6deeb"]), bgcolor=st.sampled_from([None, "#0d1117", "blue"]),
    bold=st.booleans(), dim=st.booleans(), italic=st.booleans(), underline=st.booleans(), reverse=st.booleans(),
    blink=st.booleans(),
)  # fmt: skip


def obeyed(written: str) -> list[tuple[str, frozenset[str], str, str]]:
    """Each sign with its attributes and colours, as a terminal takes the codes (ECMA-48, "Select graphic rendition")."""
    attributes: set[str] = set()
    colours = {"3": "", "4": ""}
    off = {"22": "12", "23": "3", "24": "4", "25": "5", "27": "7"}
    cells = []
    for codes, sign in re.findall(r"\x1b\[([\d;]*)m|([^\x1b])", re.sub(r"\x1b\[\d+;\d+H", "", written)):
        parts = codes.split(";") if codes else []
        while parts:
            code = parts.pop(0)
            if code == "0":
                attributes, colours = set(), {"3": "", "4": ""}
            elif code in off:
                attributes -= set(off[code])
            elif code in ("38", "48"):
                colours[code[0]] = ";".join([parts.pop(0) for _ in range(4)])
            elif code in ("39", "49"):
                colours[code[0]] = ""
            elif len(code) == 2:
                colours[code[0]] = code
            else:
                attributes.add(code)
        if sign:
            cells.append((sign, frozenset(attributes), colours["3"], colours["4"]))
    return cells


@given(st.lists(STYLES, min_size=1, max_size=8))
def test_any_look_follows_any_other(styles: list[Style]) -> None:
    console = Console(force_terminal=True, color_system="truecolor", file=io.StringIO())
    written = ChangedCells([(0, 0, Strip([Segment("x", style) for style in styles]))]).render_segments(console)
    alone = [ChangedCells([(0, 0, Strip([Segment("x", style)]))]).render_segments(console) for style in styles]
    assert obeyed(written) == [cell for one in alone for cell in obeyed(one)]
    assert len(written) <= sum(map(len, alone))


@given(st.lists(st.tuples(st.sampled_from("x "), STYLES), min_size=1, max_size=8))
def test_of_a_space_nothing_but_what_is_seen_is_written(pieces: list[tuple[str, Style]]) -> None:
    console = Console(force_terminal=True, color_system="truecolor", file=io.StringIO())
    written = ChangedCells([(0, 0, Strip([Segment(*piece) for piece in pieces]))]).render_segments(console)
    for (sign, style), (_, attributes, colour, ground) in zip(pieces, obeyed(written), strict=True):
        alone = ChangedCells([(0, 0, Strip([Segment("x", style)]))]).render_segments(console)
        ((_, wanted, own_colour, own_ground),) = obeyed(alone)
        assert ground == own_ground
        seen = frozenset("457")
        assert attributes & seen == wanted & seen
        assert sign == " " or (attributes, colour) == (wanted, own_colour)
        if wanted & seen:
            assert colour == own_colour


def test_after_a_resize_everything_is_written() -> None:
    standing, screen = TerminalCells(), Screen()
    line = Strip([Segment("abcdefghijkl", PLAIN)])
    screen.obey(standing.changed(painted([line])))
    standing.forget()
    assert screen.obey(standing.changed(painted([line]))) == WIDTH
