"""``--discount``, ``--private-rate``, ``--commitment`` and ``--credits``: what you pay, over the configuration's."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lambdatui.cli.quantities import MONEY, PER_CENT
from lambdatui.settings.config_file import ConfigError

if TYPE_CHECKING:
    from pricing.own_price import OwnTerms, PrivateRate

_Command = TypeVar("_Command", bound=Callable[..., Any])


def own_price_options(command: _Command) -> _Command:
    """The options; the command receives them under the names that ``own_terms`` takes, None or () where not given."""
    for option in reversed((
        click.option("--discount", type=PER_CENT, metavar="PCT", help="Your price: list less this, such as 10."),
        click.option("--private-rate", "private_rates", multiple=True, metavar="WHAT[@REGION]=RATE",
                     help="... a private rate, such as duration.arm64@eu-west-1=0.000012."),
        click.option("--commitment", type=MONEY, metavar="USD", help="... a Savings Plan, USD an hour, used or not."),
        click.option("--credits", type=MONEY, metavar="USD", help="... credits that are left."),
    )):  # fmt: skip
        command = option(command)
    return command


def own_terms(
    configuration: Mapping[str, Any],
    *,
    discount: Decimal | None,
    private_rates: tuple[str, ...],
    commitment: Decimal | None,
    credits: Decimal | None,
) -> "OwnTerms":
    """The configuration's ``[pricing]`` with the options over it. Raises ``ConfigError``, ``click.UsageError``."""
    from lambdatui.settings.own_terms import configured

    terms = configured(configuration)
    own = [_private_rate(text) for text in private_rates]
    replaced = {(rate.dimension, rate.region, rate.arch) for rate in own}
    rest = (rate for rate in terms.rates if (rate.dimension, rate.region, rate.arch) not in replaced)
    return replace(
        terms,
        discount=terms.discount if discount is None else discount,
        commitment=terms.commitment if commitment is None else commitment,
        credits=terms.credits if credits is None else credits,
        rates=(*rest, *own),
    )


def _private_rate(text: str) -> "PrivateRate":
    from lambdatui.settings.own_terms import private_rate

    try:
        return private_rate(text)
    except ConfigError as error:
        raise click.UsageError(f"--private-rate: {text!r}: {error}") from None
