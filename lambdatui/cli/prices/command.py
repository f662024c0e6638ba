"""``lambdatui prices``: the price book's rates, what is missing, old or odd in it, and fresh ones."""

import json
from pathlib import Path

import click

from collectors.model import clock
from collectors.model.errors import LambdatuiError
from lambdatui.cli.choices import REGION
from lambdatui.cli.output.terminal_table import echo_table
from lambdatui.cli.price_book import price_book
from lambdatui.text.figures import counted
from lambdatui.text.plain import plain
from lambdatui.text.table import GAP, text_table
from pricing.inspection import OLD_DAYS, findings, old_regions, rates
from pricing.pricebook import PriceBook, RegionPrices


@click.group(name="prices")
def command() -> None:
    """The price book: list prices by region, with their source and date."""


@command.command(epilog="Example: lambdatui prices show --region eu-west-1 --region us-gov-west-1")
@click.option("--region", "regions", type=REGION, multiple=True, metavar="R", help="Only this region (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with every rate of the regions.")
def show(regions: tuple[str, ...], as_json: bool) -> None:
    """The rates of all regions, or of some."""
    book = price_book()
    codes = regions or book.codes
    if as_json:
        rows = [_region_json(book, code) for code in codes]
        click.echo(json.dumps({"prices_as_of": book.as_of, "rows": rows}, ensure_ascii=False, indent=2))
    elif regions:
        click.echo("\n".join(_region_text(book.region(code)) for code in codes), nl=False)
    else:
        echo_table(_region_rows(book))


@command.command(epilog="Example: lambdatui prices check")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def check(as_json: bool) -> None:
    """How old the prices are, which are missing, and which do not look like the other regions'."""
    book = price_book()
    odd_prices = findings(book)
    old = old_regions(book, clock.today().isoformat(), days=OLD_DAYS)
    if as_json:
        rows = [{"kind": finding.kind, "region": finding.region, "what": finding.what} for finding in odd_prices]
        rows += [{"kind": "old", "region": code, "what": f"prices of {book.region(code).as_of}"} for code in old]
        click.echo(json.dumps({"prices_as_of": book.as_of, "rows": rows}, ensure_ascii=False, indent=2))
        return
    lines = [[finding.kind, finding.region, finding.what] for finding in odd_prices]
    lines += [["old", code, f"prices of {book.region(code).as_of}"] for code in old]
    echo_table(lines, cuttable=(2,))
    gaps = sum(finding.kind == "gap" for finding in odd_prices)
    click.echo(
        f"{counted(len(book.codes), 'region')}, oldest prices of {book.as_of}; {counted(gaps, 'gap')}, "
        f"{len(odd_prices) - gaps} odd, {len(old)} older than {OLD_DAYS} days",
        err=True,
    )


@command.command(epilog="Example: lambdatui prices refresh --region eu-central-1 --dry-run")
@click.option("--region", "regions", multiple=True, metavar="R", help="Only this region (repeatable; default: all).")
@click.option("--file", "file", type=click.Path(path_type=Path), metavar="FILE", help="A saved offer file or answer.")
@click.option("--profile", metavar="P", help="Ask the Price List Query API with this AWS profile instead.")
@click.option("--base-url", metavar="URL", help="Where the public offer files are, for mirrors.")
@click.option("--accept-jumps", is_flag=True, help="Also take rates that doubled or halved.")
@click.option("--dry-run", is_flag=True, help="Say what would change; write nothing.")
def refresh(
    regions: tuple[str, ...],
    file: Path | None,
    profile: str | None,
    base_url: str | None,
    accept_jumps: bool,
    dry_run: bool,
) -> None:
    """Fresh list prices, from the public offer files, the Query API (--profile), or a file.

    The new book is written beside the bundled one, whole or not at all; a list that is not believed changes nothing.
    Regions whose list cannot be had are named and keep their prices (exit code 3); the others are taken.
    """
    from collectors.model.errors import ExitCode
    from lambdatui.cli.prices import sources
    from lambdatui.settings.price_book import in_use, refreshed_book, write
    from pricing.price_list import BadPriceList, refreshed_by_region

    used = in_use()
    # A whole book that is named is somebody's own: what is refreshed lies in the data folder and is not in use.
    book = refreshed_book() if used.named else used.base
    if used.named:
        click.echo(
            plain(f"$LAMBDATUI_PRICES names {used.named}, which stays as it is and stays in use; without it,"
                  f" bills use what is refreshed here: {used.path}"), err=True
        )  # fmt: skip
    failed: dict[str, str] = {}
    lists: dict[str, sources.Products] = {}
    if file is not None:
        lists[""] = sources.from_file(file)
    else:
        wanted = dict.fromkeys(regions or book.codes)
        answers = (
            sources.from_query_api(tuple(wanted), profile)
            if profile is not None
            else sources.from_offer(tuple(wanted), base_url)
        )
        for code, answer in answers:
            if isinstance(answer, str):
                failed[code] = answer
            else:
                lists[code] = answer
    if not lists:
        more = f" (and so for {len(failed) - 1} more regions)" if len(failed) > 1 else ""
        raise LambdatuiError(f"{next(iter(failed.values()))}{more}; prices stay as they are")
    today = clock.today().isoformat()
    try:
        refreshed, refused = refreshed_by_region(book.document, lists, today, accept_jumps=accept_jumps)
    except BadPriceList as error:
        raise LambdatuiError(f"{error}; prices stay as they are") from error
    failed |= {code: why for code, why in refused.items() if code}
    for change in refreshed.changes:
        click.echo(change)
    for line in refreshed.ignored:
        click.echo(plain(f"not taken: {line}"), err=True)
    for code, why in failed.items():
        click.echo(plain(f"{code} keeps its prices: {why}"), err=True)
    if not dry_run:
        write(refreshed.document, used.path)
    kept = "nothing is written" if dry_run else f"written to {used.path}"
    click.echo(
        f"{counted(len(refreshed.regions), 'region')} read, {counted(len(refreshed.changes), 'change')}; {kept}",
        err=True,
    )
    click.get_current_context().exit(ExitCode.PARTLY if failed else ExitCode.DONE)


def _region_json(book: PriceBook, code: str) -> dict[str, object]:
    """The region as the book has it, and its currency."""
    prices = book.region(code)
    return {"region": code, "currency": prices.currency, **book.document["regions"][code]}


def _region_text(prices: RegionPrices) -> str:
    rows = [(name, f"{rate:f}") for name, rate in rates(prices).items()]
    for arch, tiers in prices.durations.items():
        rows += [(f"duration {arch} above {tier.above_gb_seconds:,} GB-s", f"{tier.rate:f}") for tier in tiers[1:]]
    rows += [(name.replace(".", " "), f"not priced: {why}") for name, why in prices.not_priced.items()]
    head = f"{prices.code}  {prices.name}, {prices.currency}, as of {prices.as_of} from {', '.join(prices.sources)}\n"
    return head + text_table(rows, indent=GAP)


def _region_rows(book: PriceBook) -> list[list[str]]:
    names = ("requests", "duration x86_64", "duration arm64", "provisioned concurrency x86_64", "ephemeral_storage")
    table = [["Region", "As of", "Currency", "Request", "x86_64 GB-s", "arm64 GB-s", "Provisioned", "Ephemeral"]]
    for code in book.codes:
        prices = book.region(code)
        known = rates(prices)
        shown = [f"{known[name]:f}" if name in known else "not priced" for name in names]
        table.append([code, prices.as_of, prices.currency, *shown])
    return table
