"""The options that say what functions, triggers and deployments use of AWS: --endpoint-url and --profile."""

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

import click

from lambdatui.runner.aws import ALL

_OF_A_SERVICE = re.compile(r"([a-z][a-z0-9-]*)=(.+)", re.DOTALL)


def _endpoints(_: click.Context, __: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    endpoints: dict[str, str] = {}
    for value in values:
        match = _OF_A_SERVICE.fullmatch(value)
        service, url = (match[1], match[2]) if match else (ALL, value)
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.netloc:
            raise click.BadParameter(f"{value}: give http://HOST:PORT, or SERVICE=http://HOST:PORT")
        if service in endpoints:
            raise click.BadParameter(f"{value}: {service or 'all services'} has an endpoint already")
        endpoints[service] = url
    return endpoints


def with_aws(run: Callable[..., None]) -> Callable[..., None]:
    """Give a command the endpoints and the profile as ``aws``, an AwsChoice."""

    @wraps(run)
    def wrapped(*args: Any, endpoints: dict[str, str], profile: str | None, **kwargs: Any) -> None:
        from lambdatui.runner.serving.function_aws import AwsChoice

        run(*args, aws=AwsChoice(endpoints, profile), **kwargs)

    wrapped = click.option(
        "--profile", metavar="NAME", help="Functions get this profile's credentials (default: invented ones)."
    )(wrapped)
    return click.option(
        "--endpoint-url",
        "endpoints",
        multiple=True,
        callback=_endpoints,
        metavar="[SERVICE=]URL",
        help="Where functions, triggers and S3 code find AWS's services; repeatable (default for functions: nowhere).",
    )(wrapped)
