"""What the runner and its functions use of AWS, or of a server with the same APIs: endpoints, credentials, clients.

boto3 is imported at the first call. Endpoints are those that the runner was given, and then boto3's choice
(``AWS_ENDPOINT_URL``, ``AWS_ENDPOINT_URL_SQS``, the profile). Where there are no credentials, an endpoint that was
given gets invented ones, and AWS none.
"""

import difflib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from lambdatui.runner.functions import REGION, RunnerError

ALL = ""
"""The key of the endpoint for every service that has none of its own."""
_endpoints: Mapping[str, str] = {}
_profile: str | None = None


def use_endpoint(url: str | None) -> None:
    """Set the endpoint of later clients whose callers give none; None leaves the choice to boto3."""
    use_aws({ALL: url} if url else {}, None)


def use_aws(endpoints: Mapping[str, str], profile: str | None) -> None:
    """Set what later clients use: endpoints by boto3's names of services, and the profile (None: boto3's choice)."""
    global _endpoints, _profile
    _endpoints, _profile = endpoints, profile
    client.cache_clear()


def chosen() -> tuple[Mapping[str, str], str | None]:
    """The endpoints and the profile that ``use_aws`` was given."""
    return _endpoints, _profile


def has_objects() -> bool:
    """Whether code can be fetched from S3: an endpoint for it was given, or a profile."""
    return bool(_profile or _endpoints.get("s3") or _endpoints.get(ALL))


@lru_cache(maxsize=64)
def client(service: str, *, endpoint: str | None = None, region: str = REGION) -> Any:
    """A client of ``service``, such as ``sqs``. Raises botocore's errors where it cannot be configured."""
    import boto3
    from botocore.config import Config

    session = boto3.session.Session(region_name=region, profile_name=_profile)
    url = endpoint or _endpoints.get(service) or _endpoints.get(ALL)
    made_up = {}
    if url and session.get_credentials() is None:
        made_up = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    config = Config(retries={"mode": "standard"}, max_pool_connections=64, read_timeout=70)
    return session.client(service, endpoint_url=url, config=config, **made_up)  # type: ignore[call-overload]


def endpoint_variables(endpoints: Mapping[str, str]) -> dict[str, str]:
    """``AWS_ENDPOINT_URL`` and its forms for services, such as ``AWS_ENDPOINT_URL_S3``. Raises RunnerError.

    The names are those of the service ids in botocore's models (AWS SDKs and Tools Reference Guide, "Service-specific
    endpoints").
    """
    variables = {}
    for service, url in endpoints.items():
        suffix = f"_{_service_id(service).upper().replace(' ', '_').replace('-', '_')}" if service else ""
        variables[f"AWS_ENDPOINT_URL{suffix}"] = url
    return variables


def _service_id(service: str) -> str:
    if service in ("s3", "sqs", "sns", "lambda", "dynamodb", "kinesis", "sts", "ssm"):  # without loading models
        return service
    from botocore.loaders import Loader

    loader = Loader()
    known = loader.list_available_services("service-2")
    if service not in known:
        close = difflib.get_close_matches(service, known, 1)
        more = f": did you mean {close[0]}?" if close else ", as `aws help` lists them"
        raise RunnerError(f"--endpoint-url {service}=...: there is no service {service}{more}")
    return str(loader.load_service_model(service, "service-2")["metadata"]["serviceId"])


def profile_variables(profile: str) -> dict[str, str]:
    """The credentials of a profile, and its endpoints, as variables. May ask AWS for them. Raises RunnerError."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        session = boto3.session.Session(profile_name=profile)
        credentials = session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials is not None else None
    except (BotoCoreError, ClientError) as error:
        raise RunnerError(f"--profile {profile}: {error}") from error
    if frozen is None or not frozen.access_key:
        raise RunnerError(f"--profile {profile}: it has no credentials")
    variables = {"AWS_ACCESS_KEY_ID": frozen.access_key, "AWS_SECRET_ACCESS_KEY": str(frozen.secret_key)}
    if frozen.token:
        variables["AWS_SESSION_TOKEN"] = frozen.token
    own = session._session.get_scoped_config()
    if own.get("endpoint_url"):
        variables["AWS_ENDPOINT_URL"] = str(own["endpoint_url"])
    services = session._session.full_config.get("services", {}).get(own.get("services", ""), {})
    for service, settings in services.items():
        if isinstance(settings, dict) and settings.get("endpoint_url"):
            variables[f"AWS_ENDPOINT_URL_{service.upper()}"] = str(settings["endpoint_url"])
    return variables
