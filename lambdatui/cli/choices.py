"""Names that a command line takes: architectures, regions with prices, log classes. The nearest is named for others."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from lambdatui.cli.price_book import price_book
from pricing.pricebook import ARCHITECTURES, UnknownRegion

if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType


def get_close_matches(word: str, among: Iterable[str], n: int = 1, cutoff: float = 0.5) -> list[str]:
    """``difflib.get_close_matches``, imported only when something was misspelt."""
    from difflib import get_close_matches as nearest

    return nearest(word, list(among), n=n, cutoff=cutoff)


_ALIASES = {"amd64": "x86_64", "x64": "x86_64", "x86": "x86_64", "intel": "x86_64", "aarch64": "arm64", "arm": "arm64",
            "graviton": "arm64"}  # fmt: skip


class Arch(ParamType):
    """``x86_64`` or ``arm64``."""

    name = "arch"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The architecture; a usage error names the nearest."""
        text = str(value)
        if text in ARCHITECTURES:
            return text
        near = _ALIASES.get(text.lower().replace("-", "_")) or next(
            iter(get_close_matches(text.lower(), ARCHITECTURES, n=1, cutoff=0.4)), None
        )
        hint = f"did you mean {near}?" if near else "there are x86_64 and arm64"
        raise click.BadParameter(f"unknown architecture {text!r}; {hint}", ctx, param)


class Region(ParamType):
    """A region that the price book has prices for."""

    name = "region"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The region's code; a usage error names the nearest region that has prices."""
        try:
            return price_book().region(str(value)).code
        except UnknownRegion as error:
            raise click.BadParameter(str(error), ctx, param) from error


class LogClass(ParamType):
    """A log class, as dimensions name it."""

    name = "log class"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The log class as dimensions name it; ``ia`` and ``infrequent`` are short for ``infrequent_access``."""
        text = str(value).strip().lower().replace("-", "_").replace(" ", "_")
        text = {"ia": "infrequent_access", "infrequent": "infrequent_access"}.get(text, text)
        if text not in ("standard", "infrequent_access", "delivery"):
            raise click.BadParameter(
                f"unknown log class {value!r}; there are standard, infrequent_access and delivery", ctx, param
            )
        return text


ARCH, REGION, LOG_CLASS = Arch(), Region(), LogClass()
