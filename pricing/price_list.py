"""AWS's price list, put into a price book: products matched by region code and group, never by usage type.

Usage types differ by region and not by a rule (us-east-1 has no prefix, Ireland's is ``EU-``). Free-tier products share
the paid groups at price 0 and have no region; Lambda@Edge stands beside the regional products; the price dimensions
of a tiered product come in any order. What is not understood is reported, never dropped.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from collectors.model.errors import LambdatuiError
from pricing.inspection import findings
from pricing.pricebook import ARCHITECTURES, OTHER_RATES, PriceBook, PriceBookError
from pricing.untrusted import parsed_json

SOURCE = "price-list"
_JUMP = 2  # a list price that doubles or halves between two refreshes is more likely another product's

# Group (without -ARM) to where its rate stands in a region of the book; {arch} is the architecture.
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "AWS-Lambda-Requests": ("requests",),
    "AWS-Lambda-Duration": ("duration", "{arch}"),
    "AWS-Lambda-Storage-Duration": ("ephemeral_storage",),
    "AWS-Lambda-Provisioned-Concurrency": ("provisioned", "{arch}", "configured"),
    "AWS-Lambda-Duration-Provisioned": ("provisioned", "{arch}", "duration"),
    "AWS-Lambda-Processed-Bytes": ("streaming",),
    "AWS-Lambda-SnapStart-Cache": ("snapstart", "cache"),
    "AWS-Lambda-SnapStart-Restore": ("snapstart", "restore"),
    "AWS-Lambda-Tenant-Isolated-Environment-Memory-GB": ("tenant_isolation", "{arch}"),
    "AWS-Lambda-Durable-Execution-Operations": ("durable", "operation"),
    "AWS-Lambda-Durable-Execution-Written-Bytes": ("durable", "written"),
    "AWS-Lambda-Durable-Execution-TimedStorage-ByteHrs": ("durable", "retained"),
    "AWS-Lambda-Event-Poller-Unit-Duration": ("event_pollers", "kafka"),
    "AWS-Lambda-SQS-Event-Poller-Unit-Duration": ("event_pollers", "sqs"),
    "AWS-Lambda-MicroVM-vCPU-Second": ("microvm", "{chip}_vcpu_second"),
    "AWS-Lambda-MicroVM-Memory-GB-Second": ("microvm", "{chip}_memory_gb_second"),
    "AWS-Lambda-MicroVM-Snapshot-Read-GB": ("microvm", "snapshot_read_gb"),
    "AWS-Lambda-MicroVM-Snapshot-Write-GB": ("microvm", "snapshot_write_gb"),
    "AWS-Lambda-MicroVM-Snapshot-Storage-GB-Hour": ("microvm", "snapshot_storage_gb_hour"),
}
_EDGE = {"AWS-Lambda-Edge-Requests": "requests", "AWS-Lambda-Edge-Duration": "duration"}
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


class BadPriceList(LambdatuiError, ValueError):
    """What was read is no price list, or would make a worse book; the message says why."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A new book, what changed in it, and what of the list was not understood or not believed."""

    document: dict[str, Any]
    changes: tuple[str, ...]
    ignored: tuple[str, ...]
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Product:
    group: str
    region: str
    location: str
    rates: tuple[tuple[int, Decimal], ...]
    arch: str


def products_of_offer(offer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The products of a public offer file, in the shape of the Query API's. Raises ``BadPriceList``."""
    products, terms = offer.get("products"), offer.get("terms")
    if not isinstance(products, Mapping) or not isinstance(terms, Mapping):
        raise BadPriceList("no products and terms: this is no offer file of the price list")
    on_demand = terms.get("OnDemand", {})
    for sku, product in products.items():
        yield {"product": product, "terms": {"OnDemand": on_demand.get(sku, {})}}


def products_of_answer(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The products of a GetProducts answer, each of which is a JSON string. Raises ``BadPriceList``."""
    if not isinstance(answer.get("PriceList"), list):
        raise BadPriceList("no PriceList: this is no answer of GetProducts")
    for text in answer["PriceList"]:
        try:
            yield parsed_json(text) if isinstance(text, str) else text
        except ValueError as error:
            raise BadPriceList(f"a product of PriceList is not JSON: {error}") from error


def refreshed(
    base: Mapping[str, Any], products: Iterable[Mapping[str, Any]], as_of: str, *, accept_jumps: bool = False
) -> Refreshed:
    """``base`` (a book's document) with the rates of ``products``, dated ``as_of`` (ISO date).

    Rates that the list does not have stay as they are, with their older date. Raises ``BadPriceList`` where nothing
    usable is in the list, or where the result would be no good book.
    """
    document: dict[str, Any] = copy.deepcopy(dict(base))
    document["sources"] = dict(document["sources"]) | {SOURCE: {"what": "AWS Price List", "as_of": as_of}}
    ignored: dict[str, None] = {}
    changes: list[str] = []
    touched: dict[str, set[str]] = {}
    for product in _products(products, ignored):
        if product.group in _EDGE:
            _put(document, ("edge", _EDGE[product.group]), product.rates[0][1], changes, "Lambda@Edge")
            continue
        path = _GROUPS.get(product.group)
        if path is None:
            ignored[f"{product.region}: unknown group {product.group}"] = None
            continue
        why = _place(document, product, path, changes, accept_jumps)
        if why:
            ignored[why] = None
        else:
            touched.setdefault(product.region, set()).add(path[0])
    _complete(document, ignored)
    regions = tuple(sorted(code for code in touched if code in document["regions"]))
    if not regions:
        raise BadPriceList(f"no regional Lambda price in it; {'; '.join(list(ignored)[:3]) or 'it is empty'}")
    for code in regions:
        _date(document["regions"][code], touched[code], as_of)
    _check(document, base, regions)
    document["collected"] = as_of
    return Refreshed(document, tuple(changes), tuple(ignored), regions)


def refreshed_by_region(
    base: Mapping[str, Any],
    lists: Mapping[str, Sequence[Mapping[str, Any]]],
    as_of: str,
    *,
    accept_jumps: bool = False,
) -> tuple[Refreshed, dict[str, str]]:
    """``refreshed`` with each region's products, one region at a time; and by region why its list was not taken.

    The other regions' lists are taken all the same. Raises ``BadPriceList`` where none could be taken.
    """
    try:
        every = [product for products in lists.values() for product in products]
        refreshed_book = refreshed(base, every, as_of, accept_jumps=accept_jumps)
        refused: dict[str, str] = {}
    except BadPriceList:
        if len(lists) <= 1:
            raise
        refreshed_book, refused = _one_by_one(base, lists, as_of, accept_jumps)
    refused |= {
        code: "no Lambda price of it in its list" for code in lists if code not in {*refreshed_book.regions, *refused}
    }
    return refreshed_book, refused


def _one_by_one(
    base: Mapping[str, Any], lists: Mapping[str, Sequence[Mapping[str, Any]]], as_of: str, accept_jumps: bool
) -> tuple[Refreshed, dict[str, str]]:
    """Takes each list by itself, so that a bad one does not spoil the others."""
    taken: list[Refreshed] = []
    refused: dict[str, str] = {}
    for code, products in lists.items():
        document = taken[-1].document if taken else base
        try:
            taken.append(refreshed(document, products, as_of, accept_jumps=accept_jumps))
        except BadPriceList as error:
            refused[code] = str(error)
    if not taken:
        raise BadPriceList("; ".join(dict.fromkeys(list(refused.values())[:3])))
    changes = dict.fromkeys(change for each in taken for change in each.changes)
    ignored = dict.fromkeys(line for each in taken for line in each.ignored)
    regions = sorted({code for each in taken for code in each.regions})
    return Refreshed(taken[-1].document, tuple(changes), tuple(ignored), tuple(regions)), refused


def _products(products: Iterable[Mapping[str, Any]], ignored: dict[str, None]) -> Iterator[_Product]:
    for product in products:
        try:
            attributes = product["product"]["attributes"]
            rates = _rates(product["terms"]["OnDemand"])
        except (KeyError, TypeError, AttributeError, InvalidOperation, ValueError) as error:
            raise BadPriceList(f"a product is incomplete: {error!r}") from error
        group, usage = str(attributes.get("group", "")), str(attributes.get("usagetype", ""))
        region = str(attributes.get("regionCode", ""))
        said = f"{group} {attributes.get('groupDescription', '')} {usage}".lower()
        if not region or usage.startswith("Global-") or "free tier" in said:
            continue  # the free tier: the same groups at price 0
        if not rates or any(rate <= 0 for _, rate in rates):
            ignored[f"{region}: {group or usage} has no price above zero"] = None
            continue
        arm = group.endswith("-ARM")
        yield _Product(
            group.removesuffix("-ARM") or usage, region, str(attributes.get("location", region)), rates,
            "arm64" if arm else "x86_64",
        )  # fmt: skip


def _rates(terms: Mapping[str, Any]) -> tuple[tuple[int, Decimal], ...]:
    """(where the tier begins, rate), sorted: they come unordered."""
    rates = []
    for term in terms.values():
        for step in term["priceDimensions"].values():
            (price,) = [Decimal(text) for text in step["pricePerUnit"].values()]
            if not price.is_finite():
                raise ValueError(f"{price} is no price")
            rates.append((int(Decimal(step.get("beginRange", "0"))), price))
    return tuple(sorted(rates))


def _place(
    document: dict[str, Any], product: _Product, path: Sequence[str], changes: list[str], accept_jumps: bool
) -> str | None:
    """Puts a product's rate where it belongs in the book; returns why not where it does not, else None."""
    regions = document["regions"]
    if product.region not in regions:
        regions[product.region] = _new_region(product)
    region = regions[product.region]
    chip = "x86" if product.arch == "x86_64" else product.arch
    where = [step.format(arch=product.arch, chip=chip) for step in path]
    name = f"{product.region}: {' '.join(where)}"
    rates = [rate for _, rate in product.rates]
    if where[0] == "duration":
        starts = [begin for begin, _ in product.rates]
        known = [0, *map(int, document["tiers"][product.arch])]
        if starts != known[: len(starts)]:
            return f"{name} has tiers at {starts}, the book's are at {known}"
    elif len(rates) > 1:
        return f"{name} has {len(rates)} tiers where one rate is known"
    holder = region
    for step in where[:-1]:
        if not isinstance(holder.get(step), dict):
            holder[step] = {}
        holder = holder[step]
    before = holder.get(where[-1])
    old = Decimal(before[0] if isinstance(before, list) else before) if before else None
    if old and not accept_jumps and not old / _JUMP < rates[0] < old * _JUMP:
        return f"{name} would go from {old:f} to {rates[0]:f}: not believed (--accept-jumps takes it)"
    texts = [_text(rate) for rate in rates]
    after: Any = texts if where[0] == "duration" else texts[0]
    if _differs(before, after):
        changes.append(f"{name}: {_shown(before)} -> {_shown(after)}")
    holder[where[-1]] = after
    return None


def _complete(document: dict[str, Any], ignored: dict[str, None]) -> None:
    """A region that the list has only in part is left out, and half a pair of provisioned rates too."""
    for code, region in list(document["regions"].items()):
        if not region["requests"] or not any(region["duration"].values()):
            del document["regions"][code]
            ignored[f"{code}: a new region without a request and a duration price"] = None
            continue
        provisioned = region["provisioned"] or {}
        for arch in [arch for arch, rates in provisioned.items() if set(rates) != {"configured", "duration"}]:
            del provisioned[arch]
            ignored[f"{code}: provisioned {arch} has only one of its two rates"] = None


def _put(document: dict[str, Any], where: tuple[str, str], rate: Decimal, changes: list[str], name: str) -> None:
    before, after = document[where[0]].get(where[1]), _text(rate)
    if _differs(before, after):
        changes.append(f"{name} {where[1]}: {_shown(before)} -> {after}")
    document[where[0]] = dict(document[where[0]]) | {where[1]: after}


def _new_region(product: _Product) -> dict[str, Any]:
    partition = next((code for prefix, code in _PARTITIONS if product.region.startswith(prefix)), "aws")
    empty = ("requests", "ephemeral_storage", "provisioned", *OTHER_RATES)
    return {
        "name": product.location, "partition": partition, "as_of": "", "sources": [],
        "duration": dict.fromkeys(ARCHITECTURES), "not_priced": {}, **dict.fromkeys(empty),
    }  # fmt: skip


def _date(region: dict[str, Any], touched: set[str], as_of: str) -> None:
    """A region's date is that of its oldest main rate; others that stayed behind keep their date by name."""
    main = {"requests", "duration", "ephemeral_storage", "provisioned"}
    others = dict(region.get("as_of_other", {}))
    had = {key for key in OTHER_RATES if region.get(key)}
    before = region["as_of"]
    for key in had - touched:
        others.setdefault(key, before)
    for key in touched:
        others.pop(key, None)
        region["not_priced"] = {name: why for name, why in region["not_priced"].items() if name.split(".")[0] != key}
    if {key for key in main if region.get(key)} <= touched or not before:
        region["as_of"] = as_of
    region["as_of_other"] = {key: date for key, date in others.items() if date}
    region["sources"] = sorted({*region["sources"], SOURCE})


def _check(document: Mapping[str, Any], base: Mapping[str, Any], regions: Sequence[str]) -> None:
    """The result must be a book, and no rate in it may look odd that did not before.

    Only ``prices check`` speaks of architectures that differ by another factor than elsewhere: one price may change.
    """
    try:
        book, old = PriceBook(document), PriceBook(base)
        odd = {(finding.region, finding.what) for finding in findings(book) if finding.kind == "odd"}
        was = {
            (finding.region, finding.what.partition(" is ")[0]) for finding in findings(old) if finding.kind == "odd"
        }
    except PriceBookError as error:
        raise BadPriceList(f"the result would be no price book: {error}") from error
    fresh = sorted(f"{region}: {what}" for region, what in odd if (region, what.partition(" is ")[0]) not in was)
    fresh = [finding for finding in fresh if finding.partition(":")[0] in regions and not finding.endswith("elsewhere")]
    if fresh:
        raise BadPriceList(f"the result would look wrong: {'; '.join(fresh[:3])}")


def _text(rate: Decimal) -> str:
    return f"{rate.normalize():f}"


def _differs(before: Any, after: Any) -> bool:
    if isinstance(before, list) and isinstance(after, list):
        return [Decimal(one) for one in before] != [Decimal(one) for one in after]
    return before is None or Decimal(before) != Decimal(after)


def _shown(value: Any) -> str:
    return " / ".join(value) if isinstance(value, list) else "not priced" if value is None else str(value)
