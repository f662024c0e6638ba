"""boto3 for what only AWS, or a server that speaks its APIs, has: queues, topics and streams. Imported when needed.

The endpoint is boto3's own matter (``AWS_ENDPOINT_URL``, ``AWS_ENDPOINT_URL_SQS``, the profile) unless one is given.
Without credentials made-up ones are used for an endpoint of one's own, never for AWS.
"""

from functools import lru_cache
from typing import Any

from lambdatui.runner.functions import REGION

_endpoint: str | None = None


def use_endpoint(url: str | None) -> None:
    """The endpoint of all clients that are given none."""
    global _endpoint
    _endpoint = url
    client.cache_clear()


@lru_cache(maxsize=64)
def client(service: str, *, endpoint: str | None = None, region: str = REGION) -> Any:
    import boto3
    from botocore.config import Config

    session = boto3.session.Session(region_name=region)
    url = endpoint or _endpoint
    made_up = {}
    if url and session.get_credentials() is None:
        made_up = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    config = Config(retries={"mode": "standard"}, max_pool_connections=64, read_timeout=70)
    return session.client(service, endpoint_url=url, config=config, **made_up)  # type: ignore[call-overload]
