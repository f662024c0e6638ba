"""What a usage type of AWS Lambda stands for: the dimension, the architecture, the region.

Usage types are told from their endings, because prefixes differ by region (us-east-1 has none, Ireland's is ``EU-``);
descriptions serve where an export has no usage type.
"""

import re

OTHER, EVERYTHING = "other", "all"
DEFAULT_REGION = "us-east-1"  # of usage types without a prefix
_ANYWHERE = "Global"  # what the free tier covers, whatever the region

# Endings of usage types, the longest first, and our names of the dimensions.
_USAGE_TYPES = (
    ("Lambda-Provisioned-Concurrency", "provisioned_concurrency"),
    ("Lambda-Provisioned-GB-Second", "provisioned_duration"),
    ("Lambda-Storage-GB-Second", "ephemeral_storage"), ("Lambda-Edge-GB-Second", "edge_duration"),
    ("Lambda-Edge-Request", "edge_requests"), ("Lambda-GB-Second", "duration"),
    ("Lambda-SnapStart-Cached-GB-S", "snapstart_cache"), ("Lambda-SnapStart-Restored-GB", "snapstart_restore"),
    ("Lambda-Streaming-Response-Processed-Bytes", "streaming"), ("Lambda-SQS-Event-Poller-Unit-Hour", "sqs_pollers"),
    ("Lambda-Event-Poller-Unit-Hour", "kafka_pollers"),
    ("Lambda-Tenant-Isolated-Environment-Memory-GB", "tenant_isolation"),
    ("Lambda-Durable-Execution-Operations", "durable_operations"),
    ("Lambda-Durable-Execution-Written-Bytes", "durable_written"),
    ("Lambda-Durable-Execution-TimedStorage-ByteHrs", "durable_retained"),
    ("Lambda-Managed-Instances-Request", "managed_requests"), ("Management-Hours", "management_fee"),
    ("Lambda-MicroVM-vCPU-Second", "microvm_vcpu"), ("Lambda-MicroVM-Memory-GB-Second", "microvm_memory"),
    ("Request", "requests"),
)  # fmt: skip
_DESCRIPTIONS = (
    (r"data transfer", "data_transfer"), (r"Edge.*Request", "edge_requests"), (r"Edge", "edge_duration"),
    (r"Total Compute.*Provisioned|Provisioned.*Duration", "provisioned_duration"),
    (r"Provisioned Concurrency", "provisioned_concurrency"), (r"Storage", "ephemeral_storage"),
    (r"SnapStart.*Restor", "snapstart_restore"), (r"SnapStart", "snapstart_cache"),
    (r"Compute|GB-Second", "duration"), (r"Request", "requests"),
)  # fmt: skip
# AWS's prefixes of usage types ("Understanding usage types", Cost and Usage Reports).
_REGIONS = {
    "USE1": "us-east-1", "USE2": "us-east-2", "USW1": "us-west-1", "USW2": "us-west-2", "CAN1": "ca-central-1",
    "CAN2": "ca-west-1", "MXC1": "mx-central-1", "SAE1": "sa-east-1", "EU": "eu-west-1", "EUW1": "eu-west-1",
    "EUW2": "eu-west-2", "EUW3": "eu-west-3", "EUC1": "eu-central-1", "EUC2": "eu-central-2", "EUN1": "eu-north-1",
    "EUS1": "eu-south-1", "EUS2": "eu-south-2", "APN1": "ap-northeast-1", "APN2": "ap-northeast-2",
    "APN3": "ap-northeast-3", "APS1": "ap-southeast-1", "APS2": "ap-southeast-2", "APS3": "ap-south-1",
    "APS4": "ap-southeast-3", "APS5": "ap-south-2", "APS6": "ap-southeast-4", "APS7": "ap-southeast-5",
    "APS8": "ap-southeast-6", "APS9": "ap-southeast-7", "APE1": "ap-east-1", "APE2": "ap-east-2",
    "MES1": "me-south-1", "MEC1": "me-central-1", "AFS1": "af-south-1", "ILC1": "il-central-1",
    "UGW1": "us-gov-west-1", "UGE1": "us-gov-east-1", "CNN1": "cn-north-1", "CNW1": "cn-northwest-1",
}  # fmt: skip
_PREFIX = re.compile(r"([A-Z]{2,3}\d|EU)-(?=\S)")
_CODE = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def dimension_of(usage_type: str, description: str = "") -> tuple[str, str | None]:
    """The dimension and the architecture of a usage type, or of a charge's description; ``other`` is unknown."""
    text = usage_type.strip()
    arch = "arm64" if text.endswith("-ARM") or re.search(r"\bARM\b", description) else None
    bare = text.removesuffix("-ARM")
    for ending, dimension in _USAGE_TYPES:
        if bare == ending or bare.endswith(f"-{ending}"):
            return dimension, arch or "x86_64"
    if "DataTransfer" in bare or "-Out-Bytes" in bare or "-In-Bytes" in bare:
        return "data_transfer", None
    for pattern, dimension in _DESCRIPTIONS:
        if not text and re.search(pattern, description, re.IGNORECASE):
            return dimension, arch or "x86_64"
    return OTHER, None


def region_of(usage_type: str, region: str = "") -> str:
    """The region that an export names, else that of the usage type's prefix; empty where neither says."""
    if _CODE.fullmatch(region):
        return region
    found = _PREFIX.match(usage_type)
    if found is not None:
        return _REGIONS.get(found[1], "")
    if not usage_type or usage_type.startswith(_ANYWHERE) or dimension_of(usage_type)[0] == OTHER:
        return ""
    return DEFAULT_REGION


def is_lambdas(usage_type: str) -> bool:
    """Whether a usage type is one of Lambda's, where no service is named beside it."""
    return "Lambda" in usage_type or dimension_of(usage_type)[0] not in (OTHER, "data_transfer")


def is_free_tier(usage_type: str, description: str) -> bool:
    """Whether the export itself calls a line free tier: by its usage type (``Global-Request``) or its words."""
    return usage_type.startswith(f"{_ANYWHERE}-") or "free tier" in description.lower()
