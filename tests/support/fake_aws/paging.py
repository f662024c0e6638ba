"""Small pages, so that paging is really exercised. A token is ``OPERATION-NUMBER``: where the page begins."""

from collections.abc import Sequence
from typing import Any

# What a page is asked by, and what the answer tells the next one by.
TOKENS = {
    "lambda": ("Marker", "NextMarker"),
    "logs": ("nextToken", "nextToken"),
    "cloudwatch": ("NextToken", "NextToken"),
    "application-autoscaling": ("NextToken", "NextToken"),
    "ce": ("NextPageToken", "NextPageToken"),
    "compute-optimizer": ("nextToken", "nextToken"),
    "organizations": ("NextToken", "NextToken"),
    "resourcegroupstaggingapi": ("PaginationToken", "PaginationToken"),
}


def place(token: Any) -> int:
    """Where a page begins: 0 without a token."""
    return int(str(token).rpartition("-")[2]) if token else 0


def paged(name: str, asked: Any, key: str, items: Sequence[Any], size: int) -> dict[str, Any]:
    """The page of ``items`` that is asked for, under ``key``. ``name`` is ``service:Operation``."""
    service, _, operation = name.partition(":")
    by, told = TOKENS[service]
    at = place(asked.get(by))
    more = {told: f"{operation}-{at + size}"} if at + size < len(items) else {}
    return {key: list(items[at : at + size])} | more
