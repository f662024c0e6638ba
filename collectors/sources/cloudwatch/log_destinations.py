"""Where logs go that no log group keeps: a group of class DELIVERY hands them on, to S3, Firehose or elsewhere.

Lambda Developer Guide, "Sending Lambda function logs to Amazon S3" and "... to Firehose": the function names a group of
that class, and the group's subscription filters name the destination.
"""

from collections.abc import Iterator
from typing import Any

from collectors.model.account import Configured, Inventory
from collectors.sources.cloudwatch.calls import TokenBucket
from collectors.sources.cloudwatch.function_settings import known
from collectors.sources.cloudwatch.functions import answers
from collectors.sources.cloudwatch.log_groups import LogGroup

DELIVERY = "DELIVERY"
KIND = "log destination"


def destinations(client: Any, group: LogGroup, account: str, region: str, bucket: TokenBucket) -> Iterator[Inventory]:
    """DescribeSubscriptionFilters of one group, for each function that writes to it. SourceFailed."""
    pages = answers(
        client.describe_subscription_filters, "logs:DescribeSubscriptionFilters", f"destinations of {group.name}",
        bucket, token=("nextToken", "nextToken"), logGroupName=group.name,
    )  # fmt: skip
    filters = [subscription for page in pages for subscription in page.get("subscriptionFilters") or ()]
    for function in group.functions:
        settings = [
            Configured(
                account, region, function, KIND, str(subscription.get("filterName") or ""),
                known({
                    "destination": subscription.get("destinationArn"),
                    "filter": subscription.get("filterPattern") or None,
                }),
            )
            for subscription in filters
        ]  # fmt: skip
        # The group itself, also where it hands them to nobody: then they are lost.
        about = known({"log_group": group.name, "destinations": len(filters)})
        settings.append(Configured(account, region, function, KIND, "", about))
        yield Inventory(account, region, (KIND,), settings, frozenset((function,)))
