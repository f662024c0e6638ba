"""A bill's arithmetic step by step, as one would check it with a pocket calculator."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from lambdatui import text
from pricing.bill import Bill, LineItem
from pricing.dimensions import EDGE_DURATION, async_chunks
from pricing.usage import EXACT, billed_ms_of
from pricing.workload import Workload

_MOST_FUNCTIONS = 20


def explanation(bill: Bill, workloads: Sequence[Workload]) -> str:
    """From requests and milliseconds to each amount, unrounded, and their sum."""
    lines: list[str] = []
    for one in workloads[:_MOST_FUNCTIONS]:
        lines += _usage_steps(one)
    if len(workloads) > _MOST_FUNCTIONS:
        lines.append(f"... and {len(workloads) - _MOST_FUNCTIONS} more functions in the same way")
    free = list(_free_steps(bill))
    if free:
        lines += ["", "Free tier, once for the whole organisation:", *free]
    lines += ["", "Amounts:", *(f"  {_line_step(line)}" for line in bill.lines)]
    for currency in bill.totals:
        lines += ["", *_total_steps([line for line in bill.lines if line.amount is not None], currency)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _usage_steps(one: Workload) -> list[str]:
    usage = one.usage()
    name = text.plain(one.name) or "The function"
    lines = ["", f"{name}, {one.memory_mb:,} MB, {one.arch}, {one.region}:"]
    warm = one.on_provisioned
    if usage.requests:
        billed = billed_ms_of(one.duration_ms)
        cold = usage.billed_ms - usage.requests * billed
        lines.append(f"  {usage.requests:,} requests x {one.duration_ms.normalize():f} ms, rounded up to {billed:,} ms")
        if cold:
            both = billed_ms_of(one.duration_ms, one.init_ms)
            starts = cold // (both - billed)
            sum_ms = f"{one.duration_ms.normalize():f} + {one.init_ms.normalize():f} ms of init"
            lines.append(f"  {starts:,} of them are cold: {sum_ms}, rounded up once to {both:,} ms")
        lines.append(
            f"  = {usage.billed_ms:,} ms x {one.memory_mb:,} MB / (1,000 ms x 1,024 MB)"
            f" = {_number(EXACT.divide(usage.billed_mb_ms, 1_024_000))} GB-s"
        )
    if extra := async_chunks(one.event_kb * 1024):
        lines.append(f"  {one.event_kb:,} KB an event: {extra} more requests each, one for each 64 KB above 256 KB")
    if one.ephemeral_mb > 512:
        lines.append(
            f"  ephemeral storage: ({one.ephemeral_mb:,} - 512) MB / 1,024 x {usage.billed_ms:,} ms / 1,000"
            f" = {_number(EXACT.divide(usage.ephemeral_mb_ms, 1_024_000))} GB-s"
        )
    if one.edge_requests:
        edge = dict(usage.metered).get(EDGE_DURATION, 0)
        lines.append(
            f"  Lambda@Edge: {one.edge_requests:,} requests x {billed_ms_of(one.edge_duration_ms):,} ms x"
            f" {one.edge_memory_mb:,} MB = {_number(EXACT.divide(edge, 1_024_000))} GB-s; no free tier"
        )
    if one.managed_instance_hours:
        lines.append(f"  managed instances: {one.managed_instance_hours.normalize():f} h of EC2, and Lambda's fee")
    if one.provisioned:
        hours = f"{one.provisioned_hours.normalize():f} h"
        lines.append(
            f"  provisioned: {one.provisioned:,} environments x {one.memory_mb:,} MB x {hours} (up to whole 5 minutes)"
            f" = {_number(EXACT.divide(usage.provisioned_mb_ms, 1_024_000))} GB-s"
        )
        lines.append(f"  {warm:,} requests run on them; neither free tier nor duration tiers apply to those")
    return lines


def _free_steps(bill: Bill) -> Iterator[str]:
    for use in bill.free_tier:
        if use.requests is not None and use.gb_seconds is not None:
            yield f"  {use.requests_used:,} of {use.requests:,} requests ({use.partition})"
            yield f"  {_number(use.gb_seconds_used)} of {use.gb_seconds:,} GB-s"
        if use.streamed_used:
            yield f"  {use.streamed_used / 2**30:,.2f} of {(use.streamed_bytes or 0) // 2**30:,} GiB streamed"
        if use.log_used:
            yield f"  {use.log_used / 10**9:,.2f} of {(use.log_bytes or 0) // 10**9:,} GB of logs"


def _line_step(line: LineItem) -> str:
    tier = f" tier {line.tier}" if line.tier and line.tier > 1 else ""
    name = f"{text.plain(line.function)}: " if line.function else ""
    units = f"({_number(line.quantity)} - {_number(line.free)})" if line.free else _number(line.quantity)
    if line.amount is None or line.rate is None:
        return f"{name}{line.dimension.replace('_', ' ')}{tier}: {units} {line.unit}, not priced ({line.basis})"
    product = f"{units} {line.unit} x {text.decimal_text(line.rate)}"
    amount = text.decimal_text(line.amount)
    return f"{name}{line.dimension.replace('_', ' ')}{tier}: {product} = {amount} {line.currency}"


def _total_steps(lines: Sequence[LineItem], currency: str) -> list[str]:
    amounts = [line.amount for line in lines if line.currency == currency and line.amount is not None]
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    shown = (
        " + ".join(text.decimal_text(amount) for amount in amounts) if len(amounts) <= 6 else f"{len(amounts)} amounts"
    )
    return [f"Total: {shown} = {text.decimal_text(total)} {currency}, to the cent {total:,.2f} {currency}"]


def _number(amount: Decimal) -> str:
    whole, _, part = f"{amount:,f}".partition(".")
    return f"{whole}.{part.rstrip('0')}" if part.strip("0") else whole
