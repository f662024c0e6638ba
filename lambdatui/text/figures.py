"""Figures, money and times made readable, for terminals and files.

``None`` is unknown and reads ``-``; nothing here turns it into a zero. Nothing is imported before it is needed: the
first frame is written with it.
"""

from collectors.model.units import DAY_S, HOUR_MS, HOUR_S, KIB_BYTES, MINUTE_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

UNKNOWN = "-"
_ENDLESS = float("inf")


def decimal_text(amount: "Decimal") -> str:
    """A decimal without exponent and without trailing zeros: ``0.0000002``, ``12.5``, ``0``."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def count(value: float | None) -> str:
    """``999``, ``12,345``, ``1.2M``."""
    if value is None:
        return UNKNOWN
    if abs(value) < 100_000:
        return f"{round(value):,}"
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        # 999,950 would be rounded to 1000.0k: the next unit up says it shorter.
        if abs(value) >= size * 0.99995:
            return f"{value / size:.1f}{unit}" if abs(value) < size * 99.95 else f"{value / size:.0f}{unit}"
    return f"{value:.0f}"


def milliseconds(value: float | None) -> str:
    """``0.84ms``, ``12ms``, ``1.24s``, ``3m 05s``, ``2h 10m``, ``5d 03h``, ``1,200d``."""
    if value is None:
        return UNKNOWN
    if value < 0:
        return f"-{milliseconds(-value)}"
    if value < 9.995:
        return f"{value:.2f}ms"
    if value < 999.5:
        return f"{value:.0f}ms"
    if value < 59_995:
        return f"{value / 1000:.2f}s"
    seconds = round(value / 1000)
    if seconds < HOUR_S:
        return f"{seconds // 60}m {seconds % 60:02d}s"
    minutes = round(value / MINUTE_MS)
    if minutes < 1440:
        return f"{minutes // 60}h {minutes % 60:02d}m"
    hours = round(value / HOUR_MS)
    return f"{hours // 24}d {hours % 24:02d}h" if hours < 2400 else f"{count(hours / 24)}d"


def megabytes(value: float | None) -> str:
    """Memory and /tmp as AWS's own fields take them, in MB whatever the size: ``128 MB``, ``10240 MB``."""
    return UNKNOWN if value is None else f"{value:.0f} MB"


def seconds(value: float | None) -> str:
    """A setting or a span in seconds: ``3s``, ``900s``, ``0.5s``."""
    return UNKNOWN if value is None else f"{value:g}s"


def size(value: float | None) -> str:
    """Bytes in binary units: ``812 B``, ``3.1 MB``; a MB is 1,048,576 bytes."""
    if value is None:
        return UNKNOWN
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 1023.95:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= KIB_BYTES
    return f"{value:.1f} TB"


def ratio(value: float | None) -> str:
    """A share of 1 in per cent: ``0%``, ``<0.1%``, ``2.5%``, ``99.9%`` (never 100% for less)."""
    if value is None:
        return UNKNOWN
    if value in (0, 1):
        return f"{value:.0%}"
    if 0 < value < 0.001:
        return "<0.1%"
    return "99.9%" if 0.999 < value < 1 else f"{value:.1%}"


def change(value: "Decimal | float | None") -> str:
    """A relative change in per cent, from a part of 1: ``+12.5%``, ``-3.0%``."""
    return UNKNOWN if value is None else f"{value:+,.1%}"


def growth(value: float) -> str:
    """What was added, from a part of what it was, in at most 7 cells: ``+12.5%``, ``+450%``, ``x12``, ``-100%``."""
    if abs(value) < 0.0005:
        return "0%"
    if value >= 9.995:
        return f"x{count(1 + value)}"
    return f"{value:+.1%}" if abs(value) < 0.9995 else f"{value:+.0%}"


def sparkline(
    values: "Sequence[float | None]",
    *,
    ascii: bool = False,
    unfinished: bool = False,
    partial: int | None = None,
    most: float | None = None,
) -> str:
    """One sign a value, as high as the value is beside the highest; nothing at all is a space, unknown a dot or ``?``.

    ``unfinished`` draws the last one in other signs, for it will grow: in dots, ``~`` where they cannot be had; and so
    is the one at the index ``partial`` drawn, of which not all was collected. ``most`` is the value at the top of the
    scale, where several are compared.
    """
    signs, unknown, growing = (".:-=+*#", "?", "~") if ascii else ("▁▂▃▄▅▆▇█", "·", "⡀⣀⣄⣤⣦⣶⣷⣿")
    known = [value for value in values if value is not None and 0 < value < _ENDLESS]
    highest = max(known, default=0) if most is None else most
    last = len(values) - 1

    def sign(place: int, value: float | None) -> str:
        if value is None or not -_ENDLESS < value < _ENDLESS:  # nor what is no number
            return unknown
        height = min(1.0, max(0.0, value / highest)) if highest > 0 else 0.0
        if (unfinished and place == last) or place == partial:
            least = 1 if value > 0 and len(growing) > 1 else 0  # so that a little is not drawn as a zero is
            return growing[max(least, round((len(growing) - 1) * height))]
        return " " if value <= 0 else signs[round((len(signs) - 1) * height)]

    return "".join([sign(place, value) for place, value in enumerate(values)])


def bar(share: float, width: int, *, ascii: bool = False) -> str:
    """A gauge of ``width`` cells; more than all of it is full, anything at all is seen."""
    filled = min(width, max(1 if share > 0 else 0, int(share * width)))
    return ("#" if ascii else "█") * filled + ("." if ascii else "░") * (width - filled)


def money(amount: "Decimal | None", currency: str = "USD", *, width: int | None = None) -> str:
    """``$1,234.56``; below a cent four significant digits, ``$0.0003213``; ``12.30 CNY``; unknown is ``-``.

    In fewer than its cells, ``width``, an amount loses digits but never its size: ``$12,346``, ``$12.3k``, ``$1.2M``,
    ``$0.0003``, ``<$0.01``. What is shown is within half a unit of its last digit, or a bound that says so.
    """
    if amount is None:
        return UNKNOWN
    sign = "-" if amount < 0 else ""
    before, after = ("$", "") if currency == "USD" else ("", f" {currency}")
    text = UNKNOWN
    for figure in _money_figures(abs(amount)):
        bound, figure = ("<", figure[1:]) if figure[0] == "<" else ("", figure)
        # Less than nothing, but by less than that.
        bound = ">" if bound and sign else bound
        text = f"{bound}{sign}{before}{figure}{after}"
        if width is None or len(text) <= width:
            break
    return text


def _money_figures(amount: "Decimal") -> "Iterator[str]":
    """An amount from 0 up in ever fewer digits."""
    from decimal import ROUND_HALF_UP, Decimal

    if amount == 0:
        yield "0.00"
        yield "0"
        return
    cents = amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    first = amount.adjusted()
    if first < -2:
        significant = amount.quantize(Decimal(1).scaleb(first - 3), ROUND_HALF_UP)
        if significant < Decimal("0.01"):
            yield from _cent_parts(amount, first)
            return
    yield f"{cents:,f}"
    if cents < 1:
        yield "<1"
        return
    yield f"{amount.quantize(Decimal(1), ROUND_HALF_UP):,f}"
    for power, unit in ((3, "k"), (6, "M"), (9, "B"), (12, "T")):
        for places in (2, 1, 0):
            short = amount.scaleb(-power).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
            if short >= 1 and (short < 1000 or power == 12):
                yield f"{short:f}{unit}"


def _cent_parts(amount: "Decimal", first: int) -> "Iterator[str]":
    """Less than a cent: four significant digits, then fewer, then a bound. ``first`` is the first digit's exponent."""
    from decimal import ROUND_HALF_UP, Context, Decimal

    if first >= -12:
        for digits in (4, 3, 2, 1):
            rounded = Context(digits, ROUND_HALF_UP).plus(amount)  # 0.00099996 becomes 0.001000
            yield f"{rounded.quantize(Decimal(1).scaleb(rounded.adjusted() - digits + 1)):f}"
    for places in range(min(12, -first - 1), 1, -1):
        yield f"<{Decimal(1).scaleb(-places):f}"


def money_apart(amount: "Decimal", other: "Decimal", currency: str = "USD") -> tuple[str, str]:
    """Two amounts that must read differently: as ``money`` shows them, or with more digits: ``$2.7301``."""
    texts = money(amount, currency), money(other, currency)
    if amount == other or texts[0] != texts[1]:
        return texts
    from decimal import ROUND_HALF_UP, Decimal

    for places in range(3, 13):
        step = Decimal(1).scaleb(-places)
        first, second = (each.quantize(step, ROUND_HALF_UP) for each in (amount, other))
        if first != second:
            before, after = ("$", "") if currency == "USD" else ("", f" {currency}")
            return f"{before}{first:,f}{after}", f"{before}{second:,f}{after}"
    return rate(amount, currency), rate(other, currency)


def rate(amount: "Decimal | None", currency: str = "USD") -> str:
    """All digits of a price or of an amount on its way to a sum: ``$0.0000166667``, ``0.00011 CNY``."""
    if amount is None:
        return UNKNOWN
    sign = "-" if amount < 0 else ""
    return f"{sign}${decimal_text(abs(amount))}" if currency == "USD" else f"{decimal_text(amount)} {currency}"


def quantity(value: "Decimal | float | None", *, width: int | None = None) -> str:
    """``2,520,000``; parts of a unit with up to four decimals, below one with four significant digits: ``0.04167``.

    Where that is wider than ``width``, decimals go first, then it is a ``count``, or below one a bound: ``<0.001``.
    """
    if value is None:
        return UNKNOWN
    from decimal import ROUND_HALF_UP, Context, Decimal

    units = value if isinstance(value, Decimal) else Decimal(repr(value))
    small = units != 0 and abs(units) < 1
    text = "0"
    for places in range(3 - units.adjusted() if small else 4, -1, -1):
        rounded = units.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, Context(prec=60))
        text = exact(rounded) if rounded or not units else f"{'>-' if units < 0 else '<'}{Decimal(1).scaleb(-places):f}"
        if width is None or len(text) <= width:
            return text
    return text if small else count(float(units))


def exact(value: "Decimal") -> str:
    """All digits, with thousands separators: ``1,234.5678901``."""
    whole, _, part = f"{value:,f}".partition(".")
    return f"{whole}.{part.rstrip('0')}" if part.strip("0") else whole


def plural(number: float, noun: str) -> str:
    """The noun for a count: ``file`` for 1, else ``files``; ``matches``, ``queries``, ``kinds of error``."""
    if number == 1:
        return noun
    head, of, tail = noun.partition(" of ")
    if of:
        return f"{plural(number, head)}{of}{tail}"
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun[-1:] == "y" and noun[-2:-1] not in "aeiou" else f"{noun}s"


def counted(number: int, noun: str) -> str:
    """A count with its noun, which is passed in the singular: ``1 file``, ``2,000 files``, ``0 matches``."""
    return f"{number:,} {plural(number, noun)}"


def tally(figures: "Mapping[str, int]") -> str:
    """``1 file, 35 events, 2 rejected``: counts by their names in ``--json``, which are plurals or participles."""
    words = {name: name.replace("_", " ") for name in figures}
    return ", ".join(
        f"{number:,} {_singular(words[name]) if number == 1 else words[name]}" for name, number in figures.items()
    )


def _singular(noun: str) -> str:
    """The noun of which ``plural`` makes this one; a word that is no plural as it is."""
    candidates = (f"{noun.removesuffix('ies')}y", noun.removesuffix("es"), noun.removesuffix("s"))
    return next((word for word in candidates if word != noun and plural(2, word) == noun), noun)


def age(ms: float | None) -> str:
    """How long ago: ``12 s ago``, ``5 min ago``, ``3 h ago``, ``2 d ago``; ``just now`` within a second."""
    if ms is None:
        return UNKNOWN
    seconds = ms / 1000
    if seconds < 0:
        return f"{age(-ms).removesuffix(' ago')} ahead" if seconds < -1 else "just now"
    if seconds < 1:
        return "just now"
    for length, unit in ((DAY_S, "d"), (HOUR_S, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def instant(at_ms: int | None, *, utc: bool = True, millis: bool = False) -> str:
    """``2025-03-31 10:22:05``, in UTC or in the machine's zone."""
    if at_ms is None:
        return UNKNOWN
    import time

    moment = time.gmtime(at_ms // 1000) if utc else time.localtime(at_ms // 1000)
    text = time.strftime("%Y-%m-%d %H:%M:%S", moment)
    return f"{text}.{at_ms % 1000:03d}" if millis else text


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_text(at_ms: int, *, utc: bool = True) -> str:
    """``5 Jun``: the day, where its year is told elsewhere; never ``06-05``, which reads as another in other places."""
    import time

    moment = time.gmtime(at_ms // 1000) if utc else time.localtime(at_ms // 1000)
    return f"{moment.tm_mday} {_MONTHS[moment.tm_mon - 1]}"


def short_moment_text(at_ms: int, *, utc: bool = True, seconds: bool = False) -> str:
    """``5 Jun 10:22``, or with ``seconds`` ``5 Jun 10:22:05``."""
    return f"{day_text(at_ms, utc=utc)} {instant(at_ms, utc=utc)[11 : 19 if seconds else 16]}"


def iso(at_ms: int | None) -> str | None:
    """``2025-03-31T10:22:05.123Z``; whole seconds carry no fraction."""
    if at_ms is None:
        return None
    import time

    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_ms // 1000))
    return f"{text}.{at_ms % 1000:03d}Z" if at_ms % 1000 else f"{text}Z"


def zone_name(at_ms: int, *, utc: bool) -> str:
    """What the zone of ``instant`` is called at that time: ``UTC``, ``CET``; without a name of its own ``UTC+03``.

    A machine whose TZ names no zone counts in UTC, whatever that variable holds.
    """
    if utc:
        return "UTC"
    import time

    moment = time.localtime(at_ms // 1000)
    name, offset_min = moment.tm_zone or "", (moment.tm_gmtoff or 0) // 60
    if not offset_min:
        return name if name in ("GMT", "WET") else "UTC"
    if name.isalpha():
        return name
    hours, minutes = divmod(abs(offset_min), 60)
    return f"UTC{'-' if offset_min < 0 else '+'}{hours:02d}{f':{minutes:02d}' if minutes else ''}"


def zone_names(from_ms: int, to_ms: int, *, utc: bool) -> str:
    """The zone's name over a span of time: ``CET``, or ``CEST/CET`` where clocks were set back within it."""
    quarter_ms = 91 * DAY_S * 1000
    asked = (*range(from_ms, to_ms, quarter_ms), max(from_ms, to_ms - 1))
    return "/".join(dict.fromkeys(zone_name(at_ms, utc=utc) for at_ms in asked[-5:]))


def moment_text(at_ms: int, *, utc: bool = True) -> str:
    """``2025-03-31 10:22 UTC``: to the minute, with the name of its zone."""
    return f"{instant(at_ms, utc=utc)[:16]} {zone_name(at_ms, utc=utc)}"
