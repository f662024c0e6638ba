"""The region that the environment names, for whoever gives no ``--region``."""

from collections.abc import Mapping

REGION_VARIABLES = ("AWS_DEFAULT_REGION", "AWS_REGION")
"""The first that is set wins. boto3 reads only AWS_DEFAULT_REGION, AWS's other SDKs only AWS_REGION."""


def environment_region(environ: Mapping[str, str]) -> str:
    """The region that the environment names, such as ``eu-central-1``; empty where it names none."""
    return next(filter(None, map(environ.get, REGION_VARIABLES)), None) or ""
