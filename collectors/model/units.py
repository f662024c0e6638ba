"""Units and the constants between them: how many milliseconds an hour has, how many bytes a GB.

A name says the thing, then the unit that counts it: ``HOUR_MS`` is an hour in milliseconds. Nothing is imported here,
so that every room may import this one, ``pricing`` and the local runner too.

AWS writes MB and GB for two things. Memory, payloads and Lambda's duration price count by 1,024 (``KIB_BYTES``,
``MIB_BYTES``, ``GIB_BYTES``, ``MB_PER_GB``); logs, metrics, snapshots and durable storage count by 1,000
(``GB_BYTES``).
"""

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S

SECOND_MS = 1_000
MINUTE_MS = MINUTE_S * SECOND_MS
HOUR_MS = HOUR_S * SECOND_MS
DAY_MS = DAY_S * SECOND_MS
WEEK_MS = 7 * DAY_MS
FOREVER_MS = 1 << 62
"""An end later than any time in a store; negated, a start before any. A span added to it still fits into 64 bits."""

MILLISECOND_NS = 1_000_000
MILLISECOND_US = 1_000
SECOND_US = 1_000_000

DAY_HOURS = 24
MEAN_MONTH_HOURS = 730
"""365 x 24 / 12: what the AWS Pricing Calculator takes for "a month" of something that runs all the time."""
BILLED_MONTH_HOURS = 720
"""30 x 24: the hours that divide byte-hours into the GB-months of AWS's own examples (logs, durable functions)."""
LONGEST_MONTH_HOURS = 744
"""31 x 24: more than this in one month is a mistake."""

KIB_BYTES = 1 << 10
MIB_BYTES = 1 << 20
GIB_BYTES = 1 << 30
GB_BYTES = 1_000_000_000

MB_PER_GB = 1_024
"""Of memory and of ephemeral storage (AWS Lambda pricing page, "Duration")."""
MB_MS_PER_GB_SECOND = MB_PER_GB * SECOND_MS
"""Duration is summed as billed milliseconds x configured MB; so many of them are a GB-second."""

LEAST_MEMORY_MB, MOST_MEMORY_MB = 128, 10_240
"""What a function's memory may be set to, in steps of 1 MB (Lambda quotas, "Function configuration")."""
INCLUDED_EPHEMERAL_MB, MOST_EPHEMERAL_MB = 512, 10_240
"""What /tmp may be set to (Lambda quotas); the least is what every function has at no charge."""
FULL_VCPU_MB = 1_769
"""The memory at which a function has one whole vCPU (Lambda developer guide, "Configure Lambda function memory")."""
COMMON_MEMORY_MB = (128, 192, 256, 384, 512, 768, 1_024, 1_536, FULL_VCPU_MB, 2_048, 3_008)
"""Sizes that are worth comparing: what people set, one whole vCPU, and the largest before 2020."""
LONGEST_INVOCATION_S = 15 * MINUTE_S
"""The longest timeout that a function may have (Lambda quotas)."""
