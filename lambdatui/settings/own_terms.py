"""What you pay where it is not list price: ``[pricing]`` of the configuration as discount, private rates, Savings Plan
and credits.

::

    [pricing]
    discount = 10              # per cent off list price
    savings_plan = 1.5         # USD an hour that are committed
    credits = 200              # USD that are left
    [pricing.rates]            # private rates, of every region
    requests = "0.00000018"
    duration.arm64 = "0.000012"
    [pricing.rates.eu-west-1]  # of one region
    duration = "0.000015"
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from lambdatui.settings.config_file import ConfigError
from lambdatui.settings.price_book import current
from pricing.own_price import BY_ARCH, RATED, OwnTerms, PrivateRate
from pricing.pricebook import ARCHITECTURES, UnknownRegion

_KEYS = ("discount", "savings_plan", "credits", "rates")


def configured(table: Mapping[str, Any]) -> OwnTerms:
    """The terms of a ``[pricing]`` table. Raises ``ConfigError`` that names the key."""
    for key in table:
        if key.replace("-", "_") not in _KEYS:
            raise ConfigError(f"pricing: {key!r} is no setting; there are {', '.join(_KEYS)}")
    settings = {key.replace("-", "_"): value for key, value in table.items()}
    rates = settings.get("rates", {})
    if not isinstance(rates, Mapping):
        raise ConfigError("pricing.rates must be a table of dimension = rate")
    per_cent = _amount("discount", settings.get("discount", 0))
    if per_cent > 100:
        raise ConfigError(f"pricing.discount is per cent, 0 to 100, not {per_cent:f}")
    return OwnTerms(
        per_cent / 100,
        tuple(_rates(rates)),
        _amount("savings_plan", settings.get("savings_plan", 0)),
        _amount("credits", settings.get("credits", 0)),
    )


def private_rate(text: str) -> PrivateRate:
    """The rate that ``requests@eu-west-1=0.00000018`` says. Raises ``ConfigError`` that says what is wrong with it."""
    what, equals, amount = text.partition("=")
    dotted, _, region = what.strip().partition("@")
    try:
        if not equals:
            raise ConfigError("write it like requests@eu-west-1=0.00000018")
        if region and region not in current():
            current().region(region)
        return _rate(dotted.strip().replace("-", "_"), region, _amount(dotted, amount.strip()))
    except (ConfigError, UnknownRegion) as error:
        raise ConfigError(str(error).removeprefix("pricing.")) from None


def _rates(table: Mapping[str, Any], region: str = "") -> Iterator[PrivateRate]:
    """Of a table of rates by dimension or, where ``region`` is empty, of such tables by region."""
    where = f"rates.{region}" if region else "rates"
    for key, value in table.items():
        name = key.replace("-", "_")
        if name.partition(".")[0] in RATED:
            for arch, rate in value.items() if isinstance(value, Mapping) else (("", value),):
                dotted = f"{name}.{arch}" if arch else name
                amount = _amount(f"{where}.{dotted}", rate)
                try:
                    yield _rate(dotted, region, amount)
                except ConfigError as error:
                    raise ConfigError(f"pricing.{where}: {error}") from None
        elif isinstance(value, Mapping) and not region:
            try:
                yield from _rates(value, current().region(key).code)
            except UnknownRegion as error:
                raise ConfigError(f"pricing.rates: {error}") from None
        else:
            raise ConfigError(f"pricing.{where}: {_unknown(key)}")


def _rate(dotted: str, region: str, amount: Decimal) -> PrivateRate:
    """A rate in USD for one unit of ``dimension`` or ``dimension.architecture``. Raises ``ConfigError``."""
    name, _, arch = dotted.partition(".")
    if name not in RATED:
        raise ConfigError(_unknown(name))
    if arch and arch not in ARCHITECTURES:
        raise ConfigError(f"no architecture {arch!r}; there are {' and '.join(ARCHITECTURES)}")
    if arch and name not in BY_ARCH:
        raise ConfigError(f"{name} costs the same on both architectures; leave out .{arch}")
    return PrivateRate(name, amount, region, arch)


def _unknown(name: str) -> str:
    near = get_close_matches(name, RATED, n=1, cutoff=0.5)
    return f"no dimension {name!r}; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(RATED)}")


def _amount(key: str, value: object) -> Decimal:
    """A number of 0 or more as it was written: ``0.1`` is exactly a tenth, not the nearest binary fraction.

    Raises ``ConfigError``.
    """
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise InvalidOperation
        amount = Decimal(str(value).strip().removeprefix("$").removesuffix("%"))
    except InvalidOperation:
        raise ConfigError(f"pricing.{key} must be a number, not {value!r}") from None
    if not amount.is_finite() or amount < 0:
        raise ConfigError(f"pricing.{key} must be a number of 0 or more, not {value!r}")
    return amount
