"""The figures of a workload as people give them: options, ``--compare`` items, and the tables of a plan file.

One registry of fields serves all three, so a plan accepts what the command line accepts, with the same limits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from collectors.model.units import LONGEST_MONTH_HOURS
from collectors.untrusted import Unparsable, parsed_toml
from lambdatui.cli.choices import ARCH, LOG_CLASS, REGION, ParamType, get_close_matches
from lambdatui.cli.price_book import price_book
from lambdatui.cli.quantities import (
    COUNT,
    EPHEMERAL_MB,
    EVENT_KB,
    GIGABYTES,
    INVOCATION_MS,
    MEMORY_MB,
    MONEY,
    RATIO,
    RESPONSE_MB,
    Duration,
    Quantity,
)
from pricing.changes import SHORT, change, changes
from pricing.whatif import Relative, WhatIf
from pricing.workload import Workload

MONTH_HOURS = Duration("h", 0, LONGEST_MONTH_HOURS)
POLLER_HOURS = Duration("h")  # of many units together

# A workload's fields, with the type that reads each. Beside these names, ``memory`` and so on stand for ``memory_mb``.
FIELDS: dict[str, ParamType] = {
    "region": REGION,
    "arch": ARCH,
    "requests": COUNT,
    "duration_ms": INVOCATION_MS,
    "memory_mb": MEMORY_MB,
    "ephemeral_mb": EPHEMERAL_MB,
    "init_ms": INVOCATION_MS,
    "cold_ratio": RATIO,
    "provisioned": COUNT,
    "provisioned_hours": MONTH_HOURS,
    "provisioned_requests": COUNT,
    "provisioned_duration_ms": INVOCATION_MS,
    "event_kb": EVENT_KB,
    "response_mb": RESPONSE_MB,
    "snapstart_versions": COUNT,
    "snapstart_hours": MONTH_HOURS,
    "restores": COUNT,
    "kafka_poller_hours": POLLER_HOURS,
    "sqs_poller_hours": POLLER_HOURS,
    "tenant_environments": COUNT,
    "durable_operations": COUNT,
    "durable_written_gb": GIGABYTES,
    "durable_gb_months": GIGABYTES,
    "log_gb": GIGABYTES,
    "log_class": LOG_CLASS,
    "log_stored_gb": GIGABYTES,
    "edge_requests": COUNT,
    "edge_duration_ms": INVOCATION_MS,
    "edge_memory_mb": MEMORY_MB,
    "managed_requests": COUNT,
    "managed_instance_hours": POLLER_HOURS,
    "managed_instance_price": MONEY,
    "managed_instance_paid": MONEY,
}
# Each of these options alone describes a month.
_QUANTITIES = (
    "requests", "provisioned", "edge_requests", "managed_requests", "managed_instance_hours", "log_gb", "log_stored_gb",
)  # fmt: skip
_NEEDED = {
    "edge_requests": ("edge_duration_ms", "edge_memory_mb"),
    "managed_instance_hours": ("managed_instance_price", "managed_instance_paid"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan file: its functions, and the what-ifs to set beside them. ``free_tier`` is None where it says nothing."""

    workloads: tuple[Workload, ...]
    what_ifs: tuple[WhatIf, ...]
    free_tier: bool | None


def workload(figures: Mapping[str, Any], name: str = "") -> Workload:
    """The workload of converted fields, checked as a whole. Raises ``click.UsageError``."""
    where = f"function {name!r}: " if name else ""
    relative = [key for key, value in figures.items() if isinstance(value, Relative)]
    if relative:
        raise click.UsageError(f"{where}{relative[0]} in per cent more or less is for what-ifs; give a figure")
    if not any(name in figures for name in _QUANTITIES):
        raise click.UsageError(f"{where}the number of requests is missing: give --requests, such as 3M")
    if figures.get("requests") and "duration_ms" not in figures:
        raise click.UsageError(f"{where}the duration is missing: give --duration-ms, such as 120")
    if figures.get("init_ms") and "cold_ratio" not in figures:
        raise click.UsageError(f"{where}--init-ms needs --cold-ratio: which part of the requests are cold starts?")
    if figures.get("edge_requests") and "edge_duration_ms" not in figures:
        raise click.UsageError(f"{where}the duration at the edge is missing: give --edge-duration-ms, such as 5")
    if figures.get("managed_instance_hours") and "managed_instance_price" not in figures:
        raise click.UsageError(
            f"{where}the EC2 on-demand price of the instances is missing: give --managed-instance-price, USD an hour"
        )
    for needed, names in _NEEDED.items():
        if needed not in figures and (without := [name for name in names if name in figures]):
            raise click.UsageError(f"{where}--{without[0].replace('_', '-')} needs --{needed.replace('_', '-')}")
    lonely = [key for key in figures if key.startswith("provisioned_") and not figures.get("provisioned")]
    if lonely:
        raise click.UsageError(f"{where}--{lonely[0].replace('_', '-')} needs --provisioned, a number of environments")
    if figures.get("provisioned_requests", 0) > figures.get("requests", 0):
        raise click.UsageError(f"{where}--provisioned-requests are more than --requests; give at most all of them")
    return Workload(name=name, **figures)


def comparisons(texts: Sequence[str]) -> tuple[WhatIf, ...]:
    """``arm64,memory=512,arm64+memory=512``: one what-if for each comma. Raises ``click.UsageError``."""
    try:
        compared = changes(texts, price_book().codes if texts else (), _converted)
    except ValueError as error:
        raise click.UsageError(f"--compare: {error}") from error
    if texts and not compared:
        raise click.UsageError("--compare is empty; name changes such as arm64,memory=512")
    return compared


def _converted(name: str, text: str) -> Any:
    try:
        return FIELDS[name].convert(text, None, None)
    except click.BadParameter as error:
        raise ValueError(error.message) from error


def _field(where: str, key: str, value: object) -> tuple[str, Any]:
    """A field's name and its converted value. Raises ``click.UsageError`` that names the place."""
    name = key.strip().lower().replace("-", "_")
    name = SHORT.get(name, name)
    if name not in FIELDS:
        near = get_close_matches(name, [*FIELDS, *SHORT], n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(FIELDS)}"
        raise click.UsageError(f"{where}: unknown figure {key.strip()!r}; {hint}")
    if isinstance(value, bool | dict | list):
        raise click.UsageError(f"{where}: {name} is one figure, not {type(value).__name__}")
    kind = FIELDS[name]
    if isinstance(value, str) and value.strip().endswith("%") and value.strip()[:1] in ("+", "-"):
        try:
            return change(f"{name}={value.strip()}")
        except ValueError as error:
            raise click.UsageError(f"{where}: {error}") from error
    try:
        return name, kind.convert(value.strip() if isinstance(value, str) else value, None, None)
    except click.BadParameter as error:
        shown = name if isinstance(kind, Quantity) else kind.name
        raise click.UsageError(f"{where}: {shown}: {error.message}") from error


def plan(path: Path) -> Plan:
    """Read a plan file::

        free_tier = true
        [defaults]
        region = "eu-west-1"
        [functions.checkout]
        requests = "30M"
        duration_ms = 120
        memory_mb = 1536
        [what_if.arm]
        arch = "arm64"
        [what_if.smaller.functions.checkout]
        memory_mb = 1024

    Raises ``click.UsageError`` that names the table and the figure.
    """
    document = _document(path)
    _known_keys(path.name, document, ("free_tier", "defaults", "functions", "what_if"))
    functions = _table(path.name, document, "functions")
    if not functions:
        raise click.UsageError(f"{path.name}: it has no [functions.NAME] table")
    defaults = _fields(f"{path.name} [defaults]", _table(path.name, document, "defaults"))
    workloads = []
    for name, table in functions.items():
        own = _fields(f"{path.name} [functions.{name}]", table)
        workloads.append(workload({**defaults, **own}, name))
    what_ifs = tuple(
        _what_if(f"{path.name} [what_if.{label}]", label, table, functions)
        for label, table in _table(path.name, document, "what_if").items()
    )
    free_tier = document.get("free_tier")
    if not isinstance(free_tier, bool | None):
        raise click.UsageError(f"{path.name}: free_tier is true or false")
    return Plan(tuple(workloads), what_ifs, free_tier)


def _what_if(where: str, label: str, table: object, functions: Mapping[str, Any]) -> WhatIf:
    if not isinstance(table, dict):
        raise click.UsageError(f"{where} is not a table of figures")
    special = _table(where, table, "functions")
    _known_keys(where, special, tuple(functions))
    general = _fields(where, {key: value for key, value in table.items() if key != "functions"})
    own = {name: _fields(f"{where} functions.{name}", one) for name, one in special.items()}
    return WhatIf(label, tuple(general.items()), tuple((name, tuple(one.items())) for name, one in own.items()))


def _document(path: Path) -> dict[str, Any]:
    from decimal import Decimal

    try:
        return parsed_toml(path.read_bytes(), Decimal)
    except OSError as error:
        raise click.UsageError(f"cannot read the plan {path}: {error.strerror}") from error
    except Unparsable as error:
        raise click.UsageError(f"{path.name} is not TOML: {error}") from error


def _fields(where: str, table: object) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise click.UsageError(f"{where} is not a table of figures")
    return dict(_field(where, key, value) for key, value in table.items())


def _table(where: str, document: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = document.get(key, {})
    if not isinstance(table, dict):
        raise click.UsageError(f"{where}: {key} is not a table")
    return table


def _known_keys(where: str, document: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in document:
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise click.UsageError(f"{where}: unknown key {key!r}; {hint}")
