"""Clients of boto3, for queues, topics and streams of AWS or of a server with the same APIs.

boto3 is imported at the first call. It chooses the endpoint (``AWS_ENDPOINT_URL``, ``AWS_ENDPOINT_URL_SQS``, the
profile) unless ``use_endpoint`` or a caller does. Where there are no credentials, an endpoint that was chosen here gets
invented ones, and AWS none.
"""

from functools import lru_cache
from typing import Any

from lambdatui.runner.functions import REGION

_endpoint: str | None = None


def use_endpoint(url: str | None) -> None:
    """Set the endpoint of later clients whose callers give none; None leaves the choice to boto3."""
    global _endpoint
    _endpoint = url
    client.cache_clear()


@lru_cache(maxsize=64)
def client(service: str, *, endpoint: str | None = None, region: str = REGION) -> Any:
    """A client of ``service``, such as ``sqs``. Raises botocore's errors where it cannot be configured."""
    import boto3
    from botocore.config import Config

    session = boto3.session.Session(region_name=region)
    url = endpoint or _endpoint
    made_up = {}
    if url and session.get_credentials() is None:
        made_up = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    config = Config(retries={"mode": "standard"}, max_pool_connections=64, read_timeout=70)
    return session.client(service, endpoint_url=url, config=config, **made_up)  # type: ignore[call-overload]
