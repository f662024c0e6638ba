"""Log lines with metrics of their own (EMF), and what `lambdatui metrics` lists of them."""

import json
from pathlib import Path
from typing import Any

from tests.support.command_line import rows, run

EVER = ("--from", "2026-01-01", "--to", "2026-12-31")
Series = tuple[str, str, str, str]  # namespace, metric, dimensions, unit


def emf(
    at_ms: int, values: dict[str, Any], unit: str = "Count", sets: list[list[str]] | None = None, **members: str
) -> str:
    """A document with one directive; ``members`` are its dimensions, in one set unless ``sets`` says otherwise."""
    directive = {
        "Namespace": "Shop", "Dimensions": [[*members]] if sets is None else sets,
        "Metrics": [{"Name": name, "Unit": unit} for name in values],
    }  # fmt: skip
    return json.dumps({"_aws": {"Timestamp": at_ms, "CloudWatchMetrics": [directive]}, **members, **values}) + "\n"


def listed(db: Path, *options: str) -> list[dict[str, Any]]:
    return [
        one for one in rows(run("--db", db, "metrics", *EVER, *options, "--json")) if one["namespace"] != "AWS/Lambda"
    ]


def by_series(found: list[dict[str, Any]], stat: str) -> dict[Series, float]:
    return {
        (one["namespace"], one["metric"], one["dimensions"] or "", one["unit"]): one["value"]
        for one in found
        if one["stat"] == stat
    }
