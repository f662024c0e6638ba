"""Which function a log event belongs to, from the names that CloudWatch gives groups and streams."""

import re

from collectors.model.records import FunctionKey, Place

_SHARED_STREAM = re.compile(r"^\d{4}/\d\d/\d\d/([^\[/]+)\[[^\]]*\][0-9a-f]+$")


def function_key(place: Place, account: str, region: str, defaults: FunctionKey) -> FunctionKey:
    """The function of events from that place; what neither they nor its names say comes from ``defaults``.

    ``/aws/lambda/NAME`` is the default group; a shared group's streams are ``YYYY/MM/DD/NAME[VERSION]HEX``. A group
    given as an ARN (or ``ACCOUNT:NAME``, as Logs Insights prints it) says account and region too.
    """
    group, stream, function = place
    if group.startswith("arn:"):
        parts = group.split(":")
        if len(parts) >= 7:
            region, account, group = region or parts[3], account or parts[4], parts[6]
    elif group[:12].isdigit() and group[12:13] == ":":
        account, group = account or group[:12], group[13:]
    shared = _SHARED_STREAM.match(stream)
    if function:
        name = function
    elif shared is not None:
        name = shared[1]
    elif group.startswith("/aws/lambda/"):
        name = group[len("/aws/lambda/") :]  # of Lambda@Edge's replicas us-east-1.NAME: another function than NAME
    else:
        name = defaults.name or group.strip("/").rpartition("/")[2] or "unknown"
    return FunctionKey(name, account or defaults.account, region or defaults.region)


def runtime_of(version: str) -> str:
    """INIT_START's ``python:3.13.v31`` is the runtime ``python3.13``."""
    name, _, rest = version.partition(":")
    number = rest.split(".v")[0].removesuffix(".mainlinev2").removesuffix(".mainline")
    return f"{name}{'.' if name == 'provided' else ''}{number}"
