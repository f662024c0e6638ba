"""What a function's SDK reaches, and as whom: never AWS unless the caller said so.

Without an endpoint a client of Lambda reaches the runner, so that functions call each other, and any other client does,
too: the runner refuses, and says how to give an endpoint. SDKs read these variables (AWS SDKs and Tools Reference
Guide); files of the user's are out of their sight.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

NOWHERE = "http://127.0.0.1:9"
"""Where nothing listens: the endpoint in a runner that has no port."""
_DUMMIES = {"AWS_ACCESS_KEY_ID": "LOCALRUNNER", "AWS_SECRET_ACCESS_KEY": "none", "AWS_SESSION_TOKEN": "none"}

# Else clients ask for hosts such as streaming-127.0.0.1, which no name server knows.
_NO_PREFIX = {"AWS_DISABLE_HOST_PREFIX_INJECTION": "true"}


@dataclass(frozen=True, slots=True)
class AwsAccess:
    """``runner_url`` is the runner's own API. ``endpoints`` and ``profile`` are variables: those of the endpoints that
    were given, and of the profile, with its credentials; empty where there is none.
    """

    runner_url: str = NOWHERE
    endpoints: Mapping[str, str] = field(default_factory=dict)
    # Kept out of repr: these are secrets.
    profile: Mapping[str, str] = field(default_factory=dict, repr=False)

    def variables(self) -> dict[str, str]:
        """The variables of a function's process; those of its deployment go before them."""
        variables = {
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_ENDPOINT_URL_LAMBDA": self.runner_url,
        }
        if not self.profile:
            return {**variables, **_DUMMIES, "AWS_ENDPOINT_URL": self.runner_url, **_NO_PREFIX, **self.endpoints}
        # With a profile and without an endpoint the caller wants AWS itself.
        return {**variables, **self.profile, **self.endpoints}
