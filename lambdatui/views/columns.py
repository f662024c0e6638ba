"""How a row's fields are shown: each row type declares the column of a field in the field's annotation.

    p95_ms: Annotated[float | None, Column("p95", Kind.MS, 8, "95th percentile."), OnScreen(need=3), BRIEF]

All else derives from that one line: ``columns_of`` gives what ``--json``, ``--csv``, text tables, filters, sorting,
``--columns``, completions and the configuration's ``[columns]`` know, in the order of the fields; ``table_columns``
gives what the row's screen lays out.

Rows are immutable; a field's name is its column's id. What a field holds depends on the column's kind: durations are
milliseconds, money ``Decimal`` USD, times integer epoch ms UTC, ratios floats from 0 to 1, changes
``views.change.RelativeChange``. ``None`` is unknown, in every kind. Nothing is imported here: the first frame is laid
out with it.
"""

from collectors.model.errors import ExitCode, LambdatuiError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, TypeVar

    Place = TypeVar("Place", "OnScreen", "InComparison")


class Kind:
    """What a column's values are, and so how they are formatted, sorted, compared and exported."""

    TEXT = "text"
    COUNT = "count"
    RATIO = "ratio"
    MS = "ms"
    MB = "mb"
    SECONDS = "s"
    GB_SECONDS = "gb_s"
    USD = "usd"
    RATE = "rate"
    TIME = "time"
    FLAG = "flag"
    QUANTITY = "quantity"
    TREND = "trend"
    TAGS = "tags"
    FIGURE = "figure"
    CHANGE = "change"
    WRITTEN = "written"
    """Figures of several kinds, each written as its kind is."""


_LEFT = (Kind.TEXT, Kind.TIME, Kind.FLAG, Kind.TREND, Kind.TAGS)


class Column:
    """One column: its title, its ``Kind``, its width in cells, its help, and its id in scripts.

    A declared column has no id of its own: it is its field's name. ``tone`` says what a value means, for its colour
    (``views.tones``). ``brief``: the text table has it unasked. ``need``: that of its ``OnScreen``; None without one.
    ``none`` is what stands for a value that is None, where that is no unknown. ``shortened`` gives words of the column
    in fewer cells than they have.
    """

    __slots__ = ("brief", "help", "id", "kind", "need", "none", "shortened", "title", "tone", "width")

    def __init__(
        self,
        title: str,
        kind: str,
        width: int,
        help: str,
        *,
        id: str = "",
        tone: "str | Callable[[Any], str]" = "",
        brief: bool = False,
        need: int | None = None,
        none: str = "-",
        shortened: "Callable[[str, int], str] | None" = None,
    ) -> None:
        self.title = title
        self.kind = kind
        self.width = width
        self.help = help
        self.id = id
        self.tone = tone
        self.brief = brief
        self.need = need
        self.none = none
        self.shortened = shortened

    def __repr__(self) -> str:
        return f"Column({self.id!r})"

    @property
    def align(self) -> str:
        """``left`` for words, ``right`` for figures."""
        return "left" if self.kind in _LEFT else "right"

    @property
    def label(self) -> str:
        """The name in full, for one value a line: ``error rate``, ``p95``, ``max memory``."""
        return self.id.removesuffix("_ms").removesuffix("_mb").removesuffix("_usd").removesuffix("_s").replace("_", " ")


class OnScreen:
    """That a column is in the table of the row's screen, and how it is laid out there.

    ``need`` 0 is always there; where cells are short, the highest ``need`` goes first. ``width`` 0 is the column's
    own. A column that ``grows`` takes the cells that are left over, up to ``most``. Columns stand in the order of the
    fields, but for one that stands ``after`` another: its id, or "" for the very first place.
    """

    __slots__ = ("after", "grows", "most", "need", "width")

    def __init__(
        self, need: int = 0, width: int = 0, *, grows: bool = False, most: int = 200, after: str | None = None
    ) -> None:
        self.need = need
        self.width = width
        self.grows = grows
        self.most = most
        self.after = after


class InComparison:
    """That a figure is compared, and whether more of it is ``worse``; ``after`` as in ``OnScreen``."""

    __slots__ = ("after", "worse")

    def __init__(self, *, worse: bool = False, after: str | None = None) -> None:
        self.worse = worse
        self.after = after


class TableColumn:
    """A column as a screen's table lays it out; ``OnScreen`` explains the fields.

    One that ``stays`` is there too where columns further right are brought into sight.
    """

    __slots__ = ("column", "grows", "most", "need", "stays", "width")

    def __init__(
        self,
        column: Column,
        need: int = 0,
        width: int = 0,
        grows: bool = False,
        most: int = 200,
        *,
        stays: bool = False,
    ) -> None:
        self.column = column
        self.need = need
        self.width = width or column.width
        self.grows = grows
        self.most = most
        self.stays = stays


BRIEF = "brief"
"""Marks a column that the text table shows unasked; where a row marks none, it shows all."""
EXTRA = "extra"
"""Marks a column that only some views of the row export: ``extra_columns`` names them."""


PICKED = 1
"""The need of a column that was asked for: only the columns that are always there stay longer."""


class UnknownColumn(LambdatuiError, ValueError):
    """No such column; the message names the nearest one, or lists what there is."""

    exit_code = ExitCode.WRONG_USAGE


class _Declared:
    """The columns that a row type's annotations declare, in the order of the fields."""

    __slots__ = ("columns", "compared", "extra", "on_screen")

    def __init__(self, row: type) -> None:
        every: dict[str, Column] = {}
        self.extra: dict[str, Column] = {}
        self.on_screen: dict[str, OnScreen] = {}
        self.compared: dict[str, InComparison] = {}
        for name, facts in _annotated(row):
            column = next((fact for fact in facts if isinstance(fact, Column)), None)
            if column is None:
                continue
            place = next((fact for fact in facts if isinstance(fact, OnScreen)), None)
            every[name] = own = Column(
                column.title,
                column.kind,
                column.width,
                column.help,
                id=name,
                tone=column.tone,
                brief=BRIEF in facts,
                none=column.none,
                shortened=column.shortened,
                need=place.need if place is not None else None,
            )
            if place is not None:
                self.on_screen[name] = place
            if EXTRA in facts:
                self.extra[name] = own
            for fact in facts:
                if isinstance(fact, InComparison):
                    self.compared[name] = fact
        self.columns = every


def _annotated(row: type) -> "Iterator[tuple[str, Sequence[Any]]]":
    """Each field that has facts beside its type, those of base classes first."""
    for base in reversed(row.__mro__):
        for name, annotation in getattr(base, "__annotations__", {}).items():
            facts = getattr(annotation, "__metadata__", None)
            if facts:
                yield name, facts


_declared: "dict[type, _Declared]" = {}


def _declaration(row: type) -> _Declared:
    if row not in _declared:
        _declared[row] = _Declared(row)
    return _declared[row]


def columns_of(row: type) -> tuple[Column, ...]:
    """The columns that every view of a row type exports, in the order of its fields."""
    declared = _declaration(row)
    return tuple(column for name, column in declared.columns.items() if name not in declared.extra)


def extra_columns(row: type, *names: str) -> tuple[Column, ...]:
    """Those of a row type's columns that only some views export."""
    declared = _declaration(row)
    return tuple(declared.extra[name] for name in names)


def columns_by_id(row: type) -> dict[str, Column]:
    """Every column of a row type, extra ones too."""
    return dict(_declaration(row).columns)


def table_columns(row: type) -> tuple[TableColumn, ...]:
    """The columns of the table on the row's screen, in their order there."""
    declared = _declaration(row)
    return tuple(
        TableColumn(declared.columns[name], place.need, place.width, place.grows, place.most)
        for name, place in _in_order(row, declared.on_screen)
    )


def chosen_columns(
    names: "Sequence[str]", every: "Sequence[Column]", own: "Sequence[TableColumn]"
) -> "tuple[TableColumn, ...]":
    """The columns of those names, the most important first, without names that are none; ``own`` where none is left.

    ``every`` are the columns that there are, ``own`` those that the screen lays out by itself.
    """
    known = {column.id: TableColumn(column) for column in every} | {one.column.id: one for one in own}
    wanted = [known[name] for name in names if name in known]
    return tuple(TableColumn(c.column, need, c.width, c.grows, c.most) for need, c in enumerate(wanted)) or tuple(own)


def picked_columns(picked: str, every: "Sequence[Column]", usual: "Sequence[TableColumn]") -> "tuple[TableColumn, ...]":
    """The columns that were picked on the screen: their ids in order, with a ``+`` behind those that stay where cells
    are short. The others go in the order of their need, as without a choice. ``usual`` are the columns without one.
    """
    known = {column.id: TableColumn(column) for column in every} | {one.column.id: one for one in usual}
    names = [(known[name.rstrip("+")], name.endswith("+")) for name in picked.split() if name.rstrip("+") in known]
    by_need = (TableColumn(c.column, PICKED if stays else c.need, c.width, c.grows, c.most) for c, stays in names)
    return tuple(by_need) or tuple(usual)


def compared_columns(row: type) -> tuple[tuple[Column, bool], ...]:
    """The figures that a comparison of two rows shows, in order, each with whether more of it is worse."""
    declared = _declaration(row)
    return tuple((declared.columns[name], place.worse) for name, place in _in_order(row, declared.compared))


def _in_order(row: type, places: "dict[str, Place]") -> "list[tuple[str, Place]]":
    """Places in the order of the fields; one that stands ``after`` another directly follows it.

    Raises ``ValueError``.
    """
    order = [name for name, place in places.items() if place.after is None]
    moved = [name for name in places if name not in order]
    while moved:
        name = next((each for each in moved if not places[each].after or places[each].after in order), None)
        if name is None:
            raise ValueError(f"{row.__name__}: {', '.join(moved)} stand after columns that are not there")
        after = places[name].after
        order.insert(order.index(after) + 1 if after else 0, name)
        moved.remove(name)
    return [(name, places[name]) for name in order]


def column_named(name: str, among: tuple[Column, ...]) -> Column:
    """The column of that id, dashes and case forgiven. Raises ``UnknownColumn``."""
    wanted = name.strip().lower().replace("-", "_")
    by_id = {column.id: column for column in among}
    if name.strip() in by_id:  # a field of log lines, .orderId
        return by_id[name.strip()]
    if wanted in by_id:
        return by_id[wanted]
    by_title = {column.title.lower(): column.id for column in among}
    from difflib import get_close_matches

    near = get_close_matches(wanted, [*by_id, *by_title], n=1, cutoff=0.5)
    hint = f"did you mean {by_title.get(near[0], near[0])}?" if near else f"there are {', '.join(by_id)}"
    raise UnknownColumn(f"no column {name!r}; {hint}")
