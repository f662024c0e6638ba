"""Your terms, as options and as ``[pricing]`` of the configuration: discount, private rates, Savings Plan, credits.

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

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lambdatui.cli.price_book import price_book
from lambdatui.cli.quantities import MONEY, PER_CENT
from lambdatui.settings import config_file
from pricing.pricebook import ARCHITECTURES, UnknownRegion

if TYPE_CHECKING:
    from pricing.own_price import OwnTerms, PrivateRate

_Command = TypeVar("_Command", bound=Callable[..., Any])
_KEYS = ("discount", "savings_plan", "credits", "rates")


def own_price_options(command: _Command) -> _Command:
    """``--discount`` and the like; the command receives them under these names, None or () where not given."""
    for option in reversed((
        click.option("--discount", type=PER_CENT, metavar="PCT", help="Your price: list less this, such as 10."),
        click.option("--private-rate", "private_rates", multiple=True, metavar="WHAT[@REGION]=RATE",
                     help="... a private rate, such as duration.arm64@eu-west-1=0.000012."),
        click.option("--commitment", type=MONEY, metavar="USD", help="... a Savings Plan, USD an hour, used or not."),
        click.option("--credits", type=MONEY, metavar="USD", help="... credits that are left."),
    )):  # fmt: skip
        command = option(command)
    return command


def terms(
    given: Mapping[str, Any],
    *,
    discount: Decimal | None,
    private_rates: tuple[str, ...],
    commitment: Decimal | None,
    credits: Decimal | None,
) -> "OwnTerms":
    """The configuration's ``[pricing]`` with the options over it. Raises ``ConfigError``, ``click.UsageError``."""
    found = configured(given)
    own = [_option_rate(text) for text in private_rates]
    replaced = {(one.dimension, one.region, one.arch) for one in own}
    rates = (*(one for one in found.rates if (one.dimension, one.region, one.arch) not in replaced), *own)
    return replace(
        found,
        discount=found.discount if discount is None else discount,
        commitment=found.commitment if commitment is None else commitment,
        credits=found.credits if credits is None else credits,
        rates=rates,
    )


def configured(table: Mapping[str, Any]) -> "OwnTerms":
    """The terms of a ``[pricing]`` table. Raises ``ConfigError`` that names the key."""
    from pricing.own_price import OwnTerms

    for key in table:
        if key.replace("-", "_") not in _KEYS:
            raise config_file.ConfigError(f"pricing: {key!r} is no setting; there are {', '.join(_KEYS)}")
    named = {key.replace("-", "_"): value for key, value in table.items()}
    rates = named.get("rates", {})
    if not isinstance(rates, Mapping):
        raise config_file.ConfigError("pricing.rates must be a table of dimension = rate")
    per_cent = _amount("discount", named.get("discount", 0))
    if per_cent > 100:
        raise config_file.ConfigError(f"pricing.discount is per cent, 0 to 100, not {per_cent:f}")
    return OwnTerms(
        per_cent / 100,
        tuple(_rates(rates)),
        _amount("savings_plan", named.get("savings_plan", 0)),
        _amount("credits", named.get("credits", 0)),
    )


def _rates(table: Mapping[str, Any], region: str = "") -> "Iterator[PrivateRate]":
    from pricing.own_price import RATED

    where = f"rates.{region}" if region else "rates"
    for key, value in table.items():
        name = key.replace("-", "_")
        if name.partition(".")[0] in RATED:
            for arch, rate in value.items() if isinstance(value, Mapping) else (("", value),):
                dotted = f"{name}.{arch}" if arch else name
                try:
                    yield _rate(dotted, region, _amount(f"{where}.{dotted}", rate))
                except ValueError as error:
                    raise config_file.ConfigError(f"pricing.{where}: {error}") from None
        elif isinstance(value, Mapping) and not region:
            try:
                yield from _rates(value, price_book().region(key).code)
            except UnknownRegion as error:
                raise config_file.ConfigError(f"pricing.rates: {error}") from None
        else:
            raise config_file.ConfigError(f"pricing.{where}: {_unknown(key)}")


def _option_rate(text: str) -> "PrivateRate":
    what, equals, amount = text.partition("=")
    dotted, _, region = what.strip().partition("@")
    try:
        if not equals:
            raise ValueError("write it like requests@eu-west-1=0.00000018")
        if region and region not in price_book():
            price_book().region(region)
        return _rate(dotted.strip().replace("-", "_"), region, _amount(dotted, amount.strip()))
    except (ValueError, UnknownRegion) as error:
        said = str(error).removeprefix("pricing.")
        raise click.UsageError(f"--private-rate: {text!r}: {said}") from None


def _rate(dotted: str, region: str, amount: Decimal) -> "PrivateRate":
    """Raises ``ValueError``."""
    from pricing.own_price import BY_ARCH, RATED, PrivateRate

    name, _, arch = dotted.partition(".")
    if name not in RATED:
        raise ValueError(_unknown(name))
    if arch and arch not in ARCHITECTURES:
        raise ValueError(f"no architecture {arch!r}; there are {' and '.join(ARCHITECTURES)}")
    if arch and name not in BY_ARCH:
        raise ValueError(f"{name} costs the same on both architectures; leave out .{arch}")
    return PrivateRate(name, amount, region, arch)


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    from pricing.own_price import RATED

    near = get_close_matches(name, RATED, n=1, cutoff=0.5)
    return f"no dimension {name!r}; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(RATED)}")


def _amount(key: str, value: object) -> Decimal:
    """A figure as it was written: ``0.1`` is a tenth, whatever binary fraction a TOML reader makes of it."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise InvalidOperation
        found = Decimal(str(value).strip().removeprefix("$").removesuffix("%"))
    except InvalidOperation:
        raise config_file.ConfigError(f"pricing.{key} must be a number, not {value!r}") from None
    if not found.is_finite() or found < 0:
        raise config_file.ConfigError(f"pricing.{key} must be a number of 0 or more, not {value!r}")
    return found
