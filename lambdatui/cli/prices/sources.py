"""Where fresh prices come from: the public offer file, the Price List Query API, or files of either."""

import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any

from collectors.model.errors import LambdatuiError
from collectors.untrusted import parsed_json
from pricing.price_list import BadPriceList, products_of_answer, products_of_offer

_HOST = "https://pricing.us-east-1.amazonaws.com"
_CHINA = "https://pricing.cn-northwest-1.amazonaws.com.cn"
_OFFER = "/offers/v1.0/aws/AWSLambda/current/{region}/index.json"
_TIMEOUT_S = 60


Products = Sequence[Mapping[str, Any]]


def from_offer(regions: Sequence[str], base_url: str | None = None) -> Iterator[tuple[str, Products | str]]:
    """Each region with the products of its public offer file, or with why it has none; no credentials are needed."""
    for region in regions:
        host = base_url or (_CHINA if region.startswith("cn-") else _HOST)
        url = host.rstrip("/") + _OFFER.format(region=region)
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # https, or what the user named
                offer = parsed_json(answer.read())
            if not isinstance(offer, Mapping):
                raise BadPriceList("no price list in it")
            yield region, list(products_of_offer(offer))
        except urllib.error.HTTPError as error:
            yield region, f"{url}: HTTP {error.code}; is {region} a region with Lambda?"
        except (OSError, ValueError, HTTPException, BadPriceList) as error:
            yield region, f"{url}: {error}"


def from_query_api(regions: Sequence[str], profile: str | None) -> Iterator[tuple[str, Products | str]]:
    """Each region with its products by GetProducts, page by page, or with why it has none.

    Needs ``pricing:GetProducts``. Raises ``LambdatuiError``.
    """
    from collectors.sources.base import SourceFailed
    from collectors.sources.cloudwatch.errors import reading
    from collectors.sources.cloudwatch.session import ReadOnlySession

    try:
        client = ReadOnlySession(profile, "us-east-1").client("pricing")
    except SourceFailed as error:
        raise LambdatuiError(f"{error}; prices stay as they are") from error
    for region in regions:
        filters = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}]
        products: list[Mapping[str, Any]] = []
        try:
            with reading("pricing:GetProducts", f"the price list of {region}"):
                pages = client.get_paginator("get_products").paginate(
                    ServiceCode="AWSLambda", Filters=filters, FormatVersion="aws_v1"
                )
                for page in pages:
                    products += products_of_answer(page)
            yield region, products
        except (SourceFailed, BadPriceList) as error:
            yield region, str(error)


def from_file(path: Path) -> Products:
    """An offer file, or an answer of GetProducts, that was saved. Raises ``LambdatuiError``."""
    try:
        document = parsed_json(path.read_text(encoding="utf-8"))
        if not isinstance(document, Mapping):
            raise BadPriceList("no price list in it")
        return list(products_of_answer(document) if "PriceList" in document else products_of_offer(document))
    except OSError as error:
        raise LambdatuiError(f"{path}: {error.strerror}") from error
    except (ValueError, BadPriceList) as error:
        raise LambdatuiError(f"{path}: {error}") from error
