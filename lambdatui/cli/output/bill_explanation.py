"""A bill's arithmetic step by step, as one would check it with a pocket calculator."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from collectors.model.units import KIB_BYTES, MB_MS_PER_GB_SECOND
from lambdatui.text import figures
from lambdatui.text.plain import plain
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
        lines.append(f"... and {figures.counted(len(workloads) - _MOST_FUNCTIONS, 'more function')} in the same way")
    free = list(_free_steps(bill))
    if free:
        lines += ["", "Free tier, once for the whole organisation:", *free]
    lines += ["", "Amounts:", *(f"  {_line_step(line)}" for line in bill.lines)]
    for currency in bill.totals:
        lines += ["", *_total_steps([line for line in bill.lines if line.amount is not None], currency)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _usage_steps(workload: Workload) -> list[str]:
    usage = workload.usage()
    name = plain(workload.name) or "The function"
    lines = ["", f"{name}, {figures.megabytes(workload.memory_mb)}, {workload.arch}, {workload.region}:"]
    warm = workload.on_provisioned
    if usage.requests:
        billed = billed_ms_of(workload.duration_ms)
        cold = usage.billed_ms - usage.requests * billed
        lines.append(
            f"  {figures.counted(usage.requests, 'request')} x {workload.duration_ms.normalize():f} ms,"
            f" rounded up to {billed:,} ms"
        )
        if cold:
            both = billed_ms_of(workload.duration_ms, workload.init_ms)
            starts = cold // (both - billed)
            sum_ms = f"{workload.duration_ms.normalize():f} + {workload.init_ms.normalize():f} ms of init"
            lines.append(f"  {starts:,} of them are cold: {sum_ms}, rounded up once to {both:,} ms")
        lines.append(
            f"  = {usage.billed_ms:,} ms x {figures.megabytes(workload.memory_mb)} / (1,000 ms x 1,024 MB)"
            f" = {figures.exact(EXACT.divide(usage.billed_mb_ms, MB_MS_PER_GB_SECOND))} GB-s"
        )
    if extra := async_chunks(workload.event_kb * KIB_BYTES):
        lines.append(
            f"  {workload.event_kb:,} KB an event: {figures.counted(extra, 'more request')} each,"
            " one for each 64 KB above 256 KB"
        )
    if workload.ephemeral_mb > 512:
        lines.append(
            f"  ephemeral storage: ({workload.ephemeral_mb} - 512) MB / 1,024 x {usage.billed_ms:,} ms / 1,000"
            f" = {figures.exact(EXACT.divide(usage.ephemeral_mb_ms, MB_MS_PER_GB_SECOND))} GB-s"
        )
    if workload.edge_requests:
        edge = dict(usage.metered).get(EDGE_DURATION, 0)
        lines.append(
            f"  Lambda@Edge: {workload.edge_requests:,} requests x {billed_ms_of(workload.edge_duration_ms):,} ms x"
            f" {figures.megabytes(workload.edge_memory_mb)} ="
            f" {figures.exact(EXACT.divide(edge, MB_MS_PER_GB_SECOND))} GB-s; no free tier"
        )
    if workload.managed_instance_hours:
        lines.append(f"  managed instances: {workload.managed_instance_hours.normalize():f} h of EC2, and Lambda's fee")
    if workload.provisioned:
        hours = f"{workload.provisioned_hours.normalize():f} h"
        lines.append(
            f"  provisioned: {figures.counted(workload.provisioned, 'environment')}"
            f" x {figures.megabytes(workload.memory_mb)} x {hours} (up to whole 5 minutes)"
            f" = {figures.exact(EXACT.divide(usage.provisioned_mb_ms, MB_MS_PER_GB_SECOND))} GB-s"
        )
        lines.append(
            f"  they take {figures.counted(warm, 'request')}; neither free tier nor duration tiers apply to those"
        )
    return lines


def _free_steps(bill: Bill) -> Iterator[str]:
    for use in bill.free_tier:
        if use.requests is not None and use.gb_seconds is not None:
            yield f"  {use.requests_used:,} of {use.requests:,} requests ({use.partition})"
            yield f"  {figures.exact(use.gb_seconds_used)} of {use.gb_seconds:,} GB-s"
        if use.streamed_used:
            yield f"  {use.streamed_used / 2**30:,.2f} of {(use.streamed_bytes or 0) // 2**30:,} GiB streamed"
        if use.log_used:
            yield f"  {use.log_used / 10**9:,.2f} of {(use.log_bytes or 0) // 10**9:,} GB of logs"


def _line_step(line: LineItem) -> str:
    tier = f" tier {line.tier}" if line.tier and line.tier > 1 else ""
    name = f"{plain(line.function)}: " if line.function else ""
    units = (
        f"({figures.exact(line.quantity)} - {figures.exact(line.free)})" if line.free else figures.exact(line.quantity)
    )
    if line.amount is None or line.rate is None:
        return f"{name}{line.dimension.replace('_', ' ')}{tier}: {units} {line.unit}, not priced ({line.basis})"
    product = f"{units} {line.unit} x {figures.rate(line.rate, line.currency)}"
    amount = figures.rate(line.amount, line.currency)
    return f"{name}{line.dimension.replace('_', ' ')}{tier}: {product} = {amount}"


def _total_steps(lines: Sequence[LineItem], currency: str) -> list[str]:
    amounts = [line.amount for line in lines if line.currency == currency and line.amount is not None]
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    shown = (
        " + ".join(figures.rate(amount, currency) for amount in amounts)
        if len(amounts) <= 6
        else f"{len(amounts)} amounts"
    )
    return [f"Total: {shown} = {figures.rate(total, currency)}, rounded {figures.money(total, currency)}"]
