"""What the README says of logs that are too many for one machine, computed again."""

import re
from decimal import Decimal

import pytest

from collectors.model.units import DAY_S, MINUTE_MS
from collectors.sources.cloudwatch import insights, insights_hours, insights_queries, log_events
from pricing.call_prices import price
from tests.support.places import ROOT

README = (ROOT / "README.md").read_text()
SECTION = README.partition("## Beyond one machine")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| ([\d,]+) \| (.*) \|$", SECTION, re.MULTILINE)
DAY_S = DAY_S


def fetched_gb(region: str) -> float:
    """GB of log events a day at our share of a region's calls."""
    return log_events.pace("", region).rate * log_events.PAGE_BYTES * DAY_S / 1e9


def test_how_much_one_machine_fetches_a_day() -> None:
    flat = " ".join(SECTION.split())
    eu, elsewhere, us = (fetched_gb(region) for region in ("eu-central-1", "eu-west-1", "us-east-1"))
    assert f"{eu:.0f} GB a day in eu-central-1 (5 calls a second), {elsewhere:.0f} GB where there are 10" in flat
    assert f"{us:,.0f} GB in us-east-1 (25)" in flat


@pytest.mark.parametrize(("gb", "cells"), ROWS, ids=[row[0] for row in ROWS])
def test_what_each_costs(gb: str, cells: str) -> None:
    scanned = int(gb.replace(",", "")) * 1_000_000_000
    speed, where, *amounts = cells.split(" | ")
    assert speed == f"{scanned / DAY_S / 1e6:.1f}"
    everywhere = fetched_gb("eu-central-1") * 1e9 >= scanned
    assert where == ("every region" if everywhere else "us-east-1")
    assert fetched_gb("us-east-1") * 1e9 >= scanned
    assert everywhere or fetched_gb("eu-west-1") * 1e9 < scanned
    regions = ("us-east-1", "eu-central-1", "somewhere-1")
    costs = [price(insights_queries.OPERATION, scanned, region) for region in regions]
    hourly = insights_hours.for_patterns(scanned // 24)
    costs.append(price(insights_queries.OPERATION, scanned + 24 * hourly, "us-east-1"))
    assert [Decimal(amount.lstrip("$")) for amount in amounts] == [round(cost, 3) for cost in costs]


def test_the_limits_it_names() -> None:
    flat = " ".join(SECTION.split())
    assert len(ROWS) == 3
    assert f"{insights.SETTLED_MS // MINUTE_MS} minutes after its end" in flat
    assert f"{insights_hours.GROUPS_A_QUERY} groups a query, at most {insights_queries.AT_ONCE} of the" in flat
    volumes = price("cloudwatch:GetMetricData", 5_000 * 24, "us-east-1")
    assert f"${volumes:.2f} a day" in flat
