"""The oracle's own prices, typed in from the price list of 2026-09: one unit each, in the currency of the region."""

from fractions import Fraction

from collectors.model.units import MB_MS_PER_GB_SECOND

GB_SECOND = MB_MS_PER_GB_SECOND  # in MB-ms
FREE_REQUESTS, FREE_MB_MS = 1_000_000, 400_000 * GB_SECOND
BILLION = 10**9

CURRENCY = {"us-east-1": "USD", "eu-west-1": "USD", "cn-north-1": "CNY", "cn-northwest-1": "CNY"}
REQUEST = {
    "us-east-1": Fraction("0.0000002"),
    "eu-west-1": Fraction("0.0000002"),
    "cn-north-1": Fraction("0.00000136"),
    "cn-northwest-1": Fraction("0.00000136"),
}
STORAGE = {  # a GB-second of /tmp above 512 MB
    "us-east-1": Fraction("0.0000000309"),
    "eu-west-1": Fraction("0.000000034"),
    "cn-north-1": Fraction("0.0000002303"),
    "cn-northwest-1": Fraction("0.0000002049"),
}
_X86 = [(0, Fraction("0.0000166667")), (6 * BILLION, Fraction("0.000015")), (15 * BILLION, Fraction("0.0000133334"))]
_ARM = [
    (0, Fraction("0.0000133334")),
    (7_500_000_000, Fraction("0.0000120001")),
    (18_750_000_000, Fraction("0.0000106667")),
]
DURATION = {  # a GB-second, from so many GB-seconds a month on; absent: no public price
    ("us-east-1", "x86_64"): _X86,
    ("us-east-1", "arm64"): _ARM,
    ("eu-west-1", "x86_64"): _X86,
    ("eu-west-1", "arm64"): _ARM,
    ("cn-north-1", "x86_64"): [(0, Fraction("0.000113477"))],
    ("cn-north-1", "arm64"): [(0, Fraction("0.0000908"))],
    ("cn-northwest-1", "arm64"): [(0, Fraction("0.0000908"))],
}
EDGE_REQUEST, EDGE_DURATION = Fraction("0.0000006"), Fraction("0.00005001")


def month_of_tiers(region: str, arch: str, mb_ms: Fraction) -> Fraction | None:
    """What a month of so many MB-ms comes to, the tiers counted; None without a public price."""
    steps = DURATION.get((region, arch))
    if steps is None:
        return None
    gb_s, amount = mb_ms / GB_SECOND, Fraction(0)
    for at, (above, rate) in enumerate(steps):
        upper = steps[at + 1][0] if at + 1 < len(steps) else None
        part = gb_s - above if upper is None else min(gb_s, Fraction(upper)) - above
        amount += max(Fraction(0), part) * rate
    return amount
